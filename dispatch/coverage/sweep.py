"""The best heading and the time of many plots: estimates, one scan of the promising, a choice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely

from dispatch.coverage.blocked import Blocked, holes_of
from dispatch.coverage.headings import Pace, candidates, chains_of, kept_of, outline
from dispatch.coverage.pace import require_dose
from dispatch.coverage.plane import (
    Bools,
    Edges,
    Floats,
    Geometries,
    Ints,
    Parts,
    edges_of,
    grounds,
    grown,
    inset,
    sums,
)
from dispatch.coverage.scan import Cases, Strips, scan, spread, turns_of
from dispatch.coverage.trial import Field, Trial, fly, lines_of, pace_of
from dispatch.machines import Machine
from dispatch.validation import require, require_int

CHUNK_CHAINS = 400_000
"""Plots are cut in chunks of about this many clipped edges, so memory does not grow with plots."""
STRIPS_MAX = 20_000
HOLED_TRIES = 6
HOLED_KEPT = 2
HOLED_HEADINGS = 150
"""Ways around obstacles take long to work out: of the about 150 headings at which such a plot is
cut into strips, six are cut at the obstacles too, and two are ordered in full."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """How a plot is best flown back and forth, and how long that takes.

    ``heading_cdeg`` is the direction of the lines clockwise from north. ``seconds`` is from the
    start of the first line to the end of the last, without refills. ``swaths`` counts lines,
    ``turns`` the ways between them, which are ``link_m`` long in all.
    """

    heading_cdeg: int
    seconds: float
    swaths: int
    turns: int
    line_m: float
    link_m: float


def require_margin(margin_cm: int, subject: str) -> None:
    """Refuse a margin below zero or above 100 m."""
    require_int(margin_cm, subject, "margin_cm", 0, 10_000)


def require_strips(polygons: Geometries, plot: Ints, subjects: Sequence[str], swath: float) -> None:
    """Refuse a plot so much wider than the swath that its lines could not be kept in memory."""
    box = shapely.bounds(polygons)
    wide = np.hypot(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) / swath > STRIPS_MAX
    first = int(np.argmax(wide)) if wide.any() else 0
    require(
        not wide.any(),
        subjects[int(plot[first])] if len(plot) else "",
        "parts",
        f"需要超过 {STRIPS_MAX} 条航线",
        f"needs more than {STRIPS_MAX} lines",
    )


def sweep_of(trial: Trial, heading_cdeg: int) -> Sweep:
    """Return the figures of a trial."""
    swaths = len(trial.begins)
    return Sweep(
        heading_cdeg=heading_cdeg,
        seconds=trial.seconds,
        swaths=swaths,
        turns=max(0, swaths - 1),
        line_m=trial.line_m,
        link_m=trial.link_m,
    )


def sweep_many(
    plots: Sequence[Parts],
    machine: Machine,
    liquid_ml_per_mu: Sequence[int],
    margin_cm: int = 0,
) -> list[Sweep]:
    """Return the best sweep of every plot, holes flown around.

    Raises `InvalidProblem` for the first plot that is no valid polygon (``plot 0``, ``plot 1``, …).
    A plot that vanishes under the margin has no swaths and takes no time.
    """
    subjects = [f"plot {index}" for index in range(len(plots))]
    require_margin(margin_cm, "sweep")
    require(
        len(liquid_ml_per_mu) == len(plots),
        "sweep",
        "liquid_ml_per_mu",
        "须与地块一一对应",
        "must give one dose for each plot",
    )
    for dose, subject in zip(liquid_ml_per_mu, subjects, strict=True):
        require_dose(dose, subject)
    if not plots:
        return []
    ground = grounds(plots, subjects)
    require_strips(ground.polygons, ground.plot, subjects, machine.swath_cm / 100)
    parts = inset(ground.polygons, margin_cm)
    holed = np.zeros(len(plots), dtype=np.bool_)
    holed[ground.plot[shapely.get_num_interior_rings(ground.polygons) > 0]] = True
    sweeps: list[Sweep] = [Sweep(0, 0.0, 0, 0, 0.0, 0.0)] * len(plots)
    doses = np.array(liquid_ml_per_mu)
    for dose in np.unique(doses).tolist():
        pace = pace_of(machine, dose)
        flags = (doses == dose, holed)
        for chosen in _chunks(ground.polygons, ground.plot, flags, pace.swath_m):
            inside = np.isin(ground.plot, chosen)
            plot = np.searchsorted(chosen, ground.plot[inside])
            obstacles = {
                number: grown(holes_of(ground.polygons[ground.plot == chosen[number]]), margin_cm)
                for number in np.nonzero(holed[chosen])[0].tolist()
            }
            found = best_sweeps(parts[inside], plot, len(chosen), pace, obstacles)
            for index, one in zip(chosen.tolist(), found, strict=True):
                sweeps[index] = one
    return sweeps


def _chunks(
    polygons: Geometries, plot: Ints, flags: tuple[Bools, Bools], swath_m: float
) -> Iterator[Ints]:
    """Yield plots in runs of bounded work; ``flags`` tell which are wanted and which holed."""
    wanted, holed = flags
    chains = sums(plot, chains_of(polygons, swath_m), len(wanted))
    work = chains * np.where(holed, HOLED_HEADINGS, kept_of(chains))
    chosen = np.nonzero(wanted)[0]
    run = (np.cumsum(work[chosen]) // CHUNK_CHAINS).astype(np.int64)
    for number in np.unique(run).tolist():
        yield chosen[run == number]


def best_sweeps(
    parts: Geometries,
    plot: Ints,
    plots: int,
    pace: Pace,
    obstacles: dict[int, Geometries],
) -> list[Sweep]:
    """Return the best sweep of plots given as sprayable parts in metres.

    ``plot`` is the plot of each part; ``obstacles`` are what lines and ways go around, for those
    plots that have any.
    """
    return _Batch(parts, plot, plots, pace, obstacles).best()


class _Batch:
    """Some plots with one pace: all their promising headings cut in one scan.

    A *try* is a plot at a heading; its cases are the parts of the plot that have any ground.
    """

    def __init__(
        self,
        parts: Geometries,
        plot: Ints,
        plots: int,
        pace: Pace,
        obstacles: dict[int, Geometries],
    ) -> None:
        self.parts = parts
        self.plot = plot
        self.plots = plots
        self.pace = pace
        self.obstacles = obstacles
        self.solid = np.nonzero(~shapely.is_empty(parts))[0]
        self.solid_of = np.bincount(plot[self.solid], minlength=plots)
        self.first_solid = np.cumsum(self.solid_of) - self.solid_of
        self.holed = np.zeros(plots, dtype=np.bool_)
        self.holed[list(obstacles)] = True

    def best(self) -> list[Sweep]:
        """Return the best sweep of each plot."""
        none = Sweep(0, 0.0, 0, 0, 0.0, 0.0)
        sweeps = [none] * self.plots
        if not len(self.solid):
            return sweeps
        shape = outline(self.parts, self.plot, self.holed, self.pace.swath_m)
        plot, heading = candidates(shape, self.pace)
        edges = edges_of(self.parts)
        tries = _Tries.cut(self, edges, plot, heading)
        for index, (begin, end) in enumerate(_runs(plot, self.plots)):
            if end > begin:
                sweeps[index] = self._choose(tries, range(begin, end), index)
        return sweeps

    def _choose(self, tries: "_Tries", run: range, plot: int) -> Sweep:
        """Return the quickest try of a plot; those that cannot win are not worked out."""
        cost_s = tries.floor_s[run.start : run.stop]
        if self.holed[plot]:
            cost_s = cost_s + self._hits_s(tries, run, plot)
        order = (run.start + np.argsort(cost_s, kind="stable")).tolist()
        best: Sweep | None = None
        field: Field | None = None
        if self.holed[plot]:
            field = self._field(plot)
            order = self._shortlist(tries, order[:HOLED_TRIES], field)
        for one in order:
            if best is not None and tries.floor_s[one] >= best.seconds:
                continue
            heading = int(tries.heading[one])
            if tries.plain[one]:
                found = tries.sweep(one)
            else:
                field = field or self._field(plot)
                found = sweep_of(tries.fly(one, field), heading)
            if best is None or (found.seconds, heading) < (best.seconds, best.heading_cdeg):
                best = found
        assert best is not None  # noqa: S101 - a run has at least one try
        return best

    def _shortlist(self, tries: "_Tries", order: list[int], field: Field) -> list[int]:
        """Return the tries that are quickest when ordered greedily, straight over obstacles."""
        quick = [tries.fly(one, field, quick=True).seconds for one in order]
        return [order[one] for one in np.argsort(quick, kind="stable").tolist()[:HOLED_KEPT]]

    def _hits_s(self, tries: "_Tries", run: range, plot: int) -> Floats:
        """Estimate what cutting lines at obstacles adds to each try of a plot.

        A line that meets one becomes two, before and behind it, and one more on each side where
        the obstacle leaves ground in the strip. Strips that it fills are cut already.
        """
        flat = edges_of(self.obstacles[plot])
        case = tries.case_start[run.start : run.stop]
        cos, sin = (one[:, None] for one in turns_of(tries.heading[run.start : run.stop]))
        low, pitch = tries.strips.low_m[case, None], tries.strips.pitch_m[case, None]
        across = (flat.a[:, 0] * cos - flat.a[:, 1] * sin - low) / pitch
        along = flat.a[:, 0] * sin + flat.a[:, 1] * cos
        begin = flat.start[:-1]
        left = np.minimum.reduceat(across, begin, axis=1)
        right = np.maximum.reduceat(across, begin, axis=1)
        deep_m = np.maximum.reduceat(along, begin, axis=1)
        deep_m -= np.minimum.reduceat(along, begin, axis=1)
        first, last = np.ceil(left - 0.5), np.floor(right - 0.5)
        sides = 1.0 * (left > first) + (right < last + 1)
        lines = np.where(first == last, sides + (sides > 0), 2 * sides)
        beside_m = np.where((first == last) & (sides == 2), deep_m, 0.0)
        met = first <= last
        added = lines * self.pace.turn_s + beside_m / self.pace.spray_m_per_s
        hits_s: Floats = np.where(met, added, 0.0).sum(axis=1)
        return hits_s

    def _field(self, plot: int) -> Field:
        """Return a plot's ground with its obstacles."""
        parts = self.parts[self.plot == plot]
        obstacles = self.obstacles.get(plot)
        blocked = None if obstacles is None else Blocked(obstacles)
        return Field(parts[~shapely.is_empty(parts)], blocked)


