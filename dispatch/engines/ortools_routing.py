"""OR-Tools' routing library on all plots at once: a widely known baseline for the benchmark."""

from typing import Any

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from dispatch.engine import Context
from dispatch.engines.plain import take_routes, whole
from dispatch.lots import make_lots
from dispatch.search.construct import deal
from dispatch.search.draft import Draft
from dispatch.search.kernel import Kernel
from dispatch.search.net import Net

_SHARE = 0.9


class OrTools:
    """Guided local search with disjunctions; its matrices are the same as PyVRP's."""

    name = "ortools"

    def solve(self, context: Context) -> Draft:
        """Return the draft of the routes found; empty when there was no time for any."""
        net = Net(context.fleet, make_lots(context.fleet, context.plots, join=False))
        dealt = deal(context, net)
        if not net.lots or not net.stretches:
            return dealt
        dealt.calibrate()
        draft = Draft(net)
        kernel = whole(net, draft)
        routes = _solve(kernel, context.left_s(_SHARE), context.stop.iterations)
        take_routes(draft, routes)
        return draft


def _solve(kernel: Kernel, seconds: float | None, solutions: int | None) -> list[list[int]]:
    """Return the best routes found, client numbers for each vehicle.

    Guided local search ends after wall-clock ``seconds``; where solutions are counted instead, a
    plain descent ends after so many or at its local optimum.
    """
    count = len(kernel.vehicles)
    manager = pywrapcp.RoutingIndexManager(
        count + len(kernel.clients), count, list(range(count)), list(range(count))
    )
    routing = pywrapcp.RoutingModel(manager)
    _add_times(routing, manager, kernel)
    for dimension in range(len(kernel.vehicles[0].capacity)):
        loads = [0] * count + [one.loads[dimension] for one in kernel.clients]
        load = routing.RegisterUnaryTransitVector(loads)
        capacity = [one.capacity[dimension] for one in kernel.vehicles]
        routing.AddDimensionWithVehicleCapacity(load, 0, capacity, True, f"load{dimension}")
    for index, client in enumerate(kernel.clients):
        routing.AddDisjunction([manager.NodeToIndex(count + index)], client.prize)
    wanted = pywrapcp.DefaultRoutingSearchParameters()
    strategies = routing_enums_pb2.FirstSolutionStrategy
    wanted.first_solution_strategy = strategies.LOCAL_CHEAPEST_INSERTION
    methods = routing_enums_pb2.LocalSearchMetaheuristic
    wanted.local_search_metaheuristic = methods.GREEDY_DESCENT
    if seconds is not None:
        wanted.local_search_metaheuristic = methods.GUIDED_LOCAL_SEARCH
        wanted.time_limit.FromMilliseconds(max(1, int(seconds * 1000)))
    if solutions is not None:
        wanted.solution_limit = max(1, solutions)
    found = routing.SolveWithParameters(wanted)
    routes: list[list[int]] = [[] for _ in range(count)]
    if found is None:
        return routes
    for vehicle in range(count):
        index = routing.Start(vehicle)
        while not routing.IsEnd(index):
            node = manager.IndexToNode(index)
            if node >= count:
                routes[vehicle].append(node - count)
            index = found.Value(routing.NextVar(index))
    return routes


def _add_times(routing: Any, manager: Any, kernel: Kernel) -> None:
    """Add a time dimension and the cost of time for each profile of vehicles."""
    count = len(kernel.vehicles)
    service = [0] * count + [one.service_s for one in kernel.clients]
    transits, costs = [], []
    for durations, hidden in zip(kernel.durations_s, kernel.hidden_s, strict=True):
        rows = durations + np.array(service, dtype=np.int64)[:, None]
        transits.append(routing.RegisterTransitMatrix(rows.tolist()))
        costs.append(routing.RegisterTransitMatrix((rows + hidden).tolist()))
    horizon_s = max(one.late_s for one in kernel.vehicles)
    by_vehicle = [transits[one.profile] for one in kernel.vehicles]
    routing.AddDimensionWithVehicleTransits(by_vehicle, horizon_s, horizon_s, False, "time")
    clock = routing.GetDimensionOrDie("time")
    for at, vehicle in enumerate(kernel.vehicles):
        routing.SetArcCostEvaluatorOfVehicle(costs[vehicle.profile], at)
        clock.CumulVar(routing.Start(at)).SetRange(vehicle.early_s, vehicle.late_s)
        clock.CumulVar(routing.End(at)).SetRange(vehicle.early_s, vehicle.late_s)
    for index, client in enumerate(kernel.clients):
        late_s = min(horizon_s, max(client.early_s, client.late_s))
        early_s = min(client.early_s, horizon_s)
        clock.CumulVar(manager.NodeToIndex(count + index)).SetRange(early_s, late_s)
