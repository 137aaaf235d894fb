"""Tests of the external systems: recorded answers, never a network."""
