"""From flown days to a plan: routes, trucks, totals, the objective in parts and the bound."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from dispatch.bounds import upper_bound
from dispatch.causes import unassigned
from dispatch.crewday import DayFlight, Flown
from dispatch.fleet import CrewDay, Fleet
from dispatch.model import Problem
from dispatch.physics import distance_m, road_s
from dispatch.plan import (
    Cause,
    Objective,
    Parameters,
    Plan,
    Route,
    Totals,
    TruckRoute,
    TruckStopKind,
    Visit,
)
from dispatch.work import Work


def assemble(
    fleet: Fleet, flights: Sequence[DayFlight], out: dict[int, Cause], parameters: Parameters
) -> Plan:
    """Return the plan of these flights behind what is frozen; ``out`` says what nobody can do."""
    problem = fleet.problem
    routes, trucks = _routes(fleet, flights), _trucks(problem, flights)
    visits = [visit for route in routes for visit in route.stops]
    goal = objective(problem, routes, trucks)
    return Plan(
        day=problem.day,
        routes=routes,
        trucks=trucks,
        unassigned=unassigned(fleet, flights, out),
        totals=Totals(
            jobs=len(visits),
            blocks=len({visit.block_id for visit in visits}),
            area_centimu=sum(visit.area_centimu for visit in visits),
            liquid_ml=sum(visit.liquid_ml for visit in visits),
            refills=sum(visit.refills for visit in visits),
            battery_swaps=sum(visit.battery_swaps for visit in visits),
        ),
        objective=goal,
        bound=upper_bound(fleet, out, goal.weight_planned),
        parameters=parameters,
    )


def objective_of(fleet: Fleet, flights: Sequence[DayFlight]) -> Objective:
    """Return the goal of some flights behind what is frozen, without writing the plan."""
    problem = fleet.problem
    return objective(problem, _routes(fleet, flights), _trucks(problem, flights))


def _visit(fleet: Fleet, day: CrewDay, one: Flown) -> Visit:
    """Write one flown visit."""
    cost: Work = one.work
    machine = day.drones[one.drone].machine
    return Visit(
        job_id=one.plot.job.job_id,
        block_id=day.block_id(one.block),
        product=one.plot.job.product,
        arrive_s=one.arrive_s,
        start_s=one.start_s,
        finish_s=one.finish_s,
        area_centimu=one.plot.job.area_centimu,
        liquid_ml=one.plot.liquid_ml,
        heading_cdeg=fleet.heading_cdeg[machine][one.plot.index],
        halts=cost.halts,
        refills=cost.refills,
        battery_swaps=cost.battery_swaps,
    )


def _routes(fleet: Fleet, flights: Sequence[DayFlight]) -> tuple[Route, ...]:
    """Return what each drone sprays on each day, frozen stops first."""
    stops: dict[tuple[int, str], list[Visit]] = defaultdict(list)
    for route in fleet.problem.frozen_routes:
        stops[route.day, route.drone_id] += route.stops
    for flight in flights:
        day = flight.crew_day
        for one in flight.visits:
            stops[day.day, day.drones[one.drone].drone_id].append(_visit(fleet, day, one))
    order = {drone.drone_id: at for at, drone in enumerate(fleet.problem.drones)}
    keys = sorted(stops, key=lambda key: (key[0], order[key[1]]))
    return tuple(
        Route(drone_id=drone_id, day=day, stops=tuple(stops[day, drone_id]))
        for day, drone_id in keys
        if stops[day, drone_id]
    )


def _trucks(problem: Problem, flights: Sequence[DayFlight]) -> tuple[TruckRoute, ...]:
    """Return each crew's day on the road, frozen stops first."""
    frozen = {(one.day, one.crew_id): one for one in problem.frozen_trucks}
    rows: dict[tuple[int, str], TruckRoute] = dict(frozen)
    for flight in flights:
        day = flight.crew_day
        if not flight.truck:
            continue
        key = (day.day, day.crew.crew_id)
        before = frozen.get(key)
        rows[key] = TruckRoute(
            crew_id=day.crew.crew_id,
            day=day.day,
            depart_s=day.start_s if before is None else before.depart_s,
            return_s=flight.return_s,
            stops=(*(() if before is None else before.stops), *flight.truck),
        )
    order = {crew.crew_id: at for at, crew in enumerate(problem.crews)}
    return tuple(rows[key] for key in sorted(rows, key=lambda key: (key[0], order[key[1]])))


def objective(problem: Problem, routes: Sequence[Route], trucks: Sequence[TruckRoute]) -> Objective:
    """Add up the goal over routes and trucks."""
    jobs = {job.job_id: job for job in problem.jobs}
    visits = [visit for route in routes for visit in route.stops]
    planned = sum(jobs[visit.job_id].weight for visit in visits)
    setup, clean = _set_ups(problem, routes, trucks)
    return Objective(
        weight_planned=planned,
        weight_unassigned=sum(job.weight for job in problem.jobs) - planned,
        weight_unfair=unfair(problem, [visit.job_id for visit in visits]),
        spray_s=sum(visit.finish_s - visit.start_s for visit in visits),
        road_s=sum(_road_s(problem, truck) for truck in trucks),
        setup_s=setup,
        clean_s=clean,
        fill_s=sum(
            stop.leave_s - stop.arrive_s
            for truck in trucks
            for stop in truck.stops
            if stop.kind is TruckStopKind.MIX
        ),
    )


def unfair(problem: Problem, planned: Sequence[str]) -> int:
    """Return the weight that collectives lack to their fair share of what they ordered."""
    if problem.settings.fair_share_permille == 0:
        return 0
    ordered: dict[str, int] = defaultdict(int)
    done: dict[str, int] = defaultdict(int)
    chosen = set(planned)
    for job in problem.jobs:
        ordered[job.collective_id] += job.weight
        done[job.collective_id] += job.weight if job.job_id in chosen else 0
    share = problem.settings.fair_share_permille
    return sum(max(0, share * ordered[one] // 1000 - done[one]) for one in ordered)


def _road_s(problem: Problem, truck: TruckRoute) -> int:
    """Return the seconds that a truck drives, from home and back."""
    home = next(crew.home for crew in problem.crews if crew.crew_id == truck.crew_id)
    places = [home, *[stop.place for stop in truck.stops], home]
    return sum(road_s(distance_m(a, b), problem.settings) for a, b in pairwise(places))


def _set_ups(
    problem: Problem, routes: Sequence[Route], trucks: Sequence[TruckRoute]
) -> tuple[int, int]:
    """Return the seconds of setting up and of rinsing, block by block."""
    settings = problem.settings
    machines = {drone.drone_id: drone.machine for drone in problem.drones}
    flown: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for route in routes:
        for visit in route.stops:
            flown[visit.block_id].append((route.drone_id, visit.product))
    setup = clean = 0
    for truck in trucks:
        product = ""
        sites = [stop for stop in truck.stops if stop.kind is TruckStopKind.SITE]
        for stop in sites:
            used = [machines[drone_id] for drone_id, _ in flown[stop.name]]
            setup += max(max(settings.setup_s, one.refill_s, one.battery_swap_s) for one in used)
            clean += settings.rinse_s(product, flown[stop.name][0][1])
            product = flown[stop.name][0][1]
    return setup, clean
