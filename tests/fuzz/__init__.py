"""Generated requests over the whole OpenAPI document."""
