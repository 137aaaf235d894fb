"""The answer: who sprays what when, what is left out and why, and how good the whole is.

Instants are seconds from local midnight of the plan's first day, as in the problem.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from dispatch.document import dump, load

Point = tuple[float, float]


class Cause(StrEnum):
    """Why a job is not in the plan (未派原因)."""

    BUFFER = "buffer"
    """The plot touches a no-spray zone or its buffer (禁喷区)."""
    NO_FLY = "no_fly"
    """The plot touches a no-fly zone or its buffer (禁飞区)."""
    NO_SKILL = "no_skill"
    """No drone has all the skills (资质) the job asks for."""
    PERMIT = "permit"
    """Every drone with the skills is unregistered, uninsured, or has no pilot (证照)."""
    UNAVAILABLE = "unavailable"
    """Those that could are broken, off duty or without a pilot left (无可用机组)."""
    WEATHER = "weather"
    """No usable window of any day serves the product (天气)."""
    PRE_HARVEST = "pre_harvest"
    """The pre-harvest interval leaves no usable window (安全间隔期)."""
    WINDOW = "window"
    """The job's own time window leaves no room within the weather windows (时间窗)."""
    TOO_LARGE = "too_large"
    """The plot alone exceeds the area cap, or no day is long enough for it (面积过大)."""
    PINNED = "pinned"
    """It is pinned to a drone or day that cannot do it though another could (指定冲突)."""
    NO_CAPACITY = "no_capacity"
    """Every able drone has less area cap left than the plot needs, on every day (运力不足)."""
    NO_TIME = "no_time"
    """No place in any able drone's days has the minutes for it (时间不足)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One plot on a drone's day.

    All visits of a ``block_id`` are flown from one launch site (起降点), the place of the truck's
    stop of that name. ``arrive_s`` is the truck's arrival there for a drone's first visit of the
    block, and the finish of the visit before for the others, which are reached by air. ``halts``
    counts returns to the launch site during the visit; each has a refill (加药), a battery swap
    (换电) or both at once. ``heading_cdeg`` is the direction of the swaths, hundredths of a degree
    clockwise from north.
    """

    job_id: str
    block_id: str
    product: str
    arrive_s: int
    start_s: int
    finish_s: int
    area_centimu: int
    liquid_ml: int
    heading_cdeg: int
    halts: int
    refills: int
    battery_swaps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What one drone sprays on one day (0 = the first), in order."""

    drone_id: str
    day: int
    stops: tuple[Visit, ...]


class TruckStopKind(StrEnum):
    """Why a truck stops."""

    SITE = "site"
    """A launch site: the crew's drones fly the block from here (起降点)."""
    MIX = "mix"
    """A mixing and water point (配药取水点)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TruckStop:
    """One stop of a truck; ``name`` is the block or the mixing point.

    ``water_ml`` is what the truck still carries when it leaves, None where water is no concern.
    """

    kind: TruckStopKind
    name: str
    place: Point
    arrive_s: int
    leave_s: int
    water_ml: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TruckRoute:
    """A crew's day on the road: it leaves home at ``depart_s`` and is back at ``return_s``."""

    crew_id: str
    day: int
    depart_s: int
    return_s: int
    stops: tuple[TruckStop, ...]


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


PRIZE_S_PER_WEIGHT = 20
"""Seconds of work that one hundredth of a mu (at priority 0) is worth: 2,000 s a mu.

Spraying a mu takes about 30 s: a search leaves a plot out only when its way costs sixty times that.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """The goal in parts: as much weighted area as possible, fairly shared, in little time.

    A job weighs its area times (1 + priority). ``weight_unfair`` is how much weight collectives
    lack to their fair share (`Settings.fair_share_permille`). ``spray_s`` is start to finish of all
    visits, ``road_s`` driving of trucks, ``setup_s`` set-ups, ``clean_s`` rinsing between products,
    ``fill_s`` waiting and filling at mixing points.
    """

    weight_planned: int
    weight_unassigned: int
    weight_unfair: int
    spray_s: int
    road_s: int
    setup_s: int
    clean_s: int
    fill_s: int

    @property
    def work_s(self) -> int:
        """All seconds of work together."""
        return self.spray_s + self.road_s + self.setup_s + self.clean_s + self.fill_s

    @property
    def cost(self) -> int:
        """One number to minimise: what is left out or unfair, priced in seconds, and the work."""
        return PRIZE_S_PER_WEIGHT * (self.weight_unassigned + self.weight_unfair) + self.work_s

    def rank(self) -> tuple[int, int]:
        """Return the sort key of this objective; the smaller is the better plan."""
        return (self.cost, self.work_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """No plan can spray more weight than this; ``ratio_permille`` is planned over the bound.

    Nor more area than ``area_centimu_max``. ``method`` is ``lagrangian`` where hours or caps leave
    something out and ``everything`` where all that is possible may fit; docs/dispatch.md says why.
    """

    weight_max: int
    area_centimu_max: int
    ratio_permille: int
    method: str


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
    """A plan for one or several days; `dispatch.check` says whether it may be published.

    ``forecast`` stamps the weather forecast behind the problem's windows (`dispatch.weather`).
    """

    day: date
    routes: tuple[Route, ...]
    trucks: tuple[TruckRoute, ...]
    unassigned: tuple[Unassigned, ...]
    totals: Totals
    objective: Objective
    bound: Bound
    parameters: Parameters
    forecast: str = ""

    def to_json(self) -> str:
        """Return the plan as one JSON document (format in docs/dispatch.md)."""
        return dump(self, "plan")

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """Read what `to_json` wrote; raises `InvalidDocument` naming the path of the fault."""
        return load(cls, text, "plan")
