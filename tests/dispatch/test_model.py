"""A problem that cannot be is refused at once, naming who and which field."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from dispatch import (
    Crew,
    InvalidProblem,
    MixPoint,
    Rest,
    Settings,
    Stop,
    Window,
    Zone,
    ZoneKind,
    catalogue,
    default_machine,
)
from tests.dispatch.build import MORNING, drone, job, place, problem, square

BOW_TIE = (place(0, 0), place(50, 50), place(50, 0), place(0, 50), place(0, 0))

BAD: dict[str, tuple[Callable[[], object], str, str]] = {
    "no area": (lambda: job(1, 0, 0, area_centimu=0), "P1", "area_centimu"),
    "boolean area": (lambda: job(1, 0, 0, area_centimu=True), "P1", "area_centimu"),
    "fractional area": (lambda: job(1, 0, 0, area_centimu=1.5), "P1", "area_centimu"),
    "priority over 100": (lambda: job(1, 0, 0, priority=101), "P1", "priority"),
    "no dose": (lambda: job(1, 0, 0, liquid_ml_per_mu=0), "P1", "liquid_ml_per_mu"),
    "no product": (lambda: job(1, 0, 0, product=""), "P1", "product"),
    "late before early": (lambda: job(1, 0, 0, earliest_s=9, latest_s=9), "P1", "latest_s"),
    "after the horizon": (lambda: job(1, 0, 0, latest_s=15 * 86_400), "P1", "latest_s"),
    "window over midnight": (lambda: Window(start_s=86_000, end_s=87_000), "window", "end_s"),
    "window after the last day": (
        lambda: problem([], windows=(Window(start_s=90_000, end_s=91_000),)),
        "window",
        "end_s",
    ),
    "empty water tank": (lambda: Crew(crew_id="C", home=place(0, 0), water_ml=0), "C", "water_ml"),
    "backward rest": (lambda: Rest(start_s=9, end_s=9), "rest", "end_s"),
    "filling longer than open": (
        lambda: MixPoint(point_id="M", place=place(0, 0), fill_s=99, open_s=0, close_s=50),
        "M",
        "fill_s",
    ),
    "four drones on a truck": (
        lambda: problem([], drones=tuple(drone(n, crew_id="C0") for n in range(4))),
        "C0",
        "drones",
    ),
    "pin to nobody": (
        lambda: problem([job(1, 0, 0, pinned_drone_id="D9")]),
        "P1",
        "pinned_drone_id",
    ),
    "too many days": (lambda: problem([], days=15), "problem", "days"),
    "illegal height": (lambda: Settings(height_cm=3001), "settings", "height_cm"),
    "no-fly for a product": (
        lambda: Zone(zone_id="Z", rings=(square(0, 0, 9),), kind=ZoneKind.NO_FLY, products=("a",)),
        "Z",
        "products",
    ),
    "parts that overlap": (
        lambda: job(1, 0, 0, parts=((square(0, 0, 9),), (square(5, 5, 9),))),
        "P1",
        "parts",
    ),
    "off the globe": (lambda: job(1, 0, 0, access=(200.0, 0.0)), "P1", "access"),
    "not a number": (lambda: job(1, 0, 0, access=(float("nan"), 0.0)), "P1", "access"),
    "open ring": (lambda: job(1, 0, 0, parts=((square(0, 0, 9)[:-1],),)), "P1", "parts"),
    "bow tie": (lambda: job(1, 0, 0, parts=((BOW_TIE,),)), "P1", "parts"),
    "illegal speed": (
        lambda: drone(1, machine=replace(default_machine(), transit_cm_per_s=1389)),
        "D1",
        "transit_cm_per_s",
    ),
    "no cap": (lambda: drone(1, area_cap_centimu=0), "D1", "area_cap_centimu"),
    "empty tank": (lambda: replace(default_machine(), tank_ml=0), "reference-40l", "tank_ml"),
    "illegal radius": (lambda: Settings(radius_m=2001), "settings", "radius_m"),
    "convex road": (lambda: Settings(road_fast_cm_per_s=100), "settings", "road_fast_cm_per_s"),
    "zone without polygon": (lambda: Zone(zone_id="Z", rings=()), "Z", "rings"),
    "backward window": (lambda: Window(start_s=5, end_s=4), "window", "end_s"),
    "same job twice": (lambda: problem([job(1, 0, 0), job(1, 9, 9)]), "problem", "jobs"),
    "unknown crew": (lambda: problem([], drones=(drone(7),)), "D7", "crew_id"),
    "overlapping windows": (
        lambda: problem([], windows=(MORNING, replace(MORNING, start_s=9 * 3600))),
        "problem",
        "windows",
    ),
    "stop without budget": (Stop, "stop", "seconds"),
    "stop with two budgets": (lambda: Stop(seconds=1, iterations=1), "stop", "seconds"),
    "negative budget": (lambda: Stop(iterations=-1), "stop", "seconds"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_value_is_refused_by_name(name: str) -> None:
    """The error names the subject and the field, in Chinese and English."""
    make, subject, field = BAD[name]
    with pytest.raises(InvalidProblem) as caught:
        make()
    assert (caught.value.subject, caught.value.field) == (subject, field)
    assert subject in caught.value.zh
    assert field in caught.value.en


def test_windows_of_different_products_may_overlap() -> None:
    """A herbicide and an insecticide have their own weather."""
    windows = (replace(MORNING, products=("a",)), replace(MORNING, products=("b",)))
    assert problem([], windows=windows).windows == windows


def test_the_default_machine_is_the_design_s() -> None:
    """The reference machine covers 225 mu an hour in a straight line, refilled every 40 mu."""
    machine = default_machine()
    m2_per_hour = machine.swath_cm * machine.speed_cm_per_s / 10_000 * 3600
    assert round(m2_per_hour * 3 / 2000) in range(225, 229)
    assert machine.tank_ml // 1000 == 40
    assert catalogue()["reference-40l"] is machine
