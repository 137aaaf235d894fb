"""Solving a queued plan: snapshot, weather, a child process, and a write only if nothing changed.

No database session is open while the weather is asked for or the child works.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from backend.core.audit import Command
from backend.core.clock import Clock, SystemClock
from backend.core.db import Database, Scope, WriteSession
from backend.gateways.weather import WeatherGateway
from backend.operations import children, forecasting, planning, plans, replans, snapshot
from backend.operations.facts import Snapshot
from backend.operations.plan_models import DispatchPlan
from backend.operations.plan_requests import grounded_rows
from backend.operations.planning import Rest, Solved, Wish, replan_in_child, solve_in_child
from backend.operations.rules import PlanState

PROGRESS_EVERY_S = 1.0
"""Progress is written, and a cancel is looked for, this often."""
NO_WEATHER = "weather-unavailable"
_INSERT_STOPS = text(
    """
    INSERT INTO plan_stop (org_id, plan_id, drone_id, seq, job_id, parcel_id, start_at, finish_at,
      area_centimu, liquid_ml, state)
    SELECT :org, :plan, s.*, 'planned'
    FROM unnest(CAST(:drones AS uuid[]), CAST(:seqs AS int[]), CAST(:jobs AS uuid[]),
      CAST(:parcels AS uuid[]), CAST(:starts AS timestamptz[]), CAST(:finishes AS timestamptz[]),
      CAST(:areas AS bigint[]), CAST(:liquids AS bigint[])) AS s
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a worker solves with: the weather source (None: there is none), clock and processes."""

    weather: WeatherGateway | None = None
    clock: Clock = field(default_factory=SystemClock)
    workers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """A plan to be made: from a snapshot, or the rest of another plan.

    ``products`` come with their kinds; they are there when the forecast is wanted.
    """

    digest: str
    wish: Wish
    by_forecast: bool
    products: tuple[tuple[str, str], ...]
    taken: Snapshot | None = None
    rest: Rest | None = None

    def refusal(self) -> str | None:
        """Return why there is nothing to solve."""
        if self.taken is None:
            return None
        if not self.taken.plots:
            return "no-plot"
        return None if self.taken.drones else "no-drone"

    def drone_names(self) -> Mapping[str, UUID]:
        """Return the names that the plan's documents call drones by."""
        if self.rest is not None:
            return self.rest.names.drones
        return {} if self.taken is None else planning.Names.of(self.taken).drones


async def solve_now(
    database: Database, *, org_id: int, plan_id: UUID, means: Means | None = None
) -> PlanState:
    """Solve a queued plan and return the state it ends in.

    A plan found ``solving`` belongs to a worker that died: it is solved anew. A plan that was
    cancelled, before or meanwhile, stays so. A change of jobs, drones or crews while the child
    worked makes it ``failed`` with the reason ``stale``; a forecast that cannot be had, with
    ``weather-unavailable``.
    """
    means = means or Means()
    task = await _begin(database, org_id, plan_id, means)
    if task is None:
        return PlanState.CANCELLED
    refusal = task.refusal()
    if refusal is not None:
        return await _fail(database, org_id, plan_id, refusal)
    outlook = None
    if task.by_forecast:
        try:
            outlook = await _outlook(task, means)
        except forecasting.NoForecast:
            return await _fail(database, org_id, plan_id, NO_WEATHER)
        task = _under(task, outlook)
    child = await asyncio.to_thread(_start, task)
    try:
        kind, answer = await _follow(database, org_id, plan_id, child)
    finally:
        await asyncio.to_thread(children.end, child)
    if kind == "cancelled":
        return PlanState.CANCELLED
    if kind != "solved":
        return await _fail(database, org_id, plan_id, str(answer))
    return await _record(database, org_id, plan_id, task, answer, outlook)


async def _begin(database: Database, org_id: int, plan_id: UUID, means: Means) -> _Task | None:
    """Mark the plan as being solved and read what it needs; ``None`` when nobody wants it."""
    async with database.write(_scope(org_id), _command("begin_plan", plan_id)) as session:
        plan = await plans.locked(session, org_id=org_id, plan_id=plan_id)
        if plan.state == PlanState.QUEUED:
            plans.move(plan, PlanState.SOLVING)
        elif plan.state != PlanState.SOLVING:
            return None
        asked = plan.request
        job_ids = [UUID(one) for one in asked["job_ids"]]
        again = asked.get("replan")
        by_forecast = bool((again or asked).get("by_forecast"))
        products = await replans.products_of(session, org_id=org_id, job_ids=job_ids)
        if again is not None:
            plan.snapshot = await plans.digest_of(session, plan)
            return _Task(
                digest=plan.snapshot,
                wish=plans.wish_of(plan, workers=means.workers),
                by_forecast=by_forecast,
                products=tuple(products),
                rest=await replans.rest_of(session, plan, workers=means.workers),
            )
        taken = await snapshot.take(
            session,
            org_id=org_id,
            day=plan.day,
            days=plan.days,
            job_ids=job_ids,
            drone_ids=[UUID(one) for one in asked["drone_ids"]],
        )
        plan.snapshot = taken.digest
        plan.grounded = grounded_rows(
            snapshot.Fit(drones=taken.drones, crews=taken.crews, grounded=taken.grounded)
        )
        return _Task(
            digest=taken.digest,
            wish=plans.wish_of(plan, workers=means.workers),
            by_forecast=by_forecast,
            products=tuple(products),
            taken=taken,
        )


