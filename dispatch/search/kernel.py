"""PyVRP as the kernel of the search: a small routing problem as plain arrays in, routes out.

PyVRP's own defaults open with penalties meant for problems in which everybody must be served; with
prizes a second late is worth far less, so the penalties start near what a second can earn.
"""

import time
import warnings
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyvrp
from pyvrp import PenaltyManager, PenaltyParams, RandomNumberGenerator, Solution
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.IteratedLocalSearch import IteratedLocalSearch, IteratedLocalSearchParams
from pyvrp.search import (
    OPERATORS,
    LocalSearch,
    NeighbourhoodParams,
    PerturbationManager,
    PerturbationParams,
    compute_neighbours,
)

from dispatch.physics import Ints


class Halt(Protocol):
    """Tells PyVRP whether to stop."""

    def __call__(self, best_cost: float) -> bool:
        """Return True to stop."""
        ...


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
    starts: list[list[int]] | None = None
    penalty_s: float = 60.0
    load_penalty: float = 40.0
    history: int = 50
    perturbations: int = 25
    neighbours: int = 50

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


@dataclass(slots=True)
class Budget:
    """Stops after iterations, or seconds of processor time of this process, or a cancel."""

    iterations: int | None = None
    cpu_s: float | None = None
    began_s: float = field(default_factory=time.process_time)
    spent: int = 0

    def __call__(self, best_cost: float) -> bool:
        """Tell whether the budget is used up; the cost found so far does not matter."""
        del best_cost
        self.spent += 1
        if self.iterations is not None and self.spent > self.iterations:
            return True
        return self.cpu_s is not None and time.process_time() - self.began_s >= self.cpu_s


def run(kernel: Kernel, halt: Halt, seed: int) -> list[list[int]]:
    """Return the best routes found: client numbers for each vehicle, empty where it stays."""
    if not kernel.clients:
        return [[] for _ in kernel.vehicles]
    data = kernel.data()
    rng = RandomNumberGenerator(seed=seed)
    neighbours = compute_neighbours(data, NeighbourhoodParams(num_neighbours=kernel.neighbours))
    perturbation = PerturbationManager(PerturbationParams(max_perturbations=kernel.perturbations))
    search = LocalSearch(data, rng, neighbours, perturbation)
    for operator in OPERATORS:
        if operator.supports(data):
            search.add_operator(operator(data))
    loads = [kernel.load_penalty] * data.num_load_dimensions
    penalties = PenaltyManager(
        (loads, kernel.penalty_s, 1.0),
        PenaltyParams(max_penalty=20 * kernel.penalty_s, solutions_between_updates=100),
    )
    if kernel.starts is None:
        begin = search(
            Solution.make_random(data, rng), penalties.max_cost_evaluator(), exhaustive=True
        )
    else:
        begin = solution(data, kernel.starts)
        begin = search(begin, penalties.cost_evaluator(), exhaustive=True)
        if not begin.is_feasible():
            begin = solution(data, kernel.starts)
    params = IteratedLocalSearchParams(history_length=kernel.history)
    with warnings.catch_warnings():
        # The start is feasible and everything optional: a high penalty is no sign of trouble.
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        found = IteratedLocalSearch(data, penalties, search, begin, params).run(
            halt, collect_stats=False
        )
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
    return run(kernel, Budget(iterations=iterations, cpu_s=cpu_s), seed)
