"""Work leftover plots into flown days: whole pieces first, then smaller ones, always re-flown.

A day is re-flown from its start after every change, so what is accepted keeps every rule.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dispatch.crewday import DayFlight, Sites
from dispatch.fleet import CrewDay, Fleet
from dispatch.lots import make_lots
from dispatch.physics import Plot, distance_m

_POSITIONS = 3
_DAYS = 5


@dataclass(order=True, slots=True)
class _Piece:
    """Leftover plots to be placed together; the heaviest piece is tried first."""

    rank: tuple[int, int]
    plots: list[Plot] = field(compare=False)


def _piece(plots: Sequence[Plot]) -> _Piece:
    return _Piece((-sum(plot.weight for plot in plots), plots[0].index), list(plots))


def mend(
    fleet: Fleet, flights: list[DayFlight], left: Sequence[Plot], over: Callable[[], bool]
) -> list[DayFlight]:
    """Insert plots where they fit without losing any, and return the fuller flights.

    It goes on until ``over`` says so or everything has been tried.
    """
    flights = list(flights)
    pieces = [_piece(lot.plots) for lot in make_lots(fleet, left)]
    heapq.heapify(pieces)
    idle_s = [idle(flight) for flight in flights]
    while pieces and not over():
        piece = heapq.heappop(pieces)
        placed = _place(fleet, flights, idle_s, piece.plots)
        if not placed and len(piece.plots) > 1:
            half = len(piece.plots) // 2
            heapq.heappush(pieces, _piece(piece.plots[:half]))
            heapq.heappush(pieces, _piece(piece.plots[half:]))
    return flights


def idle(flight: DayFlight) -> int:
    """Return the longest time that a day leaves unused in one piece of usable weather, seconds."""
    visits = sorted(flight.visits, key=lambda one: one.start_s)
    longest = 0
    for start_s, end_s in flight.crew_day.segments:
        inside = [one for one in visits if start_s <= one.start_s < end_s]
        drones = range(len(flight.crew_day.drones))
        for drone in drones:
            mine = [one for one in inside if one.drone == drone]
            last_s = max((one.finish_s for one in mine), default=start_s)
            lost_s = sum(max(0, b.start_s - a.finish_s) for a, b in pairwise(mine))
            moved_s = 240 * len({one.block for one in mine})
            longest = max(longest, end_s - last_s + max(0, lost_s - moved_s))
    return longest


def _least_s(fleet: Fleet, flight: DayFlight, plots: Sequence[Plot]) -> float:
    """Return the bare spraying of some plots shared by a crew's drones, seconds."""
    drones = flight.crew_day.drones
    spray_s = fleet.spray_s[drones[0].machine]
    return sum(spray_s[plot.index] for plot in plots) / len(drones)


def _place(fleet: Fleet, flights: list[DayFlight], idle_s: list[int], plots: list[Plot]) -> bool:
    """Try the nearest days and the cheapest positions for one piece."""
    able = [
        (_detour_m(flight, plots[0]), index)
        for index, flight in enumerate(flights)
        if idle_s[index] >= _least_s(fleet, flight, plots) and _may(flight, plots)
    ]
    span_m = fleet.problem.settings.block_span_m
    for _, index in sorted(able)[:_DAYS]:
        flight = flights[index]
        for sites in insertions(flight.crew_day, flight.sites, plots, span_m):
            fresh = DayFlight(fleet, flight.crew_day)
            if not fresh.fly_all(sites, strict=True):
                flights[index], idle_s[index] = fresh, idle(fresh)
                return True
    return False


def _may(flight: DayFlight, plots: Sequence[Plot]) -> bool:
    """Tell whether some drone of the day has the room and the skills for all of the plots."""
    area = sum(plot.job.area_centimu for plot in plots)
    drones = range(len(flight.crew_day.drones))
    room = sum(max(0, flight.room_centimu(drone)) for drone in drones)
    return room >= area and all(
        any(flight.crew_day.may(drone, plot) for drone in drones) for plot in plots
    )


def _detour_m(flight: DayFlight, plot: Plot) -> float:
    """Return metres from the plot to the nearest launch site, or to where the day begins."""
    spots = [site[0].job.access for site in flight.sites] or [flight.crew_day.place]
    return min(distance_m(plot.job.access, spot) for spot in spots)


def insertions(day: CrewDay, sites: Sites, plots: list[Plot], span_m: int) -> Iterator[Sites]:
    """Yield candidate days with plots put in, the most promising first.

    They join a launch site within half of ``span_m``, or get one of their own.
    """
    place = plots[0].job.access
    spots = [day.place, *[site[0].job.access for site in sites], day.crew.home]
    extra = sorted(
        (
            distance_m(spots[at], place)
            + distance_m(place, spots[at + 1])
            - distance_m(spots[at], spots[at + 1]),
            at,
        )
        for at in range(len(sites) + 1)
    )
    joins = sorted(
        (distance_m(site[0].job.access, place), at)
        for at, site in enumerate(sites)
        if site[0].job.product == plots[0].job.product
    )
    for metres, at in joins[:2]:
        if metres <= span_m / 2:
            bends = [_bend_m(sites[at], cut, plots) for cut in range(len(sites[at]) + 1)]
            near = bends.index(min(bends))
            whole = [*sites[at][:near], *plots, *sites[at][near:]]
            yield [*sites[:at], whole, *sites[at + 1 :]]
    for _, at in extra[:_POSITIONS]:
        yield [*sites[:at], plots, *sites[at:]]


def _bend_m(site: Sequence[Plot], cut: int, plots: Sequence[Plot]) -> float:
    """Return metres of flight that inserting plots at a place of a site adds."""
    total = 0.0
    if cut > 0:
        total += distance_m(site[cut - 1].centre, plots[0].centre)
    if cut < len(site):
        total += distance_m(plots[-1].centre, site[cut].centre)
    if 0 < cut < len(site):
        total -= distance_m(site[cut - 1].centre, site[cut].centre)
    return total
