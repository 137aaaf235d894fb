"""The problem of one spraying day: frozen values, integers with the unit last in the name.

Seconds (``_s``) count from local midnight of ``Problem.day``; places are WGS 84 / CGCS2000
(longitude, latitude) in degrees; areas are hundredths of a mu. Every class checks itself when it is
made and raises `InvalidProblem` naming the job, drone or crew and the field.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import shapely

from dispatch.document import dump, load
from dispatch.machines import Machine, default_machine
from dispatch.validation import InvalidProblem, require, require_int, require_name

Point = tuple[float, float]
Ring = tuple[Point, ...]

DAY_S = 24 * 3600
SPEED_LEGAL_CM_PER_S = 1388
"""50 km/h, level-speed limit of a farm drone (无人驾驶航空器飞行管理暂行条例 art. 62(8))."""
RADIUS_LEGAL_M = 2000
"""Flight radius limit of a farm drone around its station (same article)."""


def _require_point(point: Point, subject: str, name: str) -> None:
    """Refuse a place that is not two finite degrees on the globe."""
    ok = all(math.isfinite(value) for value in point)
    require(
        ok and abs(point[0]) <= 180 and abs(point[1]) <= 90,
        subject,
        name,
        "不是有效的经纬度",
        "is not a valid (longitude, latitude)",
    )


def _require_rings(rings: tuple[Ring, ...], subject: str, name: str) -> None:
    """Refuse rings that do not make one valid polygon (closed, four points or more, simple)."""
    for ring in rings:
        for point in ring:
            _require_point(point, subject, name)
        require(
            len(ring) >= 4 and ring[0] == ring[-1],
            subject,
            name,
            "边界环须闭合且不少于 4 点",
            "needs closed rings of at least 4 points",
        )
    if rings:
        polygon = shapely.Polygon(rings[0], rings[1:])
        require(
            bool(polygon.is_valid) and polygon.area > 0,
            subject,
            name,
            "多边形自相交或面积为零",
            "is self-intersecting or empty",
        )


def _require_span(start_s: int, end_s: int, subject: str, names: tuple[str, str]) -> None:
    """Refuse a time span that leaves the day or ends before it starts."""
    require_int(start_s, subject, names[0], 0, DAY_S)
    require_int(end_s, subject, names[1], 0, DAY_S)
    require(
        start_s < end_s,
        subject,
        names[1],
        f"须晚于 {names[0]}",
        f"must be after {names[0]}",
    )


def _require_unique(ids: Iterable[str], subject: str, name: str) -> None:
    """Refuse a repeated id and name it."""
    seen: set[str] = set()
    for one in ids:
        require(one not in seen, subject, name, f"编号重复：{one}", f"repeats the id {one}")
        seen.add(one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of the day with usable weather (作业窗口), noon heat already taken out.

    ``products`` limits it to some tank mixes (a herbicide stops at wind force 2, others at 3);
    empty means any product.
    """

    start_s: int
    end_s: int
    products: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an empty or backward window."""
        _require_span(self.start_s, self.end_s, "window", ("start_s", "end_s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A place not to be sprayed (禁喷区): its polygon widened by ``buffer_m``.

    ``products`` limits it to some tank mixes (bees mind the insecticide, not the foliar feed);
    empty means any product.
    """

    zone_id: str
    rings: tuple[Ring, ...]
    buffer_m: int = 0
    products: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a zone without a polygon."""
        require_name(self.zone_id, "zone", "zone_id")
        require(bool(self.rings), self.zone_id, "rings", "不能为空", "must not be empty")
        _require_rings(self.rings, self.zone_id, "rings")
        require_int(self.buffer_m, self.zone_id, "buffer_m", 0, 10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One plot of one order (飞防作业): sprayed whole, by one drone, in one go.

    ``rings`` may be empty: the plot then counts as a square around its access point. ``access`` is
    where a truck can stand. Spraying lies within ``earliest_s`` … ``latest_s`` (finish included).
    """

    job_id: str
    order_id: str
    area_centimu: int
    access: Point
    product: str
    rings: tuple[Ring, ...] = ()
    household_ids: tuple[str, ...] = ()
    liquid_ml_per_mu: int = 1000
    earliest_s: int = 0
    latest_s: int = DAY_S
    priority: int = 0
    skills: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse impossible areas, doses, times and shapes, naming this job."""
        require_name(self.job_id, "job", "job_id")
        subject = self.job_id
        require_name(self.order_id, subject, "order_id")
        require_name(self.product, subject, "product")
        require_int(self.area_centimu, subject, "area_centimu", 1, 10_000_000)
        require_int(self.liquid_ml_per_mu, subject, "liquid_ml_per_mu", 1, 100_000)
        require_int(self.priority, subject, "priority", 0, 100)
        _require_span(self.earliest_s, self.latest_s, subject, ("earliest_s", "latest_s"))
        _require_point(self.access, subject, "access")
        _require_rings(self.rings, subject, "rings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The people and truck of one or more drones (机组), leaving from and returning to ``home``.

    ``pilots`` counts valid operation certificates (操作证书): without a cluster permit a crew flies
    at most one drone for each (条例 art. 26, 31).
    """

    crew_id: str
    home: Point
    shift_start_s: int = 5 * 3600
    shift_end_s: int = 21 * 3600
    pilots: int = 1
    cluster_permit: str = ""

    def __post_init__(self) -> None:
        """Refuse a backward shift and a home off the globe."""
        require_name(self.crew_id, "crew", "crew_id")
        _require_point(self.home, self.crew_id, "home")
        names = ("shift_start_s", "shift_end_s")
        _require_span(self.shift_start_s, self.shift_end_s, self.crew_id, names)
        require_int(self.pilots, self.crew_id, "pilots", 0, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drone:
    """One plant-protection drone (植保无人机) with its papers.

    An empty ``registration`` (实名登记号) or an ``insured_until`` before the day grounds it
    (条例 art. 10, 12).
    """

    drone_id: str
    crew_id: str
    registration: str
    insured_until: date
    machine: Machine = field(default_factory=default_machine)
    area_cap_centimu: int = 100_000
    skills: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a missing name and a cap below one hundredth of a mu."""
        require_name(self.drone_id, "drone", "drone_id")
        require_name(self.crew_id, self.drone_id, "crew_id")
        require_int(self.area_cap_centimu, self.drone_id, "area_cap_centimu", 1, 10_000_000)
        for name in ("speed_cm_per_s", "transit_cm_per_s"):
            speed = getattr(self.machine, name)
            require_int(speed, self.drone_id, name, 1, SPEED_LEGAL_CM_PER_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What holds for every drone of the day; docs/dispatch.md gives the reason of each default.

    A straight line of ``d`` metres is a road of ``d · road_winding_percent / 100``, driven at the
    slow speed up to ``road_slow_m`` and at the fast one beyond, so long legs cost less per metre.
    """

    setup_s: int = 180
    clean_s: int = 900
    road_winding_percent: int = 135
    road_slow_m: int = 2000
    road_slow_cm_per_s: int = 420
    road_fast_cm_per_s: int = 1100
    radius_m: int = RADIUS_LEGAL_M
    block_s: int = 45 * 60
    block_span_m: int = 1200
    block_gap_m: int = 300

    def __post_init__(self) -> None:
        """Refuse negative times, roads that get slower with distance and an illegal radius."""
        for name in ("setup_s", "clean_s"):
            require_int(getattr(self, name), "settings", name, 0, DAY_S)
        require_int(self.road_winding_percent, "settings", "road_winding_percent", 100, 1000)
        require_int(self.road_slow_m, "settings", "road_slow_m", 0, 1_000_000)
        require_int(self.road_slow_cm_per_s, "settings", "road_slow_cm_per_s", 1, 5000)
        low = self.road_slow_cm_per_s
        require_int(self.road_fast_cm_per_s, "settings", "road_fast_cm_per_s", low, 5000)
        require_int(self.radius_m, "settings", "radius_m", 1, RADIUS_LEGAL_M)
        require_int(self.block_s, "settings", "block_s", 1, DAY_S)
        require_int(self.block_span_m, "settings", "block_span_m", 1, self.radius_m)
        require_int(self.block_gap_m, "settings", "block_gap_m", 0, self.block_span_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Everything one day's plan depends on; two equal problems give equal plans for a seed."""

    day: date
    jobs: tuple[Job, ...]
    drones: tuple[Drone, ...]
    crews: tuple[Crew, ...]
    windows: tuple[Window, ...]
    zones: tuple[Zone, ...] = ()
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        """Refuse repeated ids, drones of unknown crews and overlapping windows of one product."""
        _require_unique((job.job_id for job in self.jobs), "problem", "jobs")
        _require_unique((drone.drone_id for drone in self.drones), "problem", "drones")
        _require_unique((crew.crew_id for crew in self.crews), "problem", "crews")
        crew_ids = {crew.crew_id for crew in self.crews}
        for drone in self.drones:
            known = drone.crew_id in crew_ids
            require(known, drone.drone_id, "crew_id", "机组不存在", "names an unknown crew")
        ordered = sorted(self.windows, key=lambda window: window.start_s)
        for index, one in enumerate(ordered):
            for other in ordered[index + 1 :]:
                apart = other.start_s >= one.end_s
                different = bool(one.products and other.products) and not (
                    set(one.products) & set(other.products)
                )
                fine = apart or different
                require(fine, "problem", "windows", "时间窗重叠", "has overlapping windows")

    def to_json(self) -> str:
        """Return the problem as one JSON document (format in docs/dispatch.md)."""
        return dump(self, "problem")

    @classmethod
    def from_json(cls, text: str) -> "Problem":
        """Read what `to_json` wrote; raises `InvalidDocument` naming the path of the fault."""
        return load(cls, text, "problem")


__all__ = [
    "Crew",
    "Drone",
    "InvalidProblem",
    "Job",
    "Machine",
    "Point",
    "Problem",
    "Ring",
    "Settings",
    "Window",
    "Zone",
]
