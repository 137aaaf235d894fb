"""Missions to write: a plot with a house in it, a plot of two parts, and one that needs sorties."""

from dataclasses import replace

from dispatch.coverage import Parts, cover, sorties
from dispatch.machines import default_machine
from dispatch.missions import Mission, Servo, mission, missions
from tests.dispatch.coverage.shapes import box, ring

MACHINE = default_machine()
LAUNCH = ring([(-20, -20)])[0]
HOUSE_PLOT: Parts = ((box(0, 0, 100, 100), box(40, 40, 20, 20)),)
TWO_PARTS: Parts = ((box(150, 0, 40, 60),), (ring([(150, 80), (200, 80), (170, 120)]),))
BIG_PLOT: Parts = ((box(0, 150, 180, 120),),)


def house_mission(servo: Servo | None = None) -> Mission:
    """Return the mission of a plot whose lines and ways go around a house."""
    coverage = cover(HOUSE_PLOT, MACHINE, 1000)
    return mission(
        coverage,
        HOUSE_PLOT,
        LAUNCH,
        MACHINE,
        1000,
        plot_id="石北村 012",
        height_cm=300,
        product="吡虫啉 20 ml",
        servo=servo,
    )


def day() -> list[Mission]:
    """Return a crew's day: three plots, two products, the last plot in several sorties."""
    coverage = cover(TWO_PARTS, MACHINE, 1500)
    parts = mission(
        coverage,
        TWO_PARTS,
        LAUNCH,
        MACHINE,
        1500,
        plot_id="石北村 013",
        height_cm=250,
        product="芸苔素 & 尿素",
    )
    small = replace(MACHINE, tank_ml=12_000)
    flights = sorties(cover(BIG_PLOT, small, 1000), small, 1000, LAUNCH)
    several = missions(
        flights,
        BIG_PLOT,
        LAUNCH,
        small,
        1000,
        plot_id="石北村 014",
        height_cm=300,
        product="吡虫啉 20 ml",
    )
    return [house_mission(), parts, *several]
