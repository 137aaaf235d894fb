"""The problem of one or several spraying days: frozen values, integers with the unit last.

Seconds (``_s``) count from local midnight of ``Problem.day``; places are WGS 84 / CGCS2000
(longitude, latitude) in degrees; areas are hundredths of a mu. Every class checks itself when it is
made and raises `InvalidProblem` naming the job, drone or crew and the field.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from dispatch.document import dump, load
from dispatch.land import DAYS_MAX, HORIZON_S, Job, Window, Zone, ZoneKind
from dispatch.machines import Machine
from dispatch.plan import Route, TruckRoute
from dispatch.resources import (
    DRONES_ON_A_TRUCK_MAX,
    HEIGHT_LEGAL_CM,
    RADIUS_LEGAL_M,
    Crew,
    Drone,
    MixPoint,
    Rest,
)
from dispatch.shapes import DAY_S, Point, Polygon, Ring, require_unique
from dispatch.validation import InvalidProblem, require, require_int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What holds for every drone; docs/dispatch.md gives the reason of each default.

    A straight line of ``d`` metres is a road of ``d · road_winding_percent / 100``, driven at the
    slow speed up to ``road_slow_m`` and at the fast one beyond, so long legs cost less per metre.
    ``compatible`` lists groups of products between which no rinse (``clean_s``) is needed.
    ``fair_share_permille`` is the share of its weight that every collective should get before
    others get more; 0 leaves fairness out. ``height_cm`` is the flight height of missions.
    """

    setup_s: int = 180
    clean_s: int = 900
    road_winding_percent: int = 135
    road_slow_m: int = 2000
    road_slow_cm_per_s: int = 420
    road_fast_cm_per_s: int = 1100
    radius_m: int = RADIUS_LEGAL_M
    height_cm: int = 300
    block_span_m: int = 1200
    block_gap_m: int = 300
    compatible: tuple[tuple[str, ...], ...] = ()
    fair_share_permille: int = 0

    def __post_init__(self) -> None:
        """Refuse negative times, roads that get slower with distance, illegal radius or height."""
        for name in ("setup_s", "clean_s"):
            require_int(getattr(self, name), "settings", name, 0, DAY_S)
        require_int(self.road_winding_percent, "settings", "road_winding_percent", 100, 1000)
        require_int(self.road_slow_m, "settings", "road_slow_m", 0, 1_000_000)
        require_int(self.road_slow_cm_per_s, "settings", "road_slow_cm_per_s", 1, 5000)
        low = self.road_slow_cm_per_s
        require_int(self.road_fast_cm_per_s, "settings", "road_fast_cm_per_s", low, 5000)
        require_int(self.radius_m, "settings", "radius_m", 1, RADIUS_LEGAL_M)
        require_int(self.height_cm, "settings", "height_cm", 100, HEIGHT_LEGAL_CM)
        require_int(self.block_span_m, "settings", "block_span_m", 1, self.radius_m)
        require_int(self.block_gap_m, "settings", "block_gap_m", 0, self.block_span_m)
        require_int(self.fair_share_permille, "settings", "fair_share_permille", 0, 1000)

    def rinse_s(self, before: str, after: str) -> int:
        """Return seconds of rinsing from one product to the next; none from an empty tank."""
        if before in {"", after} or any({before, after} <= set(one) for one in self.compatible):
            return 0
        return self.clean_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Everything a plan depends on; two equal problems give equal plans for a seed.

    ``frozen_routes`` and ``frozen_trucks`` are what is done, in the air or under way: every plan
    begins with them as they are, and nothing new starts before ``now_s``.
    """

    day: date
    jobs: tuple[Job, ...]
    drones: tuple[Drone, ...]
    crews: tuple[Crew, ...]
    windows: tuple[Window, ...]
    days: int = 1
    now_s: int = 0
    zones: tuple[Zone, ...] = ()
    mix_points: tuple[MixPoint, ...] = ()
    frozen_routes: tuple[Route, ...] = ()
    frozen_trucks: tuple[TruckRoute, ...] = ()
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        """Refuse repeated ids, unknown references, full trucks and overlapping windows."""
        require_int(self.days, "problem", "days", 1, DAYS_MAX)
        require_int(self.now_s, "problem", "now_s", 0, HORIZON_S)
        require_unique((job.job_id for job in self.jobs), "problem", "jobs")
        require_unique((drone.drone_id for drone in self.drones), "problem", "drones")
        require_unique((crew.crew_id for crew in self.crews), "problem", "crews")
        require_unique((point.point_id for point in self.mix_points), "problem", "mix_points")
        self._refuse_unknown()
        for window in self.windows:
            inside = window.end_s <= self.days * DAY_S
            require(inside, "window", "end_s", "超出计划天数", "is after the last day")
        for one, other in _overlaps(self.windows):
            fine = _apart(one.products, other.products) or _apart(one.areas, other.areas)
            require(fine, "problem", "windows", "时间窗重叠", "has overlapping windows")

    def _refuse_unknown(self) -> None:
        """Refuse drones of unknown crews, crews with too many drones, pins to unknown drones."""
        crew_ids = {crew.crew_id for crew in self.crews}
        drone_ids = {drone.drone_id for drone in self.drones}
        carried = dict.fromkeys(crew_ids, 0)
        for drone in self.drones:
            known = drone.crew_id in crew_ids
            require(known, drone.drone_id, "crew_id", "机组不存在", "names an unknown crew")
            carried[drone.crew_id] += 1
        for crew_id, count in carried.items():
            most = DRONES_ON_A_TRUCK_MAX
            require_int(count, crew_id, "drones", 0, most)
        job_ids = {job.job_id for job in self.jobs}
        for job in self.jobs:
            known = job.pinned_drone_id in drone_ids | {""}
            zh, en = "无人机不存在", "names an unknown drone"
            require(known, job.job_id, "pinned_drone_id", zh, en)
        for route in self.frozen_routes:
            known = route.drone_id in drone_ids
            require(known, route.drone_id, "frozen_routes", "无人机不存在", "is an unknown drone")
            for visit in route.stops:
                known = visit.job_id in job_ids
                require(known, visit.job_id, "frozen_routes", "地块不存在", "is an unknown job")
        for truck in self.frozen_trucks:
            known = truck.crew_id in crew_ids
            require(known, truck.crew_id, "frozen_trucks", "机组不存在", "is an unknown crew")

    def to_json(self) -> str:
        """Return the problem as one JSON document (format in docs/dispatch.md)."""
        return dump(self, "problem")

    @classmethod
    def from_json(cls, text: str) -> "Problem":
        """Read what `to_json` wrote; raises `InvalidDocument` naming the path of the fault."""
        return load(cls, text, "problem")


def _overlaps(windows: tuple[Window, ...]) -> Iterator[tuple[Window, Window]]:
    """Yield pairs of windows that share a moment."""
    ordered = sorted(windows, key=lambda window: window.start_s)
    for index, one in enumerate(ordered):
        for other in ordered[index + 1 :]:
            if other.start_s >= one.end_s:
                break
            yield one, other


def _apart(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Tell whether two lists, of which an empty one means everything, share nothing."""
    return bool(one and other) and not set(one) & set(other)


__all__ = [
    "DAY_S",
    "Crew",
    "Drone",
    "InvalidProblem",
    "Job",
    "Machine",
    "MixPoint",
    "Point",
    "Polygon",
    "Problem",
    "Rest",
    "Ring",
    "Settings",
    "Window",
    "Zone",
    "ZoneKind",
]
