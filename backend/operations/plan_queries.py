"""Reads of plans: their rows, documents and stops."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from backend.core.area import Area
from backend.core.db import ReadSession, WriteSession
from backend.core.pages import Page, decode_cursor, page_of
from backend.operations import rules
from backend.operations.change_schemas import PlanWeatherOut, UsableOut, WeatherAreaOut
from backend.operations.errors import PlanNotFound, PlanNotSolved
from backend.operations.plan_models import DispatchPlan
from backend.operations.plan_requests import weather_of
from backend.operations.plan_schemas import (
    DroneDayOut,
    GroundedOut,
    PlanOut,
    PlanWholeOut,
    ProgressOut,
    StopOut,
    UnassignedOut,
    WindowOut,
)
from backend.operations.planning import left_out
from backend.operations.plans import WITHOUT_DOCUMENTS, day_windows
from backend.operations.rows import clock_of, mu, plain

_DRONE_DAYS = text(
    """
    SELECT s.drone_id, d.name, count(*) AS stops,
           count(*) FILTER (WHERE s.state = 'done') AS done,
           count(*) FILTER (WHERE s.state = 'skipped') AS skipped,
           count(*) FILTER (WHERE s.state = 'superseded') AS superseded,
           sum(s.area_centimu)::bigint AS planned_centimu,
           coalesce(sum(s.flown_centimu), 0)::bigint AS flown_centimu,
           min(s.start_at) AS start_at, max(s.finish_at) AS finish_at
    FROM plan_stop s JOIN drone d ON d.org_id = s.org_id AND d.id = s.drone_id
    WHERE s.org_id = :org AND s.plan_id = :plan GROUP BY s.drone_id, d.name ORDER BY d.name
    """
)
_CAUSES = text(
    """
    SELECT u ->> 'cause' AS cause, count(*) AS plots
    FROM dispatch_plan p, jsonb_array_elements(p.plan -> 'unassigned') u
    WHERE p.org_id = :org AND p.id = :plan GROUP BY 1 ORDER BY 1
    """
)
_STOPS = text(
    """
    SELECT s.*, j.number, j.product, p.parcel_code
    FROM plan_stop s
    JOIN spray_job j ON j.org_id = s.org_id AND j.id = s.job_id
    JOIN spray_job_plot p
      ON p.org_id = s.org_id AND p.job_id = s.job_id AND p.parcel_id = s.parcel_id
    WHERE s.org_id = :org AND s.plan_id = :plan AND s.drone_id = :drone ORDER BY s.seq
    """
)


_WEATHER = text(
    """
    SELECT day, days, request, forecast, weather, problem -> 'windows' AS windows
    FROM dispatch_plan WHERE org_id = :org AND id = :plan
    """
)


async def plans(
    session: ReadSession, *, org_id: int, cursor: str | None, limit: int
) -> Page[PlanOut]:
    """Return a page of plans, oldest first, without their documents."""
    rows = (
        await session.execute(
            text(
                """
                SELECT id, day, days, predecessor_id, state, ordered_centimu, planned_centimu,
                       violations, failure, forecast, made_by, recorded_at, row_version
                FROM dispatch_plan
                WHERE org_id = :org AND (CAST(:after AS uuid) IS NULL OR id > :after)
                ORDER BY id LIMIT :limit
                """
            ),
            {"org": org_id, "after": decode_cursor(cursor), "limit": limit + 1},
        )
    ).all()
    return page_of([PlanOut(**_plan(row)) for row in rows], limit, [row.id for row in rows])


async def plan(session: ReadSession | WriteSession, *, org_id: int, plan_id: UUID) -> PlanWholeOut:
    """Return a plan with its progress and each drone's day; raise `PlanNotFound`."""
    row = await _stored(session, org_id, plan_id)
    values = {"org": org_id, "plan": plan_id}
    days = await session.execute(_DRONE_DAYS, values)
    causes = await session.execute(_CAUSES, values)
    asked = row.request
    windows, by_forecast = weather_of(asked)
    return PlanWholeOut(
        **_plan(row),
        weather="forecast" if by_forecast else "given",
        windows=[WindowOut(start=clock_of(a), end=clock_of(b)) for a, b in windows],
        windows_by_default=asked["windows_by_default"],
        area_cap_mu=str(Area(asked["area_cap_centimu"])),
        seconds=asked["seconds"],
        seed=asked["seed"],
        jobs=len(asked["job_ids"]),
        pins=len(asked.get("pins", [])),
        grounded=[GroundedOut.model_validate(one) for one in row.grounded],
        progress=_progress(row.progress),
        drones=[
            DroneDayOut(
                **plain(day, DroneDayOut),
                planned_mu=str(Area(day.planned_centimu)),
                flown_mu=str(Area(day.flown_centimu)),
            )
            for day in days
        ],
        unassigned_by_cause={one.cause: one.plots for one in causes},
    )


