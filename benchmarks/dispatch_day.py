"""The day of ten drones: about 10,000 mu of consolidated plots and some terraces in one county."""

import argparse
import json
import math
import resource
import time
from datetime import date

import numpy as np

from benchmarks.dispatch.families import DAY, place
from dispatch import Crew, Drone, Job, Problem, Stop, Window, check, solve
from dispatch.model import Ring

DRONES = 10


def _ring(corner: tuple[float, float], sides: tuple[float, float], turn: float) -> Ring:
    """Return a rectangle with sides in metres, turned around its block's corner."""
    cos, sin = math.cos(turn), math.sin(turn)
    flat = [(0.0, 0.0), (sides[0], 0.0), sides, (0.0, sides[1]), (0.0, 0.0)]
    return tuple(
        place(corner[0] + cos * x - sin * y, corner[1] + sin * x + cos * y) for x, y in flat
    )


class _Writer:
    """Collects jobs; numbers them and spreads them over orders and households."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.jobs: list[Job] = []

    def plot(self, corner: tuple[float, float], sides: tuple[float, float], turn: float) -> int:
        """Add one rectangular plot and return its area in centimu."""
        number = len(self.jobs)
        ring = _ring(corner, sides, turn)
        centimu = max(1, round(sides[0] * sides[1] / (2000 / 3) * 100))
        self.jobs.append(
            Job(
                job_id=f"P{number:05d}",
                order_id=f"O{number // 40:04d}",
                household_ids=(f"H{int(self.rng.integers(0, 2500)):04d}",),
                area_centimu=centimu,
                access=ring[0],
                parts=((ring,),),
                product="wheat-mix",
            )
        )
        return centimu

    def block(self, middle: tuple[float, float], mu: float) -> int:
        """Add a consolidated block of long strips side by side; return its area in centimu."""
        turn = float(self.rng.uniform(0, math.pi))
        side_m = math.sqrt(mu * 2000 / 3)
        cos, sin = math.cos(turn), math.sin(turn)
        total, y = 0, 0.0
        while y < side_m and total < mu * 100:
            depth = float(self.rng.uniform(55, 95))
            x = 0.0
            while x < side_m:
                width = float(self.rng.uniform(8, 32))
                corner = (middle[0] + cos * x - sin * y, middle[1] + sin * x + cos * y)
                total += self.plot(corner, (width - 0.4, depth - 0.4), turn)
                x += width
            y += depth + (4.0 if self.rng.random() < 0.3 else 0.0)
        return total


def _spot(rng: np.random.Generator, length_m: float) -> tuple[float, float]:
    """Return a place on the floor of a winding valley, a fifth as wide as it is long."""
    x = float(rng.uniform(-length_m / 2, length_m / 2))
    bend = 0.08 * length_m * math.sin(4 * math.pi * x / length_m)
    return (x, bend + float(rng.uniform(-0.1, 0.1)) * length_m)


def _free_spot(
    rng: np.random.Generator,
    length_m: float,
    taken: list[tuple[float, float, float]],
    *,
    reach_m: float,
) -> tuple[float, float]:
    """Return a place whose surroundings nobody has, and note it; after 200 tries any place."""
    spot = _spot(rng, length_m)
    for _ in range(200):
        if all(math.dist(spot, (x, y)) > (reach_m + other) / 2 for x, y, other in taken):
            break
        spot = _spot(rng, length_m)
    taken.append((*spot, reach_m))
    return spot


def day_problem(*, mu: int, drones: int, seed: int, length_m: float) -> Problem:
    """Return a made-up day: 90 % of the mu in blocks of 30 to 150 mu, the rest in terraces."""
    rng = np.random.default_rng(seed)
    writer = _Writer(rng)
    total = 0
    taken: list[tuple[float, float, float]] = []
    while total < mu * 90:
        size = min(float(rng.uniform(30, 150)), max(30.0, (mu * 90 - total) / 100))
        spot = _free_spot(rng, length_m, taken, reach_m=1.6 * math.sqrt(size * 2000 / 3))
        total += writer.block(spot, size)
    while total < mu * 100 - 100:
        spot = _free_spot(rng, length_m, taken, reach_m=200.0)
        for step in range(int(rng.integers(4, 16))):
            if total >= mu * 100 - 100:
                break
            width, length = float(rng.uniform(8, 18)), float(rng.uniform(40, 110))
            corner = (spot[0] + float(rng.uniform(-15, 15)), spot[1] + step * 24.0)
            total += writer.plot(corner, (length, width), 0.1 * float(rng.standard_normal()))
    homes = [place(share * length_m, 0.0) for share in (-0.3, 0.0, 0.3)]
    crews = tuple(Crew(crew_id=f"C{n}", home=homes[n % 3]) for n in range(drones))
    return Problem(
        day=DAY,
        jobs=tuple(writer.jobs),
        drones=tuple(
            Drone(
                drone_id=f"D{n:02d}",
                crew_id=f"C{n}",
                registration=f"UAS-TEST-{n:04d}",
                insured_until=date(2027, 1, 1),
            )
            for n in range(drones)
        ),
        crews=crews,
        windows=(
            Window(start_s=int(5.5 * 3600), end_s=int(10.5 * 3600)),
            Window(start_s=int(15.5 * 3600), end_s=int(20.5 * 3600)),
        ),
    )


def main() -> None:
    """Print one JSON line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mu", type=int, default=9_950)
    parser.add_argument("--drones", type=int, default=DRONES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--out", help="write the problem document here too")
    arguments = parser.parse_args()
    problem = day_problem(
        mu=arguments.mu, drones=arguments.drones, seed=arguments.seed, length_m=12_000.0
    )
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as file:  # noqa: PTH123 - one line
            file.write(problem.to_json())
    ordered = sum(job.area_centimu for job in problem.jobs) / 100
    _say("mu_ordered", ordered)
    _say("plots", len(problem.jobs))
    for engine in ("greedy", "blocks"):
        began_s = time.perf_counter()
        plan = solve(problem, stop=Stop(seconds=arguments.seconds), engine=engine)
        _say(f"{engine}_seconds", round(time.perf_counter() - began_s, 2))
        _say(f"{engine}_mu_planned", plan.totals.area_centimu / 100)
        _say(f"{engine}_planned_percent", round(plan.totals.area_centimu / ordered, 2))
        _say(f"{engine}_violations", len(check(problem, plan)))
        _say(f"{engine}_blocks", plan.totals.blocks)
        _say(f"{engine}_road_h", round(plan.objective.road_s / 3600, 2))
        _say(f"{engine}_work_h", round(plan.objective.rank()[1] / 3600, 2))
        _say(f"{engine}_bound_permille", plan.bound.ratio_permille)
        _say(f"{engine}_kept", plan.parameters.engine)
    _say("peak_rss_mb", round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def _say(figure: str, value: object) -> None:
    """Print one figure as a JSON line."""
    print(json.dumps({"figure": figure, "value": value}))


if __name__ == "__main__":
    main()
