"""What the provider's fleet and jobs say over the wire."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from backend.core.wire import Day, Id, In, Out
from backend.operations.schemas import ProductKind, Skills

JobStateName = Literal["received", "planned", "in_progress", "reported", "withdrawn"]
ClockTime = Annotated[
    str,
    Field(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="Local time / 当地时间",
        examples=["05:30"],
    ),
]


class SpanIn(In):
    """A part of each day, local times."""

    start: ClockTime
    end: ClockTime


class SpanOut(Out):
    """A part of each day, local times."""

    start: str
    end: str


class CrewIn(In):
    """A crew: its pilots, their certificates, its base, truck and hours (机组)."""

    name: Annotated[str, Field(min_length=1, max_length=50, examples=["一组"])]
    pilot: Annotated[str, Field(min_length=1, max_length=50, description="飞手姓名")]
    pilot_user_id: Id | None = Field(default=None, description="The pilot's sign-in / 飞手用户")
    certificate_until: Day
    home_lon: Annotated[float, Field(ge=73, le=136, examples=[112.86])]
    home_lat: Annotated[float, Field(ge=3, le=54, examples=[36.84])]
    pilots: Annotated[int, Field(ge=1, le=20, description="持证飞手人数")] = 1
    cluster_permit: Annotated[str, Field(min_length=1, max_length=50)] | None = Field(
        default=None, description="Permit for more drones than pilots / 集群飞行许可编号"
    )
    water_ml: Annotated[int, Field(gt=0, le=100_000_000)] | None = Field(
        default=None, description="On the truck; null: water at every field / 载水量，毫升"
    )
    rests: Annotated[list[SpanIn], Field(max_length=5, description="午休")] = Field(
        default_factory=list
    )
    shift_start: ClockTime = "05:00"
    shift_end: ClockTime = "21:00"


class CrewOut(Out):
    """A crew."""

    id: UUID
    name: str
    pilot: str
    pilot_user_id: UUID | None
    certificate_until: date
    home_lon: float
    home_lat: float
    pilots: int
    cluster_permit: str | None
    water_ml: int | None
    rests: list[SpanOut]
    shift_start: str
    shift_end: str
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
    skills: Skills = Field(default_factory=list)


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
    skills: list[str]
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
    product_kind: ProductKind
    pre_harvest_days: int
    harvest_on: date | None
    skills: list[str]
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
