"""Parcels, their areas and polygons, and transfers of the operating right."""
