"""Does the plan add up: totals, the parts of the objective, and the bound."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from dispatch.check.case import Case
from dispatch.check.ground import drive_s
from dispatch.model import Job
from dispatch.plan import TruckStopKind
from dispatch.violations import Code, Violation


def account_violations(case: Case) -> Iterator[Violation]:
    """Yield sums that the visits and the truck stops do not confirm."""
    yield from _totals(case)
    yield from _objective(case)
    yield from _bound(case)


def _weight(job: Job) -> int:
    return job.area_centimu * (1 + job.priority)


def _totals(case: Case) -> Iterator[Violation]:
    """Compare the totals with the sums over the visits."""
    visits = [visit for route in case.plan.routes for visit in route.stops]
    true = (
        ("jobs", len(visits), "count"),
        ("blocks", len({visit.block_id for visit in visits}), "count"),
        ("area_centimu", sum(visit.area_centimu for visit in visits), "centimu"),
        ("liquid_ml", sum(visit.liquid_ml for visit in visits), "ml"),
        ("refills", sum(visit.refills for visit in visits), "count"),
        ("battery_swaps", sum(visit.battery_swaps for visit in visits), "count"),
    )
    for name, value, unit in true:
        off = abs(getattr(case.plan.totals, name) - value)
        if off:
            yield Violation(code=Code.TOTALS, amount=off, unit=unit, what=name)


def _objective(case: Case) -> Iterator[Violation]:
    """Compare the parts of the goal; the road may be up to a second a leg longer."""
    goal = case.plan.objective
    planned = {row.job.job_id: row.job for row in case.rows}
    weight = sum(map(_weight, planned.values()))
    total = sum(map(_weight, case.jobs.values()))
    visits = [visit for route in case.plan.routes for visit in route.stops]
    exact = (
        ("weight_planned", weight, "weight"),
        ("weight_unassigned", total - weight, "weight"),
        ("weight_unfair", _unfair(case, planned), "weight"),
        ("spray_s", sum(visit.finish_s - visit.start_s for visit in visits), "s"),
        ("setup_s", sum(site.setup_s for site in case.sites), "s"),
        ("clean_s", sum(site.clean_s for site in case.sites), "s"),
        ("fill_s", _fill_s(case), "s"),
    )
    for name, value, unit in exact:
        off = abs(getattr(goal, name) - value)
        if off:
            yield Violation(code=Code.OBJECTIVE, amount=off, unit=unit, what=name)
    road_s, legs = _road_s(case)
    # Whole seconds that are rounded up: between the exact road and one second more a leg.
    off_s = max(road_s - 0.01 * legs - goal.road_s, goal.road_s - road_s - legs)
    if off_s > 0:
        yield Violation(code=Code.OBJECTIVE, amount=max(1, round(off_s)), unit="s", what="road_s")


def _unfair(case: Case, planned: dict[str, Job]) -> int:
    """Return how much weight collectives lack to their fair share."""
    ordered: Counter[str] = Counter()
    got: Counter[str] = Counter()
    for job in case.jobs.values():
        ordered[job.collective_id] += _weight(job)
    for job in planned.values():
        got[job.collective_id] += _weight(job)
    share = case.problem.settings.fair_share_permille
    return sum(max(0, share * weight // 1000 - got[one]) for one, weight in ordered.items())


def _fill_s(case: Case) -> int:
    """Return the seconds that trucks spend at mixing points."""
    return sum(
        stop.leave_s - stop.arrive_s
        for truck in case.plan.trucks
        for stop in truck.stops
        if stop.kind is TruckStopKind.MIX
    )


def _road_s(case: Case) -> tuple[float, int]:
    """Return the exact seconds of all driving, and how many legs it has."""
    total, legs = 0.0, 0
    for truck in case.trucks:
        home = case.crews[truck.crew_id].home
        places = [home, *(stop.place for stop in truck.stops), home]
        for origin, place in pairwise(places):
            total += drive_s(origin, place, case.problem.settings)
            legs += 1
    return total, legs


def _bound(case: Case) -> Iterator[Violation]:
    """Check that the plan does not beat its own bound, and the ratio to it."""
    bound = case.plan.bound
    planned = {row.job.job_id: row.job for row in case.rows}.values()
    weight = sum(map(_weight, planned))
    area = sum(job.area_centimu for job in planned)
    if weight > bound.weight_max:
        over = weight - bound.weight_max
        yield Violation(code=Code.BOUND, amount=over, unit="weight", what="weight_max")
    if area > bound.area_centimu_max:
        over = area - bound.area_centimu_max
        yield Violation(code=Code.BOUND, amount=over, unit="centimu", what="area_centimu_max")
    ratio = weight * 1000 // bound.weight_max if bound.weight_max > 0 else 1000
    if bound.ratio_permille != ratio:
        off = abs(bound.ratio_permille - ratio)
        yield Violation(code=Code.BOUND, amount=off, unit="permille", what="ratio_permille")
