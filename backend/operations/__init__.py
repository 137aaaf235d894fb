"""Spray orders, drones, plans, reports and acceptance."""
