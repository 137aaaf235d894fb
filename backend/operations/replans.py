"""The day goes otherwise: asking for a plan of the rest of a published one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from backend.core.db import ReadSession, WriteSession
from backend.core.errors import Fault
from backend.operations import plan_requests, plans, rules, snapshot
from backend.operations.defaults import day_defaults
from backend.operations.errors import PlanNotAllowedNow, PlanNotFound, PlanNotSolved, PlanUnsound
from backend.operations.plan_models import DispatchPlan
from backend.operations.planning import Names, Rest, job_key
from backend.operations.rules import Grounding, PlanState

_FLEET = text(
    """
    SELECT d.id, d.name, d.state, d.crew_id FROM drone d
    WHERE d.org_id = :org AND d.id = ANY(:drones) ORDER BY d.name
    """
)
_PLOT_NAMES = text(
    """
    SELECT j.number, p.parcel_code, p.job_id, p.parcel_id
    FROM spray_job j JOIN spray_job_plot p ON p.org_id = j.org_id AND p.job_id = j.id
    WHERE j.org_id = :org AND j.id = ANY(:jobs)
    """
)
_CLOSED = text(
    """
    SELECT j.number, p.parcel_code
    FROM plan_stop s
    JOIN spray_job j ON j.org_id = s.org_id AND j.id = s.job_id
    JOIN spray_job_plot p
      ON p.org_id = s.org_id AND p.job_id = s.job_id AND p.parcel_id = s.parcel_id
    WHERE s.org_id = :org AND s.plan_id = :plan AND s.state IN ('done', 'skipped')
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplanRequest:
    """What happened by ``now``; ``windows`` are seconds of each day, for from now on.

    ``slower`` gives crews with the percentage of the speed on paper. Without any event the rest is
    planned anew all the same.
    """

    now: datetime
    breakdowns: Sequence[UUID] = ()
    windows: Sequence[tuple[int, int]] | None = None
    by_forecast: bool = False
    urgent: Sequence[UUID] = ()
    slower: Sequence[tuple[UUID, int]] = ()
    seconds: float | None = None
    seed: int = 0


async def request_replan(
    session: WriteSession,
    *,
    org_id: int,
    plan_id: UUID,
    wanted: ReplanRequest,
    made_by: UUID,
    has_weather: bool = True,
) -> DispatchPlan:
    """Queue a plan of what is left of a published one; that one is not touched.

    Drones of it that are out of service by now count as broken down. Raises `PlanNotFound`,
    `PlanNotAllowedNow`, and `PlanUnsound` with every fault.
    """
    before = await plans.locked(session, org_id=org_id, plan_id=plan_id)
    if before.state not in (PlanState.PUBLISHED, PlanState.IN_PROGRESS):
        raise PlanNotAllowedNow(state=before.state, wanted="replanned")
    asked = before.request
    drone_ids = [UUID(one) for one in asked["drone_ids"]]
    rows = (await session.execute(_FLEET, {"org": org_id, "drones": drone_ids})).all()
    faults = _faults(before, wanted, drone_ids, {row.crew_id for row in rows})
    faults += plan_requests.weather_faults(
        by_forecast=wanted.by_forecast,
        given=wanted.windows is not None,
        has_weather=has_weather,
        reach=None,
    )
    urgent, job_faults = await plan_requests.open_jobs(
        session, org_id, wanted.urgent, day=before.day, days=before.days, field="urgent"
    )
    faults += job_faults
    if faults:
        raise PlanUnsound(faults=faults, count=len(faults))
    broken = {*wanted.breakdowns, *(row.id for row in rows if row.state != "ready")}
    job_ids = [*(UUID(one) for one in asked["job_ids"]), *urgent]
    windows, by_forecast = plan_requests.weather_of(asked)
    plan = DispatchPlan(
        org_id=org_id,
        day=before.day,
        days=before.days,
        predecessor_id=before.id,
        request=asked
        | {
            "job_ids": [str(one) for one in job_ids],
            # The broken ones leave what the plan depends on: their repair does not age it.
            "drone_ids": [str(one) for one in drone_ids if one not in broken],
            "windows": windows,
            "by_forecast": by_forecast,
            "pins": [],
            "seconds": wanted.seconds or day_defaults()["seconds"],
            "seed": wanted.seed,
            "replan": _event_facts(wanted, broken, urgent),
        },
        grounded=[
            {"drone_id": str(row.id), "name": row.name, "cause": Grounding.BROKEN.value}
            for row in rows
            if row.id in broken
        ],
        ordered_centimu=await snapshot.open_centimu(session, org_id=org_id, job_ids=job_ids),
        made_by=made_by,
    )
    await plan_requests.queue(session, plan)
    return plan


