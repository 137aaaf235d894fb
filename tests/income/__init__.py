"""Tests of income."""
