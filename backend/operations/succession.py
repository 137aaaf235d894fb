"""How a replanned day takes over from the plan before it: stops, drones' days, and back again."""

from collections import defaultdict
from uuid import UUID

from sqlalchemy import text

from backend.core.db import WriteSession
from backend.operations.errors import PlanStale
from backend.operations.plan_models import DispatchPlan
from backend.operations.rules import JobState, PlanState

# What the new plan froze is flown and reported under the old one.
_SUPERSEDE = text(
    """
    UPDATE plan_stop s SET state = 'superseded'
    FROM spray_job j, spray_job_plot p
    WHERE s.org_id = :org AND s.plan_id = :before AND s.state = 'planned'
      AND j.org_id = s.org_id AND j.id = s.job_id
      AND p.org_id = s.org_id AND p.job_id = s.job_id AND p.parcel_id = s.parcel_id
      AND j.number || '/' || p.parcel_code NOT IN (
        SELECT f #>> '{}' FROM dispatch_plan n,
          jsonb_path_query(n.problem, '$.frozen_routes[*].stops[*].job_id') f
        WHERE n.org_id = :org AND n.id = :plan)
    """
)
_REPORTED_MEANWHILE = text(
    """
    SELECT 1 FROM plan_stop s
    JOIN plan_stop n ON n.org_id = s.org_id AND n.job_id = s.job_id AND n.parcel_id = s.parcel_id
    WHERE s.org_id = :org AND s.plan_id = :before AND s.state IN ('done', 'skipped')
      AND n.plan_id = :plan LIMIT 1
    """
)


# Plots that the new plan leaves out are nobody's: their jobs wait for another day.
_DROPPED = text(
    """
    SELECT j.id, j.state FROM spray_job j
    WHERE j.org_id = :org AND j.state IN ('planned', 'in_progress')
      AND j.id IN (SELECT s.job_id FROM plan_stop s
        WHERE s.org_id = :org AND s.plan_id = :before AND s.state = 'superseded')
      AND NOT EXISTS (SELECT FROM plan_stop o
        JOIN dispatch_plan q ON q.org_id = o.org_id AND q.id = o.plan_id
        WHERE o.org_id = :org AND o.job_id = j.id AND o.state <> 'superseded'
          AND q.state IN ('published', 'in_progress'))
    ORDER BY j.id
    """
)


async def supersede(session: WriteSession, plan: DispatchPlan, before: DispatchPlan) -> bool:
    """Let ``plan`` take the open rest of ``before``; say whether that one ends with it.

    One that is under way stays so until its done stops are reported. Raises `PlanStale` when it
    is neither published nor under way, or when crews reported a stop that is planned anew.
    """
    if before.state not in (PlanState.PUBLISHED, PlanState.IN_PROGRESS):
        raise PlanStale
    values = {"org": plan.org_id, "plan": plan.id, "before": before.id}
    if await session.scalar(_REPORTED_MEANWHILE, values) is not None:
        raise PlanStale
    await session.execute(_SUPERSEDE, values)
    await session.execute(
        text("UPDATE drone_day SET plan_id = :plan WHERE org_id = :org AND plan_id = :before"),
        values,
    )
    return before.state == PlanState.PUBLISHED


async def dropped_jobs(session: WriteSession, plan: DispatchPlan) -> dict[JobState, list[UUID]]:
    """Return the jobs of the plan before that no open plan holds any more, by their state."""
    found: dict[JobState, list[UUID]] = defaultdict(list)
    values = {"org": plan.org_id, "before": plan.predecessor_id}
    for row in await session.execute(_DROPPED, values):
        found[JobState(row.state)].append(row.id)
    return found


async def give_back(session: WriteSession, plan: DispatchPlan) -> None:
    """Free the drones' days of a plan that is cancelled.

    While the plan before it is under way they are that one's again.
    """
    values = {"org": plan.org_id, "plan": plan.id, "before": plan.predecessor_id}
    await session.execute(
        text(
            """
            UPDATE drone_day y SET plan_id = :before FROM dispatch_plan b
            WHERE y.org_id = :org AND y.plan_id = :plan
              AND b.org_id = :org AND b.id = :before AND b.state = 'in_progress'
            """
        ),
        values,
    )
    await session.execute(
        text("DELETE FROM drone_day WHERE org_id = :org AND plan_id = :plan"),
        {"org": plan.org_id, "plan": plan.id},
    )
