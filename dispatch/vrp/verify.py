"""An independent verdict on an answer: from the raw file, without PyVRP.

Everything is recomputed with plain arithmetic: distances from coordinates, loads, waiting and
lateness stop by stop, the shortest duration of a tour, who was visited, and the cost.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import vrplib  # type: ignore[import-untyped]

Row = tuple[int, Sequence[int]]
"""A route: the file's vehicle and the locations it visits, both counted from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The cost of an answer in the family's integers, and everything that is wrong with it."""

    cost: int
    faults: tuple[str, ...]

    @property
    def feasible(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.faults


class _Raw:
    """The file's own numbers, rounded as the family does."""

    def __init__(self, path: Path, rounding: str) -> None:
        raw: dict[str, Any] = vrplib.read_instance(str(path), compute_edge_weights=False)
        self.rounding = rounding
        self.points = np.asarray(raw["node_coord"], dtype=float)
        self.count = len(self.points)
        self.depots = {int(one) for one in np.atleast_1d(raw["depot"])}
        self.demand = self._each(raw.get("demand", 0))
        self.service = self._each(raw.get("service_time", 0))
        self.prize = self._each(raw.get("prize", 0))
        self.timed = "time_window" in raw
        self.windows = self._each(raw.get("time_window", 0))
        self.vehicles = int(raw.get("vehicles", self.count - len(self.depots)))
        self.homes = np.broadcast_to(
            np.asarray(raw.get("vehicles_depot", min(self.depots) + 1)) - 1, self.vehicles
        )
        self.capacity = np.broadcast_to(self._all(raw["capacity"]), self.vehicles)
        longest = raw.get("vehicles_max_duration")
        self.longest = (
            None if longest is None else np.broadcast_to(self._all(longest), self.vehicles)
        )

    def whole(self, value: float) -> int:
        """Return a number of the file as the family's integer."""
        if self.rounding == "dimacs":
            return math.trunc(10 * value)
        if self.rounding == "exact":
            return round(1000 * value)
        return round(value)

    def _all(self, values: Any) -> Any:
        return np.vectorize(self.whole, otypes=[np.int64])(np.asarray(values, dtype=float))

    def _each(self, values: Any) -> Any:
        found = self._all(values)
        return np.broadcast_to(found, self.count) if found.ndim == 0 else found

    def distance(self, a: int, b: int) -> int:
        """Return the rounded Euclidean distance of two locations."""
        east, north = self.points[a] - self.points[b]
        return self.whole(math.sqrt(east * east + north * north))

    def must(self, location: int) -> bool:
        """Tell whether a location has to be visited."""
        return location not in self.depots and int(self.prize[location]) == 0


def verify(path: Path, rounding: str, routes: Sequence[Row]) -> Verdict:
    """Return the true cost of some routes and every fault, each as a sentence."""
    raw = _Raw(path, rounding)
    faults = _who_faults(raw, routes)
    seen = {one for _, visits in routes for one in visits}
    cost = sum(int(raw.prize[one]) for one in range(raw.count) if one not in seen | raw.depots)
    for vehicle, visits in routes:
        if not 0 <= vehicle < raw.vehicles:
            faults.append(f"there is no vehicle {vehicle}")
            continue
        home = int(raw.homes[vehicle])
        path_of = [home, *[one for one in visits if 0 <= one < raw.count], home]
        cost += sum(raw.distance(a, b) for a, b in pairwise(path_of))
        faults += _route_faults(raw, vehicle, path_of)
    return Verdict(cost=cost, faults=tuple(faults))


def _who_faults(raw: _Raw, routes: Sequence[Row]) -> list[str]:
    """Return faults of who drives and who is visited, how often."""
    drives = Counter(vehicle for vehicle, _ in routes)
    faults = [f"vehicle {one} drives {times} routes" for one, times in drives.items() if times > 1]
    seen = Counter(one for _, visits in routes for one in visits)
    for location, times in seen.items():
        if not 0 <= location < raw.count or location in raw.depots:
            faults.append(f"location {location} is not a client")
        elif times > 1:
            faults.append(f"client {location} is visited {times} times")
    faults += [
        f"client {location} is required and not visited"
        for location in range(raw.count)
        if raw.must(location) and location not in seen
    ]
    return faults


def _route_faults(raw: _Raw, vehicle: int, path_of: Sequence[int]) -> list[str]:
    faults = []
    load = sum(int(raw.demand[one]) for one in path_of[1:-1])
    if load > raw.capacity[vehicle]:
        faults.append(f"vehicle {vehicle} carries {load} of {raw.capacity[vehicle]}")
    if not raw.timed:
        return faults
    late = _arrivals(raw, path_of, int(raw.windows[path_of[0]][0]))[1]
    faults += [f"vehicle {vehicle} is late at {one}" for one in late]
    if raw.longest is not None and not late:
        shortest = _shortest(raw, path_of)
        if shortest > raw.longest[vehicle]:
            faults.append(f"vehicle {vehicle} is out {shortest} of {raw.longest[vehicle]}")
    return faults


def _arrivals(raw: _Raw, path_of: Sequence[int], leave: int) -> tuple[int, list[int]]:
    """Return when a tour that leaves then is home, and the stops it reaches too late."""
    now, late = leave, []
    for before, here in pairwise(path_of):
        now += raw.distance(before, here)
        early, latest = (int(one) for one in raw.windows[here])
        if now > latest:
            late.append(here)
        if here != path_of[-1]:
            now = max(now, early) + int(raw.service[here])
    return now, late


def _shortest(raw: _Raw, path_of: Sequence[int]) -> int:
    """Return the least time away of a tour that is on time.

    Leaving a second later brings one home at most a second later, so the latest departure that
    keeps every stop on time is the shortest.
    """
    leave = int(raw.windows[path_of[0]][1])
    travelled = 0
    for before, here in pairwise(path_of):
        travelled += raw.distance(before, here)
        leave = min(leave, int(raw.windows[here][1]) - travelled)
        travelled += int(raw.service[here]) if here != path_of[-1] else 0
    leave = max(leave, int(raw.windows[path_of[0]][0]))
    return _arrivals(raw, path_of, leave)[0] - leave
