"""The full coverage plan of one plot: its lines in flying order and what they wet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from dispatch.coverage.blocked import Blocked, holes_of
from dispatch.coverage.headings import HALF_TURN_CDEG, Pace
from dispatch.coverage.pace import require_dose
from dispatch.coverage.plane import (
    GRID_M,
    Geometries,
    Parts,
    Plane,
    grounds,
    grown,
    inset,
    polygons_on,
)
from dispatch.coverage.sweep import best_sweeps, require_margin, require_strips
from dispatch.coverage.trial import Field, Trial, cut, pace_of
from dispatch.machines import Machine
from dispatch.shapes import Point, Ring
from dispatch.validation import require_int

Line = tuple[Point, Point]
Obstacles = Sequence[tuple[Ring, ...]]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How one plot is flown (航线规划). The first six fields are those of its `Sweep`.

    ``lines`` are sprayed from the first point to the second, in this order; ``links`` are the ways
    between them with the spray off, both ends included, one fewer than lines. ``widths_m`` is the
    width that each line stands for. ``treated_m2`` is wetted ground of the plot, ``missed_m2`` is
    dry ground of it, ``overspray_m2`` is wetted ground that is not of it (holes and obstacles
    included). ``plane`` is the plane on which metres were measured.
    """

    heading_cdeg: int
    seconds: float
    swaths: int
    turns: int
    line_m: float
    link_m: float
    lines: tuple[Line, ...]
    links: tuple[tuple[Point, ...], ...]
    widths_m: tuple[float, ...]
    margin_cm: int
    area_m2: float
    treated_m2: float
    missed_m2: float
    overspray_m2: float
    plane: Plane


@dataclass(frozen=True, slots=True)
class _Plot:
    """A checked plot in metres: where it may be sprayed, where it is cut, what stands in it."""

    plane: Plane
    ground: Any
    field: Field
    obstacles: Geometries


def _plot(parts: Parts, obstacles: Obstacles, margin_cm: int, swath_m: float) -> _Plot:
    """Check and project a plot, subtract obstacles and take the margin off."""
    found = grounds([parts], ["plot"])
    require_strips(found.polygons, found.plot, ["plot"], swath_m)
    given = polygons_on(found.planes[0], tuple(obstacles), "obstacle")
    bodies = np.concatenate((holes_of(found.polygons), given))
    free = found.polygons
    if len(given):
        free = shapely.difference(free, shapely.union_all(given, grid_size=GRID_M))
    cuttable = inset(_areas(free), margin_cm)
    blocked = Blocked(grown(bodies, margin_cm)) if len(bodies) else None
    return _Plot(
        plane=found.planes[0],
        ground=shapely.union_all(free, grid_size=GRID_M),
        field=Field(cuttable[~shapely.is_empty(cuttable)], blocked),
        obstacles=bodies,
    )


def _areas(shapes: Geometries) -> Geometries:
    """Drop the points and lines that a subtraction may leave beside polygons."""
    kept = [
        shapely.MultiPolygon([one for one in shapely.get_parts(shape) if one.area > 0.0])
        for shape in shapes
    ]
    return np.array(kept, dtype=object)


def cover(
    parts: Parts,
    machine: Machine,
    liquid_ml_per_mu: int,
    *,
    heading_cdeg: int | None = None,
    obstacles: Obstacles = (),
    margin_cm: int = 0,
) -> Coverage:
    """Plan one plot, at the best heading unless one is given.

    Obstacles are polygons like the parts: an outer ring followed by holes. They are neither sprayed
    nor flown over; each part is cut into strips over the extent of what is left of it. Raises
    `InvalidProblem` for polygons that cannot be.
    """
    require_margin(margin_cm, "plot")
    require_dose(liquid_ml_per_mu, "plot")
    pace = pace_of(machine, liquid_ml_per_mu)
    plot = _plot(parts, obstacles, margin_cm, pace.swath_m)
    if heading_cdeg is None:
        heading_cdeg = _best_heading(plot, pace, margin_cm)
    require_int(heading_cdeg, "plot", "heading_cdeg", 0, HALF_TURN_CDEG - 1)
    trial = cut(plot.field, heading_cdeg, pace)
    return _report(plot, trial, heading_cdeg, margin_cm, pace)


def _best_heading(plot: _Plot, pace: Pace, margin_cm: int) -> int:
    """Return the heading that `sweep_many` chooses too."""
    cuttable = plot.field.parts
    obstacles = {0: grown(plot.obstacles, margin_cm)} if len(plot.obstacles) else {}
    owner = np.zeros(len(cuttable), dtype=np.int64)
    return best_sweeps(cuttable, owner, 1, pace, obstacles)[0].heading_cdeg


def _report(plot: _Plot, trial: Trial, heading_cdeg: int, margin_cm: int, pace: Pace) -> Coverage:
    """Return a trial in degrees with the areas that it wets."""
    wet = shapely.union_all(
        shapely.buffer(
            shapely.linestrings(np.stack((trial.begins, trial.ends), axis=1)),
            np.maximum(trial.width_m, pace.swath_m) / 2,
            cap_style="flat",
        ),
        grid_size=GRID_M,
    )
    area = float(shapely.area(plot.ground))
    treated = float(shapely.area(shapely.intersection(wet, plot.ground, grid_size=GRID_M)))
    begins, ends = plot.plane.degrees(trial.begins), plot.plane.degrees(trial.ends)
    return Coverage(
        heading_cdeg=heading_cdeg,
        seconds=trial.seconds,
        swaths=len(begins),
        turns=max(0, len(begins) - 1),
        line_m=trial.line_m,
        link_m=trial.link_m,
        lines=tuple(zip(begins, ends, strict=True)),
        links=_links(plot, trial),
        widths_m=tuple(trial.width_m.tolist()),
        margin_cm=margin_cm,
        area_m2=area,
        treated_m2=treated,
        missed_m2=max(0.0, area - treated),
        overspray_m2=max(0.0, float(shapely.area(wet)) - treated),
        plane=plot.plane,
    )


def _links(plot: _Plot, trial: Trial) -> tuple[tuple[Point, ...], ...]:
    """Return the ways between consecutive lines in degrees."""
    blocked = plot.field.blocked
    ways = []
    for here, there in zip(trial.ends[:-1], trial.begins[1:], strict=True):
        way = np.stack((here, there)) if blocked is None else blocked.way(here, there)
        ways.append(tuple(plot.plane.degrees(way)))
    return tuple(ways)


def margin_choices(
    parts: Parts,
    machine: Machine,
    liquid_ml_per_mu: int,
    *,
    margins_cm: Sequence[int] = (0, 100, 200, 300),
    obstacles: Obstacles = (),
) -> tuple[Coverage, ...]:
    """Return one coverage plan for each margin, each at its own best heading.

    Staff weigh ``missed_m2`` (the plot's own dry edge) against ``overspray_m2`` (drift on the
    neighbour's ground) and choose.
    """
    return tuple(
        cover(parts, machine, liquid_ml_per_mu, obstacles=obstacles, margin_cm=margin_cm)
        for margin_cm in margins_cm
    )
