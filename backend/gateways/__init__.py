"""External systems behind protocols, each with a real and a sandbox implementation."""
