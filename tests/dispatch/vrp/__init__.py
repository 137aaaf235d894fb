"""Public routing instances and the search around PyVRP."""
