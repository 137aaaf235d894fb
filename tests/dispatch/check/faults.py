"""What spoils a plan or its problem: small edits, and the register of seeded faults."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from dispatch.model import Problem
from dispatch.plan import Plan, Route, TruckRoute
from dispatch.violations import Code

Spoil = Callable[[Problem, Plan], tuple[Problem, Plan]]
T = TypeVar("T")


@dataclass(frozen=True)
class Fault:
    """One seeded fault: it must bring ``code``, may bring ``also``, and nothing else.

    ``settle`` puts the totals and the objective right again afterwards, so that only the fault
    itself speaks; ``frozen`` starts from the village whose morning is under way.
    """

    spoil: Spoil
    code: Code
    also: frozenset[Code]
    settle: bool
    frozen: bool


FAULTS: dict[str, Fault] = {}


def fault(
    code: Code, *also: Code, settle: bool = True, frozen: bool = False
) -> Callable[[Spoil], Spoil]:
    """Register a function as a seeded fault; its docstring says what it spoils."""

    def register(spoil: Spoil) -> Spoil:
        name = spoil.__name__
        assert name not in FAULTS, name
        assert spoil.__doc__, name
        FAULTS[name] = Fault(spoil, code, frozenset(also), settle, frozen)
        return spoil

    return register


def _only(rows: Iterable[T], fits: Callable[[T], bool], change: Callable[[T], T]) -> tuple[T, ...]:
    """Change the rows that fit; there must be one."""
    rows = tuple(rows)
    assert any(map(fits, rows))
    return tuple(change(row) if fits(row) else row for row in rows)


def _edited(row: Any, facts: dict[str, Any]) -> Any:
    """Replace fields; a callable value is applied to what is there."""
    new = {
        name: value(getattr(row, name)) if callable(value) else value
        for name, value in facts.items()
    }
    return replace(row, **new)


def plus(amount: int) -> Callable[[int], int]:
    """Return a change by an amount, for the edits below."""
    return lambda value: value + amount


def visit(plan: Plan, job_id: str, /, **facts: Any) -> Plan:
    """Edit the visit of a job."""

    def change(route: Route) -> Route:
        stops = _only(
            route.stops, lambda one: one.job_id == job_id, lambda one: _edited(one, facts)
        )
        return replace(route, stops=stops)

    def has(route: Route) -> bool:
        return any(one.job_id == job_id for one in route.stops)

    return replace(plan, routes=_only(plan.routes, has, change))


def moved(plan: Plan, seconds: int, *job_ids: str) -> Plan:
    """Move the take-off and the finish of visits in time."""
    for job_id in job_ids:
        plan = visit(plan, job_id, start_s=plus(seconds), finish_s=plus(seconds))
    return plan


def route(plan: Plan, drone_id: str, day: int, /, **facts: Any) -> Plan:
    """Edit a drone's day."""

    def mine(one: Route) -> bool:
        return (one.drone_id, one.day) == (drone_id, day)

    return replace(plan, routes=_only(plan.routes, mine, lambda one: _edited(one, facts)))


def truck(plan: Plan, crew_id: str, day: int, /, **facts: Any) -> Plan:
    """Edit a crew's day."""

    def mine(one: TruckRoute) -> bool:
        return (one.crew_id, one.day) == (crew_id, day)

    return replace(plan, trucks=_only(plan.trucks, mine, lambda one: _edited(one, facts)))


def stop(plan: Plan, name: str, /, **facts: Any) -> Plan:
    """Edit a truck's stop by the name of its block or mixing point."""

    def change(one: TruckRoute) -> TruckRoute:
        stops = _only(one.stops, lambda row: row.name == name, lambda row: _edited(row, facts))
        return replace(one, stops=stops)

    def has(one: TruckRoute) -> bool:
        return any(row.name == name for row in one.stops)

    return replace(plan, trucks=_only(plan.trucks, has, change))


def job(problem: Problem, job_id: str, /, **facts: Any) -> Problem:
    """Edit a job."""
    rows = _only(problem.jobs, lambda one: one.job_id == job_id, lambda one: _edited(one, facts))
    return replace(problem, jobs=rows)


def drone(problem: Problem, drone_id: str, /, **facts: Any) -> Problem:
    """Edit a drone."""
    rows = _only(
        problem.drones, lambda one: one.drone_id == drone_id, lambda one: _edited(one, facts)
    )
    return replace(problem, drones=rows)


def machine(problem: Problem, drone_id: str, /, **facts: Any) -> Problem:
    """Edit the machine of a drone."""
    return drone(problem, drone_id, machine=lambda one: _edited(one, facts))


def crew(problem: Problem, crew_id: str, /, **facts: Any) -> Problem:
    """Edit a crew."""
    rows = _only(problem.crews, lambda one: one.crew_id == crew_id, lambda one: _edited(one, facts))
    return replace(problem, crews=rows)


def point(problem: Problem, **facts: Any) -> Problem:
    """Edit the mixing points."""
    return replace(problem, mix_points=tuple(_edited(one, facts) for one in problem.mix_points))


def settings(problem: Problem, **facts: Any) -> Problem:
    """Edit the settings."""
    return replace(problem, settings=replace(problem.settings, **facts))


def windows(problem: Problem, at: int, **facts: Any) -> Problem:
    """Edit one weather window."""
    rows = tuple(_edited(one, facts) if n == at else one for n, one in enumerate(problem.windows))
    return replace(problem, windows=rows)
