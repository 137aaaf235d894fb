"""Asking for a plan: what is wanted, what is wrong with it, and the row that a worker solves."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from backend.core import jobs
from backend.core.area import Area
from backend.core.db import WriteSession
from backend.core.errors import Fault
from backend.gateways.weather import DAYS_MAX
from backend.operations import forecasting, rules, snapshot
from backend.operations.defaults import day_defaults
from backend.operations.errors import PlanUnsound
from backend.operations.facts import PinFacts
from backend.operations.fleet_models import Drone, SprayJob
from backend.operations.plan_models import DispatchPlan
from backend.operations.rows import second_of
from backend.operations.rules import JobState

SOLVE_TASK = "tgj:solve_plan"
DAYS_AHEAD_MAX = 60
"""Nobody knows the drones' papers further ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What a plan is asked for; ``None`` takes the dated default, or all jobs and drones.

    ``windows`` are seconds from local midnight of each day; with ``by_forecast`` the weather
    gateway is asked instead. ``pins`` count days from 0.
    """

    day: date
    days: int = 1
    job_ids: Sequence[UUID] | None = None
    drone_ids: Sequence[UUID] | None = None
    windows: Sequence[tuple[int, int]] | None = None
    by_forecast: bool = False
    pins: Sequence[PinFacts] = ()
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
    has_weather: bool = True,
) -> DispatchPlan:
    """Queue a plan: a row with a state, and the job that moves it, in one transaction.

    ``today`` bounds the days (``None``: an installation command, which simulates a season);
    ``has_weather`` says that the installation has a weather source. Raises `PlanUnsound` with
    every fault.
    """
    faults = _day_faults(wanted, today) or weather_faults(
        by_forecast=wanted.by_forecast,
        given=wanted.windows is not None,
        has_weather=has_weather,
        reach=None if today is None else forecasting.days_ahead(today, wanted.day, wanted.days),
    )
    if faults:
        raise PlanUnsound(faults=faults, count=len(faults))
    windows = [] if wanted.by_forecast else _windows(wanted)
    open_jobs, faults = await _open_jobs(session, org_id, wanted)
    drone_ids, drone_faults = await _drones(session, org_id, wanted)
    faults += window_faults(windows) + drone_faults + _pin_faults(wanted, open_jobs, drone_ids)
    if faults:
        raise PlanUnsound(faults=faults, count=len(faults))
    defaults = day_defaults()
    fit = await snapshot.fit_drones(
        session, org_id=org_id, day=wanted.day, days=wanted.days, drone_ids=drone_ids
    )
    plan = DispatchPlan(
        org_id=org_id,
        day=wanted.day,
        days=wanted.days,
        request={
            "job_ids": [str(one) for one in open_jobs],
            "drone_ids": [str(one) for one in drone_ids],
            "windows": [list(one) for one in windows],
            "windows_by_default": wanted.windows is None and not wanted.by_forecast,
            "by_forecast": wanted.by_forecast,
            "pins": [_plain(pin) for pin in wanted.pins],
            "area_cap_centimu": wanted.area_cap_centimu
            or Area.parse(defaults["area_cap_mu"]).centimu,
            "seconds": wanted.seconds or defaults["seconds"],
            "seed": wanted.seed,
        },
        grounded=grounded_rows(fit),
        ordered_centimu=await snapshot.open_centimu(session, org_id=org_id, job_ids=open_jobs),
        made_by=made_by,
    )
    await queue(session, plan)
    return plan


async def queue(session: WriteSession, plan: DispatchPlan) -> None:
    """Write a plan's row and the job that moves it."""
    session.add(plan)
    await session.flush()
    await jobs.enqueue(
        session, SOLVE_TASK, lock=f"plan:{plan.id}", org_id=plan.org_id, plan_id=str(plan.id)
    )


def weather_of(request: Mapping[str, Any]) -> tuple[list[list[int]], bool]:
    """Return the windows of a day that a stored request ends up with, and whether by forecast."""
    again = request.get("replan")
    if again is not None and again["by_forecast"]:
        return [], True
    if again is not None and again["windows"] is not None:
        return again["windows"], False
    return request["windows"], bool(request.get("by_forecast"))


def grounded_rows(fit: snapshot.Fit) -> list[dict[str, Any]]:
    """Return grounded drones as they are stored."""
    return [
        {"drone_id": str(drone_id), "name": name, "cause": cause.value}
        for drone_id, name, cause in fit.grounded
    ]


def window_faults(windows: Sequence[tuple[int, int]]) -> list[Fault]:
    """Return which windows run backwards or overlap, by their place from 1."""
    faults = []
    for row, (start, end) in enumerate(windows, start=1):
        if end <= start:
            zh, en = "作业窗口须先起后止", "The window ends before it begins"
            faults.append(Fault(code="window", zh=zh, en=en, row=row, field="windows"))
        elif row > 1 and start < windows[row - 2][1]:
            zh, en = "作业窗口重叠", "The windows overlap"
            faults.append(Fault(code="windows-overlap", zh=zh, en=en, row=row, field="windows"))
    return faults


