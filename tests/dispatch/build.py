"""Small made-up problems for the dispatcher's tests; about 36.8° N, metres from one corner."""

import math
from dataclasses import replace
from datetime import date
from typing import Any

from dispatch import Crew, Drone, Job, Problem, Window
from dispatch.model import Point, Ring

DAY = date(2026, 7, 20)
CORNER = (112.8, 36.8)
M_PER_DEGREE = 111_194.93
MORNING = Window(start_s=6 * 3600, end_s=10 * 3600)
AFTERNOON = Window(start_s=15 * 3600, end_s=19 * 3600)


def place(x_m: float, y_m: float) -> Point:
    """Return degrees of a spot east and north of the corner."""
    scale = math.cos(math.radians(CORNER[1]))
    return (CORNER[0] + x_m / (M_PER_DEGREE * scale), CORNER[1] + y_m / M_PER_DEGREE)


def square(x_m: float, y_m: float, side_m: float) -> Ring:
    """Return a closed square ring with its south-west corner at a spot."""
    flat = [(0.0, 0.0), (side_m, 0.0), (side_m, side_m), (0.0, side_m), (0.0, 0.0)]
    return tuple(place(x_m + dx, y_m + dy) for dx, dy in flat)


def job(number: int, x_m: float, y_m: float, *, mu: float = 2.0, **facts: Any) -> Job:
    """Return a square plot of some mu with its access at the south-west corner."""
    side_m = math.sqrt(mu * 2000 / 3)
    base = Job(
        job_id=f"P{number}",
        order_id=f"O{number // 4}",
        household_ids=(f"H{number}",),
        area_centimu=round(mu * 100),
        access=place(x_m, y_m),
        parts=((square(x_m, y_m, side_m),),),
        product="wheat-mix",
    )
    return replace(base, **facts)


def drone(number: int, **facts: Any) -> Drone:
    """Return a legal drone of crew ``C<number>``."""
    base = Drone(
        drone_id=f"D{number}",
        crew_id=f"C{number}",
        registration=f"UAS-TEST-{number}",
        insured_until=date(2027, 1, 1),
    )
    return replace(base, **facts)


def problem(jobs: list[Job], **facts: Any) -> Problem:
    """Return a day with two drones, two crews and two windows around the noon gap."""
    base = Problem(
        day=DAY,
        jobs=tuple(jobs),
        drones=(drone(0), drone(1)),
        crews=(Crew(crew_id="C0", home=place(0, -500)), Crew(crew_id="C1", home=place(0, -500))),
        windows=(MORNING, AFTERNOON),
    )
    return replace(base, **facts)


def village(rows: int = 4, columns: int = 5, **facts: Any) -> Problem:
    """Return two clusters of plots of 6 mu, 3 km apart, and a second product in the second."""
    jobs = [
        job(r * columns + c, c * 70.0, r * 70.0, mu=6.0)
        for r in range(rows)
        for c in range(columns)
    ]
    offset = len(jobs)
    jobs += [
        job(offset + n, 3000 + 70.0 * n, 0.0, mu=6.0, product="rice-mix" if n % 2 else "wheat-mix")
        for n in range(6)
    ]
    return problem(jobs, **facts)
