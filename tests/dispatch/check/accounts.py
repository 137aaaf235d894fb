"""What a plan adds up to: totals, objective and a bound that counts everything."""

import math
from dataclasses import replace

from dispatch.model import Problem
from dispatch.plan import Objective, Plan, Totals, TruckStopKind
from tests.dispatch.check.flying import road_s

NO_TOTALS = Totals(jobs=0, blocks=0, area_centimu=0, liquid_ml=0, refills=0, battery_swaps=0)
NO_GOAL = Objective(
    weight_planned=0,
    weight_unassigned=0,
    weight_unfair=0,
    spray_s=0,
    road_s=0,
    setup_s=0,
    clean_s=0,
    fill_s=0,
)


def account(problem: Problem, plan: Plan) -> Plan:
    """Return the plan with totals, objective and a bound that fit its visits."""
    visits = [visit for route in plan.routes for visit in route.stops]
    jobs = {job.job_id: job for job in problem.jobs}
    known = {visit.job_id for visit in visits if visit.job_id in jobs}
    weight = sum(jobs[name].weight for name in known)
    total = sum(job.weight for job in problem.jobs)
    area = sum(job.area_centimu for job in problem.jobs)
    setup_s, clean_s = _settings_up(problem, plan)
    return replace(
        plan,
        totals=Totals(
            jobs=len(visits),
            blocks=len({visit.block_id for visit in visits}),
            area_centimu=sum(visit.area_centimu for visit in visits),
            liquid_ml=sum(visit.liquid_ml for visit in visits),
            refills=sum(visit.refills for visit in visits),
            battery_swaps=sum(visit.battery_swaps for visit in visits),
        ),
        objective=Objective(
            weight_planned=weight,
            weight_unassigned=total - weight,
            weight_unfair=_unfair(problem, known),
            spray_s=sum(visit.finish_s - visit.start_s for visit in visits),
            road_s=_road_s(problem, plan),
            setup_s=setup_s,
            clean_s=clean_s,
            fill_s=sum(
                stop.leave_s - stop.arrive_s
                for truck in plan.trucks
                for stop in truck.stops
                if stop.kind is TruckStopKind.MIX
            ),
        ),
        bound=replace(
            plan.bound,
            weight_max=total,
            area_centimu_max=area,
            ratio_permille=weight * 1000 // total,
        ),
    )


def _unfair(problem: Problem, known: set[str]) -> int:
    """Return what collectives lack to their fair share."""
    lack = 0
    for one in {job.collective_id for job in problem.jobs}:
        theirs = [job for job in problem.jobs if job.collective_id == one]
        share = problem.settings.fair_share_permille * sum(job.weight for job in theirs) // 1000
        lack += max(0, share - sum(job.weight for job in theirs if job.job_id in known))
    return lack


def _road_s(problem: Problem, plan: Plan) -> int:
    """Return the seconds of all driving, each leg rounded up."""
    homes = {crew.crew_id: crew.home for crew in problem.crews}
    total_s = 0
    for truck in plan.trucks:
        if truck.crew_id in homes:
            here = homes[truck.crew_id]
            for place in [*(stop.place for stop in truck.stops), homes[truck.crew_id]]:
                total_s += math.ceil(road_s(problem, here, place))
                here = place
    return total_s


def _settings_up(problem: Problem, plan: Plan) -> tuple[int, int]:
    """Return the seconds of all set-ups and rinses."""
    drones = {drone.drone_id: drone for drone in problem.drones}
    one, setup_s, clean_s = problem.settings, 0, 0
    known = {job.job_id for job in problem.jobs}
    for truck in plan.trucks:
        before = ""
        for stop in truck.stops:
            there = [
                (drones[route.drone_id].machine, visit)
                for route in plan.routes
                for visit in route.stops
                if visit.block_id == stop.name
                and route.day == truck.day
                and route.drone_id in drones
                and drones[route.drone_id].crew_id == truck.crew_id
                and visit.job_id in known
            ]
            if not there or stop.kind is TruckStopKind.MIX:
                continue
            setup_s += max(
                one.setup_s, *(max(this.refill_s, this.battery_swap_s) for this, _ in there)
            )
            product = there[0][1].product
            groups = [set(group) for group in one.compatible]
            if before not in {"", product} and not any({before, product} <= g for g in groups):
                clean_s += one.clean_s
            before = product
    return setup_s, clean_s
