"""What crews report: stop by stop, done or skipped, while the plan is under way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.core.clock import SHANGHAI
from backend.core.db import Scope, WriteSession
from backend.core.errors import Fault
from backend.operations import plans, rules
from backend.operations.errors import NotYourDrone, PlanNotAllowedNow, ReportUnsound
from backend.operations.rules import PlanState

_STOPS = text(
    """
    SELECT s.drone_id, s.seq, s.state, s.area_centimu, j.area_tolerance_permille, p.parcel_code,
           c.pilot_user_id
    FROM plan_stop s
    JOIN spray_job j ON j.org_id = s.org_id AND j.id = s.job_id
    JOIN spray_job_plot p
      ON p.org_id = s.org_id AND p.job_id = s.job_id AND p.parcel_id = s.parcel_id
    JOIN drone d ON d.org_id = s.org_id AND d.id = s.drone_id
    JOIN crew c ON c.org_id = d.org_id AND c.id = d.crew_id
    WHERE s.org_id = :org AND s.plan_id = :plan
    """
)
_WRITE = text(
    """
    UPDATE plan_stop s
    SET state = r.state, flown_centimu = r.flown, flown_from = r.flown_from,
        flown_to = r.flown_to, used_ml = r.used_ml, reason = r.reason,
        weather = CAST(CAST(:weather AS text) AS jsonb), reported_at = :now
    FROM unnest(CAST(:drones AS uuid[]), CAST(:seqs AS int[]), CAST(:states AS text[]),
      CAST(:flown AS bigint[]), CAST(:froms AS timestamptz[]), CAST(:tos AS timestamptz[]),
      CAST(:used AS bigint[]), CAST(:reasons AS text[]))
      AS r(drone_id, seq, state, flown, flown_from, flown_to, used_ml, reason)
    WHERE s.org_id = :org AND s.plan_id = :plan AND s.drone_id = r.drone_id AND s.seq = r.seq
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopReport:
    """A crew's word on one stop. Done: area, times and liquid. Skipped: a reason."""

    drone_id: UUID
    seq: int
    done: bool
    flown_centimu: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    used_ml: int | None = None
    reason: str | None = None


async def report_stops(
    session: WriteSession,
    scope: Scope,
    *,
    plan_id: UUID,
    reports: Sequence[StopReport],
    now: datetime,
    any_drone: bool,
    weather_json: str | None = None,
) -> int:
    """Write reports of a plan under way; a later report of a stop replaces the earlier one.

    ``any_drone`` is the dispatcher's right; a crew without it reports its own drones' stops only.
    ``weather_json`` is what was measured, with its source. Raises `PlanNotAllowedNow`,
    `NotYourDrone`, and `ReportUnsound` with every fault; nothing is written then.
    """
    plan = await plans.locked(session, org_id=scope.org_id, plan_id=plan_id)
    if plan.state != PlanState.IN_PROGRESS:
        raise PlanNotAllowedNow(state=plan.state, wanted="reported")
    rows = await session.execute(_STOPS, {"org": scope.org_id, "plan": plan_id})
    stops = {(row.drone_id, row.seq): row for row in rows}
    if not any_drone:
        own = {key for key, row in stops.items() if row.pilot_user_id == scope.user_id}
        if any((one.drone_id, one.seq) in stops.keys() - own for one in reports):
            raise NotYourDrone
    last_day = plan.day + timedelta(days=plan.days - 1)
    faults = _faults(reports, stops, (plan.day, last_day), now)
    if faults:
        raise ReportUnsound(faults=faults, count=len(faults))
    await session.execute(
        _WRITE,
        {
            "org": scope.org_id,
            "plan": plan_id,
            "now": now,
            "weather": weather_json,
            "drones": [one.drone_id for one in reports],
            "seqs": [one.seq for one in reports],
            "states": ["done" if one.done else "skipped" for one in reports],
            "flown": [one.flown_centimu for one in reports],
            "froms": [one.started_at for one in reports],
            "tos": [one.finished_at for one in reports],
            "used": [one.used_ml for one in reports],
            "reasons": [one.reason for one in reports],
        },
    )
    return len(reports)


def _faults(
    reports: Sequence[StopReport],
    stops: Mapping[tuple[UUID, int], Any],
    days: tuple[date, date],
    now: datetime,
) -> list[Fault]:
    """Return everything wrong with the reports, by their place in the list from 1."""
    faults = []
    seen: set[tuple[UUID, int]] = set()
    for row, one in enumerate(reports, start=1):
        key = (one.drone_id, one.seq)
        stop = stops.get(key)
        if stop is None:
            found: tuple[str, str, str] | None = ("unknown-stop", "方案没有该站点", "No such stop")
        elif stop.state == "superseded":
            found = ("superseded", "站点已改排到新方案", "A newer plan has the stop")
        elif key in seen:
            found = ("repeated", "站点重复", "The stop is repeated")
        else:
            found = _fault(one, stop, days, now)
        seen.add(key)
        if found is not None:
            code, zh, en = found
            subject = None if stop is None else stop.parcel_code
            faults.append(Fault(code=code, zh=zh, en=en, row=row, field="stops", subject=subject))
    return faults


def _fault(
    one: StopReport, stop: Any, days: tuple[date, date], now: datetime
) -> tuple[str, str, str] | None:
    return _done_fault(one, stop, days, now) if one.done else _skip_fault(one)


def _skip_fault(one: StopReport) -> tuple[str, str, str] | None:
    if one.reason is None:
        return "reason", "未作业须说明原因", "A skipped stop needs a reason"
    measured = (one.flown_centimu, one.started_at, one.finished_at, one.used_ml)
    if any(value is not None for value in measured):
        return "skipped", "未作业的站点不填面积和时间", "A skipped stop has no area or times"
    return None


def _done_fault(
    one: StopReport, stop: Any, days: tuple[date, date], now: datetime
) -> tuple[str, str, str] | None:
    flown, started_at, finished_at = one.flown_centimu, one.started_at, one.finished_at
    if flown is None or started_at is None or finished_at is None or one.used_ml is None:
        return (
            "incomplete",
            "已作业须填面积、起止时间和用液量",
            "A done stop needs area, start, end and liquid",
        )
    begun_on = started_at.astimezone(SHANGHAI).date()
    if not started_at < finished_at <= now or not days[0] <= begun_on <= days[1]:
        return (
            "times",
            "作业时间须在作业日内，先起后止且不晚于现在",
            "The times lie on the plan's days, in order, and not in the future",
        )
    if one.reason is None and rules.report_needs_reason(
        flown, stop.area_centimu, stop.area_tolerance_permille
    ):
        return (
            "difference",
            "上报面积与计划相差超过容差，须说明原因",
            "The area differs from the plan by more than the tolerance: say why",
        )
    return None
