"""The provider's verbs of a day's plan: request, publish, start, finish, cancel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import defer
from sqlmodel import col, select

from backend.core import jobs
from backend.core.area import Area
from backend.core.db import Scope, WriteSession
from backend.core.errors import Fault, PreconditionFailed
from backend.operations import handover, rules, snapshot
from backend.operations.defaults import day_defaults
from backend.operations.errors import (
    DroneTaken,
    PlanEmpty,
    PlanHasViolations,
    PlanNotAllowedNow,
    PlanNotFound,
    PlanStale,
    PlanUnsound,
    StopsOpen,
)
from backend.operations.facts import WindowFacts
from backend.operations.fleet_models import DispatchPlan, Drone, SprayJob
from backend.operations.planning import Wish
from backend.operations.rules import JobState, PlanState

# Problem and plan of a large day are megabytes of JSON: most commands and reads leave them be.
WITHOUT_DOCUMENTS = (
    defer(col(DispatchPlan.problem)),  # type: ignore[arg-type]  # a column is an attribute here
    defer(col(DispatchPlan.plan)),  # type: ignore[arg-type]  # likewise
)
SOLVE_TASK = "tgj:solve_plan"
DAYS_AHEAD_MAX = 60
"""Nobody knows the weather, or the drones' papers, further ahead."""

