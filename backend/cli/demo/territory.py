"""The twelve villages' names, centres and boundaries on the landscape.

A boundary is the union of small irregular cells nearest to the village, so it is crooked as real
ones are, and neighbours share it but for a path of two metres.
"""

import csv
from dataclasses import dataclass
from importlib import resources

import numpy as np
import shapely

from backend.cli.demo import terrain
from backend.cli.demo.terrain import Floats, Site

REACH_M = 1_900.0
_CELL_M = 330.0
_BANK_M = 215.0
_HAMLET_M = 105.0


@dataclass(frozen=True, slots=True)
class Ground:
    """A village's place on the plane: its site, centre and boundary."""

    site: Site
    centre_m: Floats
    boundary_m: shapely.Polygon

    def hamlet(self) -> shapely.Polygon:
        """Return the built-up ground around the centre, where no field lies."""
        return shapely.Point(self.centre_m).buffer(_HAMLET_M)


def names(count: int) -> list[tuple[str, str, str]]:
    """Return the first ``count`` villages' 12-digit code, name without 村委会, and town."""
    text = resources.files("backend.cli.demo").joinpath("data/wuxiang_villages.csv")
    rows = list(csv.DictReader(text.read_text("utf-8").splitlines()))[:count]
    return [(row["code"], row["name"].removesuffix("村委会"), row["town"]) for row in rows]


def grounds(seed: int, count: int) -> list[Ground]:
    """Return the first ``count`` villages' grounds; boundaries are pairwise disjoint."""
    rng = np.random.default_rng([seed, 1])
    sites = terrain.SITES[:count]
    centres = np.array(
        [
            terrain.axis(site.valley).place(
                np.array(site.s_m + rng.uniform(-120, 120)),
                np.array(site.bank * (_BANK_M + rng.uniform(-15, 25))),
            )
            for site in sites
        ]
    )
    low, high = centres.min(axis=0) - REACH_M - 900, centres.max(axis=0) + REACH_M + 900
    x, y = np.meshgrid(*(np.arange(low[k], high[k], _CELL_M) for k in (0, 1)))
    seeds = np.column_stack([x.ravel(), y.ravel()]) + rng.uniform(-110, 110, (x.size, 2))
    away = np.hypot(*(seeds[:, None, :] - centres[None, :, :]).transpose(2, 0, 1))
    nearest = np.where(away.min(axis=1) <= REACH_M, away.argmin(axis=1), -1)
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(seeds), ordered=True),
    )
    return [
        Ground(site, centres[k], _outline(cells[nearest == k], centres[k]))
        for k, site in enumerate(sites)
    ]


def _outline(cells: np.ndarray, centre_m: Floats) -> shapely.Polygon:
    """Join cells and keep the part with the centre, drawn in by a metre."""
    joined = shapely.get_parts(shapely.union_all(cells).buffer(-1.0, join_style="mitre"))
    home = joined[shapely.contains(joined, shapely.Point(centre_m))][0]
    return shapely.Polygon(home.exterior)
