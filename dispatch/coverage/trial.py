"""One plot at one heading, exactly: its lines clear of obstacles, their order, the seconds."""

import math
from dataclasses import dataclass

import numpy as np
import shapely

from dispatch.coverage.blocked import Blocked, rotated, strip_sections
from dispatch.coverage.cells import (
    Lines,
    Order,
    flown,
    link_lengths_m,
    order_of,
    straight_m,
)
from dispatch.coverage.headings import Pace
from dispatch.coverage.pace import spray_m_per_s
from dispatch.coverage.plane import Floats, Geometries, edges_of
from dispatch.coverage.scan import Cases, Strips, scan, turns_of
from dispatch.machines import Machine


@dataclass(frozen=True, slots=True)
class Trial:
    """A plot flown at a heading: ordered line ends in metres, and what it costs.

    ``width_m`` is the width that each line stands for (the pitch of its part).
    """

    seconds: float
    line_m: float
    link_m: float
    begins: Floats
    ends: Floats
    width_m: Floats
    away_m: Floats


@dataclass(frozen=True, slots=True)
class Field:
    """One plot ready to be cut: its sprayable parts in metres and what stands in the way.

    No part is empty; there may be none.
    """

    parts: Geometries
    blocked: Blocked | None


def pace_of(machine: Machine, liquid_ml_per_mu: int) -> Pace:
    """Return a machine's pace at a dose."""
    return Pace(
        swath_m=machine.swath_cm / 100,
        spray_m_per_s=spray_m_per_s(machine, liquid_ml_per_mu),
        transit_m_per_s=machine.transit_cm_per_s / 100,
        turn_s=float(machine.turn_s),
    )


def cut(field: Field, heading_cdeg: int, pace: Pace) -> Trial:
    """Fly one plot at one heading."""
    count = len(field.parts)
    if not count:
        none = np.zeros((0, 2))
        return Trial(0.0, 0.0, 0.0, none, none, np.zeros(0), np.zeros(0))
    cases = Cases(np.arange(count), np.full(count, heading_cdeg))
    cos, sin = turns_of(cases.heading_cdeg)
    strips = scan(edges_of(field.parts), cases, pace.swath_m)
    turn = (float(cos[0]), float(sin[0]))
    lines, width = lines_of(strips, field.parts, slice(0, count), turn, field.blocked, pace.swath_m)
    return fly(lines, width, pace, field.blocked)


def seconds_of(line_m: float, away_m: Floats, pace: Pace) -> float:
    """Return the seconds of lines of a total length with these ways between them."""
    aside = np.maximum(away_m - pace.swath_m, 0.0)
    links_s = len(away_m) * pace.turn_s + float(aside.sum()) / pace.transit_m_per_s
    return line_m / pace.spray_m_per_s + links_s


def lines_of(
    strips: Strips,
    parts: Geometries,
    cases: slice,
    turn: tuple[float, float],
    blocked: Blocked | None,
    swath_m: float,
) -> tuple[Lines, Floats]:
    """Return the lines of the cases of one plot, cut at obstacles, and the width of each.

    ``parts`` are the polygons of these cases, ``turn`` cosine and sine of the heading.
    """
    begin, end = np.searchsorted(strips.case, (cases.start, cases.stop)).tolist()
    part = strips.case[begin:end] - cases.start
    strip, near, far = strips.strip[begin:end], strips.near_m[begin:end], strips.far_m[begin:end]
    low, pitch = strips.low_m[cases], strips.pitch_m[cases]
    across = low[part] + (strip + 0.5) * pitch[part]
    rows = np.stack((part.astype(np.float64), strip.astype(np.float64), across, near, far), axis=1)
    if blocked is not None:
        rows = _cut(rows, parts, (low, pitch), turn, blocked, swath_m)
    part, strip = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
    ends = [_place(rows[:, 2], rows[:, column], turn) for column in (3, 4)]
    return Lines(part, strip, rows[:, 3], rows[:, 4], *ends), pitch[part]


def _place(across: Floats, along: Floats, turn: tuple[float, float]) -> Floats:
    """Turn (s, t) back into metres east and north."""
    cos, sin = turn
    place: Floats = np.stack((across * cos + along * sin, along * cos - across * sin), axis=1)
    return place


def _cut(
    rows: Floats,
    parts: Geometries,
    frame: tuple[Floats, Floats],
    turn: tuple[float, float],
    blocked: Blocked,
    swath_m: float,
) -> Floats:
    """Replace the lines of strips where one runs through an obstacle."""
    low, pitch = frame
    near, far = (_place(rows[:, 2], rows[:, column], turn) for column in (3, 4))
    hit = blocked.crosses(near, far)
    if not hit.any():
        return rows
    ground = rotated(blocked.ground, *turn)
    shapely.prepare(ground)
    touched = np.unique(rows[hit, :2], axis=0)
    fresh = []
    for part, strip in touched.astype(np.int64).tolist():
        side = low[part] + strip * pitch[part], low[part] + (strip + 1) * pitch[part]
        polygon = rotated(parts[part], *turn)
        found = strip_sections(polygon, ground, side, max(pitch[part], swath_m) / 2)
        fresh += [(part, strip, *line) for line in found]
    same = (rows[:, None, :2] == touched[None, :, :]).all(axis=2).any(axis=1)
    rows = np.concatenate((rows[~same], np.array(fresh, dtype=np.float64).reshape(-1, 5)))
    return rows[np.lexsort((rows[:, 2], rows[:, 3], rows[:, 1], rows[:, 0]))]


def fly(
    lines: Lines, width_m: Floats, pace: Pace, blocked: Blocked | None, *, quick: bool = False
) -> Trial:
    """Order the lines of a plot and time them.

    ``quick`` is for choosing among headings: it does not go around obstacles between lines.
    """
    lengths = lines.far_m - lines.near_m
    line_m = math.fsum(lengths.tolist())
    if not len(lengths):
        none = np.zeros((0, 2))
        return Trial(0.0, 0.0, 0.0, none, none, width_m, np.zeros(0))
    away = straight_m if blocked is None or quick else blocked.away_m
    order: Order = order_of(lines, pace.swath_m, away, quick=quick)
    away_m = link_lengths_m(lines, order, away)
    begins, ends = flown(lines, order)
    return Trial(
        seconds=seconds_of(line_m, away_m, pace),
        line_m=line_m,
        link_m=float(away_m.sum()),
        begins=begins,
        ends=ends,
        width_m=width_m[order.line],
        away_m=away_m,
    )