async def documents(
    session: ReadSession | WriteSession, *, org_id: int, plan_id: UUID
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return problem and plan as documents; raise `PlanNotFound`, `PlanNotSolved`."""
    row = (
        await session.execute(
            select(DispatchPlan.problem, DispatchPlan.plan).where(
                DispatchPlan.org_id == org_id, DispatchPlan.id == plan_id
            )
        )
    ).first()
    if row is None:
        raise PlanNotFound
    problem, plan = row
    if problem is None or plan is None:
        raise PlanNotSolved
    return problem, plan


async def unassigned(session: ReadSession, *, org_id: int, plan_id: UUID) -> list[UnassignedOut]:
    """Return the plots that a plan leaves out; raise `PlanNotFound`, `PlanNotSolved`."""
    _, found = await documents(session, org_id=org_id, plan_id=plan_id)
    return [UnassignedOut(plot=plot, cause=cause) for plot, cause in left_out(found)]


async def drone_stops(
    session: ReadSession, *, org_id: int, plan_id: UUID, drone_id: UUID
) -> list[StopOut]:
    """Return a drone's stops in their order; raise `PlanNotFound`; none for a drone not in it."""
    await _stored(session, org_id, plan_id)
    rows = await session.execute(_STOPS, {"org": org_id, "plan": plan_id, "drone": drone_id})
    return [
        StopOut(
            **plain(row, StopOut),
            planned_mu=str(Area(row.area_centimu)),
            flown_mu=mu(row.flown_centimu),
        )
        for row in rows
    ]


async def stops_waiting(session: WriteSession, *, org_id: int, plan_id: UUID) -> int:
    """Return how many stops of a plan are not reported."""
    found = await session.scalar(
        text(
            "SELECT count(*) FROM plan_stop"
            " WHERE org_id = :org AND plan_id = :plan AND state = 'planned'"
        ),
        {"org": org_id, "plan": plan_id},
    )
    return int(found or 0)


async def _stored(session: ReadSession | WriteSession, org_id: int, plan_id: UUID) -> DispatchPlan:
    found = await session.get(DispatchPlan, (org_id, plan_id), options=WITHOUT_DOCUMENTS)
    if found is None:
        raise PlanNotFound
    return found


def _plan(row: Any) -> dict[str, Any]:
    return plain(row, PlanOut) | {
        "ordered_mu": str(Area(row.ordered_centimu)),
        "planned_mu": mu(row.planned_centimu),
    }


def _progress(stored: dict[str, Any] | None) -> ProgressOut | None:
    if stored is None:
        return None
    return ProgressOut(
        at=stored["at"],
        phase=stored.get("phase"),
        elapsed_ms=stored.get("elapsed_ms"),
        planned_mu=mu(stored.get("area_centimu")),
        plots=stored.get("jobs"),
    )


async def weather(session: ReadSession, *, org_id: int, plan_id: UUID) -> PlanWeatherOut:
    """Return the weather behind a plan; raise `PlanNotFound`.

    Raises `PlanNotSolved` for a plan by the forecast whose forecast is not there (yet).
    """
    row = (await session.execute(_WEATHER, {"org": org_id, "plan": plan_id})).first()
    if row is None:
        raise PlanNotFound
    given, by_forecast = weather_of(row.request)
    if row.windows is None and by_forecast:
        raise PlanNotSolved
    windows = row.windows or [
        {"start_s": one.start_s, "end_s": one.end_s, "products": [], "areas": []}
        for one in day_windows(given, row.days)
    ]
    return PlanWeatherOut(
        weather="forecast" if row.forecast is not None else "given",
        forecast=row.forecast,
        windows=[
            UsableOut(
                start_at=rules.local_instant(row.day, one["start_s"]),
                end_at=rules.local_instant(row.day, one["end_s"]),
                products=one["products"],
                areas=one["areas"],
            )
            for one in windows
        ],
        areas=[
            WeatherAreaOut.model_validate(area) for area in (row.weather or {}).get("areas", [])
        ],
    )
