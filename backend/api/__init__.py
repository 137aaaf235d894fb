"""The application: route table, middleware and the OpenAPI document."""
