"""What the provider's fleet, jobs and plans say over the wire."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from backend.core.wire import AreaMu, Day, Id, In, LongText, Out, ShortText
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
]
JobStateName = Literal["received", "planned", "in_progress", "reported", "withdrawn"]
_Clock = Annotated[
    str,
    Field(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="Local time / 当地时间",
        examples=["05:30"],
    ),
]


class CrewIn(In):
    """A crew: its pilot, the pilot's certificate, its base (机组)."""

    name: Annotated[str, Field(min_length=1, max_length=50, examples=["一组"])]
    pilot: Annotated[str, Field(min_length=1, max_length=50, description="飞手姓名")]
    pilot_user_id: Id | None = Field(default=None, description="The pilot's sign-in / 飞手用户")
    certificate_until: Day
    home_lon: Annotated[float, Field(ge=73, le=136, examples=[112.86])]
    home_lat: Annotated[float, Field(ge=3, le=54, examples=[36.84])]


class CrewOut(Out):
    """A crew."""

    id: UUID
    name: str
    pilot: str
    pilot_user_id: UUID | None
    certificate_until: date
    home_lon: float
    home_lat: float
    row_version: int


class DroneIn(In):
    """A drone with its papers (植保无人机)."""

    name: Annotated[str, Field(min_length=1, max_length=50, examples=["飞防01号"])]
    serial_no: Annotated[str, Field(min_length=1, max_length=50, examples=["SN-0001"])]
    registration_no: Annotated[
        str, Field(min_length=1, max_length=50, description="实名登记号", examples=["UAS00000001"])
    ]
    model: Annotated[str, Field(min_length=1, max_length=50, examples=["reference-40l"])]
    crew_id: Id
    insured_until: Day
    state: Literal["ready", "broken", "retired"] = "ready"


class DroneOut(Out):
    """A drone."""

    id: UUID
    name: str
    serial_no: str
    registration_no: str
    model: str
    crew_id: UUID
    insured_until: date
    state: Literal["ready", "broken", "retired"]
    row_version: int


class SprayJobOut(Out):
    """An order as its provider received it: no price, no name of a farmer (飞防作业)."""

    id: UUID
    source_org_id: int
    collective_name: str
    number: str
    release_version: int
    crop: str
    target: str
    product: str
    registration_no: str
    manufacturer: str
    dose_ml_per_mu: int
    liquid_ml_per_mu: int
    earliest_at: datetime
    latest_at: datetime
    priority: int
    area_tolerance_permille: int
    state: JobStateName
    plots: int
    plots_done: int
    area_mu: str
    done_mu: str = Field(description="Planned area of the plots that are done / 已完成面积")
    recorded_at: datetime


class PlotOut(Out):
    """A plot of a job (作业地块)."""

    parcel_id: UUID
    parcel_code: str
    block: str | None
    area_mu: str
    done: bool
    polygon: dict[str, Any]


class WindowIn(In):
    """Usable weather of the day, local times, noon heat left out (作业窗口)."""

    start: _Clock
    end: _Clock


class PlanIn(In):
    """Ask for a day's plan; what is left out takes the dated default, or all jobs and drones."""

    day: Day
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
        "broken", "retired", "unregistered", "uninsured", "certificate", "busy", "no_pilot"
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
    planned_mu: str
    flown_mu: str
    start_at: datetime
    finish_at: datetime


class PlanOut(Out):
    """A plan without its stops (调度方案)."""

    id: UUID
    day: date
    state: PlanStateName
    ordered_mu: str
    planned_mu: str | None
    violations: int | None
    failure: str | None
    made_by: UUID
    recorded_at: datetime
    row_version: int


class PlanWholeOut(PlanOut):
    """A plan with what was asked for, its progress and each drone's day."""

    windows: list[WindowOut]
    windows_by_default: bool
    area_cap_mu: str
    seconds: float
    seed: int
    jobs: int
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
    state: Literal["planned", "done", "skipped"]
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
