"""What changes, questions, comparisons and the weather of plans say over the wire."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from backend.core.wire import Day, Id, In, Out
from backend.operations.plan_schemas import UnassignedOut, WindowIn
from backend.operations.schemas import When

_CHANGE = Literal["one_more_drone", "one_more_hour", "later_deadline"]


class PlotIn(In):
    """A plot of the plan."""

    job_id: Id
    parcel_id: Id


class EditIn(PlotIn):
    """Move a plot to a drone's day, before another plot there, or where it costs least."""

    drone_id: Id
    day: Day | None = Field(default=None, description="The plan's first day if not given / 日期")
    before: PlotIn | None = None
    apply: bool = Field(default=False, description="Keep it if nothing is broken / 保存")


class ViolationOut(Out):
    """A rule that the plan would break (违例)."""

    code: str
    zh: str
    en: str


class EditOut(Out):
    """What a move costs and breaks; nothing is stored unless ``applied``."""

    applied: bool
    row_version: int
    cost_s: int = Field(description="How much dearer, in seconds of the objective / 代价，秒")
    planned_mu: str
    violations: list[ViolationOut]
    dropped: list[UnassignedOut] = Field(
        description="What a sound plan with it would leave out / 须让出的地块"
    )


class WhyNotIn(PlotIn):
    """Ask why the plot is not given to this drone."""

    kind: Literal["why_not"]
    drone_id: Id
    day: Day | None = None


class WhatIfIn(In):
    """Ask what a change of means would bring."""

    kind: Literal["what_if"]
    change: _CHANGE
    seconds: Annotated[float, Field(ge=0.1, le=15, description="Of search / 搜索秒数")] = 2.0
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


QuestionIn = Annotated[WhyNotIn | WhatIfIn, Field(discriminator="kind")]


class GainOut(Out):
    """What a change would bring over the same search without it."""

    change: _CHANGE
    more_mu: str = Field(description="Negative where it brings less / 增加面积")
    weight: int


class AnswerOut(Out):
    """The answer to a question: one of the two."""

    why_not: EditOut | None
    what_if: GainOut | None


class ExplanationOut(Out):
    """Why a plot is left out, and the nearest thing to a place for it (未派原因)."""

    plot: str
    cause: str
    tried: int = Field(description="Places that were tried / 试过的位置数")
    drone: str | None = Field(description="On whose day it would fit / 可放入的无人机")
    on: date | None
    displaced: list[str] = Field(description="Plots that would give way / 须让出的地块")


class SlowerIn(In):
    """A crew that flies slower than on paper."""

    crew_id: Id
    percent: Annotated[int, Field(ge=10, le=200, examples=[70])]


class ReplanIn(In):
    """What happened: plan the rest of a published plan anew (改排)."""

    now: When | None = Field(default=None, description="Now if not given / 时刻")
    breakdowns: Annotated[list[Id], Field(max_length=200)] = Field(default_factory=list)
    windows: Annotated[list[WindowIn] | None, Field(min_length=1, max_length=12)] = Field(
        default=None, description="From now on, each day: rain / 今后的作业窗口"
    )
    weather: Literal["kept", "forecast"] = Field(
        default="kept", description="`forecast`: ask for the weather again / 重取预报"
    )
    urgent: Annotated[list[Id], Field(max_length=1000)] = Field(
        default_factory=list, description="Received jobs that must come in / 加急作业"
    )
    slower: Annotated[list[SlowerIn], Field(max_length=100)] = Field(default_factory=list)
    seconds: Annotated[float | None, Field(ge=0.1, le=120)] = None
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


class SumsOut(Out):
    """A plan in figures; ``parts`` are the objective's, times in seconds."""

    plan_id: UUID
    cost: int
    parts: dict[str, int]
    planned_mu: str
    plots: int
    left_out: int
    bound_permille: int
    engine: str


class PlaceOut(Out):
    """On which drone, on which day a plan has a plot."""

    drone: str
    day: date


class MovedPlotOut(Out):
    """A plot that two plans have in different places."""

    plot: str
    here: PlaceOut
    there: PlaceOut


class ComparisonOut(Out):
    """Two plans side by side (方案对比)."""

    here: SumsOut
    there: SumsOut
    only_here: list[str]
    only_there: list[str]
    moved: list[MovedPlotOut]


class ClosureOut(Out):
    """What closes an hour, in words."""

    reason: str
    zh: str
    en: str


class HourOut(Out):
    """An hour of the forecast, how much of it is usable, and why not the rest."""

    start: datetime
    wind_cm_per_s: int | None
    gust_cm_per_s: int | None
    rain_um: int | None
    temperature_cdeg: int | None
    humidity_permille: int | None
    open_s: int
    closures: list[ClosureOut]


class StripOut(Out):
    """The hours under the rules of one kind of product."""

    kind: str
    products: list[str]
    hours: list[HourOut]


class WeatherAreaOut(Out):
    """The forecast of one weather area."""

    area_id: str
    lon: float
    lat: float
    source: str
    issued_at: datetime
    strips: list[StripOut]


class UsableOut(Out):
    """A window that the plan was made with; empty lists mean any product, any area."""

    start_at: datetime
    end_at: datetime
    products: list[str]
    areas: list[str]


class PlanWeatherOut(Out):
    """The weather behind a plan (天气依据)."""

    weather: Literal["given", "forecast"]
    forecast: str | None
    windows: list[UsableOut]
    areas: list[WeatherAreaOut]
