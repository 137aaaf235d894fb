"""The checker under test: a sound plan made by a small simulator of its own, and its spoiling."""
