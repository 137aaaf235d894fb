"""Which headings are worth cutting a plot for: estimates over many, exact work on a few.

The time of a heading jumps where the width crosses a whole number of swaths, so the best one is
either along an edge (least width) or turned away from it just before one more strip is needed
(fewest, widest strips). Both kinds are tried, and a coarse fan for everything else.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from dispatch.coverage.plane import Bools, Edges, Floats, Geometries, Ints, edges_of, sums
from dispatch.coverage.scan import spread, strip_counts, turns_of

HALF_TURN_CDEG = 18_000
FAN_CDEG = 200
EDGES_MAX = 12
KEPT_MIN = 8
KEPT_MAX = 36
KEPT_CHAINS = 1000
"""Small plots are cut at more headings: up to about this many clipped edges in all."""
CONCAVE = 0.95
"""A plot that fills less of its hull has inner edges: a little turn may move one off a strip."""
SHAKEN = 3
SHAKES_CDEG = (-100, -50, -20, 20, 50, 100)
TURN_MAX_CDEG = 1200
STEPS = 12


@dataclass(frozen=True, slots=True)
class Pace:
    """What turns metres and turns into seconds: metres, metres per second, seconds."""

    swath_m: float
    spray_m_per_s: float
    transit_m_per_s: float
    turn_s: float


@dataclass(frozen=True, slots=True)
class Outline:
    """Simplified parts of many plots: their edges and areas, and the plot of each part.

    ``hulls`` are the convex hulls of the parts as they are, which alone decide their widths;
    ``kept`` is how many headings of each plot are worth cutting; ``concave`` plots are cut near
    the best of these too.
    """

    edges: Edges
    hulls: Edges
    area_m2: Floats
    plot: Ints
    plots: int
    kept: Ints
    concave: Bools


def outline(polygons: Geometries, plot: Ints, holed: Bools, swath_m: float) -> Outline:
    """Simplify parts by a seventh of a swath, which moves no strip by more than that.

    ``holed`` tells of each plot whether anything stands in it: then every heading is kept, since
    the time depends most on how the strips meet the obstacles.
    """
    plots = len(holed)
    plain = shapely.simplify(polygons, swath_m / 7)
    plain = np.where(shapely.is_empty(plain), polygons, plain)
    kept = kept_of(sums(plot, chains_of(polygons, swath_m), plots))
    kept = np.where(holed, HALF_TURN_CDEG, kept)
    hulls, area = shapely.convex_hull(polygons), shapely.area(polygons)
    filled = sums(plot, area, plots) >= CONCAVE * sums(plot, shapely.area(hulls), plots)
    return Outline(edges_of(plain), edges_of(hulls), area, plot, plots, kept, ~filled)


def chains_of(polygons: Geometries, swath_m: float) -> Floats:
    """Return about how many clipped edges a polygon has at one heading."""
    box = np.nan_to_num(shapely.bounds(polygons))
    strips = np.hypot(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) / swath_m
    chains: Floats = shapely.get_num_coordinates(polygons) + 2.0 * strips
    return chains


def kept_of(chains: Floats) -> Ints:
    """Return how many headings to cut, given a plot's clipped edges at one heading."""
    return np.clip(KEPT_CHAINS / np.maximum(chains, 1.0), KEPT_MIN, KEPT_MAX).astype(np.int64)


def estimate_s(shape: Outline, part: Ints, heading_cdeg: Ints, pace: Pace) -> Floats:
    """Estimate the seconds of each (part, heading) from its edges alone, without cutting strips.

    A strip's line runs on to the farther end of the slanted edge that closes it: half the edge's
    rise along the heading is flown beyond the area. Half the edges are passed at a turn.
    """
    sizes = np.diff(shape.edges.start)[part]
    case, number = spread(sizes)
    edge = shape.edges.start[part][case] + number
    begin = np.cumsum(sizes) - sizes
    cos, sin = (one[case] for one in turns_of(heading_cdeg))
    a, b = shape.edges.a[edge], shape.edges.b[edge]
    s0, s1 = a[:, 0] * cos - a[:, 1] * sin, b[:, 0] * cos - b[:, 1] * sin
    rise = np.abs((b[:, 0] - a[:, 0]) * sin + (b[:, 1] - a[:, 1]) * cos)
    run = np.abs(s1 - s0)
    width = width_m(shape, part, heading_cdeg)
    pitch = width / strip_counts(width, pace.swath_m)
    strips = run / pitch[case]
    over = np.add.reduceat(rise * np.minimum(strips, 1.0), begin) / 2
    length = shape.area_m2[part] / pitch + over
    lines = np.maximum(np.add.reduceat(strips, begin) / 2, 1.0)
    aside = np.maximum(np.hypot(run, rise) - pace.swath_m * strips, 0.0)
    links = np.add.reduceat(aside, begin) / 2
    turns_s = (lines - 1) * pace.turn_s
    seconds: Floats = length / pace.spray_m_per_s + turns_s + links / pace.transit_m_per_s
    return seconds


def width_m(shape: Outline, part: Ints, heading_cdeg: Ints) -> Floats:
    """Return how wide each (part, heading) is across the heading."""
    sizes = np.diff(shape.hulls.start)[part]
    case, number = spread(sizes)
    begin = np.cumsum(sizes) - sizes
    cos, sin = (one[case] for one in turns_of(heading_cdeg))
    a = shape.hulls.a[shape.hulls.start[part][case] + number]
    s = a[:, 0] * cos - a[:, 1] * sin
    width: Floats = np.maximum.reduceat(s, begin) - np.minimum.reduceat(s, begin)
    return width


