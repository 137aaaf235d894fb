"""Tests of the spraying dispatcher, mirroring `dispatch/`."""
