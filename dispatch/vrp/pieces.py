"""Pieces of a large problem: some neighbouring routes, cut out as a problem of their own.

One iteration of PyVRP copies the whole answer twice, so that at 3,000 customers it makes a third
of the tries per second that it makes at 250, and at 30,000 hardly any. A piece has sub-matrices
of its own and the vehicles of its routes; putting it back leaves all other routes as they are.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyvrp
from pyvrp import Activity, ActivityType, Route, Solution

SPARE = 2
"""Unused vehicles of each type that a piece may take in, so that it can open a route."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A sub-problem with the whole's numbers of its routes, clients and vehicle types."""

    data: pyvrp.ProblemData
    start: Solution
    routes: tuple[int, ...]
    clients: tuple[int, ...]
    types: tuple[int, ...]


def divisible(data: pyvrp.ProblemData) -> bool:
    """Tell whether pieces can be cut: groups and shipments may tie routes far apart together."""
    return not data.num_groups and not data.num_shipments


def visited(route: Route) -> list[int]:
    """Return the clients of a route in order."""
    return [one.idx for one in route.schedule() if one.is_client()]


def around(
    data: pyvrp.ProblemData, whole: Solution, middle: int, size: int, taken: Collection[int] = ()
) -> tuple[list[int], list[int]]:
    """Return a piece: its routes (numbers in ``whole``) and clients in it that nobody visits.

    Routes are taken nearest first until they visit ``size`` clients; half as many are unvisited.
    Routes in ``taken`` are left to others: pieces that are searched at once are disjoint.
    """
    places = np.array([one.location for one in data.clients()], dtype=np.int64)
    matrix = np.asarray(data.distance_matrix(0))
    route_of = np.full(data.num_clients, -1, dtype=np.int64)
    routes = whole.routes()
    for number, route in enumerate(routes):
        route_of[visited(route)] = number
    order = np.argsort(matrix[places[middle], places], kind="stable").tolist()
    chosen: dict[int, None] = {}
    left: list[int] = []
    total = 0
    for client in order:
        number = int(route_of[client])
        if number < 0:
            left.append(client)
        elif number not in chosen and number not in taken:
            chosen[number] = None
            total += routes[number].num_clients()
            if total >= size:
                break
    return list(chosen), left[: size // 2]


def cut(
    data: pyvrp.ProblemData,
    whole: Solution,
    chosen: Sequence[int],
    extra: Sequence[int] = (),
    sharing: int = 1,
) -> Piece:
    """Return the problem of some routes, with ``extra`` clients that no route visits.

    Unused vehicles are divided by ``sharing``, the number of pieces that are searched at once.
    """
    routes = whole.routes()
    used = [0] * data.num_vehicle_types
    for route in routes:
        used[route.vehicle_type()] += 1
    inside = [0] * data.num_vehicle_types
    for number in chosen:
        inside[routes[number].vehicle_type()] += 1
    clients = [one for number in chosen for one in visited(routes[number])] + list(extra)
    places = list(
        dict.fromkeys(
            [one.location for one in data.depots()] + [data.client(one).location for one in clients]
        )
    )
    at = {place: index for index, place in enumerate(places)}
    spare = [kind.num_available - used[index] for index, kind in enumerate(data.vehicle_types())]
    room = [inside[index] + min(SPARE, max(0, free) // sharing) for index, free in enumerate(spare)]
    types = [index for index, count in enumerate(room) if count]
    grid = np.ix_(places, places)
    # PyVRP's stub declares an ndarray of one type parameter, which no array satisfies.
    distances: list[Any] = [np.asarray(one)[grid] for one in data.distance_matrices()]
    durations: list[Any] = [np.asarray(one)[grid] for one in data.duration_matrices()]
    sub = pyvrp.ProblemData(
        [data.location(one) for one in places],
        [_moved(data.client(one), at) for one in clients],
        [_home(one, at) for one in data.depots()],
        [data.vehicle_type(index).replace(num_available=room[index]) for index in types],
        distances,
        durations,
    )
    client_at = {one: index for index, one in enumerate(clients)}
    type_at = {one: index for index, one in enumerate(types)}
    start = Solution(
        sub,
        [
            Route(sub, _renumbered(routes[one], client_at), type_at[routes[one].vehicle_type()])
            for one in chosen
        ],
    )
    return Piece(sub, start, tuple(chosen), tuple(clients), tuple(types))


def paste(
    data: pyvrp.ProblemData, whole: Solution, pieces: Sequence[Piece], found: Sequence[Solution]
) -> Solution:
    """Return the whole with the routes of disjoint pieces replaced by what was found for them."""
    taken = {number for piece in pieces for number in piece.routes}
    routes = [route for number, route in enumerate(whole.routes()) if number not in taken]
    for piece, one in zip(pieces, found, strict=True):
        back = dict(enumerate(piece.clients))
        routes += [
            Route(data, _renumbered(route, back), piece.types[route.vehicle_type()])
            for route in one.routes()
        ]
    return Solution(data, routes)


def _renumbered(route: Route, numbers: dict[int, int]) -> list[Activity]:
    """Return a route's stops with other client numbers; depots for reloading keep theirs."""
    stops = route.schedule()[1:-1]
    return [
        Activity(ActivityType.CLIENT, numbers[one.idx])
        if one.is_client()
        else Activity(ActivityType.DEPOT, one.idx)
        for one in stops
    ]


def _moved(client: pyvrp.Client, at: dict[int, int]) -> pyvrp.Client:
    return pyvrp.Client(
        location=at[client.location],
        delivery=client.delivery,
        pickup=client.pickup,
        service_duration=client.service_duration,
        tw_early=client.tw_early,
        tw_late=client.tw_late,
        release_time=client.release_time,
        prize=client.prize,
        required=client.required,
        name=client.name,
    )


def _home(depot: pyvrp.Depot, at: dict[int, int]) -> pyvrp.Depot:
    return pyvrp.Depot(
        location=at[depot.location],
        tw_early=depot.tw_early,
        tw_late=depot.tw_late,
        service_duration=depot.service_duration,
        name=depot.name,
    )
