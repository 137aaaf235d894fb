"""Made-up counties for the benchmark: fragmented plots of 2–20 mu, consolidated ones of 20–200."""

import math
from dataclasses import dataclass
from datetime import date

import numpy as np

from dispatch.land import Job, Window
from dispatch.model import Problem
from dispatch.resources import Crew, Drone
from dispatch.shapes import DAY_S, Point, Ring

DAY = date(2026, 7, 20)
CENTRE = (112.86, 36.84)
M_PER_DEGREE = 111_194.93
CREWS_MAX = 10


@dataclass(frozen=True, slots=True)
class Family:
    """How a county of one kind looks: areas in mu, ground for one plot in metres, crews' load."""

    least_mu: float
    most_mu: float
    median_mu: float
    spread: float
    cell_m: float
    plots_a_drone_day: float


FAMILIES = {
    "frag": Family(2, 20, 7.0, 0.55, 220.0, 105.0),
    "cons": Family(20, 200, 58.0, 0.55, 760.0, 16.7),
}
_FILLED = 0.45
"""Share of the ground's cells that hold a plot."""


def place(x_m: float, y_m: float) -> Point:
    """Turn metres east and north of the centre into degrees."""
    scale = math.cos(math.radians(CENTRE[1]))
    return (CENTRE[0] + x_m / (M_PER_DEGREE * scale), CENTRE[1] + y_m / M_PER_DEGREE)


def county(kind: str, plots: int, seed: int) -> Problem:
    """Return a problem of one family; the same arguments give the same one."""
    family, rng = FAMILIES[kind], np.random.default_rng(seed)
    side = math.ceil(math.sqrt(plots / _FILLED))
    cells = _cells(rng, side, plots)
    drone_days = max(1, round(plots / family.plots_a_drone_day))
    crews = min(CREWS_MAX, drone_days) if kind == "frag" else min(6, drone_days)
    days = max(1, round(drone_days / crews))
    half_m = side * family.cell_m / 2
    jobs = tuple(
        _job(rng, family, number, (x * family.cell_m - half_m, y * family.cell_m - half_m), days)
        for number, (x, y) in enumerate(cells)
    )
    bases = [(-0.5, -0.4), (0.5, -0.3), (0.0, 0.55)]
    return Problem(
        day=DAY,
        days=days,
        jobs=jobs,
        drones=tuple(
            Drone(
                drone_id=f"D{n:02d}",
                crew_id=f"C{n:02d}",
                registration=f"UAS-TEST-{n:04d}",
                insured_until=date(2027, 12, 31),
            )
            for n in range(crews)
        ),
        crews=tuple(
            Crew(crew_id=f"C{n:02d}", home=place(*(half_m * one for one in bases[n % 3])))
            for n in range(crews)
        ),
        windows=tuple(
            Window(start_s=day * DAY_S + int(start * 3600), end_s=day * DAY_S + int(end * 3600))
            for day in range(days)
            for start, end in ((5.5, 9.5), (16.5, 20.5))
        ),
    )


def _cells(rng: np.random.Generator, side: int, plots: int) -> list[tuple[int, int]]:
    """Choose the cells that hold a plot: dense around villages, thin between them."""
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    grid = np.stack([x.ravel(), y.ravel()], axis=1)
    villages = rng.uniform(0, side, (max(3, plots // 80), 2))
    away = np.full(len(grid), np.inf)
    for village in villages:
        away = np.minimum(away, np.hypot(*(grid - village).T))
    odds = 0.15 + np.exp(-((away / 4.0) ** 2))
    chosen = rng.choice(len(grid), plots, replace=False, p=odds / odds.sum())
    return [(int(a), int(b)) for a, b in grid[chosen]]


def _job(
    rng: np.random.Generator, family: Family, number: int, corner: tuple[float, float], days: int
) -> Job:
    """Return one plot: a leaning quadrilateral somewhere in its cell."""
    wanted = float(rng.lognormal(math.log(family.median_mu), family.spread))
    mu = min(family.most_mu, max(family.least_mu, wanted))
    area_m2 = mu * 2000 / 3
    longest_m = 0.97 * family.cell_m / math.sqrt(1.25)
    aspect = min(float(rng.uniform(1.0, 4.0)), max(1.0, longest_m**2 / area_m2))
    long_m, short_m = math.sqrt(area_m2 * aspect), math.sqrt(area_m2 / aspect)
    lean = float(rng.uniform(-0.15, 0.15)) * short_m
    turn = float(rng.choice([0.0, math.pi / 2])) + float(rng.normal(0, 0.08))
    room = max(0.0, family.cell_m - long_m) / 2
    middle = (
        corner[0] + family.cell_m / 2 + float(rng.uniform(-room, room)) * 0.5,
        corner[1] + family.cell_m / 2 + float(rng.uniform(-room, room)) * 0.5,
    )
    flat = [
        (-long_m / 2 - lean, -short_m / 2),
        (long_m / 2 - lean, -short_m / 2),
        (long_m / 2 + lean, short_m / 2),
        (-long_m / 2 + lean, short_m / 2),
    ]
    cos, sin = math.cos(turn), math.sin(turn)
    ring: Ring = tuple(
        place(middle[0] + cos * x - sin * y, middle[1] + sin * x + cos * y)
        for x, y in [*flat, flat[0]]
    )
    late = rng.random() < 0.2
    last_day = int(rng.integers(0, days)) + 1 if late else days
    return Job(
        job_id=f"P{number:05d}",
        order_id=f"O{number // 40:04d}",
        household_ids=(f"H{int(rng.integers(0, 1 + number)):05d}",),
        area_centimu=max(1, round(mu * 100)),
        access=ring[0],
        parts=((ring,),),
        product="wheat-mix" if rng.random() < 0.8 else "maize-mix",
        latest_s=last_day * DAY_S,
        priority=int(rng.choice([0, 1, 3], p=[0.8, 0.15, 0.05])),
    )
