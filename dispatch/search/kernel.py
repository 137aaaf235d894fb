"""PyVRP as the kernel of the search: a small routing problem as plain arrays in, routes out.

PyVRP's own defaults open with penalties meant for problems in which everybody must be served; with
prizes a second late is worth far less, so the penalties start near what a second can earn, and
worse routes are accepted by a temperature in seconds.
"""

from dataclasses import dataclass
from typing import Any

import pyvrp
from pyvrp import Solution

from dispatch.physics import Ints
from dispatch.vrp.anneal import Cooling, Engine, Tuning, true_cost
from dispatch.vrp.budget import Budget

_TUNING = Tuning(neighbours=50, updates=100)
_HEAT_S = Cooling(1000.0, 30.0)
"""Seconds by which a worse answer is accepted, from the start to the end."""
_LATE_PENALTY_S = 60.0
_LOAD_PENALTY = 40.0
"""What a second late and a hundredth of a mu over the cap cost at first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A node that may be visited: when (seconds), for how long, with what load and prize."""

    early_s: int
    late_s: int
    service_s: int
    prize: int
    loads: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """A stretch of work: it begins and ends at the depot of its own number."""

    early_s: int
    late_s: int
    capacity: tuple[int, ...]
    profile: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """A routing problem: nodes are the vehicles' depots first, then the clients.

    ``durations_s`` and ``hidden_s`` are one square matrix (int64) for each profile: what counts
    against the stretch, and what is driven outside of it but still costs. ``starts`` are routes to
    begin with, client numbers for each vehicle.
    """

    clients: list[Client]
    vehicles: list[Vehicle]
    durations_s: list[Ints]
    hidden_s: list[Ints]
    starts: list[list[int]]

    def data(self) -> pyvrp.ProblemData:
        """Return PyVRP's form of the problem."""
        count = len(self.vehicles)
        nodes = count + len(self.clients)
        clients = [
            pyvrp.Client(
                location=count + index,
                delivery=list(one.loads),
                service_duration=one.service_s,
                tw_early=one.early_s,
                tw_late=max(one.early_s, one.late_s),
                prize=one.prize,
                required=False,
            )
            for index, one in enumerate(self.clients)
        ]
        vehicles = [
            pyvrp.VehicleType(
                capacity=list(one.capacity),
                start_depot=index,
                end_depot=index,
                tw_early=one.early_s,
                tw_late=one.late_s,
                unit_distance_cost=1,
                unit_duration_cost=1,
                profile=one.profile,
            )
            for index, one in enumerate(self.vehicles)
        ]
        # PyVRP's stub declares an ndarray of one type parameter, which no array satisfies.
        hidden: list[Any] = list(self.hidden_s)
        durations: list[Any] = list(self.durations_s)
        return pyvrp.ProblemData(
            [pyvrp.Location(0, 0)] * nodes,
            clients,
            [pyvrp.Depot(location=index) for index in range(count)],
            vehicles,
            hidden,
            durations,
        )


def run(kernel: Kernel, budget: Budget, seed: int) -> list[list[int]]:
    """Return the best routes found: client numbers for each vehicle, empty where it stays."""
    if not kernel.clients:
        return [[] for _ in kernel.vehicles]
    data = kernel.data()
    penalties = ([_LOAD_PENALTY] * data.num_load_dimensions, _LATE_PENALTY_S, 1.0)
    engine = Engine(data, penalties, _TUNING, seed)
    begin = solution(data, kernel.starts)
    polished = engine.polish(begin)
    best = min((begin, polished), key=lambda one: true_cost(data, one))
    found = engine.anneal(polished, best, budget, _HEAT_S)
    return routes_of(found.best, len(kernel.vehicles))


def solution(data: pyvrp.ProblemData, routes: list[list[int]]) -> Solution:
    """Return routes (client numbers for each vehicle) as PyVRP's solution."""
    return Solution(
        data, [pyvrp.Route(data, visits, index) for index, visits in enumerate(routes) if visits]
    )


def routes_of(found: Solution, vehicles: int) -> list[list[int]]:
    """Return PyVRP's solution as client numbers for each vehicle."""
    routes: list[list[int]] = [[] for _ in range(vehicles)]
    for route in found.routes():
        routes[route.vehicle_type()] = [one.idx for one in route.schedule() if one.is_client()]
    return routes


def solve_spec(
    kernel: Kernel, iterations: int | None, cpu_s: float | None, seed: int
) -> list[list[int]]:
    """Run a kernel within a budget; a module-level function, so that a pool can call it."""
    return run(kernel, Budget(iterations=iterations, cpu_seconds=cpu_s), seed)
