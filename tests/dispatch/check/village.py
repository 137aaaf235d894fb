"""A small problem with every feature of the rules, and a sound plan for it.

Two crews, two days. C0 has the drones D0 and D1 and no need of water; C1 has D2, a water tank of
60 L and a grounded D3, and works on the first day only. Metres are east and north of a corner at
36.8° N.
"""

import math
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from dispatch.machines import default_machine
from dispatch.model import (
    DAY_S,
    Crew,
    Drone,
    Job,
    MixPoint,
    Point,
    Polygon,
    Problem,
    Rest,
    Ring,
    Settings,
    Window,
    Zone,
    ZoneKind,
)
from dispatch.plan import Cause, Plan, Route, TruckRoute
from tests.dispatch.check.simulate import Mix, Shift, Simulator, Site

DAY = date(2026, 7, 20)
HOUR_S = 3600
_LON, _LAT = 112.8, 36.8
_M_PER_DEGREE = 111_195.08


def at(x_m: float, y_m: float) -> Point:
    """Return the degrees of a spot."""
    scale = _M_PER_DEGREE * math.cos(math.radians(_LAT))
    return (_LON + x_m / scale, _LAT + y_m / _M_PER_DEGREE)


def box(x_m: float, y_m: float, wide_m: float, high_m: float) -> Ring:
    """Return the closed ring of a rectangle with its south-west corner at a spot."""
    corners = [(0.0, 0.0), (wide_m, 0.0), (wide_m, high_m), (0.0, high_m), (0.0, 0.0)]
    return tuple(at(x_m + dx, y_m + dy) for dx, dy in corners)


def plot(name: str, x_m: float, y_m: float, mu: float = 6.0, **facts: Any) -> Job:
    """Return a square plot with its access at the south-west corner."""
    side_m = math.sqrt(mu * 2000 / 3)
    base = Job(
        job_id=name,
        order_id=f"order of {name}",
        area_centimu=round(mu * 100),
        access=at(x_m, y_m),
        parts=((box(x_m, y_m, side_m, side_m),),),
        product="wheat",
        collective_id="V1",
        area_id="west",
    )
    return replace(base, **facts)


def _holed(x_m: float, y_m: float) -> Polygon:
    """Return a square of 70 m with a pond in it."""
    return (box(x_m, y_m, 70, 70), box(x_m + 20, y_m + 20, 30, 20))


PLANNED = (
    plot("A1", 0, 0),
    plot("A2", 70, 0, priority=2),
    plot("A3", 140, 0, parts=(_holed(140, 0),)),
    plot("A4", 220, 0, parts=((box(220, 0, 40, 60),), (box(270, 10, 30, 60),))),
    plot(
        "A5",
        310,
        0,
        parts=(
            (tuple(at(x, y) for x, y in [(310, 0), (390, 10), (370, 80), (345, 40), (310, 0)]),),
        ),
    ),
    plot("A6", 430, 30, parts=()),
    plot("B1", 0, 1500, product="foliar"),
    plot("B2", 80, 1500, product="foliar", collective_id=""),
    plot("W1", 1500, 0, product="weed"),
    plot("W2", 1900, 0, product="weed"),
    plot("BIG", 0, 250, mu=60),
    plot("R1", 600, 200, area_id="east", earliest_s=13 * HOUR_S, skills=("hill",)),
    plot("H1", 0, 600, harvest_on=DAY + timedelta(days=3), pre_harvest_days=2),
    plot("P1", 80, 600, pinned_day=1),
    plot("P2", 160, 600, pinned_drone_id="D1", latest_s=2 * DAY_S),
    plot("X1", 6200, 0, product="foliar", collective_id="V2"),
    plot("X2", 6300, 0, mu=30, product="foliar", collective_id="V2"),
    plot("X3", 7000, 0, mu=30, product="foliar", collective_id="V2", skills=("slope",)),
)
LEFT_OUT = {
    Cause.BUFFER: plot("U-buffer", -90, 0, mu=2),
    Cause.NO_FLY: plot("U-no-fly", 3010, 3010, collective_id="V3"),
    Cause.NO_SKILL: plot("U-skill", 500, 0, skills=("night",)),
    Cause.PERMIT: plot("U-permit", 500, 100, skills=("orchard",)),
    Cause.UNAVAILABLE: plot("U-broken", 500, 700, skills=("terrace",)),
    Cause.WEATHER: plot("U-weather", 500, 200, product="frost"),
    Cause.PRE_HARVEST: plot("U-harvest", 500, 300, harvest_on=DAY, pre_harvest_days=5),
    Cause.WINDOW: plot("U-window", 500, 400, latest_s=3 * HOUR_S),
    Cause.TOO_LARGE: plot("U-large", 500, 5000, mu=2000),
    Cause.PINNED: plot("U-pinned", 500, 500, pinned_drone_id="D2", pinned_day=1),
    Cause.NO_CAPACITY: plot("U-cap", 6500, 300, mu=20, product="foliar", skills=("slope",)),
    Cause.NO_TIME: plot("U-time", 500, 600, collective_id="V3"),
}
WINDOWS = (
    Window(start_s=6 * HOUR_S, end_s=11 * HOUR_S, products=("wheat", "foliar")),
    Window(start_s=6 * HOUR_S, end_s=9 * HOUR_S + 1800, products=("weed",)),
    Window(start_s=14 * HOUR_S, end_s=18 * HOUR_S, products=("wheat", "foliar"), areas=("east",)),
    Window(start_s=15 * HOUR_S, end_s=19 * HOUR_S, products=("wheat", "foliar"), areas=("west",)),
    Window(
        start_s=DAY_S + 6 * HOUR_S, end_s=DAY_S + 11 * HOUR_S, products=("wheat", "foliar", "weed")
    ),
)


