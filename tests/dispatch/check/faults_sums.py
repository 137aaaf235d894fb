"""Faults of a plan's sums, of its bound, and of the causes that it states."""

from dataclasses import replace

from dispatch.model import Problem
from dispatch.plan import Cause, Plan
from dispatch.violations import Code
from tests.dispatch.check.faults import Spoil, fault

Pair = tuple[Problem, Plan]


def _sum(part: str, name: str, amount: int, code: Code) -> None:
    """Register a fault in one of the plan's sums."""

    def spoil(given: Problem, plan: Plan) -> Pair:
        sums = getattr(plan, part)
        wrong = replace(sums, **{name: getattr(sums, name) + amount})
        return given, replace(plan, **{part: wrong})

    spoil.__name__ = f"{part}_{name}_{'more' if amount > 0 else 'less'}"
    spoil.__doc__ = f"Misstate {name} by {amount}."
    fault(code, settle=False)(spoil)


for _name in ("jobs", "blocks", "area_centimu", "liquid_ml", "refills", "battery_swaps"):
    _sum("totals", _name, 1, Code.TOTALS)
for _name in ("weight_planned", "weight_unassigned", "weight_unfair"):
    _sum("objective", _name, 1, Code.OBJECTIVE)
for _name in ("spray_s", "setup_s", "clean_s", "fill_s"):
    _sum("objective", _name, -1, Code.OBJECTIVE)
_sum("objective", "road_s", -30, Code.OBJECTIVE)
_sum("objective", "road_s", 30, Code.OBJECTIVE)
_sum("bound", "ratio_permille", 1, Code.BOUND)


@fault(Code.BOUND, settle=False)
def bound_below_the_plan(given: Problem, plan: Plan) -> Pair:
    """State a bound that the plan itself beats."""
    low = plan.objective.weight_planned - 1
    return given, replace(
        plan, bound=replace(plan.bound, weight_max=low, ratio_permille=(low + 1) * 1000 // low)
    )


@fault(Code.BOUND, settle=False)
def area_bound_below_the_plan(given: Problem, plan: Plan) -> Pair:
    """State an area bound that the plan itself beats."""
    low = plan.totals.area_centimu - 1
    return given, replace(plan, bound=replace(plan.bound, area_centimu_max=low))


def _cause(cause: Cause) -> Spoil:
    """Register a fault that gives a job a cause which the problem contradicts."""

    def spoil(given: Problem, plan: Plan) -> Pair:
        rows = tuple(
            replace(one, cause=cause) if one.job_id == "U-time" else one for one in plan.unassigned
        )
        return given, replace(plan, unassigned=rows)

    spoil.__name__ = f"left_out_by_{cause.value}"
    spoil.__doc__ = f"Say {cause.value} of a job that failed for lack of time."
    return fault(Code.FALSE_CAUSE)(spoil)


for _one in Cause:
    if _one not in {Cause.NO_TIME, Cause.TOO_LARGE}:
        _cause(_one)
