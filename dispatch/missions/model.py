"""What a drone is told to fly: one flight over one plot, checked against the law's limits."""

import math
from dataclasses import dataclass

import shapely

from dispatch.coverage import Coverage, Line, Parts, Point, Sortie, Sorties
from dispatch.coverage.pace import require_dose, spray_m_per_s
from dispatch.coverage.plane import grounds
from dispatch.machines import Machine
from dispatch.physics import EARTH_RADIUS_M, M2_PER_MU
from dispatch.validation import require, require_int, require_name

HEIGHT_LEGAL_CM = 3000
SPEED_LEGAL_CM_PER_S = 1388
RADIUS_LEGAL_M = 2000
TRANSIT_HEIGHT_CM = 1000
"""Height of the ways out and back unless the spraying itself is higher."""
_LAW_ZH = "《无人驾驶航空器飞行管理暂行条例》第六十二条第八项"
_LAW_EN = "Interim Regulations on the Flight of Unmanned Aircraft, article 62(8)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Servo:
    """A pump on a plain servo output, for autopilots without a sprayer of their own (PX4).

    ``channel`` is the output's number, ``on_us`` and ``off_us`` are pulse widths in microseconds.
    """

    channel: int
    on_us: int = 1900
    off_us: int = 1100

    def __post_init__(self) -> None:
        """Refuse outputs and pulses that no autopilot has."""
        require_int(self.channel, "servo", "channel", 1, 32)
        require_int(self.on_us, "servo", "on_us", 500, 2500)
        require_int(self.off_us, "servo", "off_us", 500, 2500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mission:
    """One flight: take off, fly to the plot, spray its lines, return and land.

    Heights are above the launch site. ``links`` are the ways between consecutive lines with the
    spray off, both ends included, one fewer than lines. ``area_m2`` is the plot's. `mission` makes
    it from a coverage plan; making one by hand runs the same checks.
    """

    plot_id: str
    name: str
    parts: Parts
    launch: Point
    lines: tuple[Line, ...]
    links: tuple[tuple[Point, ...], ...]
    area_m2: float
    swath_cm: int
    height_cm: int
    transit_height_cm: int
    speed_cm_per_s: int
    transit_cm_per_s: int
    liquid_ml_per_mu: int
    liquid_ml: int
    product: str = ""
    servo: Servo | None = None

    def __post_init__(self) -> None:
        """Refuse what may not be flown (the error names the law's article) or not be written."""
        require_name(self.plot_id, "mission", "plot_id")
        require_name(self.name, self.plot_id, "name")
        for field in ("plot_id", "name", "product"):
            text = getattr(self, field)
            printable = text.isprintable() and text.encode("utf-8", "ignore").decode() == text
            require(printable, self.plot_id, field, "含不可打印字符", "has unprintable characters")
        require(bool(self.lines), self.plot_id, "lines", "没有航线", "has no lines to fly")
        require(
            len(self.links) == len(self.lines) - 1,
            self.plot_id,
            "links",
            "须比航线少一条",
            "must be one fewer than lines",
        )
        require_dose(self.liquid_ml_per_mu, self.plot_id)
        self._require_law()

    def _require_law(self) -> None:
        """Keep height, speed and radius within what the law calls a farm drone (农用无人机)."""
        limits = (
            ("height_cm", HEIGHT_LEGAL_CM, "真高不得超过 30 米", "30 m above ground"),
            ("transit_height_cm", HEIGHT_LEGAL_CM, "真高不得超过 30 米", "30 m above ground"),
            ("speed_cm_per_s", SPEED_LEGAL_CM_PER_S, "平飞速度不得超过 50 公里/小时", "50 km/h"),
            ("transit_cm_per_s", SPEED_LEGAL_CM_PER_S, "平飞速度不得超过 50 公里/小时", "50 km/h"),
        )
        for field, high, zh, en in limits:
            value = getattr(self, field)
            require(
                type(value) is int and 0 < value <= high,
                self.plot_id,
                field,
                f"须为正整数，{zh}（{_LAW_ZH}）",
                f"must be a whole number above zero and within {en} ({_LAW_EN})",
            )
        far_m = max(
            _apart_m(self.launch, point) for way in (*self.lines, *self.links) for point in way
        )
        require(
            far_m <= RADIUS_LEGAL_M,
            self.plot_id,
            "launch",
            f"距作业点 {far_m:.0f} 米，飞行半径不得超过 2000 米（{_LAW_ZH}）",
            f"is {far_m:.0f} m from the work; the radius is at most 2000 m ({_LAW_EN})",
        )


def _apart_m(here: Point, there: Point) -> float:
    """Return the great-circle distance; infinite for what is no place."""
    if not all(math.isfinite(value) for value in (*here, *there)):
        return math.inf
    lat1, lat2 = math.radians(here[1]), math.radians(there[1])
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin(math.radians(there[0] - here[0]) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


def mission(
    flight: Coverage | Sortie,
    parts: Parts,
    launch: Point,
    machine: Machine,
    liquid_ml_per_mu: int,
    *,
    plot_id: str,
    height_cm: int,
    name: str = "",
    transit_height_cm: int | None = None,
    product: str = "",
    servo: Servo | None = None,
) -> Mission:
    """Return the mission of a whole coverage plan or of one sortie of it.

    The ways out and back are flown at ``transit_height_cm``, 10 m by default. Raises
    `InvalidProblem` for what the law forbids; the machine's own speeds are not lowered silently.
    """
    require_dose(liquid_ml_per_mu, plot_id)
    area_m2 = float(shapely.area(grounds([parts], [plot_id]).polygons).sum())
    if isinstance(flight, Sortie):
        liquid_ml = flight.liquid_ml
    else:
        liquid_ml = flight.area_m2 / M2_PER_MU * liquid_ml_per_mu
    higher_cm = max(height_cm, TRANSIT_HEIGHT_CM)
    return Mission(
        plot_id=plot_id,
        name=name or plot_id,
        parts=parts,
        launch=launch,
        lines=flight.lines,
        links=flight.links,
        area_m2=area_m2,
        swath_cm=machine.swath_cm,
        height_cm=height_cm,
        transit_height_cm=higher_cm if transit_height_cm is None else transit_height_cm,
        speed_cm_per_s=max(1, math.floor(spray_m_per_s(machine, liquid_ml_per_mu) * 100 + 1e-6)),
        transit_cm_per_s=machine.transit_cm_per_s,
        liquid_ml_per_mu=liquid_ml_per_mu,
        liquid_ml=round(liquid_ml),
        product=product,
        servo=servo,
    )


def missions(
    flights: Sorties,
    parts: Parts,
    launch: Point,
    machine: Machine,
    liquid_ml_per_mu: int,
    *,
    plot_id: str,
    height_cm: int,
    transit_height_cm: int | None = None,
    product: str = "",
    servo: Servo | None = None,
) -> tuple[Mission, ...]:
    """Return one mission for each sortie of a plot, named by the plot and its number."""
    return tuple(
        mission(
            one,
            parts,
            launch,
            machine,
            liquid_ml_per_mu,
            plot_id=plot_id,
            height_cm=height_cm,
            name=f"{plot_id}/{one.number}",
            transit_height_cm=transit_height_cm,
            product=product,
            servo=servo,
        )
        for one in flights.flights
    )
