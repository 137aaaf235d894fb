"""Revisions, numbered in their order."""
