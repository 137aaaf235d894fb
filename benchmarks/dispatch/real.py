"""A benchmark county from a GeoJSON file of real plots: crews and days as its area asks for."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from benchmarks.dispatch.families import DAY, M_PER_DEGREE
from dispatch.land import Job, Window
from dispatch.model import Problem
from dispatch.resources import Crew, Drone
from dispatch.shapes import DAY_S, Point, Polygon

MU_A_DRONE_DAY = 700
CREWS_MAX = 10


def county_of(path: Path, seed: int) -> Problem:
    """Return a problem of the file's valid polygons; others are left out.

    Crews start from three places among the plots. Raises `OSError` and `ValueError` for a file that
    is no GeoJSON.
    """
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    jobs = tuple(
        job for number, feature in enumerate(features) if (job := _job(number, feature)) is not None
    )
    mu = sum(job.area_centimu for job in jobs) / 100
    crews = min(CREWS_MAX, max(1, round(mu / MU_A_DRONE_DAY)))
    days = min(14, max(1, math.ceil(mu / MU_A_DRONE_DAY / crews)))
    rng = np.random.default_rng(seed)
    bases = [jobs[int(at)].access for at in rng.integers(0, len(jobs), 3)]
    return Problem(
        day=DAY,
        days=days,
        jobs=jobs,
        crews=tuple(Crew(crew_id=f"C{n:02d}", home=bases[n % 3]) for n in range(crews)),
        drones=tuple(
            Drone(
                drone_id=f"D{n:02d}",
                crew_id=f"C{n:02d}",
                registration=f"UAS-TEST-{n:04d}",
                insured_until=DAY.replace(year=DAY.year + 1),
            )
            for n in range(crews)
        ),
        windows=tuple(
            Window(start_s=day * DAY_S + int(start * 3600), end_s=day * DAY_S + int(end * 3600))
            for day in range(days)
            for start, end in ((5.5, 9.5), (16.5, 20.5))
        ),
    )


def _job(number: int, feature: dict[str, Any]) -> Job | None:
    """Return a feature as a job, None where its geometry is no valid polygon."""
    shape = shapely.from_geojson(json.dumps(feature["geometry"]))
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
        return None
    if not shape.is_valid or shape.area <= 0:
        return None
    polygons = [shape] if isinstance(shape, shapely.Polygon) else list(shape.geoms)
    parts: tuple[Polygon, ...] = tuple(
        tuple(_ring(ring) for ring in (one.exterior, *one.interiors)) for one in polygons
    )
    lat = shape.centroid.y
    area_m2 = shape.area * M_PER_DEGREE**2 * math.cos(math.radians(lat))
    return Job(
        job_id=f"P{number:05d}",
        order_id=f"O{number // 40:04d}",
        area_centimu=max(1, round(area_m2 / (2000 / 3) * 100)),
        access=parts[0][0][0],
        parts=parts,
        product="wheat-mix",
    )


def _ring(ring: Any) -> tuple[Point, ...]:
    return tuple((float(point[0]), float(point[1])) for point in ring.coords)