async def _outlook(task: _Task, means: Means) -> planning.Outlook:
    """Ask for the weather of the task's areas; raise `forecasting.NoForecast`."""
    areas: set[str] = set()
    if task.taken is not None:
        areas |= set(planning.areas_of(task.taken))
    if task.rest is not None:
        areas |= set(planning.areas_of_problem(task.rest.problem))
        areas |= set(planning.areas_of(task.rest.urgent))
    return await forecasting.outlook(
        means.weather,
        means.clock,
        areas=sorted(areas),
        products=task.products,
        day=task.wish.day,
        days=task.wish.days,
    )


def _under(task: _Task, outlook: planning.Outlook) -> _Task:
    """Return the task with the forecast's windows; of a replanned day they hold from now on."""
    wish = replace(task.wish, forecast=outlook.stamp)
    if task.rest is None:
        return replace(task, wish=replace(wish, windows=outlook.windows))
    return replace(task, wish=wish, rest=replace(task.rest, wish=wish, windows=outlook.windows))


def _start(task: _Task) -> children.Child:
    parent = task.wish.workers > 1
    if task.rest is not None:
        return children.start(replan_in_child, task.rest, parent=parent)
    return children.start(solve_in_child, task.taken, task.wish, parent=parent)


async def _follow(
    database: Database, org_id: int, plan_id: UUID, child: children.Child
) -> tuple[str, Any]:
    """Pass progress on until the child answers; a cancelled plan ends it."""
    newest: dict[str, Any] = {}
    written_s = time.monotonic()
    while True:
        kind, answer = await asyncio.to_thread(children.receive, child)
        if kind == "progress":
            newest = answer
        elif kind != "quiet":
            return kind, answer
        if time.monotonic() - written_s >= PROGRESS_EVERY_S:
            written_s = time.monotonic()
            if not await _tell(database, org_id, plan_id, newest):
                return "cancelled", None


async def _tell(database: Database, org_id: int, plan_id: UUID, newest: dict[str, Any]) -> bool:
    """Write progress; say whether the plan is still wanted.

    Progress is no command: it changes nothing that anybody decides on, so it makes no audit row.
    """
    scope = _scope(org_id).settings()
    async with database.pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "SELECT set_config('tgj.org_id', $1, true), set_config('tgj.read_orgs', $2, true)",
            scope["org"],
            scope["orgs"],
        )
        wanted = await connection.fetchval(
            "UPDATE dispatch_plan SET progress = $3::jsonb || jsonb_build_object('at', now())"
            " WHERE org_id = $1 AND id = $2 AND state = 'solving' RETURNING true",
            org_id,
            plan_id,
            json.dumps(newest),
        )
    return bool(wanted)


async def _fail(database: Database, org_id: int, plan_id: UUID, why: str) -> PlanState:
    async with database.write(_scope(org_id), _command("fail_plan", plan_id)) as session:
        plan = await plans.locked(session, org_id=org_id, plan_id=plan_id)
        return _failed(plan, why)


def _failed(plan: DispatchPlan, why: str) -> PlanState:
    """Mark a plan as failed, unless somebody cancelled it meanwhile."""
    if plan.state == PlanState.SOLVING:
        plans.move(plan, PlanState.FAILED)
        plan.failure = why
    return PlanState(plan.state)


async def _record(
    database: Database,
    org_id: int,
    plan_id: UUID,
    task: _Task,
    solved: Solved,
    outlook: planning.Outlook | None,
) -> PlanState:
    """Write the plan if the snapshot still holds."""
    async with database.write(_scope(org_id), _command("record_plan", plan_id)) as session:
        plan = await plans.locked(session, org_id=org_id, plan_id=plan_id)
        if plan.state != PlanState.SOLVING:
            return PlanState(plan.state)
        if await plans.digest_of(session, plan) != task.digest:
            return _failed(plan, "stale")
        plans.move(plan, PlanState.SOLVED)
        plan.drone_names = {name: str(key) for name, key in task.drone_names().items()}
        plan.forecast = solved.plan["forecast"] or None
        if outlook is not None:
            plan.weather = outlook.document
        elif plan.forecast is not None:
            plan.weather = await _weather_before(session, plan)
        await write_solved(session, plan, solved)
        return PlanState.SOLVED


async def _weather_before(session: WriteSession, plan: DispatchPlan) -> dict[str, Any] | None:
    """Return the forecast of the plan before, which a replanned day goes on with."""
    found: dict[str, Any] | None = await session.scalar(
        select(DispatchPlan.weather).where(
            DispatchPlan.org_id == plan.org_id, DispatchPlan.id == plan.predecessor_id
        )
    )
    return found


async def write_solved(session: WriteSession, plan: DispatchPlan, solved: Solved) -> None:
    """Write what a plan holds; its stops go in in one statement.

    COPY is not open to a table with row security.
    """
    plan.problem, plan.plan = solved.problem, solved.plan
    plan.ordered_centimu = solved.ordered_centimu
    plan.planned_centimu = solved.planned_centimu
    plan.violations = len(solved.violations)
    await session.flush()
    stops = solved.stops
    await session.execute(
        _INSERT_STOPS,
        {
            "org": plan.org_id,
            "plan": plan.id,
            "drones": [stop.drone_id for stop in stops],
            "seqs": [stop.seq for stop in stops],
            "jobs": [stop.job_id for stop in stops],
            "parcels": [stop.parcel_id for stop in stops],
            "starts": [stop.start_at for stop in stops],
            "finishes": [stop.finish_at for stop in stops],
            "areas": [stop.area_centimu for stop in stops],
            "liquids": [stop.liquid_ml for stop in stops],
        },
    )


def _scope(org_id: int) -> Scope:
    """Act for the provider; no person does, the queue does."""
    return Scope(org_id=org_id)


def _command(action: str, plan_id: UUID) -> Command:
    return Command(action=action, subject=f"/v1/plans/{plan_id}")