def _event_facts(
    wanted: ReplanRequest, broken: set[UUID], urgent: Sequence[UUID]
) -> dict[str, Any]:
    """Return what happened as it is stored."""
    windows = wanted.windows
    return {
        "now": wanted.now.isoformat(),
        "breakdowns": sorted(str(one) for one in broken),
        "windows": None if windows is None else [list(one) for one in sorted(windows)],
        "by_forecast": wanted.by_forecast,
        "urgent": [str(one) for one in urgent],
        "slower": [[str(crew_id), percent] for crew_id, percent in wanted.slower],
    }


def _faults(
    before: DispatchPlan,
    wanted: ReplanRequest,
    drone_ids: Sequence[UUID],
    crew_ids: set[UUID],
) -> list[Fault]:
    """Return moments outside the plan, and drones and crews that are not in it."""
    faults = plan_requests.window_faults(sorted(wanted.windows or ()))
    first = rules.local_instant(before.day, 0)
    if not first <= wanted.now < first + timedelta(days=before.days):
        zh, en = "时刻不在方案的日期内", "The moment is not within the plan's days"
        faults.append(Fault(code="now", zh=zh, en=en, field="now"))
    for row, drone_id in enumerate(wanted.breakdowns, start=1):
        if drone_id not in drone_ids:
            zh, en = "无人机不在原方案", "The drone is not in the plan"
            faults.append(Fault(code="drone", zh=zh, en=en, row=row, field="breakdowns"))
    for row, (crew_id, _) in enumerate(wanted.slower, start=1):
        if crew_id not in crew_ids:
            zh, en = "机组不在原方案", "The crew is not in the plan"
            faults.append(Fault(code="crew", zh=zh, en=en, row=row, field="slower"))
    return faults


async def names_of(session: ReadSession | WriteSession, plan: DispatchPlan) -> Names:
    """Return what the names in a solved plan's documents stand for."""
    job_ids = [UUID(one) for one in plan.request["job_ids"]]
    rows = await session.execute(_PLOT_NAMES, {"org": plan.org_id, "jobs": job_ids})
    return Names(
        drones={name: UUID(key) for name, key in (plan.drone_names or {}).items()},
        plots={job_key(row.number, row.parcel_code): (row.job_id, row.parcel_id) for row in rows},
    )


async def rest_of(session: WriteSession, plan: DispatchPlan, *, workers: int) -> Rest:
    """Read what is needed to plan the rest of a plan's predecessor anew.

    Raises `PlanNotFound`, `PlanNotSolved` for a predecessor without documents.
    """
    before = await session.scalar(
        select(DispatchPlan).where(
            DispatchPlan.org_id == plan.org_id, DispatchPlan.id == plan.predecessor_id
        )
    )
    if before is None:
        raise PlanNotFound
    if before.problem is None or before.plan is None:
        raise PlanNotSolved
    asked: Mapping[str, Any] = plan.request["replan"]
    urgent = await snapshot.take(
        session,
        org_id=plan.org_id,
        day=plan.day,
        days=plan.days,
        job_ids=[UUID(one) for one in asked["urgent"]],
        drone_ids=[],
    )
    names = await names_of(session, before)
    closed = await session.execute(_CLOSED, {"org": plan.org_id, "plan": before.id})
    called = {str(key): name for name, key in names.drones.items()}
    own = Names(drones=names.drones, plots={**names.plots, **Names.of(urgent).plots})
    windows = asked["windows"]
    now = datetime.fromisoformat(asked["now"]) - rules.local_instant(plan.day, 0)
    return Rest(
        problem=before.problem,
        plan=before.plan,
        names=own,
        urgent=urgent,
        wish=plans.wish_of(plan, workers=workers),
        now_s=int(now.total_seconds()),
        broken=tuple(called[one] for one in asked["breakdowns"] if one in called),
        slower=tuple((crew_id, percent) for crew_id, percent in asked["slower"]),
        windows=None if windows is None else plans.day_windows(windows, plan.days),
        closed=frozenset(job_key(row.number, row.parcel_code) for row in closed),
        begun=before.state == PlanState.IN_PROGRESS,
    )


async def products_of(
    session: ReadSession | WriteSession, *, org_id: int, job_ids: Sequence[UUID]
) -> list[tuple[str, str]]:
    """Return the jobs' products with their kinds."""
    rows = await session.execute(
        text(
            "SELECT DISTINCT product, product_kind FROM spray_job"
            " WHERE org_id = :org AND id = ANY(:jobs) ORDER BY 1, 2"
        ),
        {"org": org_id, "jobs": list(job_ids)},
    )
    return [(row.product, row.product_kind) for row in rows]