def _runs(plot: Ints, plots: int) -> list[tuple[int, int]]:
    """Return where each plot's tries begin and end; tries are sorted by plot."""
    bounds = np.searchsorted(plot, np.arange(plots + 1)).tolist()
    return list(pairwise(bounds))


@dataclass(slots=True)
class _Tries:
    """All tries of a batch: exact figures where one snake does it, a lower bound elsewhere."""

    pace: Pace
    strips: Strips
    heading: Ints
    case_start: Ints
    plain: Bools
    floor_s: Floats
    swaths: Ints
    line_m: Floats
    link_m: Floats

    @classmethod
    def cut(cls, batch: _Batch, edges: Edges, plot: Ints, heading: Ints) -> "_Tries":
        """Cut every try into strips; time those that have one line in every strip."""
        pace = batch.pace
        counts = batch.solid_of[plot]
        of_try, number = spread(counts)
        part = batch.solid[batch.first_solid[plot][of_try] + number]
        strips = scan(edges, Cases(part, heading[of_try]), pace.swath_m)
        lengths = strips.far_m - strips.near_m
        line_try = of_try[strips.case]
        tries = len(plot)
        swaths = np.bincount(line_try, minlength=tries)
        line_m = sums(line_try, lengths, tries)
        lone = sums(of_try, strips.count, tries) == swaths
        plain = lone & (counts == 1) & edges.whole[part[np.cumsum(counts) - counts]]
        plain &= ~batch.holed[plot]
        # Cutting lines at obstacles never makes them shorter in all: what lies beside one is flown
        # on lines of its own that reach as far.
        floor = line_m / pace.spray_m_per_s + np.maximum(swaths - 1, 0) * pace.turn_s
        extra, links = _snakes(strips, pace.swath_m)
        one = plain[of_try]
        floor[of_try[one]] += extra[one] / pace.transit_m_per_s
        link_m = np.zeros(tries)
        link_m[of_try[one]] = links[one]
        start = np.concatenate(([0], np.cumsum(counts)))
        return cls(pace, strips, heading, start, plain, floor, swaths, line_m, link_m)

    def sweep(self, one: int) -> Sweep:
        """Return the figures of a plain try."""
        swaths = int(self.swaths[one])
        return Sweep(
            heading_cdeg=int(self.heading[one]),
            seconds=float(self.floor_s[one]),
            swaths=swaths,
            turns=swaths - 1,
            line_m=float(self.line_m[one]),
            link_m=float(self.link_m[one]),
        )

    def fly(self, one: int, field: Field, *, quick: bool = False) -> Trial:
        """Work a try out exactly, or quickly."""
        cases = slice(int(self.case_start[one]), int(self.case_start[one + 1]))
        cos, sin = turns_of(self.heading[one : one + 1])
        turn = (float(cos[0]), float(sin[0]))
        lines, width = lines_of(
            self.strips, field.parts, cases, turn, field.blocked, self.pace.swath_m
        )
        return fly(lines, width, self.pace, field.blocked, quick=quick)


def _snakes(strips: Strips, swath_m: float) -> tuple[Floats, Floats]:
    """Return per case the extra and the whole way of flying its lines back and forth.

    It is right for cases with one line in every strip; of the two ends to begin at, the better.
    """
    cases = len(strips.low_m)
    same = strips.case[1:] == strips.case[:-1]
    case = strips.case[1:][same]
    even = strips.strip[:-1][same] % 2 == 0
    ways = []
    pitch = strips.pitch_m[case]
    shift = [np.diff(one)[same] for one in (strips.far_m, strips.near_m)]
    for first, second in (shift, shift[::-1]):
        away = np.hypot(pitch, np.where(even, first, second))
        extra = sums(case, np.maximum(away - swath_m, 0.0), cases)
        ways.append((extra, sums(case, away, cases)))
    better = ways[0][0] <= ways[1][0]
    return np.where(better, ways[0][0], ways[1][0]), np.where(better, ways[0][1], ways[1][1])
