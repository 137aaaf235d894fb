"""Questions and changes to a stored plan: read, worked out in a process of its own, and written.

No session is open while a process works; a change is written only if the version still holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from backend.core.audit import Command
from backend.core.db import Database, Scope
from backend.core.errors import PreconditionFailed
from backend.operations import children, plans, replans, solving
from backend.operations.errors import (
    PlanHasViolations,
    PlanNotAllowedNow,
    PlanNotFound,
    PlanNotSolved,
    QuestionRefused,
)
from backend.operations.plan_models import DispatchPlan
from backend.operations.planning import Documents, LeftOut, Move, Moved, WhyLeftOut
from backend.operations.rules import PlanState

MOVE_SECONDS_MAX = 30.0
WHY_SECONDS_MAX = 60.0
WHAT_IF_MORE_S = 30.0
"""What a what-if may take beyond its two searches, to read, prepare and mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A solved plan as it was read."""

    state: PlanState
    row_version: int
    day: date
    documents: Documents

    def plot(self, job_id: UUID, parcel_id: UUID) -> str:
        """Return a plot's name in the documents; raise `QuestionRefused` for one not in them."""
        for name, keys in self.documents.names.plots.items():
            if keys == (job_id, parcel_id):
                return name
        raise QuestionRefused(zh="地块不在本方案", en="The plot is not in the plan")

    def drone(self, drone_id: UUID) -> str:
        """Return a drone's name in the documents; raise `QuestionRefused` for one not in them."""
        for name, key in self.documents.names.drones.items():
            if key == drone_id:
                return name
        raise QuestionRefused(zh="无人机不在本方案", en="The drone is not in the plan")

    def day_of(self, day: date | None) -> int:
        """Return a date as the plan's day from 0; without one the first."""
        return 0 if day is None else (day - self.day).days


async def stored(database: Database, scope: Scope, plan_id: UUID) -> Stored:
    """Read a plan with its documents; raise `PlanNotFound`, `PlanNotSolved`."""
    async with database.read(scope) as session:
        plan = await session.scalar(
            select(DispatchPlan).where(
                DispatchPlan.org_id == scope.org_id, DispatchPlan.id == plan_id
            )
        )
        if plan is None:
            raise PlanNotFound
        if plan.problem is None or plan.plan is None:
            raise PlanNotSolved
        return Stored(
            state=PlanState(plan.state),
            row_version=plan.row_version,
            day=plan.day,
            documents=Documents(
                problem=plan.problem,
                plan=plan.plan,
                names=await replans.names_of(session, plan),
            ),
        )


async def left_out(
    database: Database, scope: Scope, plan_id: UUID, *, first: int, count: int
) -> Sequence[LeftOut]:
    """Return why ``count`` plots from ``first`` on are left out, found by trying.

    Raises `PlanNotFound`, `PlanNotSolved`, ``AnswerTookTooLong``, ``SolversBusy``.
    """
    found = await stored(database, scope, plan_id)
    answer: Sequence[LeftOut] = await children.ask(
        found.documents, WhyLeftOut(first=first, count=count), seconds_max=WHY_SECONDS_MAX
    )
    return answer


async def try_move(found: Stored, wanted: Move) -> Moved:
    """Return what a move costs and breaks; raise `QuestionRefused` where it cannot be tried."""
    answer: Moved = await children.ask(found.documents, wanted, seconds_max=MOVE_SECONDS_MAX)
    return answer


async def keep(
    database: Database, scope: Scope, *, plan_id: UUID, moved: Moved, expected_version: int
) -> int:
    """Make an edited plan the plan, and return its new version.

    Raises `PlanHasViolations`, ``PreconditionFailed``, `PlanNotAllowedNow` unless it is solved.
    """
    edited = moved.edited
    if edited is None or edited.violations:
        raise PlanHasViolations(count=len(moved.violations))
    command = Command(action="edit_plan", subject=f"/v1/plans/{plan_id}")
    async with database.write(scope, command) as session:
        plan = await plans.locked(session, org_id=scope.org_id, plan_id=plan_id)
        if plan.row_version != expected_version:
            raise PreconditionFailed
        require_solved(PlanState(plan.state))
        values: dict[str, Any] = {"org": plan.org_id, "plan": plan.id}
        await session.execute(
            text("DELETE FROM plan_stop WHERE org_id = :org AND plan_id = :plan"), values
        )
        plan.row_version += 1
        await solving.write_solved(session, plan, edited)
        return plan.row_version


def require_solved(state: PlanState) -> None:
    """Raise `PlanNotAllowedNow` unless the plan is solved and not yet published."""
    if state is not PlanState.SOLVED:
        raise PlanNotAllowedNow(state=state, wanted="edited")
