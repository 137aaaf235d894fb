"""Tests of mission files, read back by readers that others wrote."""
