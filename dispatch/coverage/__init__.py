"""Coverage planning: how a drone sprays a plot back and forth, and how long that takes.

`sweep_many` times thousands of plots at their best headings; `cover` plans one plot in full, line
by line; `margin_choices` shows what a margin costs; `sorties` cuts the lines into flights. A plot
is ``parts``: polygons, each an outer ring followed by holes, closed rings of WGS 84 (longitude,
latitude) degrees.
"""

from dispatch.coverage.cover import Coverage, Line, Obstacles, cover, margin_choices
from dispatch.coverage.plane import Parts, Plane
from dispatch.coverage.sorties import Sortie, Sorties, sorties
from dispatch.coverage.sweep import Sweep, sweep_many
from dispatch.shapes import Point, Ring

__all__ = [
    "Coverage",
    "Line",
    "Obstacles",
    "Parts",
    "Plane",
    "Point",
    "Ring",
    "Sortie",
    "Sorties",
    "Sweep",
    "cover",
    "margin_choices",
    "sorties",
    "sweep_many",
]
