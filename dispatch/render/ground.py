"""From degrees to a picture: the projection and the shapes that all maps share."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dispatch.model import Job, Point, Polygon, Zone, ZoneKind
from dispatch.physics import EARTH_RADIUS_M
from dispatch.render.svg import INK, RED, WATER, safe, text

_DEGREE_M = EARTH_RADIUS_M * math.pi / 180
ZONES = {
    ZoneKind.NO_SPRAY: ("url(#no-spray)", RED, "禁喷区"),
    ZoneKind.NO_FLY: ("url(#no-fly)", "#5e3c99", "禁飞区"),
}
"""Fill, border and Chinese name of each kind of zone."""

Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class View:
    """A stretch of land on a page: north is up, one scale in both directions.

    ``corner`` is where the land's north-west lies on the page, ``size`` its extent in pixels.
    """

    west: float
    north: float
    narrow: float
    pixels_per_m: float
    corner: Spot
    size: Spot

    @classmethod
    def around(
        cls, places: Iterable[Point], corner: Spot, most: Spot, least_m: float = 200.0
    ) -> "View":
        """Fit places into a box of at most so many pixels wide and tall."""
        points = list(places) or [(0.0, 0.0)]
        west, east = min(one[0] for one in points), max(one[0] for one in points)
        south, north = min(one[1] for one in points), max(one[1] for one in points)
        narrow = math.cos(math.radians((south + north) / 2))
        wide_m = max(least_m, (east - west) * _DEGREE_M * narrow)
        tall_m = max(least_m, (north - south) * _DEGREE_M)
        scale = min(most[0] / wide_m, most[1] / tall_m)
        return cls(west, north, narrow, scale, corner, (wide_m * scale, tall_m * scale))

    def pixel(self, place: Point) -> Spot:
        """Return where a place lies on the page."""
        metre = _DEGREE_M * self.pixels_per_m
        x = self.corner[0] + (place[0] - self.west) * self.narrow * metre
        return (x, self.corner[1] + (self.north - place[1]) * metre)

    def outline(self, polygon: Polygon) -> str:
        """Return a polygon with its holes as SVG path data."""
        return " ".join(
            "M" + " L".join(f"{x:.2f} {y:.2f}" for x, y in map(self.pixel, ring[:-1])) + " Z"
            for ring in polygon
        )


def shape(path: str, fill: str, stroke: str, title: str, width: float = 0.3) -> str:
    """Return a filled path whose holes stay open; its title shows when pointed at."""
    return (
        f'<path d="{path}" fill="{fill}" fill-rule="evenodd" stroke="{stroke}" '
        f'stroke-width="{width:g}"><title>{safe(title)}</title></path>'
    )


def plot(job: Job, view: View, fill: str, title: str) -> str:
    """Return a plot of all its parts; one without a polygon is a dot."""
    if job.parts:
        path = " ".join(view.outline(part) for part in job.parts)
        left_out = fill.startswith("url")
        return shape(path, fill, RED if left_out else "#ffffff", title, 0.6 if left_out else 0.3)
    x, y = view.pixel(job.access)
    tip = f"<title>{safe(title)}</title>"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}">{tip}</circle>'


def zone(one: Zone, view: View) -> str:
    """Return a zone with its buffer around it as a pale band."""
    fill, stroke, kind_zh = ZONES[one.kind]
    path = view.outline(one.rings)
    band_px = 2 * one.buffer_m * view.pixels_per_m
    buffer = (
        f'<path d="{path}" fill="none" stroke="{stroke}" stroke-opacity="0.13" '
        f'stroke-width="{band_px:.1f}" stroke-linejoin="round"/>'
    )
    return buffer + shape(path, fill, stroke, f"{kind_zh} {one.zone_id}", 1.2)


def track(places: Sequence[Point], view: View, stroke: str, dash: str, width: float) -> str:
    """Return a truck's way as straight lines."""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(view.pixel, places))
    broken = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<polyline points="{points}" fill="none" stroke="{stroke}" stroke-width="{width:g}" '
        f'stroke-opacity="0.65" stroke-linejoin="round"{broken}/>'
    )


def home(spot: Spot) -> str:
    """Return the sign of a crew's home (驻地): a house."""
    x, y = spot
    return (
        f'<path d="M{x:.1f} {y - 9:.1f} l9 9 h-3 v8 h-12 v-8 h-3 z" fill="{INK}" '
        'stroke="#ffffff" stroke-width="1.5"/>'
    )


def mix_point(spot: Spot, title: str) -> str:
    """Return the sign of a mixing point (配药取水点): a drop."""
    x, y = spot
    return (
        f'<path d="M{x:.1f} {y - 10:.1f} c4 6 7 9 7 12 a7 7 0 0 1 -14 0 c0 -3 3 -6 7 -12 z" '
        f'fill="{WATER}" stroke="#ffffff" stroke-width="1.5"><title>{safe(title)}</title></path>'
    )


def scale_bar(view: View, spot: Spot, wish_px: float = 160.0) -> list[str]:
    """Return a bar of a round length and the north arrow beside it."""
    wanted_m = wish_px / view.pixels_per_m
    power = 10 ** math.floor(math.log10(wanted_m))
    length_m = max(step * power for step in (1, 2, 5) if step * power <= wanted_m)
    (x, y), width = spot, length_m * view.pixels_per_m
    words = f"{length_m / 1000:g} 公里" if length_m >= 1000 else f"{length_m:g} 米"
    halves = ((x, INK), (x + width / 2, "#ffffff"))
    bars = [
        f'<rect x="{at:.1f}" y="{y:.1f}" width="{width / 2:.1f}" height="5" fill="{fill}" '
        f'stroke="{INK}"/>'
        for at, fill in halves
    ]
    arrow = f'<path d="M{x + width + 76:.1f} {y + 6:.1f} l7 -22 l7 22 l-7 -5 z" fill="{INK}"/>'
    return [
        *bars,
        text((x + width + 8, y + 7), words, size=12, halo=True),
        arrow,
        text((x + width + 94, y + 6), "北", size=12, halo=True),
    ]
