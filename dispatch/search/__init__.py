"""The search: lots as nodes, PyVRP on neighbourhoods, exact flight of every change."""
