"""Cutting a plot's lines into sorties (架次): what one tank and one battery can do.

A sortie leaves the launch site (起降点), sprays until the tank is empty or the battery holds just
what the way back needs, and returns. The next one goes on at the point where spraying stopped.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dispatch.coverage.cover import Coverage, Line
from dispatch.coverage.pace import require_dose
from dispatch.coverage.plane import Floats
from dispatch.coverage.trial import pace_of
from dispatch.machines import Machine
from dispatch.physics import M2_PER_MU
from dispatch.shapes import Point
from dispatch.validation import InvalidProblem, require

STRETCH_M = 2.0
"""No line is begun for less than this, unless it is shorter itself."""
TANKS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Sortie:
    """One flight from the launch site and back.

    ``lines`` are sprayed in order, ``links`` are the ways between them (one fewer). ``flight_s`` is
    from take-off to landing, ``ferry_m`` the way out and back, ``liquid_ml`` what is sprayed.
    ``refill`` and ``battery_swap`` tell what is done before take-off (the first sortie begins with
    a full tank and battery), ``ground_s`` how long that takes, both at once.
    """

    number: int
    lines: tuple[Line, ...]
    links: tuple[tuple[Point, ...], ...]
    line_m: float
    ferry_m: float
    flight_s: float
    liquid_ml: float
    refill: bool
    battery_swap: bool
    ground_s: int


@dataclass(frozen=True, slots=True)
class Sorties:
    """All sorties of a plot with their sums."""

    flights: tuple[Sortie, ...]
    seconds: float
    flight_s: float
    liquid_ml: float
    refills: int
    battery_swaps: int


@dataclass(slots=True)
class _Leg:
    """A line in metres, with the way that leads to it from the line before."""

    begin: Floats
    end: Floats
    link: tuple[Point, ...]
    link_m: float

    @property
    def length_m(self) -> float:
        return float(np.hypot(*(self.end - self.begin)))


def sorties(
    coverage: Coverage,
    machine: Machine,
    liquid_ml_per_mu: int,
    launch: Point,
    *,
    liquid_ml: float | None = None,
) -> Sorties:
    """Cut a coverage plan into sorties from a launch site.

    ``liquid_ml`` is spread evenly over the lines; by default it is the dose over the plot's area.
    At a halt the other job is done too where it takes no extra time. Raises `InvalidProblem` where
    a full battery cannot reach a line, spray a stretch of it and return.
    """
    require_dose(liquid_ml_per_mu, "sorties")
    ok = all(math.isfinite(value) for value in launch)
    require(ok, "sorties", "launch", "不是有效的经纬度", "is not a valid (longitude, latitude)")
    if liquid_ml is None:
        liquid_ml = coverage.area_m2 / M2_PER_MU * liquid_ml_per_mu
    require(
        0.0 <= liquid_ml <= TANKS_MAX * machine.tank_ml,
        "sorties",
        "liquid_ml",
        f"须在 0 至 {TANKS_MAX} 箱之间",
        f"must be from 0 to {TANKS_MAX} tanks",
    )
    crew = _Crew(coverage, machine, liquid_ml_per_mu, launch, liquid_ml)
    legs = _legs(coverage)
    while legs:
        legs = crew.fly(legs)
    flights = tuple(crew.flights)
    return Sorties(
        flights=flights,
        seconds=sum(one.flight_s + one.ground_s for one in flights),
        flight_s=sum(one.flight_s for one in flights),
        liquid_ml=sum(one.liquid_ml for one in flights),
        refills=sum(one.refill for one in flights),
        battery_swaps=sum(one.battery_swap for one in flights),
    )


def _legs(coverage: Coverage) -> list[_Leg]:
    """Return the lines in metres."""
    plane = coverage.plane
    legs = []
    for line, link in zip(coverage.lines, ((), *coverage.links), strict=False):  # none: no lines
        ends = plane.metres(line)
        steps = np.diff(plane.metres(link), axis=0)
        legs.append(_Leg(ends[0], ends[1], link, float(np.hypot(*steps.T).sum())))
    return legs


class _Crew:
    """The drone's tank and battery from one sortie to the next."""

    def __init__(
        self,
        coverage: Coverage,
        machine: Machine,
        liquid_ml_per_mu: int,
        launch: Point,
        liquid_ml: float,
    ) -> None:
        self.machine = machine
        self.plane = coverage.plane
        self.pace = pace_of(machine, liquid_ml_per_mu)
        self.launch = coverage.plane.metres([launch])[0]
        self.ml_per_m = liquid_ml / coverage.line_m if coverage.line_m else 0.0
        self.flights: list[Sortie] = []
        self.tank_ml = float(machine.tank_ml)
        self.battery_s = float(machine.battery_s)

    def _away_m(self, place: Floats) -> float:
        """Return the straight way between a place and the launch site."""
        return float(np.hypot(*(place - self.launch)))

    def _home_s(self, place: Floats) -> float:
        return self._away_m(place) / self.pace.transit_m_per_s

    def _reach_m(self, begin: Floats, end: Floats) -> float:
        """Return how far along a line tank and battery last, with the way back kept.

        What the battery leaves over the way back is concave along the line, so once it is used up
        it stays so: halving finds the place.
        """
        length = float(np.hypot(*(end - begin)))
        if self.ml_per_m > 0.0:
            length = min(length, self.tank_ml / self.ml_per_m)
        course = (end - begin) / max(float(np.hypot(*(end - begin))), 1e-9)

        def spare_s(metres: float) -> float:
            flown_s = metres / self.pace.spray_m_per_s
            return self.battery_s - flown_s - self._home_s(begin + course * metres)

        if spare_s(length) >= 0.0:
            return length
        near, far = 0.0, length
        for _ in range(60):
            middle = (near + far) / 2
            near, far = (middle, far) if spare_s(middle) >= 0.0 else (near, middle)
        return near

    def _prepare(self, leg: _Leg) -> Sortie:
        """Refill and swap as needed before a sortie to a leg; return the empty sortie."""
        machine = self.machine
        refill = swap = False
        if self.flights:
            refill = self.tank_ml < self._stretch_m(leg) * self.ml_per_m
            least_s = 2 * self._home_s(leg.begin) + self._stretch_m(leg) / self.pace.spray_m_per_s
            swap = self.battery_s < least_s + 60.0
            refill, swap = (
                refill or (swap and machine.refill_s <= machine.battery_swap_s),
                swap or (refill and machine.battery_swap_s <= machine.refill_s),
            )
            # Neither was short for its own sake: the halt was for reach, so take a fresh battery.
            swap = swap or not refill
        self.tank_ml = float(machine.tank_ml) if refill else self.tank_ml
        self.battery_s = float(machine.battery_s) if swap else self.battery_s
        ground_s = max(refill * machine.refill_s, swap * machine.battery_swap_s)
        number = len(self.flights) + 1
        return Sortie(number, (), (), 0.0, 0.0, 0.0, 0.0, refill, swap, ground_s)

    def _stretch_m(self, leg: _Leg) -> float:
        """Return the shortest stretch of a line worth flying to."""
        tank_m = self.machine.tank_ml / self.ml_per_m if self.ml_per_m else STRETCH_M
        return min(STRETCH_M, leg.length_m, tank_m)

    def fly(self, legs: list[_Leg]) -> list[_Leg]:
        """Fly one sortie and return what is left to spray."""
        sortie = self._prepare(legs[0])
        out_m = self._away_m(legs[0].begin)
        out_s = out_m / self.pace.transit_m_per_s
        self.battery_s -= out_s
        flown_s, line_m, here = out_s, 0.0, legs[0].begin
        lines: list[Line] = []
        links: list[tuple[Point, ...]] = []
        while legs:
            leg = legs[0]
            link_s = self._link_s(leg) if lines else 0.0
            self.battery_s -= link_s
            reach_m = self._reach_m(leg.begin, leg.end)
            if reach_m < self._stretch_m(leg) - 1e-6:
                self.battery_s += link_s
                break
            spray_s = reach_m / self.pace.spray_m_per_s
            self.battery_s -= spray_s
            self.tank_ml -= reach_m * self.ml_per_m
            flown_s, line_m = flown_s + link_s + spray_s, line_m + reach_m
            if lines:
                links.append(leg.link)
            here, left = self._stop(leg, reach_m)
            lines.append(self._line(leg.begin, here))
            legs = [*([] if left is None else [left]), *legs[1:]]
            if left is not None:
                break
        if not lines:
            raise InvalidProblem(
                f"sortie {sortie.number}",
                "launch",
                "离地块太远：满电不足以往返并喷洒",
                "is too far away: a full battery does not last there, along a line and back",
            )
        back_m = self._away_m(here)
        self.battery_s -= back_m / self.pace.transit_m_per_s
        done = replace(
            sortie,
            lines=tuple(lines),
            links=tuple(links),
            line_m=line_m,
            ferry_m=out_m + back_m,
            flight_s=flown_s + back_m / self.pace.transit_m_per_s,
            liquid_ml=line_m * self.ml_per_m,
        )
        self.flights.append(done)
        return legs

    def _link_s(self, leg: _Leg) -> float:
        """Return the seconds of the turn and the way to a leg."""
        aside_m = max(0.0, leg.link_m - self.pace.swath_m)
        return self.pace.turn_s + aside_m / self.pace.transit_m_per_s

    @staticmethod
    def _stop(leg: _Leg, reach_m: float) -> tuple[Floats, _Leg | None]:
        """Return where spraying stops on a leg, and what is left of it."""
        if leg.length_m - reach_m < 0.01:
            return leg.end, None
        place = leg.begin + (leg.end - leg.begin) * (reach_m / leg.length_m)
        return place, _Leg(place, leg.end, (), 0.0)

    def _line(self, begin: Floats, end: Floats) -> Line:
        points: list[Any] = self.plane.degrees(np.stack((begin, end)))
        return (points[0], points[1])
