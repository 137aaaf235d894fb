"""What is to be sprayed, when the weather allows it, and where nobody may spray or fly."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from dispatch.shapes import (
    DAY_S,
    Point,
    Polygon,
    Ring,
    require_parts,
    require_point,
    require_polygon,
    require_span,
)
from dispatch.validation import require, require_int, require_name

DAYS_MAX = 14
"""Longest horizon of one problem in days; weather forecasts reach no further."""
HORIZON_S = DAYS_MAX * DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of one day with usable weather (作业窗口), noon heat already taken out.

    ``products`` limits it to some tank mixes (a herbicide stops at wind force 2, others at 3) and
    ``areas`` to some weather areas; empty means any. Seconds count from midnight of the problem's
    first day; a window never crosses a midnight.
    """

    start_s: int
    end_s: int
    products: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an empty or backward window and one that crosses a midnight."""
        require_span(self.start_s, self.end_s, "window", ("start_s", "end_s"), HORIZON_S)
        one_day = self.start_s // DAY_S == (self.end_s - 1) // DAY_S
        require(one_day, "window", "end_s", "不得跨越零点", "must not cross a midnight")

    def serves(self, product: str, area_id: str) -> bool:
        """Tell whether a product may be sprayed in this window in a weather area."""
        return (not self.products or product in self.products) and (
            not self.areas or area_id in self.areas
        )


class ZoneKind(StrEnum):
    """What a zone forbids."""

    NO_SPRAY = "no_spray"
    """No spraying within the buffer (禁喷区): water source, bees, fish, school, organic field."""
    NO_FLY = "no_fly"
    """No flight within the buffer either (管制空域，条例 art. 19)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A place not to be sprayed or not to be flown over: its polygon widened by ``buffer_m``.

    ``products`` limits a no-spray zone to some tank mixes (bees mind the insecticide, not the
    foliar feed); empty means any product.
    """

    zone_id: str
    rings: tuple[Ring, ...]
    buffer_m: int = 0
    products: tuple[str, ...] = ()
    kind: ZoneKind = ZoneKind.NO_SPRAY

    def __post_init__(self) -> None:
        """Refuse a zone without a polygon and a no-fly zone for some products only."""
        require_name(self.zone_id, "zone", "zone_id")
        require_polygon(self.rings, self.zone_id, "rings")
        require_int(self.buffer_m, self.zone_id, "buffer_m", 0, 10_000)
        whole = self.kind is ZoneKind.NO_SPRAY or not self.products
        require(whole, self.zone_id, "products", "禁飞区不分药剂", "cannot limit a no-fly zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One plot of one order (飞防作业): sprayed whole, by one drone, in one go.

    ``parts`` are its polygons; none means a square around ``access``, where a truck can stand.
    Spraying lies within ``earliest_s`` … ``latest_s`` (finish included) and, where ``harvest_on``
    is given, ends ``pre_harvest_days`` before it (安全间隔期，农药管理条例 art. 34).
    ``area_id`` names the weather area, ``collective_id`` the village collective that ordered.
    ``pinned_drone_id`` and ``pinned_day`` (0 = first day, -1 = any) are a person's wish that holds.
    """

    job_id: str
    order_id: str
    area_centimu: int
    access: Point
    product: str
    parts: tuple[Polygon, ...] = ()
    household_ids: tuple[str, ...] = ()
    collective_id: str = ""
    area_id: str = ""
    liquid_ml_per_mu: int = 1000
    earliest_s: int = 0
    latest_s: int = HORIZON_S
    priority: int = 0
    skills: tuple[str, ...] = ()
    harvest_on: date | None = None
    pre_harvest_days: int = 0
    pinned_drone_id: str = ""
    pinned_day: int = -1

    def __post_init__(self) -> None:
        """Refuse impossible areas, doses, times and shapes, naming this job."""
        require_name(self.job_id, "job", "job_id")
        subject = self.job_id
        require_name(self.order_id, subject, "order_id")
        require_name(self.product, subject, "product")
        require_int(self.area_centimu, subject, "area_centimu", 1, 10_000_000)
        require_int(self.liquid_ml_per_mu, subject, "liquid_ml_per_mu", 1, 100_000)
        require_int(self.priority, subject, "priority", 0, 100)
        names = ("earliest_s", "latest_s")
        require_span(self.earliest_s, self.latest_s, subject, names, HORIZON_S)
        require_point(self.access, subject, "access")
        require_parts(self.parts, subject, "parts")
        require_int(self.pre_harvest_days, subject, "pre_harvest_days", 0, 365)
        require_int(self.pinned_day, subject, "pinned_day", -1, DAYS_MAX - 1)

    @property
    def weight(self) -> int:
        """What planning this job is worth: its area times (1 + priority)."""
        return self.area_centimu * (1 + self.priority)

    @property
    def liquid_ml(self) -> int:
        """Spray liquid of the whole plot in ml, rounded up."""
        return -(-self.area_centimu * self.liquid_ml_per_mu // 100)

    def deadline_s(self, first_day: date) -> int:
        """Return the instant by which spraying is finished: ``latest_s`` or the interval's end.

        The last day of spraying is ``harvest_on - pre_harvest_days``; the result is negative when
        that day is over.
        """
        if self.harvest_on is None:
            return self.latest_s
        days = (self.harvest_on - first_day).days - self.pre_harvest_days + 1
        return min(self.latest_s, days * DAY_S)
