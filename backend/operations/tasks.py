"""Background jobs of spraying.

The worker's context holds the ``database`` they use, and ``means`` (`solving.Means`).
"""

from uuid import UUID

import procrastinate

from backend.core.db import Database
from backend.operations.solving import Means, solve_now


async def solve_plan(context: procrastinate.JobContext, *, org_id: int, plan_id: str) -> str:
    """Solve a queued plan (求解调度方案); return the state it ended in."""
    database: Database = context.additional_context["database"]
    means: Means | None = context.additional_context.get("means")
    return await solve_now(database, org_id=org_id, plan_id=UUID(plan_id), means=means)


def blueprint() -> procrastinate.Blueprint:
    """Return the slice's jobs, made anew: an application renames what it takes in."""
    made = procrastinate.Blueprint()
    made.task(name="solve_plan", pass_context=True)(solve_plan)
    return made
