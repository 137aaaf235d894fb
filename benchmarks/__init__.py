"""What is measured; each module prints its figures as JSON lines."""
