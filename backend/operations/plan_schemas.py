"""What plans say over the wire: asked for, solved, published, reported."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from backend.core.wire import AreaMu, Day, Id, In, LongText, Out, ShortText
from backend.operations.fleet_schemas import ClockTime
from backend.operations.schemas import When

PlanStateName = Literal[
    "queued",
    "solving",
    "solved",
    "published",
    "in_progress",
    "reported",
    "failed",
    "cancelled",
    "superseded",
]


class WindowIn(In):
    """Usable weather of the day, local times, noon heat left out (作业窗口)."""

    start: ClockTime
    end: ClockTime


class PinIn(In):
    """A wish that holds: a job, or one plot of it, for a drone, a day or both (指定)."""

    job_id: Id
    parcel_id: Id | None = None
    drone_id: Id | None = None
    day: Day | None = None


class PlanIn(In):
    """Ask for a plan; what is left out takes the dated default, or all jobs and drones."""

    day: Day
    days: Annotated[int, Field(ge=1, le=14, description="From `day` on / 天数")] = 1
    weather: Literal["given", "forecast"] = Field(
        default="given",
        description="`given`: `windows` or the default; `forecast`: by the hour / 天气来源",
    )
    pins: Annotated[list[PinIn], Field(max_length=2000)] = Field(default_factory=list)
    job_ids: Annotated[list[Id] | None, Field(min_length=1, max_length=1000)] = None
    drone_ids: Annotated[list[Id] | None, Field(min_length=1, max_length=200)] = None
    windows: Annotated[list[WindowIn] | None, Field(min_length=1, max_length=12)] = None
    area_cap_mu: AreaMu | None = Field(
        default=None,
        description="At most for one drone and day / 单机日作业上限",
        examples=["1200"],
    )
    seconds: Annotated[float | None, Field(ge=0.1, le=120)] = None
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


class WindowOut(Out):
    """A window as it was used, local times."""

    start: str
    end: str


class GroundedOut(Out):
    """A drone that was asked for and may not fly, with the cause (停飞)."""

    drone_id: UUID
    name: str
    cause: Literal[
        "broken",
        "retired",
        "unregistered",
        "uninsured",
        "certificate",
        "busy",
        "no_pilot",
        "truck_full",
    ]


class ProgressOut(Out):
    """The solver's newest word (进度)."""

    at: datetime
    phase: str | None
    elapsed_ms: int | None
    planned_mu: str | None
    plots: int | None


class DroneDayOut(Out):
    """A drone's part of a plan (单机当日)."""

    drone_id: UUID
    name: str
    stops: int
    done: int
    skipped: int
    superseded: int = Field(description="Planned anew by a newer plan / 已改排")
    planned_mu: str
    flown_mu: str
    start_at: datetime
    finish_at: datetime


class PlanOut(Out):
    """A plan without its stops (调度方案)."""

    id: UUID
    day: date
    days: int
    predecessor_id: UUID | None = Field(description="Whose rest it plans anew / 原方案")
    state: PlanStateName
    ordered_mu: str
    planned_mu: str | None
    violations: int | None
    failure: str | None
    forecast: str | None = Field(description="Stamp of the forecast used / 预报标识")
    made_by: UUID
    recorded_at: datetime
    row_version: int


class PlanWholeOut(PlanOut):
    """A plan with what was asked for, its progress and each drone's day."""

    weather: Literal["given", "forecast"]
    windows: list[WindowOut]
    windows_by_default: bool
    area_cap_mu: str
    seconds: float
    seed: int
    jobs: int
    pins: int
    grounded: list[GroundedOut]
    progress: ProgressOut | None
    drones: list[DroneDayOut]
    unassigned_by_cause: dict[str, int] = Field(
        description="Plots left out, by cause / 未派地块数", examples=[{"no_time": 3}]
    )


class UnassignedOut(Out):
    """A plot that the plan leaves out, with its cause (未派)."""

    plot: str = Field(description="Order number and parcel code / 订单号与地块编码")
    cause: str


class StopOut(Out):
    """A stop of a drone's day (作业站点)."""

    drone_id: UUID
    seq: int
    job_id: UUID
    number: str
    parcel_id: UUID
    parcel_code: str
    product: str
    start_at: datetime
    finish_at: datetime
    planned_mu: str
    liquid_ml: int
    state: Literal["planned", "done", "skipped", "superseded"]
    flown_mu: str | None
    flown_from: datetime | None
    flown_to: datetime | None
    used_ml: int | None
    reason: str | None
    reported_at: datetime | None


class PlanStepIn(In):
    """Publish, start, finish (reported) or cancel a plan."""

    to_state: Literal["published", "in_progress", "reported", "cancelled"]


class StopReportIn(In):
    """A word on one stop. Done: area, times, liquid. Skipped: a reason."""

    drone_id: Id
    seq: Annotated[int, Field(ge=1, lt=2**31)]
    state: Literal["done", "skipped"]
    flown_mu: AreaMu | None = None
    started_at: When | None = None
    finished_at: When | None = None
    used_ml: Annotated[int | None, Field(ge=0, lt=2**40, description="用液量，毫升")] = None
    reason: LongText | None = None


class WeatherIn(In):
    """Weather while spraying, with its source (作业天气)."""

    temperature_celsius: Annotated[int, Field(ge=-40, le=60)]
    wind_cm_per_s: Annotated[int, Field(ge=0, le=10_000, examples=[230])]
    humidity_percent: Annotated[int, Field(ge=0, le=100)]
    source: ShortText


class ReportsIn(In):
    """Reports of stops; a later report of a stop replaces the earlier one."""

    stops: Annotated[list[StopReportIn], Field(min_length=1, max_length=10_000)]
    weather: WeatherIn | None = None


class ReportedOut(Out):
    """How many stops were written and how many of the plan wait."""

    reported: int
    waiting: int
