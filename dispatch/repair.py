"""Work leftover plots into flights: whole pieces first, then smaller ones, always re-flown.

A flight is re-flown from the morning after every change, so what is accepted keeps every rule.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

from dispatch.blocks import best_block, make_blocks
from dispatch.engine import Context
from dispatch.flight import Flight
from dispatch.physics import Plot, distance_m

Run = tuple[Plot, ...]
_POSITIONS = 3
_DRONES = 4


def runs_of(flight: Flight) -> list[Run]:
    """Return the plots of a flight grouped by block, in flying order."""
    runs: list[list[Plot]] = []
    block = ""
    for visit, plot in zip(flight.visits, flight.plots, strict=True):
        if visit.block_id != block:
            runs.append([])
            block = visit.block_id
        runs[-1].append(plot)
    return [tuple(run) for run in runs]


def fly_all(flight: Flight, runs: Sequence[Run], *, strict: bool = False) -> bool:
    """Fly runs in order; a plot that cannot follow by air opens a new block once.

    Plots that still do not fit are skipped, or end the attempt with False when ``strict``.
    """
    name = flight.drone.drone_id
    opened = 0
    for run in runs:
        opened += 1
        for plot in run:
            if flight.add(plot, f"{name}#{opened}"):
                continue
            opened += 1
            if not flight.add(plot, f"{name}#{opened}"):
                if strict:
                    return False
                opened -= 1
    return True


@dataclass(order=True, slots=True)
class _Piece:
    """Leftover plots to be placed together; the heaviest piece is tried first."""

    rank: tuple[int, int]
    plots: Run = field(compare=False)


def _piece(plots: Sequence[Plot]) -> _Piece:
    """Make a piece that sorts by weight, then by its first plot."""
    return _Piece(rank=(-sum(plot.weight for plot in plots), plots[0].index), plots=tuple(plots))


def mend(context: Context, flights: list[Flight]) -> list[Flight]:
    """Insert unplanned plots while the budget lasts and return the better flights."""
    fleet = context.fleet
    planned = {plot.index for flight in flights for plot in flight.plots}
    left = [plot for plot in fleet.open_plots if plot.index not in planned]
    if not left or not fleet.crews:
        return flights
    drone = fleet.crews[0][0]
    cache_s = fleet.spray_caches_s[drone.machine]
    blocks = make_blocks(fleet.problem, drone, left, cache_s)
    pieces = [_piece(block.plots) for block in blocks]
    held = {plot.index for block in blocks for plot in block.plots}
    pieces += [_piece((plot,)) for plot in left if plot.index not in held]
    heapq.heapify(pieces)
    flights = list(flights)
    tries = 40 * len(pieces) + 400
    while pieces and tries > 0 and not context.over():
        piece = heapq.heappop(pieces)
        tries -= 1
        if _place(context, flights, piece.plots):
            continue
        if len(piece.plots) == 1:
            continue
        half = len(piece.plots) // 2
        for part in (piece.plots[:half], piece.plots[half:]):
            better = best_block(fleet.problem, drone, part, cache_s)
            heapq.heappush(pieces, _piece(better.plots if better else part))
    return flights


def _place(context: Context, flights: list[Flight], plots: Run) -> bool:
    """Try the nearest drones and the cheapest positions for one piece."""
    area = sum(plot.job.area_centimu for plot in plots)
    wanted = {skill for plot in plots for skill in plot.job.skills}
    able = [
        (_detour_m(flight, plots[0]), index)
        for index, flight in enumerate(flights)
        if flight.area_left_centimu >= area and wanted <= set(flight.drone.skills)
    ]
    for _, index in sorted(able)[:_DRONES]:
        flight = flights[index]
        for runs in _insertions(flight, plots, context.fleet.problem.settings.block_span_m):
            fresh = context.fleet.flight(flight.drone, flight.crew)
            if fly_all(fresh, runs, strict=True):
                flights[index] = fresh
                return True
    return False


def _detour_m(flight: Flight, plot: Plot) -> float:
    """Return metres from the plot to the nearest launch site or home of the flight."""
    spots = [run[0].job.access for run in runs_of(flight)] or [flight.crew.home]
    return min(distance_m(plot.job.access, spot) for spot in spots)


def _insertions(flight: Flight, plots: Run, span_m: int) -> list[list[Run]]:
    """Return candidate days with the piece in them, the most promising first."""
    runs = runs_of(flight)
    place = plots[0].job.access
    spots = [flight.crew.home, *[run[0].job.access for run in runs], flight.crew.home]
    extra = sorted(
        (
            distance_m(spots[at], place)
            + distance_m(place, spots[at + 1])
            - distance_m(spots[at], spots[at + 1]),
            at,
        )
        for at in range(len(runs) + 1)
    )
    joins = [
        (distance_m(run[0].job.access, place), at)
        for at, run in enumerate(runs)
        if run[0].job.product == plots[0].job.product
    ]
    days = [
        [*runs[:at], runs[at] + plots, *runs[at + 1 :]]
        for metres, at in sorted(joins)[:2]
        if metres <= span_m / 2
    ]
    days += [[*runs[:at], plots, *runs[at:]] for _, at in extra[:_POSITIONS]]
    return days
