"""OR-Tools' routing on PyVRP's form of a problem: a baseline, guided local search."""

import time
from collections.abc import Callable

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from dispatch.vrp import Instance

Rows = list[tuple[int, list[int]]]
_FAR = 2**40


def solve_ortools(instance: Instance, seconds: float, seed: int, workers: int) -> Rows:
    """Return OR-Tools' routes after about the CPU seconds; none when it has found no answer.

    Its limit is of the wall, so a search monitor ends it by processor time. It takes no seed.
    """
    del seed, workers
    began_s = time.process_time()
    data = instance.data
    vehicles = [
        kind for kind, one in enumerate(data.vehicle_types()) for _ in range(one.num_available)
    ]
    numbers = [
        int(name)
        for one in data.vehicle_types()
        for name in (one.name or ",".join(map(str, range(one.num_available)))).split(",")
    ]
    homes = [data.depot(data.vehicle_type(kind).start_depot).location for kind in vehicles]
    manager = pywrapcp.RoutingIndexManager(data.num_locations, len(vehicles), homes, homes)
    model = pywrapcp.RoutingModel(manager)
    matrix = data.distance_matrix(0)
    model.SetArcCostEvaluatorOfAllVehicles(model.RegisterTransitMatrix(np.asarray(matrix).tolist()))
    demand = [0] * data.num_locations
    for client in data.clients():
        demand[client.location] = client.delivery[0]
    model.AddDimensionWithVehicleCapacity(
        model.RegisterUnaryTransitVector(demand),
        0,
        [data.vehicle_type(kind).capacity[0] for kind in vehicles],
        True,
        "load",
    )
    if data.has_time_windows():
        _times(instance, manager, model, vehicles)
    for client in data.clients():
        if not client.required:
            model.AddDisjunction([manager.NodeToIndex(client.location)], client.prize)
    return _search(manager, model, numbers, began_s, seconds)


def _times(
    instance: Instance,
    manager: pywrapcp.RoutingIndexManager,
    model: pywrapcp.RoutingModel,
    vehicles: list[int],
) -> None:
    """Add waiting, windows and the longest duration."""
    data = instance.data
    service = np.zeros(data.num_locations, dtype=np.int64)
    for client in data.clients():
        service[client.location] = client.service_duration
    travel = np.asarray(data.duration_matrix(0)) + service[:, None]
    model.AddDimension(model.RegisterTransitMatrix(travel.tolist()), _FAR, _FAR, False, "time")
    times = model.GetDimensionOrDie("time")
    for client in data.clients():
        times.CumulVar(manager.NodeToIndex(client.location)).SetRange(
            client.tw_early, client.tw_late
        )
    for index, kind in enumerate(vehicles):
        vehicle = data.vehicle_type(kind)
        for end in (model.Start(index), model.End(index)):
            times.CumulVar(end).SetRange(vehicle.tw_early, min(vehicle.tw_late, _FAR))
        if vehicle.shift_duration < _FAR:
            times.SetSpanUpperBoundForVehicle(vehicle.shift_duration, index)


def _search(
    manager: pywrapcp.RoutingIndexManager,
    model: pywrapcp.RoutingModel,
    numbers: list[int],
    began_s: float,
    seconds: float,
) -> Rows:
    """Run guided local search until the processor time is over."""
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    )
    parameters.local_search_metaheuristic = (
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    )
    parameters.time_limit.FromSeconds(int(20 * seconds) + 60)
    over: Callable[[], bool] = lambda: time.process_time() - began_s >= seconds  # noqa: E731
    model.AddSearchMonitor(model.solver().CustomLimit(over))
    found = model.SolveWithParameters(parameters)
    if found is None:
        return []
    rows: Rows = []
    for index, number in enumerate(numbers):
        at = found.Value(model.NextVar(model.Start(index)))
        visits = []
        while not model.IsEnd(at):
            visits.append(int(manager.IndexToNode(at)))
            at = found.Value(model.NextVar(at))
        if visits:
            rows.append((number, visits))
    return rows