def weather_faults(
    *, by_forecast: bool, given: bool, has_weather: bool, reach: int | None
) -> list[Fault]:
    """Return why the forecast cannot be used; ``reach`` counts days from today on."""
    if not by_forecast:
        return []
    if given:
        zh, en = "按预报排程时不填作业窗口", "A plan by the forecast takes no windows"
        return [Fault(code="weather-given", zh=zh, en=en, field="windows")]
    if not has_weather:
        zh, en = "本系统未配置天气来源，请填写作业窗口", "There is no weather source: give windows"
        return [Fault(code="weather-off", zh=zh, en=en, field="weather")]
    if reach is not None and not 1 <= reach <= DAYS_MAX:
        zh, en = "天气预报只到两周内", "A forecast reaches two weeks"
        return [Fault(code="weather-reach", zh=zh, en=en, field="day")]
    return []


def _day_faults(wanted: PlanRequest, today: date | None) -> list[Fault]:
    if today is None or today <= wanted.day <= today + timedelta(days=DAYS_AHEAD_MAX):
        return []
    zh, en = "作业日须在今天起两个月内", "The day lies within two months from today"
    return [Fault(code="day", zh=zh, en=en, field="day")]


def _plain(pin: PinFacts) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value, UUID) else value
        for name, value in asdict(pin).items()
    }


def _pin_faults(
    wanted: PlanRequest, open_jobs: Sequence[UUID], drone_ids: Sequence[UUID]
) -> list[Fault]:
    """Return pins of jobs and drones that the plan is not of, and of days outside it."""
    faults = []
    for row, pin in enumerate(wanted.pins, start=1):
        checks = (
            (pin.job_id not in open_jobs, "pin-job", "作业不在本方案", "The job is not planned"),
            (
                pin.drone_id is not None and pin.drone_id not in drone_ids,
                "pin-drone", "无人机不在本方案", "The drone is not in the plan",
            ),
            (
                not -1 <= pin.day < wanted.days,
                "pin-day", "指定日期不在方案内", "The day is not in the plan",
            ),
        )  # fmt: skip
        faults += [
            Fault(code=code, zh=zh, en=en, row=row, field="pins")
            for failed, code, zh, en in checks
            if failed
        ]
    return faults


def _windows(wanted: PlanRequest) -> list[tuple[int, int]]:
    if wanted.windows is not None:
        return sorted(wanted.windows)
    return [(second_of(one["start"]), second_of(one["end"])) for one in day_defaults()["windows"]]


async def _open_jobs(
    session: WriteSession, org_id: int, wanted: PlanRequest
) -> tuple[list[UUID], list[Fault]]:
    """Return the jobs to plan: received, and open on one of the days."""
    if wanted.job_ids is not None:
        return await open_jobs(
            session, org_id, wanted.job_ids, day=wanted.day, days=wanted.days, field="job_ids"
        )
    query = select(SprayJob).where(SprayJob.org_id == org_id, SprayJob.state == JobState.RECEIVED)
    received = await session.scalars(query.order_by(col(SprayJob.id)))
    on_days = [job.id for job in received if _open(job, wanted.day, wanted.days)]
    if on_days:
        return on_days, []
    zh, en = "当日没有可排的作业", "No job can be planned on that day"
    return [], [Fault(code="no-job", zh=zh, en=en, field="job_ids")]


async def open_jobs(
    session: WriteSession,
    org_id: int,
    job_ids: Sequence[UUID],
    *,
    day: date,
    days: int,
    field: str,
) -> tuple[list[UUID], list[Fault]]:
    """Return those of the jobs that can be planned on the days, and a fault for each other."""
    query = select(SprayJob).where(SprayJob.org_id == org_id, col(SprayJob.id).in_(job_ids))
    found = {job.id: job for job in await session.scalars(query.order_by(col(SprayJob.id)))}
    on_days = [
        job.id for job in found.values() if job.state == JobState.RECEIVED and _open(job, day, days)
    ]
    zh = "作业不存在、已排入方案或不在作业时间内"
    en = "The job does not exist, is planned already, or is not open on that day"
    return on_days, [
        Fault(
            code="job",
            zh=zh,
            en=en,
            row=row,
            field=field,
            subject=found[job_id].number if job_id in found else str(job_id),
        )
        for row, job_id in enumerate(job_ids, start=1)
        if job_id not in on_days
    ]


def _open(job: SprayJob, day: date, days: int) -> bool:
    return rules.span_of_days(day, days, job.earliest_at, job.latest_at) is not None


async def _drones(
    session: WriteSession, org_id: int, wanted: PlanRequest
) -> tuple[list[UUID], list[Fault]]:
    """Return the drones asked for, by default all that are not retired."""
    query = select(Drone.id).where(Drone.org_id == org_id).order_by(col(Drone.id))
    if wanted.drone_ids is None:
        found = list(await session.scalars(query.where(col(Drone.state) != "retired")))
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