def _unique(plot: Ints, heading_cdeg: Ints) -> tuple[Ints, Ints]:
    """Sort (plot, heading) and drop repetitions."""
    key = np.unique(plot * HALF_TURN_CDEG + heading_cdeg)
    return key // HALF_TURN_CDEG, key % HALF_TURN_CDEG


def _first_of(plot: Ints, cost: Floats, keep: Ints) -> Ints:
    """Return the indices of the cheapest ``keep[p]`` items of plot p, sorted by plot and cost."""
    order = np.lexsort((cost, plot))
    owner, rank = spread(np.bincount(plot))
    return order[rank < keep[owner]]


def edge_headings(shape: Outline) -> tuple[Ints, Ints]:
    """Return the headings of the longest edges of every plot, hull edges among them.

    Edges of one heading (to a hundredth of a degree) count together.
    """
    hulls = edges_of(_hulls(shape))
    step = np.concatenate((shape.edges.b - shape.edges.a, hulls.b - hulls.a))
    of_part = np.repeat(shape.plot, np.diff(shape.edges.start))
    plot = np.concatenate((of_part, np.repeat(np.arange(shape.plots), np.diff(hulls.start))))
    angle = np.degrees(np.arctan2(step[:, 0], step[:, 1])) * 100
    heading = np.round(angle).astype(np.int64) % HALF_TURN_CDEG
    key, inverse = np.unique(plot * HALF_TURN_CDEG + heading, return_inverse=True)
    length = sums(inverse, np.hypot(step[:, 0], step[:, 1]), len(key))
    kept = _first_of(key // HALF_TURN_CDEG, -length, np.full(shape.plots, EDGES_MAX))
    return key[kept] // HALF_TURN_CDEG, key[kept] % HALF_TURN_CDEG


def _hulls(shape: Outline) -> Geometries:
    """Return the convex hull of each plot's outline (empty where a plot has none)."""
    part = np.repeat(np.arange(len(shape.plot)), np.diff(shape.edges.start))
    plot = shape.plot[part]
    order = np.argsort(plot, kind="stable")
    found, sizes = np.unique(plot, return_counts=True)
    hulls = np.full(shape.plots, shapely.Polygon(), dtype=object)
    lines = shapely.linestrings(
        shape.edges.a[order], indices=np.repeat(np.arange(len(found)), sizes)
    )
    hulls[found] = shapely.convex_hull(lines)
    return hulls


def _plot_estimate_s(shape: Outline, plot: Ints, heading_cdeg: Ints, pace: Pace) -> Floats:
    """Estimate the seconds of (plot, heading) over all parts that have any ground."""
    sizes = np.diff(shape.edges.start)
    solid = np.nonzero(sizes > 0)[0]
    counts = np.bincount(shape.plot[solid], minlength=shape.plots)
    begin = np.cumsum(counts) - counts
    case, number = spread(counts[plot])
    part = solid[begin[plot][case] + number]
    cost = estimate_s(shape, part, heading_cdeg[case], pace)
    return sums(case, cost, len(plot))


def _thresholds(shape: Outline, plot: Ints, heading_cdeg: Ints, pace: Pace) -> tuple[Ints, Ints]:
    """Turn each heading both ways as far as its widest part needs no further strip.

    Widths are followed by halving the angle; they need not be monotonous, so what is found is a
    heading with as many strips that is about to need one more, not always the farthest one.
    """
    parts = np.nonzero(np.diff(shape.edges.start) > 0)[0]
    first = parts[np.lexsort((-shape.area_m2[parts], shape.plot[parts]))]
    main = np.zeros(shape.plots, dtype=np.int64)
    main[shape.plot[first[::-1]]] = first[::-1]
    part = np.tile(main[plot], 2)
    home = np.tile(heading_cdeg, 2)
    way = np.repeat([1, -1], len(plot))
    strips = strip_counts(width_m(shape, part, home), pace.swath_m)
    near: Ints = np.zeros(len(part), dtype=np.int64)
    far: Ints = np.full(len(part), TURN_MAX_CDEG)
    for _ in range(STEPS):
        middle = (near + far) // 2
        width = width_m(shape, part, (home + way * middle) % HALF_TURN_CDEG)
        fits = strip_counts(width, pace.swath_m) <= strips
        near, far = np.where(fits, middle, near), np.where(fits, far, middle)
    turned: Ints = ((home + way * near) % HALF_TURN_CDEG).astype(np.int64)
    return np.tile(plot, 2), turned


def candidates(shape: Outline, pace: Pace) -> tuple[Ints, Ints]:
    """Return the most promising (plot, heading) of each plot that has any ground, sorted."""
    ground = np.unique(shape.plot[np.diff(shape.edges.start) > 0])
    if not len(ground):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    fan = np.arange(0, HALF_TURN_CDEG, FAN_CDEG)
    plot, heading = edge_headings(shape)
    plot, heading = _unique(
        np.concatenate((plot, np.repeat(ground, len(fan)))),
        np.concatenate((heading, np.tile(fan, len(ground)))),
    )
    cost = _plot_estimate_s(shape, plot, heading, pace)
    best = _first_of(plot, cost, shape.kept)
    turned = _thresholds(shape, plot[best], heading[best], pace)
    plot, heading = _unique(
        np.concatenate((plot[best], turned[0])), np.concatenate((heading[best], turned[1]))
    )
    cost = _plot_estimate_s(shape, plot, heading, pace)
    best = _first_of(plot, cost, shape.kept)
    few = _first_of(plot, cost, np.where(shape.concave, SHAKEN, 0))
    shaken = heading[few][:, None] + np.array(SHAKES_CDEG)
    return _unique(
        np.concatenate((plot[best], np.repeat(plot[few], len(SHAKES_CDEG)))),
        np.concatenate((heading[best], shaken.reshape(-1) % HALF_TURN_CDEG)),
    )
