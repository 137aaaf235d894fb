"""The demonstration: a made-up county that is the same whenever the seed is."""
