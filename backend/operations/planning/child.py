"""What runs in a process of its own: building the problem, solving, checking, making stops."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any

import dispatch
from backend.operations.facts import Snapshot, WindowFacts
from backend.operations.planning.answers import Names, read, solved
from backend.operations.planning.problem import Wish, jobs_for, problem_for, window

NOT_BEGUN = "not-begun"
"""Reason of a plan that would freeze stops of one that nobody has begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is left of a published plan at ``now_s``, and what happened to it.

    ``closed`` are plots that crews reported, done or skipped; ``begun`` says that the plan is under
    way. ``broken`` names drones, ``slower`` crews with the percentage of the speed on paper;
    ``windows`` are those from now on, None where the weather stays as it was. ``names`` covers the
    old plots and the urgent ones.
    """

    problem: dict[str, Any]
    plan: dict[str, Any]
    names: Names
    urgent: Snapshot
    wish: Wish
    now_s: int
    broken: tuple[str, ...] = ()
    slower: tuple[tuple[str, int], ...] = ()
    windows: tuple[WindowFacts, ...] | None = None
    closed: frozenset[str] = frozenset()
    begun: bool = True


def solve_in_child(snapshot: Snapshot, wish: Wish, out: Connection, finish: Event) -> None:
    """Solve and check; send ``("progress", …)`` on the way and ``("solved"|"refused", …)`` last."""
    try:
        problem = problem_for(snapshot, wish)
        plan = dispatch.solve(
            problem,
            stop=dispatch.Stop(seconds=wish.seconds, cancelled=finish.is_set),
            seed=wish.seed,
            workers=wish.workers,
            on_progress=_teller(out),
        )
    except dispatch.InvalidProblem as error:
        out.send(("refused", error.zh))
        return
    plan = replace(plan, forecast=wish.forecast)
    out.send(("solved", solved(problem, plan, Names.of(snapshot))))


def replan_in_child(rest: Rest, out: Connection, finish: Event) -> None:
    """Plan the rest of a day anew; speaks as `solve_in_child` does."""
    try:
        before, old = _without_closed(rest, *read(rest.problem, rest.plan))
        wish = rest.wish
        changed, plan = dispatch.replan(
            before,
            old,
            now_s=rest.now_s,
            events=_events(rest),
            stop=dispatch.Stop(seconds=wish.seconds, cancelled=finish.is_set),
            seed=wish.seed,
            workers=wish.workers,
            on_progress=_teller(out),
        )
    except dispatch.InvalidProblem as error:
        out.send(("refused", error.zh))
        return
    if not rest.begun and _visits(changed) != _visits(before):
        out.send(("refused", NOT_BEGUN))
        return
    kept = old.forecast if rest.windows is None else ""
    plan = replace(plan, forecast=wish.forecast or kept)
    out.send(("solved", solved(changed, plan, rest.names)))


def _teller(out: Connection) -> Callable[[dispatch.Progress], None]:
    def tell(progress: dispatch.Progress) -> None:
        out.send(("progress", asdict(progress)))

    return tell


def _visits(problem: dispatch.Problem) -> int:
    return sum(len(route.stops) for route in problem.frozen_routes)


def _events(rest: Rest) -> list[dispatch.Breakdown | dispatch.Rain | dispatch.Urgent | Any]:
    events: list[Any] = [dispatch.Breakdown(drone_id=name) for name in rest.broken]
    if rest.windows is not None:
        events.append(dispatch.Rain(windows=tuple(window(one) for one in rest.windows)))
    jobs = tuple(jobs_for(rest.urgent, rest.wish))
    if jobs:
        events.append(dispatch.Urgent(jobs=jobs))
    events += [
        dispatch.Slower(crew_id=crew_id, percent=percent) for crew_id, percent in rest.slower
    ]
    return events


def _without_closed(
    rest: Rest, problem: dispatch.Problem, plan: dispatch.Plan
) -> tuple[dispatch.Problem, dispatch.Plan]:
    """Take out plots that crews reported before their turn; what the clock freezes stays."""
    wet = rest.windows is not None
    routes, _ = dispatch.freeze(problem, plan, now_s=rest.now_s, broken=rest.broken, by_visit=wet)
    frozen = {stop.job_id for route in (*routes, *problem.frozen_routes) for stop in route.stops}
    early = rest.closed - frozen
    if not early:
        return problem, plan
    return (
        replace(problem, jobs=tuple(job for job in problem.jobs if job.job_id not in early)),
        replace(
            plan,
            routes=tuple(
                replace(route, stops=tuple(one for one in route.stops if one.job_id not in early))
                for route in plan.routes
            ),
        ),
    )
