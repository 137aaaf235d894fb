"""Plans for people and for map programs: GeoJSON, an SVG map, an SVG Gantt chart."""

from dispatch.render.gantt import svg_gantt
from dispatch.render.geo import geojson
from dispatch.render.map import svg_map

__all__ = ["geojson", "svg_gantt", "svg_map"]
