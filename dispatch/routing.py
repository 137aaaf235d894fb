"""Which drone flies which blocks in which order: PyVRP on blocks, with prizes.

PyVRP knows no breaks, so the gaps between weather windows are cut out of its time axis; its time
windows bound the start of service, so a deadline becomes deadline minus service. What it cannot
know (a plot that would straddle a gap) is settled when the blocks are flown plot by plot.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyvrp

from dispatch.blocks import Block
from dispatch.engine import Context
from dispatch.model import Crew, Drone, Point, Window
from dispatch.physics import distances_m, road_s, setup_s

NODES_MAX = 3000
"""No matrix is ever larger; blocks beyond it wait for the repair."""
_PRIZE_PER_WEIGHT = 20
_NEVER = 10**7


class Axis:
    """Working time: the day without the gaps between weather windows."""

    def __init__(self, windows: Sequence[Window]) -> None:
        spans = sorted((window.start_s, window.end_s) for window in windows)
        self.gaps: list[tuple[int, int]] = []
        end_s = spans[0][1] if spans else 0
        for start_s, stop_s in spans[1:]:
            if start_s > end_s:
                self.gaps.append((end_s, start_s))
            end_s = max(end_s, stop_s)

    def cut(self, instant_s: int) -> int:
        """Return the working second of an instant; instants inside a gap fall on its start."""
        return instant_s - sum(
            min(instant_s, end_s) - start_s for start_s, end_s in self.gaps if instant_s > start_s
        )


def route_blocks(context: Context, blocks: Sequence[Block]) -> list[list[Block]]:
    """Return the blocks of each able drone in order, as the search found them."""
    crews = context.fleet.crews
    chosen = sorted(blocks, key=lambda block: -block.weight / (block.seconds + 300))
    chosen = chosen[: NODES_MAX - len({crew.home for _, crew in crews})]
    if not chosen or not crews:
        return [[] for _ in crews]
    data = _data(context, chosen)
    result = pyvrp.solve(data, stop=_StopAt(context), seed=context.seed, collect_stats=False)
    routes: list[list[Block]] = [[] for _ in crews]
    for route in result.best.routes():
        visits = [one.idx for one in route.schedule() if one.is_client()]
        routes[route.vehicle_type()] = [chosen[index] for index in visits]
    return routes


class _StopAt:
    """PyVRP's stopping rule: the context's iterations, or 70 % of its seconds, or a cancel."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._left = context.stop.iterations

    def __call__(self, best_cost: float) -> bool:
        """Tell PyVRP whether to stop; the cost found so far does not matter."""
        del best_cost
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                return True
        return self._context.over(0.7)


def _data(context: Context, blocks: Sequence[Block]) -> pyvrp.ProblemData:
    """State the block problem: one vehicle type a drone, area and lacking skills as loads."""
    problem, crews = context.fleet.problem, context.fleet.crews
    axis = Axis(problem.windows)
    homes = sorted({crew.home for _, crew in crews})
    fleet_skills = [set(drone.skills) for drone, _ in crews]
    scarce = sorted(
        {
            skill
            for block in blocks
            for skill in block.plots[0].job.skills
            if not all(skill in skills for skills in fleet_skills)
        }
    )
    clients = [
        _client(context, block, len(homes) + index, scarce, axis)
        for index, block in enumerate(blocks)
    ]
    vehicles = [_vehicle(drone, crew, homes, scarce, axis) for drone, crew in crews]
    matrix = _durations(context, homes, blocks)
    spots = [pyvrp.Location(*_grid(place)) for place in homes] + [
        pyvrp.Location(*_grid(block.plots[0].job.access)) for block in blocks
    ]
    # PyVRP's stub declares an ndarray of one type parameter, which no array satisfies.
    matrices: list[Any] = [np.zeros_like(matrix), matrix]
    depots = [pyvrp.Depot(location=index) for index in range(len(homes))]
    return pyvrp.ProblemData(spots, clients, depots, vehicles, matrices[:1], matrices[1:])


def _grid(place: Point) -> tuple[int, int]:
    """Return integer coordinates; PyVRP only reports them, the matrix decides."""
    return round(place[0] * 1e6), round(place[1] * 1e6)


def _client(
    context: Context, block: Block, location: int, scarce: Sequence[str], axis: Axis
) -> pyvrp.Client:
    """State one block as an optional client whose set-up is part of the way to it."""
    job = block.plots[0].job
    windows = [
        window
        for window in context.fleet.problem.windows
        if not window.products or job.product in window.products
    ]
    first_s = axis.cut(max(job.earliest_s, min(window.start_s for window in windows)))
    last_s = axis.cut(min(job.latest_s, max(window.end_s for window in windows)))
    return pyvrp.Client(
        location=location,
        delivery=[block.area_centimu, *[int(skill in job.skills) for skill in scarce]],
        service_duration=block.seconds,
        tw_early=first_s,
        tw_late=max(first_s, last_s - block.seconds),
        prize=_PRIZE_PER_WEIGHT * block.weight,
        required=False,
    )


def _vehicle(
    drone: Drone, crew: Crew, homes: Sequence[Point], scarce: Sequence[str], axis: Axis
) -> pyvrp.VehicleType:
    """State one drone's day; a skill it lacks is a load that it cannot carry."""
    depot = homes.index(crew.home)
    return pyvrp.VehicleType(
        num_available=1,
        capacity=[drone.area_cap_centimu, *[(skill in drone.skills) * 10**6 for skill in scarce]],
        start_depot=depot,
        end_depot=depot,
        tw_early=axis.cut(crew.shift_start_s),
        tw_late=axis.cut(crew.shift_end_s),
        unit_distance_cost=0,
        unit_duration_cost=1,
    )


def _durations(
    context: Context, homes: Sequence[Point], blocks: Sequence[Block]
) -> npt.NDArray[np.int64]:
    """Return seconds from every place to every place: road, set-up at a block, rinsing."""
    problem = context.fleet.problem
    places = np.array([*homes, *[block.plots[0].job.access for block in blocks]])
    products = [""] * len(homes) + [block.plots[0].job.product for block in blocks]
    ready_s = setup_s(context.fleet.crews[0][0].machine, problem.settings)
    size = len(places)
    matrix = np.zeros((size, size), dtype=np.int64)
    for row in range(size):
        away = distances_m((float(places[row, 0]), float(places[row, 1])), places)
        for column, metres in enumerate(away.tolist()):
            if row == column:
                continue
            seconds = road_s(metres, problem.settings)
            if products[column]:
                seconds += ready_s
                if products[row] and products[row] != products[column]:
                    seconds += problem.settings.clean_s
            matrix[row, column] = seconds
    return matrix
