"""Questions about a stored plan: what a change costs, why a plot is left out, what if."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any, Literal, get_args

import dispatch
from backend.operations.planning.answers import Names, Solved, read, solved

Change = Literal["one_more_drone", "one_more_hour", "later_deadline"]
CHANGES: tuple[Change, ...] = get_args(Change)


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """A stored plan with its problem, and what their names stand for."""

    problem: dict[str, Any]
    plan: dict[str, Any]
    names: Names = field(default_factory=lambda: Names(drones={}, plots={}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A plot to another drone's day (0 = the plan's first), before another plot there or anywhere.

    With ``whole`` the answer brings the edited plan as it is stored.
    """

    plot: str
    drone: str
    day: int = 0
    before: str | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What a change of means would bring; ``seconds`` of search with it, and as many without."""

    change: Change
    seconds: float
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyLeftOut:
    """Why plots are left out: ``count`` of them from ``first`` on, the heaviest first.

    Each is tried on every drone's day, which takes a tenth of a second and more.
    """

    first: int = 0
    count: int = 50


Question = Move | WhatIf | WhyLeftOut


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a move costs (seconds of the objective), breaks and pushes out of the plan."""

    cost_s: int
    planned_centimu: int
    violations: tuple[tuple[str, str, str], ...]
    """Code, Chinese and English sentence."""
    dropped: tuple[tuple[str, str], ...]
    """Plot and cause."""
    edited: Solved | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gained:
    """What a change would bring over the same search without it."""

    change: Change
    area_centimu: int
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Why a plot is left out; the nearest thing to a place for it, and who would give way."""

    plot: str
    cause: str
    tried: int
    drone: str | None = None
    on: str | None = None
    displaced: tuple[str, ...] = ()


def answer_in_child(documents: Documents, question: Question, out: Connection) -> None:
    """Answer in a process of its own: ``("answer", …)`` or ``("refused", {zh, en})``."""
    try:
        problem, plan = read(documents.problem, documents.plan)
        if isinstance(question, Move):
            out.send(("answer", _moved(problem, plan, question, documents.names)))
        elif isinstance(question, WhatIf):
            out.send(("answer", _gained(problem, plan, question)))
        else:
            out.send(("answer", _left_out(problem, plan, question)))
    except dispatch.InvalidProblem as error:
        out.send(("refused", {"zh": error.zh, "en": error.en}))


def _moved(problem: dispatch.Problem, plan: dispatch.Plan, wanted: Move, names: Names) -> Moved:
    edited = dispatch.move(
        problem,
        plan,
        wanted.plot,
        drone_id=wanted.drone,
        day=wanted.day,
        before=wanted.before,
    )
    return Moved(
        cost_s=edited.cost_s,
        planned_centimu=edited.plan.totals.area_centimu,
        violations=tuple(
            (one.code.value, one.sentence("zh"), one.sentence("en")) for one in edited.violations
        ),
        dropped=tuple((one.job_id, one.cause.value) for one in edited.dropped),
        edited=solved(problem, replace(edited.plan, forecast=plan.forecast), names)
        if wanted.whole
        else None,
    )


def _gained(problem: dispatch.Problem, plan: dispatch.Plan, wanted: WhatIf) -> Gained:
    stop = dispatch.Stop(seconds=wanted.seconds)
    gain = dispatch.what_if(problem, plan, wanted.change, stop=stop, seed=wanted.seed)
    return Gained(change=wanted.change, area_centimu=gain.area_centimu, weight=gain.weight)


def _left_out(
    problem: dispatch.Problem, plan: dispatch.Plan, wanted: WhyLeftOut
) -> tuple[LeftOut, ...]:
    """Explain a slice; the other plots that are left out are taken away, nobody misses them."""
    jobs = {job.job_id: job for job in problem.jobs}
    out = sorted((row.job_id for row in plan.unassigned), key=lambda key: (-jobs[key].weight, key))
    asked = out[wanted.first : wanted.first + wanted.count]
    others = set(out) - set(asked)
    problem = replace(problem, jobs=tuple(job for job in problem.jobs if job.job_id not in others))
    place = {key: number for number, key in enumerate(asked)}
    rows = sorted(dispatch.why(problem, plan), key=lambda row: place.get(row.job_id, len(place)))
    return tuple(
        LeftOut(plot=one.job_id, cause=one.cause.value, tried=one.tried)
        if one.chance is None
        else LeftOut(
            plot=one.job_id,
            cause=one.cause.value,
            tried=one.tried,
            drone=one.chance.drone_id,
            on=(problem.day + timedelta(days=one.chance.day)).isoformat(),
            displaced=one.chance.displaced,
        )
        for one in rows
    )