_JOBS_OF = text(
    "SELECT DISTINCT job_id FROM plan_stop WHERE org_id = :org AND plan_id = :plan ORDER BY 1"
)
_FINISHED_JOBS = text(
    """
    SELECT j.job_id, NOT EXISTS (
      SELECT FROM spray_job_plot p WHERE p.org_id = :org AND p.job_id = j.job_id
        AND NOT EXISTS (SELECT FROM plan_stop s WHERE s.org_id = p.org_id
          AND s.job_id = p.job_id AND s.parcel_id = p.parcel_id AND s.state = 'done')) AS whole
    FROM (SELECT DISTINCT job_id FROM plan_stop WHERE org_id = :org AND plan_id = :plan) j
    ORDER BY 1
    """
)
_CLAIM = text(
    """
    WITH wanted AS (
      SELECT DISTINCT s.drone_id FROM plan_stop s WHERE s.org_id = :org AND s.plan_id = :plan
      ORDER BY 1),
    claimed AS (
      INSERT INTO drone_day (org_id, drone_id, day, plan_id)
      SELECT :org, drone_id, :day, :plan FROM wanted
      ON CONFLICT DO NOTHING RETURNING drone_id)
    SELECT d.name FROM wanted w JOIN drone d ON d.org_id = :org AND d.id = w.drone_id
    WHERE w.drone_id NOT IN (SELECT drone_id FROM claimed) ORDER BY 1
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What a plan is asked for; ``None`` takes the dated default, or all jobs and drones.

    ``windows`` are seconds from local midnight of ``day``.
    """

    day: date
    job_ids: Sequence[UUID] | None = None
    drone_ids: Sequence[UUID] | None = None
    windows: Sequence[tuple[int, int]] | None = None
    area_cap_centimu: int | None = None
    seconds: float | None = None
    seed: int = 0


async def request_plan(
    session: WriteSession,
    *,
    org_id: int,
    wanted: PlanRequest,
    made_by: UUID,
    today: date | None = None,
) -> DispatchPlan:
    """Queue a plan: a row with a state, and the job that moves it, in one transaction.

    ``today`` bounds the day (``None``: an installation command, which simulates a season).
    Raises `PlanUnsound` with every fault.
    """
    if today is not None and not today <= wanted.day <= today + timedelta(days=DAYS_AHEAD_MAX):
        zh, en = "作业日须在今天起两个月内", "The day lies within two months from today"
        raise PlanUnsound(faults=[Fault(code="day", zh=zh, en=en, field="day")], count=1)
    windows = _windows(wanted)
    open_jobs, faults = await _open_jobs(session, org_id, wanted)
    drone_ids, drone_faults = await _drones(session, org_id, wanted)
    faults += _window_faults(windows) + drone_faults
    if faults:
        raise PlanUnsound(faults=faults, count=len(faults))
    defaults = day_defaults()
    cap = wanted.area_cap_centimu or Area.parse(defaults["area_cap_mu"]).centimu
    _, grounded = await snapshot.fit_drones(
        session, org_id=org_id, day=wanted.day, drone_ids=drone_ids
    )
    plan = DispatchPlan(
        org_id=org_id,
        day=wanted.day,
        request={
            "job_ids": [str(one) for one in open_jobs],
            "drone_ids": [str(one) for one in drone_ids],
            "windows": [list(one) for one in windows],
            "windows_by_default": wanted.windows is None,
            "area_cap_centimu": cap,
            "seconds": wanted.seconds or defaults["seconds"],
            "seed": wanted.seed,
        },
        grounded=grounded_rows(grounded),
        ordered_centimu=await snapshot.open_centimu(session, org_id=org_id, job_ids=open_jobs),
        made_by=made_by,
    )
    session.add(plan)
    await session.flush()
    await jobs.enqueue(
        session, SOLVE_TASK, lock=f"plan:{plan.id}", org_id=org_id, plan_id=str(plan.id)
    )
    return plan


def grounded_rows(grounded: Sequence[tuple[UUID, str, rules.Grounding]]) -> list[dict[str, Any]]:
    """Return grounded drones as they are stored."""
    return [
        {"drone_id": str(drone_id), "name": name, "cause": cause.value}
        for drone_id, name, cause in grounded
    ]


def wish_of(plan: DispatchPlan) -> Wish:
    """Return what a stored plan was asked for."""
    asked = plan.request
    return Wish(
        day=plan.day,
        windows=tuple(WindowFacts(start_s=start, end_s=end) for start, end in asked["windows"]),
        area_cap_centimu=asked["area_cap_centimu"],
        seconds=asked["seconds"],
        seed=asked["seed"],
    )


async def locked(session: WriteSession, *, org_id: int, plan_id: UUID) -> DispatchPlan:
    """Return a plan locked for a command, without its documents; raise `PlanNotFound`."""
    plan = await session.scalar(
        select(DispatchPlan)
        .where(DispatchPlan.org_id == org_id, col(DispatchPlan.id) == plan_id)
        .options(*WITHOUT_DOCUMENTS)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if plan is None:
        raise PlanNotFound
    return plan


def move(plan: DispatchPlan, to_state: PlanState) -> None:
    """Take one step of the table of transitions; raise `PlanNotAllowedNow`."""
    state = PlanState(plan.state)
    if (state, to_state) not in rules.PLAN_TRANSITIONS:
        raise PlanNotAllowedNow(state=state, wanted=to_state)
    plan.state = to_state
    plan.row_version += 1


async def advance(
    session: WriteSession,
    scope: Scope,
    *,
    plan_id: UUID,
    to_state: PlanState,
    expected_version: int,
) -> DispatchPlan:
    """Publish, start, finish or cancel a plan; jobs and the collectives' orders go with it.

    Raises `PlanNotFound`, ``PreconditionFailed``, `PlanNotAllowedNow`, and for publishing
    `PlanHasViolations`, `PlanEmpty`, `DroneTaken`, `PlanStale`, for finishing `StopsOpen`.
    """
    plan = await locked(session, org_id=scope.org_id, plan_id=plan_id)
    if plan.row_version != expected_version:
        raise PreconditionFailed
    before = PlanState(plan.state)
    move(plan, to_state)
    if to_state is PlanState.PUBLISHED:
        await _publish(session, scope, plan)
    elif to_state is PlanState.IN_PROGRESS:
        await handover.step_jobs(
            session,
            scope,
            job_ids=await _jobs_of(session, plan),
            from_state=JobState.PLANNED,
            to_state=JobState.IN_PROGRESS,
        )
    elif to_state is PlanState.REPORTED:
        await _finish(session, scope, plan)
    elif before is PlanState.PUBLISHED:
        await _take_back(session, scope, plan)
    await session.flush()
    return plan


async def _publish(session: WriteSession, scope: Scope, plan: DispatchPlan) -> None:
    if plan.violations:
        raise PlanHasViolations(count=plan.violations)
    job_ids = await _jobs_of(session, plan)
    if not job_ids:
        raise PlanEmpty
    taken = await session.execute(_CLAIM, {"org": plan.org_id, "plan": plan.id, "day": plan.day})
    names = [row.name for row in taken]
    if names:
        raise DroneTaken(names="、".join(names))
    if await _digest(session, plan) != plan.snapshot:
        raise PlanStale
    await handover.step_jobs(
        session,
        scope,
        job_ids=job_ids,
        from_state=JobState.RECEIVED,
        to_state=JobState.PLANNED,
    )


async def _finish(session: WriteSession, scope: Scope, plan: DispatchPlan) -> None:
    waiting = await session.scalar(
        text(
            "SELECT count(*) FROM plan_stop"
            " WHERE org_id = :org AND plan_id = :plan AND state = 'planned'"
        ),
        {"org": plan.org_id, "plan": plan.id},
    )
    if waiting:
        raise StopsOpen(count=waiting)
    await handover.report(session, scope, plan_id=plan.id)
    rows = (await session.execute(_FINISHED_JOBS, {"org": plan.org_id, "plan": plan.id})).all()
    for whole, to_state in ((True, JobState.REPORTED), (False, JobState.RECEIVED)):
        await handover.step_jobs(
            session,
            scope,
            job_ids=[row.job_id for row in rows if row.whole is whole],
            from_state=JobState.IN_PROGRESS,
            to_state=to_state,
        )


async def _take_back(session: WriteSession, scope: Scope, plan: DispatchPlan) -> None:
    """Undo a publication: the drones are free that day, the jobs wait again."""
    await session.execute(
        text("DELETE FROM drone_day WHERE org_id = :org AND plan_id = :plan"),
        {"org": plan.org_id, "plan": plan.id},
    )
    await handover.step_jobs(
        session,
        scope,
        job_ids=await _jobs_of(session, plan),
        from_state=JobState.PLANNED,
        to_state=JobState.RECEIVED,
    )


async def _jobs_of(session: WriteSession, plan: DispatchPlan) -> list[UUID]:
    return list(await session.scalars(_JOBS_OF, {"org": plan.org_id, "plan": plan.id}))


async def _digest(session: WriteSession, plan: DispatchPlan) -> str:
    return await snapshot.digest(
        session,
        org_id=plan.org_id,
        job_ids=[UUID(one) for one in plan.request["job_ids"]],
        drone_ids=[UUID(one) for one in plan.request["drone_ids"]],
    )


def _windows(wanted: PlanRequest) -> list[tuple[int, int]]:
    if wanted.windows is not None:
        return sorted(wanted.windows)
    return [(second_of(one["start"]), second_of(one["end"])) for one in day_defaults()["windows"]]


def second_of(clock: str) -> int:
    """Return the second of the day of ``HH:MM``."""
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _window_faults(windows: Sequence[tuple[int, int]]) -> list[Fault]:
    faults = []
    for row, (start, end) in enumerate(windows, start=1):
        if end <= start:
            zh, en = "作业窗口须先起后止", "The window ends before it begins"
            faults.append(Fault(code="window", zh=zh, en=en, row=row, field="windows"))
        elif row > 1 and start < windows[row - 2][1]:
            zh, en = "作业窗口重叠", "The windows overlap"
            faults.append(Fault(code="windows-overlap", zh=zh, en=en, row=row, field="windows"))
    return faults


async def _open_jobs(
    session: WriteSession, org_id: int, wanted: PlanRequest
) -> tuple[list[UUID], list[Fault]]:
    """Return the jobs to plan: received, and open on the day."""
    query = select(SprayJob).where(SprayJob.org_id == org_id).order_by(col(SprayJob.id))
    if wanted.job_ids is None:
        query = query.where(SprayJob.state == JobState.RECEIVED)
    else:
        query = query.where(col(SprayJob.id).in_(wanted.job_ids))
    found = {job.id: job for job in await session.scalars(query)}
    on_day = [
        job.id
        for job in found.values()
        if job.state == JobState.RECEIVED
        and rules.span_of_days(wanted.day, 1, job.earliest_at, job.latest_at) is not None
    ]
    if wanted.job_ids is None:
        if on_day:
            return on_day, []
        zh, en = "当日没有可排的作业", "No job can be planned on that day"
        return [], [Fault(code="no-job", zh=zh, en=en, field="job_ids")]
    faults = []
    for row, job_id in enumerate(wanted.job_ids, start=1):
        if job_id not in on_day:
            zh = "作业不存在、已排入方案或不在作业时间内"
            en = "The job does not exist, is planned already, or is not open on that day"
            subject = found[job_id].number if job_id in found else str(job_id)
            faults.append(
                Fault(code="job", zh=zh, en=en, row=row, field="job_ids", subject=subject)
            )
    return on_day, faults


async def _drones(
    session: WriteSession, org_id: int, wanted: PlanRequest
) -> tuple[list[UUID], list[Fault]]:
    """Return the drones asked for, by default all that are not retired."""
    query = select(Drone.id).where(Drone.org_id == org_id).order_by(col(Drone.id))
    if wanted.drone_ids is None:
        found = list(await session.scalars(query.where(Drone.state != "retired")))
        if found:
            return found, []
        zh, en = "没有登记的无人机", "No drone is registered"
        return [], [Fault(code="no-drone", zh=zh, en=en, field="drone_ids")]
    known = set(await session.scalars(query.where(col(Drone.id).in_(wanted.drone_ids))))
    zh, en = "未找到该无人机", "The drone was not found"
    faults = [
        Fault(code="drone", zh=zh, en=en, row=row, field="drone_ids", subject=str(drone_id))
        for row, drone_id in enumerate(wanted.drone_ids, start=1)
        if drone_id not in known
    ]
    return sorted(known), faults
