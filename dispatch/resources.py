"""Who sprays and with what: crews with their trucks, drones, and where water is to be had."""

from dataclasses import dataclass, field
from datetime import date

from dispatch.land import DAYS_MAX, HORIZON_S
from dispatch.machines import Machine, default_machine
from dispatch.shapes import DAY_S, Point, require_point, require_span
from dispatch.validation import require, require_int, require_name

SPEED_LEGAL_CM_PER_S = 1388
"""50 km/h, level-speed limit of a farm drone (无人驾驶航空器飞行管理暂行条例 art. 62(8))."""
HEIGHT_LEGAL_CM = 3000
"""True height limit of a farm drone (same article)."""
RADIUS_LEGAL_M = 2000
"""Flight radius limit of a farm drone around its station (same article)."""
DRONES_ON_A_TRUCK_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A daily pause (午休) in which a crew's drones do not spray; seconds of the day."""

    start_s: int
    end_s: int

    def __post_init__(self) -> None:
        """Refuse a backward pause."""
        require_span(self.start_s, self.end_s, "rest", ("start_s", "end_s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The people and truck of one to three drones (机组), leaving from and returning to ``home``.

    ``shift_start_s`` and ``shift_end_s`` are seconds of each day; ``days_off`` lists days (0 = the
    first) without work. ``pilots`` counts valid operation certificates (操作证书): without a
    cluster permit a crew flies at most one drone for each (条例 art. 26, 31). ``water_ml`` is what
    the truck carries from home; None means that water is to be had at every launch site.
    """

    crew_id: str
    home: Point
    shift_start_s: int = 5 * 3600
    shift_end_s: int = 21 * 3600
    pilots: int = 1
    cluster_permit: str = ""
    water_ml: int | None = None
    rests: tuple[Rest, ...] = ()
    days_off: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a backward shift, a home off the globe and an empty water tank."""
        require_name(self.crew_id, "crew", "crew_id")
        require_point(self.home, self.crew_id, "home")
        names = ("shift_start_s", "shift_end_s")
        require_span(self.shift_start_s, self.shift_end_s, self.crew_id, names)
        require_int(self.pilots, self.crew_id, "pilots", 0, 100)
        if self.water_ml is not None:
            require_int(self.water_ml, self.crew_id, "water_ml", 1, 100_000_000)
        for day in self.days_off:
            require_int(day, self.crew_id, "days_off", 0, DAYS_MAX - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drone:
    """One plant-protection drone (植保无人机) with its papers.

    An empty ``registration`` (实名登记号) or an ``insured_until`` before the day grounds it
    (条例 art. 10, 12). It flies within ``available_from_s`` … ``available_to_s`` only: a breakdown
    moves the latter forward.
    """

    drone_id: str
    crew_id: str
    registration: str
    insured_until: date
    machine: Machine = field(default_factory=default_machine)
    area_cap_centimu: int = 100_000
    skills: tuple[str, ...] = ()
    available_from_s: int = 0
    available_to_s: int = HORIZON_S

    def __post_init__(self) -> None:
        """Refuse a missing name, a cap below one hundredth of a mu and an illegal speed."""
        require_name(self.drone_id, "drone", "drone_id")
        require_name(self.crew_id, self.drone_id, "crew_id")
        require_int(self.area_cap_centimu, self.drone_id, "area_cap_centimu", 1, 10_000_000)
        for name in ("speed_cm_per_s", "transit_cm_per_s"):
            speed = getattr(self.machine, name)
            require_int(speed, self.drone_id, name, 1, SPEED_LEGAL_CM_PER_S)
        require_int(self.available_from_s, self.drone_id, "available_from_s", 0, HORIZON_S)
        require_int(self.available_to_s, self.drone_id, "available_to_s", 0, HORIZON_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class MixPoint:
    """Where trucks take water and mix (配药取水点): ``fill_s`` for a full truck, open each day."""

    point_id: str
    place: Point
    fill_s: int
    open_s: int = 0
    close_s: int = DAY_S

    def __post_init__(self) -> None:
        """Refuse a place off the globe and opening hours that cannot be."""
        require_name(self.point_id, "mix_point", "point_id")
        require_point(self.place, self.point_id, "place")
        require_int(self.fill_s, self.point_id, "fill_s", 0, DAY_S)
        require_span(self.open_s, self.close_s, self.point_id, ("open_s", "close_s"))
        wide = self.fill_s <= self.close_s - self.open_s
        require(wide, self.point_id, "fill_s", "长于开放时间", "is longer than it is open")
