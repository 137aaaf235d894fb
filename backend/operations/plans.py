"""The provider's verbs of a plan: publish, start, finish, cancel."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import defer
from sqlmodel import col, select

from backend.core.db import Scope, WriteSession
from backend.core.errors import PreconditionFailed
from backend.operations import handover, rules, snapshot, succession
from backend.operations.errors import (
    DroneTaken,
    PlanEmpty,
    PlanHasViolations,
    PlanNotAllowedNow,
    PlanNotFound,
    PlanStale,
    StopsOpen,
)
from backend.operations.facts import PinFacts, WindowFacts
from backend.operations.plan_models import DispatchPlan
from backend.operations.planning import Wish
from backend.operations.rules import JobState, PlanState

# Problem and plan of a large day are megabytes of JSON: most commands and reads leave them be.
WITHOUT_DOCUMENTS = (
    defer(col(DispatchPlan.problem)),  # type: ignore[arg-type]  # a column is an attribute here
    defer(col(DispatchPlan.plan)),  # type: ignore[arg-type]  # likewise
    defer(col(DispatchPlan.weather)),  # type: ignore[arg-type]  # likewise
)
_DAY_S = 24 * 3600

# A job of two open plans (a replanned day) waits for the other one.
_JOBS_OF = text(
    """
    SELECT j.id, j.state,
      NOT EXISTS (SELECT FROM spray_job_plot p WHERE p.org_id = :org AND p.job_id = j.id
        AND NOT EXISTS (SELECT FROM plan_stop d WHERE d.org_id = p.org_id
          AND d.job_id = p.job_id AND d.parcel_id = p.parcel_id AND d.state = 'done')) AS whole,
      EXISTS (SELECT FROM plan_stop o
        JOIN dispatch_plan q ON q.org_id = o.org_id AND q.id = o.plan_id
        WHERE o.org_id = :org AND o.job_id = j.id AND o.plan_id <> :plan
          AND o.state <> 'superseded' AND q.state IN ('published', 'in_progress')) AS held
    FROM spray_job j
    WHERE j.org_id = :org
      AND j.id IN (SELECT s.job_id FROM plan_stop s
        WHERE s.org_id = :org AND s.plan_id = :plan AND s.state <> 'superseded')
    ORDER BY j.id
    """
)
_CLAIM = text(
    """
    WITH wanted AS (
      SELECT DISTINCT s.drone_id, (s.start_at AT TIME ZONE 'Asia/Shanghai')::date AS day
      FROM plan_stop s WHERE s.org_id = :org AND s.plan_id = :plan ORDER BY 1, 2),
    claimed AS (
      INSERT INTO drone_day (org_id, drone_id, day, plan_id)
      SELECT :org, drone_id, day, :plan FROM wanted
      ON CONFLICT DO NOTHING RETURNING drone_id, day)
    SELECT DISTINCT d.name FROM wanted w JOIN drone d ON d.org_id = :org AND d.id = w.drone_id
    WHERE (w.drone_id, w.day) NOT IN (SELECT drone_id, day FROM claimed)
      AND NOT EXISTS (SELECT FROM drone_day y WHERE y.org_id = :org AND y.drone_id = w.drone_id
        AND y.day = w.day AND y.plan_id = :plan)
    ORDER BY 1
    """
)


def wish_of(plan: DispatchPlan, *, workers: int = 1) -> Wish:
    """Return what a stored plan was asked for; windows given by hand hold on each of its days."""
    asked = plan.request
    return Wish(
        day=plan.day,
        days=plan.days,
        windows=day_windows(asked["windows"], plan.days),
        pins=tuple(
            PinFacts(
                job_id=UUID(pin["job_id"]),
                parcel_id=None if pin["parcel_id"] is None else UUID(pin["parcel_id"]),
                drone_id=None if pin["drone_id"] is None else UUID(pin["drone_id"]),
                day=pin["day"],
            )
            for pin in asked.get("pins", [])
        ),
        area_cap_centimu=asked["area_cap_centimu"],
        seconds=asked["seconds"],
        seed=asked["seed"],
        workers=workers,
    )


def day_windows(windows: list[list[int]], days: int) -> tuple[WindowFacts, ...]:
    """Return windows of a day as windows of each of ``days``."""
    return tuple(
        WindowFacts(start_s=day * _DAY_S + start, end_s=day * _DAY_S + end)
        for day in range(days)
        for start, end in windows
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
        await _step(session, scope, plan, JobState.PLANNED, JobState.IN_PROGRESS)
    elif to_state is PlanState.REPORTED:
        await _finish(session, scope, plan)
    elif before is PlanState.PUBLISHED:
        await _take_back(session, scope, plan)
    await session.flush()
    return plan


async def digest_of(session: WriteSession, plan: DispatchPlan) -> str:
    """Return the hash of what the plan was made from, as it is now."""
    return await snapshot.digest(
        session,
        org_id=plan.org_id,
        job_ids=[UUID(one) for one in plan.request["job_ids"]],
        drone_ids=[UUID(one) for one in plan.request["drone_ids"]],
        with_done=plan.predecessor_id is None,
    )


async def _publish(session: WriteSession, scope: Scope, plan: DispatchPlan) -> None:
    if plan.violations:
        raise PlanHasViolations(count=plan.violations)
    values = {"org": plan.org_id, "plan": plan.id}
    if not (await session.execute(_JOBS_OF, values)).all():
        raise PlanEmpty
    if plan.predecessor_id is not None:
        before = await locked(session, org_id=plan.org_id, plan_id=plan.predecessor_id)
        if await succession.supersede(session, plan, before):
            move(before, PlanState.SUPERSEDED)
        else:
            before.row_version += 1
        await session.flush()
    names = [row.name for row in await session.execute(_CLAIM, values)]
    if names:
        raise DroneTaken(names="、".join(names))
    if await digest_of(session, plan) != plan.snapshot:
        raise PlanStale
    await _step(session, scope, plan, JobState.RECEIVED, JobState.PLANNED)
    if plan.predecessor_id is not None:
        for state, job_ids in (await succession.dropped_jobs(session, plan)).items():
            await handover.step_jobs(
                session, scope, job_ids=job_ids, from_state=state, to_state=JobState.RECEIVED
            )


async def _step(
    session: WriteSession, scope: Scope, plan: DispatchPlan, before: JobState, after: JobState
) -> None:
    """Move the plan's jobs; those that a replanned day has brought further already stay."""
    rows = await session.execute(_JOBS_OF, {"org": plan.org_id, "plan": plan.id})
    anew = plan.predecessor_id is not None
    job_ids = [row.id for row in rows if not anew or row.state == before]
    await handover.step_jobs(session, scope, job_ids=job_ids, from_state=before, to_state=after)


async def _finish(session: WriteSession, scope: Scope, plan: DispatchPlan) -> None:
    """Report what was sprayed; jobs that another open plan still holds go on with that."""
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
    rows = (await session.execute(_JOBS_OF, {"org": plan.org_id, "plan": plan.id})).all()
    for whole, to_state in ((True, JobState.REPORTED), (False, JobState.RECEIVED)):
        await handover.step_jobs(
            session,
            scope,
            job_ids=[row.id for row in rows if row.whole is whole and not row.held],
            from_state=JobState.IN_PROGRESS,
            to_state=to_state,
        )


async def _take_back(session: WriteSession, scope: Scope, plan: DispatchPlan) -> None:
    """Undo a publication: the drones are free on those days, the jobs wait again."""
    await succession.give_back(session, plan)
    rows = (await session.execute(_JOBS_OF, {"org": plan.org_id, "plan": plan.id})).all()
    anew = plan.predecessor_id is not None
    for state in (JobState.PLANNED, JobState.IN_PROGRESS) if anew else (JobState.PLANNED,):
        await handover.step_jobs(
            session,
            scope,
            job_ids=[row.id for row in rows if not anew or (row.state == state and not row.held)],
            from_state=state,
            to_state=JobState.RECEIVED,
        )
