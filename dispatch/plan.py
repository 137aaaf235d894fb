"""The answer: who sprays what when, what is left out and why, and how good the whole is."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from dispatch.document import dump, load


class Cause(StrEnum):
    """Why a job is not in the plan (未派原因)."""

    BUFFER = "buffer"
    """The plot touches a no-spray zone or its buffer (禁喷区)."""
    NO_SKILL = "no_skill"
    """No drone has all the skills (资质) the job asks for."""
    PERMIT = "permit"
    """Every drone with the skills is unregistered, uninsured, or has no pilot (证照)."""
    WEATHER = "weather"
    """No usable window of the day serves the product (天气)."""
    WINDOW = "window"
    """The job's own time window leaves no room within the weather windows (时间窗)."""
    TOO_LARGE = "too_large"
    """The plot alone exceeds the area cap, or no day is long enough for it (面积过大)."""
    NO_CAPACITY = "no_capacity"
    """Every able drone has less area cap left than the plot needs (运力不足)."""
    NO_TIME = "no_time"
    """No tried place in any able drone's day has the minutes for it (时间不足)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One plot on a drone's day.

    The first visit of a ``block_id`` is reached by truck: ``arrive_s`` is the truck's arrival at
    the plot's access point, and that point is the launch site (起降点) of the whole block. Later
    visits are reached by air. ``halts`` counts returns to the launch site during the visit; each
    has a refill (加药), a battery swap (换电) or both at once.
    """

    job_id: str
    block_id: str
    product: str
    arrive_s: int
    start_s: int
    finish_s: int
    area_centimu: int
    liquid_ml: int
    halts: int
    refills: int
    battery_swaps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A drone's day: it leaves the crew's home at ``depart_s`` and is back at ``return_s``."""

    drone_id: str
    depart_s: int
    return_s: int
    stops: tuple[Visit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unassigned:
    """A job left out (未派) with its true cause."""

    job_id: str
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over the plan; ``blocks`` counts set-ups, ``jobs`` the planned plots."""

    jobs: int
    blocks: int
    area_centimu: int
    liquid_ml: int
    refills: int
    battery_swaps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """The goal in parts: first as much weighted area as possible, then as little time as possible.

    A job weighs its area times (1 + priority). ``spray_s`` is start to finish of all visits,
    ``road_s`` driving, ``setup_s`` set-ups, ``clean_s`` rinsing between products.
    """

    weight_planned: int
    weight_unassigned: int
    spray_s: int
    road_s: int
    setup_s: int
    clean_s: int

    def rank(self) -> tuple[int, int]:
        """Return the sort key of this objective; the smaller is the better plan."""
        cost_s = self.spray_s + self.road_s + self.setup_s + self.clean_s
        return (-self.weight_planned, cost_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """No plan can spray more weight than this; ``ratio_permille`` is planned over the bound.

    Version 1 is a fractional knapsack: each job at its bare spraying time, all drones pooled.
    """

    weight_max: int
    area_centimu_max: int
    ratio_permille: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the engine was told, enough to repeat the run."""

    engine: str
    seed: int
    workers: int
    stop_ms: int | None = None
    stop_iterations: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A day's plan; `dispatch.check` says whether it may be published."""

    day: date
    routes: tuple[Route, ...]
    unassigned: tuple[Unassigned, ...]
    totals: Totals
    objective: Objective
    bound: Bound
    parameters: Parameters

    def to_json(self) -> str:
        """Return the plan as one JSON document (format in docs/dispatch.md)."""
        return dump(self, "plan")

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """Read what `to_json` wrote; raises `InvalidDocument` naming the path of the fault."""
        return load(cls, text, "plan")
