"""Coverage planning: how long many plots take, and how good the chosen headings are."""

import argparse
import json
import math
import os
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import shapely

from dispatch.coverage import Parts, Ring, Sweep, cover, sweep_many
from dispatch.coverage.plane import grounds
from dispatch.machines import default_machine

CENTRE = (112.86, 36.84)
M_PER_DEGREE = math.radians(6_371_008.8)
SHARED = Path(os.environ.get("TGJ_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
REAL = {
    "cawa": "cawa_central_asia_8435_fields.gpkg",
    "vietnam": "1_vietnam_areas.gpkg",
    "cambodia": "4_cambodia_areas.gpkg",
    "mali": "mali_segou_74_fields_14_invalid.geojson",
}
MACHINE = default_machine()


def _ring(corners: Any) -> Ring:
    """Return a closed ring in degrees from open corners in metres."""
    scale = M_PER_DEGREE * math.cos(math.radians(CENTRE[1]))
    points = [
        (CENTRE[0] + float(x) / scale, CENTRE[1] + float(y) / M_PER_DEGREE) for x, y in corners
    ]
    return (*points, points[0])


def _convex(rng: np.random.Generator) -> Parts:
    """Return a hull of a few points, 2 to 40 mu or so."""
    size = float(rng.uniform(25, 110))
    points = rng.uniform(-size, size, (int(rng.integers(5, 10)), 2))
    return ((_ring(shapely.get_coordinates(shapely.MultiPoint(points).convex_hull)[:-1]),),)


def _concave(rng: np.random.Generator) -> Parts:
    """Return corners at uneven distances around a middle."""
    count, size = int(rng.integers(6, 16)), float(rng.uniform(30, 150))
    angle = np.arange(count) * (2 * math.pi / count) + float(rng.uniform(0, 6))
    far = rng.uniform(0.45, 1.0, count) * size
    return ((_ring(zip(far * np.cos(angle), far * np.sin(angle), strict=True)),),)


def _holed(rng: np.random.Generator) -> Parts:
    """Return a roundish plot with a pond or a few graves in it."""
    size = float(rng.uniform(40, 120))
    angle = np.arange(8) * (math.pi / 4)
    far = rng.uniform(0.8, 1.0, 8) * size
    holes = []
    for number in range(int(rng.integers(1, 4))):
        side, x = float(rng.uniform(1, size / 9)), (number - 1) * size / 4
        holes.append(_ring([(x, 0), (x + side, 0), (x + side, side), (x, side)]))
    return ((_ring(zip(far * np.cos(angle), far * np.sin(angle), strict=True)), *holes),)


def _made(kind: str, plots: int, seed: int) -> list[Parts]:
    """Return made-up plots of one kind; a mix has 70 % convex, 25 % concave, 5 % with holes."""
    rng = np.random.default_rng(seed)
    makers = {"convex": _convex, "concave": _concave, "holed": _holed}
    if kind != "mixed":
        return [makers[kind](rng) for _ in range(plots)]
    kinds = rng.choice(["convex", "concave", "holed"], plots, p=[0.7, 0.25, 0.05])
    return [makers[str(one)](rng) for one in kinds]


def _real(name: str) -> list[Parts]:
    """Return the valid fields of a real file."""
    meta, _, wkb, _ = pyogrio.raw.read(SHARED / "fields" / REAL[name])
    shapes = shapely.from_wkb(wkb)
    if meta["crs"] != "EPSG:4326":
        turn = pyproj.Transformer.from_crs(meta["crs"], 4326, always_xy=True)
        shapes = shapely.transform(shapes, lambda flat: np.stack(turn.transform(*flat.T), axis=1))
    return [_parts(one) for one in shapes if one is not None and shapely.is_valid(one)]


def _parts(shape: Any) -> Parts:
    """Return a polygon or multipolygon as parts."""
    return tuple(
        tuple(
            tuple((float(x), float(y)) for x, y in ring.coords)
            for ring in (polygon.exterior, *polygon.interiors)
        )
        for polygon in shapely.get_parts(shape)
    )


def _narrowest_cdeg(parts: Parts) -> int:
    """Return the heading along which the plot is narrowest, the textbook's choice."""
    hull = shapely.union_all(grounds([parts], ["plot"]).polygons).convex_hull
    flat = shapely.get_coordinates(hull)
    steps = np.diff(flat, axis=0)
    angles = np.arctan2(steps[:, 0], steps[:, 1])
    across = flat @ np.stack((np.cos(angles), -np.sin(angles)))
    return round(math.degrees(float(angles[np.ptp(across, axis=0).argmin()])) * 100) % 18_000


def _compare(name: str, plots: list[Parts], sweeps: list[Sweep], sample: int) -> None:
    """Print the chosen headings' time against the narrowest heading and a scan of degrees."""
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(plots))[:sample].tolist()
    best, narrow, scanned, worst, floor = 0.0, 0.0, 0.0, 0.0, 0.0
    for index in chosen:
        parts, seconds = plots[index], sweeps[index].seconds
        along = cover(parts, MACHINE, 1000, heading_cdeg=_narrowest_cdeg(parts))
        scan = min(
            cover(parts, MACHINE, 1000, heading_cdeg=degree * 100).seconds for degree in range(180)
        )
        best, narrow, scanned = best + seconds, narrow + along.seconds, scanned + scan
        worst = max(worst, seconds / scan)
        floor += along.area_m2 / (MACHINE.swath_cm * MACHINE.speed_cm_per_s / 1e4)
    _say(name, "time_of_narrowest_heading", round(best / narrow, 4))
    _say(name, "time_of_best_whole_degree", round(best / scanned, 4))
    _say(name, "worst_plot_against_best_whole_degree", round(worst, 4))
    _say(name, "straight_line_share_of_time", round(floor / best, 4))


def _measure(name: str, plots: list[Parts], sample: int) -> None:
    """Print the figures of one set of plots."""
    began_s = time.process_time()
    sweeps = sweep_many(plots, MACHINE, [1000] * len(plots))
    cpu_s = time.process_time() - began_s
    _say(name, "plots", len(plots))
    _say(name, "cpu_seconds_per_10000", round(cpu_s / len(plots) * 10_000, 2))
    _say(name, "swaths", sum(one.swaths for one in sweeps))
    _compare(name, plots, sweeps, sample)


def _say(family: str, figure: str, value: object) -> None:
    """Print one figure as a JSON line."""
    print(json.dumps({"plots_of": family, "figure": figure, "value": value}), flush=True)


def main() -> None:
    """Print one JSON line for each figure, on made-up plots and on real fields if they are here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plots", type=int, default=10_000)
    parser.add_argument("--sample", type=int, default=60, help="plots compared with a full scan")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for kind in ("convex", "concave", "holed", "mixed"):
        plots = arguments.plots if kind in {"convex", "mixed"} else arguments.plots // 10
        _measure(kind, _made(kind, plots, arguments.seed), arguments.sample)
    for name in REAL if SHARED.is_dir() else ():
        _measure(name, _real(name), arguments.sample)
    _say("all", "peak_rss_mb", round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


if __name__ == "__main__":
    main()
