"""Solving a queued plan: snapshot, a child process, and a write only if nothing changed.

No database session is open while the child works.
"""

import asyncio
import json
import multiprocessing
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event
from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.core.audit import Command
from backend.core.db import Database, Scope, WriteSession
from backend.operations import plans, snapshot
from backend.operations.facts import Snapshot
from backend.operations.fleet_models import DispatchPlan
from backend.operations.planning import Solved, Wish, solve_in_child
from backend.operations.rules import PlanState

PROGRESS_EVERY_S = 1.0
"""Progress is written, and a cancel is looked for, this often."""
_GRACE_S = 10.0
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


@dataclass(slots=True)
class _Child:
    """The solver's process with its line to us."""

    process: ForkServerProcess
    line: Connection
    finish: Event


async def solve_now(database: Database, *, org_id: int, plan_id: UUID) -> PlanState:
    """Solve a queued plan and return the state it ends in.

    A plan found ``solving`` belongs to a worker that died: it is solved anew. A plan that was
    cancelled, before or meanwhile, stays so. A change of jobs, drones or crews while the child
    worked makes it ``failed`` with the reason ``stale``.
    """
    begun = await _begin(database, org_id, plan_id)
    if begun is None:
        return PlanState.CANCELLED
    taken, wish = begun
    if not taken.drones or not taken.plots:
        return await _fail(database, org_id, plan_id, "no-drone" if taken.plots else "no-plot")
    child = await asyncio.to_thread(_start, taken, wish)
    try:
        kind, answer = await _follow(database, org_id, plan_id, child)
    finally:
        await asyncio.to_thread(_end, child)
    if kind == "cancelled":
        return PlanState.CANCELLED
    if kind != "solved":
        return await _fail(database, org_id, plan_id, str(answer))
    return await _record(database, org_id, plan_id, taken, answer)


async def _begin(database: Database, org_id: int, plan_id: UUID) -> tuple[Snapshot, Wish] | None:
    """Mark the plan as being solved and read what it needs; ``None`` when nobody wants it."""
    async with database.write(_scope(org_id), _command("begin_plan", plan_id)) as session:
        plan = await plans.locked(session, org_id=org_id, plan_id=plan_id)
        if plan.state == PlanState.QUEUED:
            plans.move(plan, PlanState.SOLVING)
        elif plan.state != PlanState.SOLVING:
            return None
        taken = await snapshot.take(
            session,
            org_id=org_id,
            day=plan.day,
            job_ids=[UUID(one) for one in plan.request["job_ids"]],
            drone_ids=[UUID(one) for one in plan.request["drone_ids"]],
        )
        plan.snapshot = taken.digest
        plan.grounded = plans.grounded_rows(taken.grounded)
        return taken, plans.wish_of(plan)


def _start(taken: Snapshot, wish: Wish) -> _Child:
    # The server of forks has the solver's modules loaded: a child starts in milliseconds, and
    # inherits no thread and no connection of ours.
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["backend.operations.planning"])
    ours, theirs = processes.Pipe(duplex=False)
    finish = processes.Event()
    process = processes.Process(
        target=solve_in_child, args=(taken, wish, theirs, finish), daemon=True
    )
    process.start()
    theirs.close()
    return _Child(process=process, line=ours, finish=finish)


async def _follow(database: Database, org_id: int, plan_id: UUID, child: _Child) -> tuple[str, Any]:
    """Pass progress on until the child answers; a cancelled plan ends it."""
    newest: dict[str, Any] = {}
    written_s = time.monotonic()
    while True:
        kind, answer = await asyncio.to_thread(_receive, child)
        if kind == "progress":
            newest = answer
        elif kind != "quiet":
            return kind, answer
        if time.monotonic() - written_s >= PROGRESS_EVERY_S:
            written_s = time.monotonic()
            if not await _tell(database, org_id, plan_id, newest):
                return "cancelled", None


def _receive(child: _Child) -> tuple[str, Any]:
    """Wait a moment for the child's next word; a dead child is a word too."""
    if not child.line.poll(PROGRESS_EVERY_S / 4):
        return "quiet", None
    try:
        word: tuple[str, Any] = child.line.recv()
    except EOFError:
        return "died", "solver-died"
    return word


def _end(child: _Child) -> None:
    """Let the child go: ask, listen till it is quiet, and stop it by force if it is not."""
    child.finish.set()
    late_s = time.monotonic() + _GRACE_S
    with suppress(EOFError):
        while time.monotonic() < late_s:
            if child.line.poll(0.1):
                child.line.recv()
    child.line.close()
    if child.process.is_alive():
        child.process.terminate()
    child.process.join()
    child.process.close()


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
    database: Database, org_id: int, plan_id: UUID, taken: Snapshot, solved: Solved
) -> PlanState:
    """Write the plan if the snapshot still holds."""
    async with database.write(_scope(org_id), _command("record_plan", plan_id)) as session:
        plan = await plans.locked(session, org_id=org_id, plan_id=plan_id)
        if plan.state != PlanState.SOLVING:
            return PlanState(plan.state)
        now_digest = await snapshot.digest(
            session,
            org_id=org_id,
            job_ids=[UUID(one) for one in plan.request["job_ids"]],
            drone_ids=[UUID(one) for one in plan.request["drone_ids"]],
        )
        if now_digest != taken.digest:
            return _failed(plan, "stale")
        plans.move(plan, PlanState.SOLVED)
        plan.problem, plan.plan = solved.problem, solved.plan
        plan.ordered_centimu = solved.ordered_centimu
        plan.planned_centimu = solved.planned_centimu
        plan.violations = len(solved.violations)
        await session.flush()
        await write_stops(session, plan, solved)
        return PlanState.SOLVED


async def write_stops(session: WriteSession, plan: DispatchPlan, solved: Solved) -> None:
    """Insert a plan's stops in one statement; COPY is not open to a table with row security."""
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
