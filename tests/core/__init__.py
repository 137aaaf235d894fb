"""Tests of the ground floor: money, area, codes, geometry and the file readers."""
