"""The suite: mirrors backend/ and dispatch/, plus seasons, faults and browser checks."""
