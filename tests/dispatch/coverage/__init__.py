"""Tests of coverage planning, on made-up shapes and on real fields."""