def drone(number: int, crew_id: str, **facts: Any) -> Drone:
    """Return a drone with good papers."""
    base = Drone(
        drone_id=f"D{number}",
        crew_id=crew_id,
        registration=f"UAS-{number}",
        insured_until=date(2027, 1, 1),
        skills=("hill",),
    )
    return replace(base, **facts)


def _problem() -> Problem:
    """Return the village."""
    quick = replace(default_machine(), model="quick", transit_cm_per_s=1200, turn_s=3)
    slow = replace(default_machine(), model="slow", refill_s=240, battery_swap_s=30)
    return Problem(
        day=DAY,
        days=2,
        jobs=(*PLANNED, *LEFT_OUT.values()),
        drones=(
            drone(0, "C0", machine=quick, area_cap_centimu=9_600),
            drone(1, "C0"),
            drone(
                2,
                "C1",
                machine=slow,
                skills=("slope",),
                area_cap_centimu=7_500,
                insured_until=DAY,
                available_from_s=5 * HOUR_S,
                available_to_s=17 * HOUR_S,
            ),
            drone(3, "C1", registration="", skills=("orchard",)),
            drone(4, "C2", skills=("terrace",), available_to_s=0),
        ),
        crews=(
            Crew(
                crew_id="C0",
                home=at(0, -500),
                pilots=2,
                rests=(Rest(start_s=11 * HOUR_S, end_s=14 * HOUR_S + 1800),),
            ),
            Crew(crew_id="C1", home=at(6000, 0), water_ml=60_000, days_off=(1,)),
            Crew(crew_id="C2", home=at(-500, 0)),
        ),
        windows=WINDOWS,
        zones=(
            Zone(zone_id="Z1", rings=(box(-200, 0, 100, 60),), buffer_m=50, products=("wheat",)),
            Zone(zone_id="Z2", rings=(box(3000, 3000, 200, 200),), kind=ZoneKind.NO_FLY),
            Zone(
                zone_id="Z3",
                rings=(box(3000, 0, 200, 200), box(3050, 50, 50, 50)),
                kind=ZoneKind.NO_FLY,
                buffer_m=500,
            ),
        ),
        mix_points=(
            MixPoint(
                point_id="M1",
                place=at(6600, -800),
                fill_s=600,
                open_s=6 * HOUR_S,
                close_s=12 * HOUR_S,
            ),
        ),
        settings=Settings(compatible=(("wheat", "foliar"),), fair_share_permille=900),
    )


SHIFTS = (
    Shift(
        "C0",
        0,
        (
            Site("S1", at(140, 0), {"D0": ("A1", "A2", "A3"), "D1": ("A4", "A5", "A6")}),
            Site("S2", at(0, 1500), {"D0": ("B1",), "D1": ("B2",)}),
            Site("S3", at(1500, 0), {"D0": ("W1", "W2")}),
            Site("S4", at(0, 250), {"D0": ("BIG",)}),
            Site("S5", at(600, 200), {"D1": ("R1",)}),
        ),
    ),
    Shift("C0", 1, (Site("S6", at(80, 600), {"D0": ("H1", "P1"), "D1": ("P2",)}),)),
    Shift(
        "C1",
        0,
        (
            Site("T1", at(6200, 0), {"D2": ("X1", "X2")}),
            Mix("M1"),
            Site("T2", at(7000, 0), {"D2": ("X3",)}),
        ),
    ),
)


def _plan(problem: Problem) -> Plan:
    """Fly the shifts."""
    simulator = Simulator(problem)
    for shift in SHIFTS:
        simulator.fly(shift)
    return simulator.plan({job.job_id: cause for cause, job in LEFT_OUT.items()})


PROBLEM = _problem()
PLAN = _plan(PROBLEM)
NOW_S = 6 * HOUR_S + 60
"""A minute after the first take-off both crews are at their first site."""


def _frozen() -> Problem:
    """Return the village at `NOW_S`: the first site of each crew is under way."""
    trucks = [truck for truck in PLAN.trucks if truck.day == 0]
    routes = [route for route in PLAN.routes if route.day == 0]
    return replace(
        PROBLEM,
        now_s=NOW_S,
        frozen_trucks=tuple(
            TruckRoute(
                crew_id=one.crew_id,
                day=0,
                depart_s=one.depart_s,
                return_s=one.return_s,
                stops=one.stops[:1],
            )
            for one in trucks
        ),
        frozen_routes=tuple(
            Route(
                drone_id=one.drone_id,
                day=0,
                stops=tuple(visit for visit in one.stops if visit.block_id in {"S1", "T1"}),
            )
            for one in routes
        ),
    )


FROZEN = _frozen()
