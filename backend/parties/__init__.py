"""Organisations, households, members and workers."""
