"""The farmer's read model: what was earned, and why this amount."""
