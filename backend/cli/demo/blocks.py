"""Consolidated blocks (连片) on the valley floors, cut into the households' parallel strips.

A block is laid out in the valley's own coordinates, along the river and away from it, and bent
onto the plane with the valley. Neighbouring strips share a cut line and leave a bund (田埂).
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely

from backend.cli.demo.terrain import Axis, Floats
from backend.core.errors import RuleBroken

_BUND_M = 0.4
_STEP_M = 35.0
_REACH_M = 1_900.0
_SIZE_M2 = 82 * 2000 / 3
_ROWS_M = (42.0, 250.0)
_ROW_PENALTY_M = 450.0
_COLUMN_M = 150.0
_STRIP_MU = (1.0, 3.45)
_TRACK_M = 4.0


class FloorFull(RuleBroken):
    """A village's valley floor has no room for its next block."""

    zh = "河谷中放不下下一个连片地块（长 {length_m} 米）"
    en = "The valley floor has no room for the next block ({length_m} m long)"


@dataclass(slots=True)
class _Lane:
    """One side of the river, one row of blocks, one direction from the village."""

    side: int
    row: int
    direction: int
    cursor_m: float = 20.0


@dataclass(slots=True)
class Floor:
    """The valley floor of one village, and how far its lanes are laid.

    Lanes are apart by construction; ``obstacles`` are the hamlet and the rivers that cross.
    """

    axis: Axis
    s_m: float
    ground_m: shapely.Polygon
    obstacles: list[shapely.Geometry]
    lanes: list[_Lane] = field(
        default_factory=lambda: [
            _Lane(side, row, way) for row in (0, 1) for side in (1, -1) for way in (1, -1)
        ]
    )

    def place(self, strips: Floats) -> Floats:
        """Bend strips (n, k, 2) of (along, away) onto the first free stretch of floor.

        Lanes near the village and near the river come first. Raises `FloorFull` when no
        stretch is left.
        """
        length, depth = strips.reshape(-1, 2).max(axis=0)
        lanes = sorted(self.lanes, key=lambda one: one.cursor_m + one.row * _ROW_PENALTY_M)
        for lane in lanes:
            away = _ROWS_M[lane.row]
            cursor = lane.cursor_m
            while cursor + length < _REACH_M:
                s0 = self.s_m + (cursor if lane.direction > 0 else -cursor - length)
                outline = self._outline(s0, length, away, depth, lane.side)
                if self._is_free(outline):
                    lane.cursor_m = cursor + length + _STEP_M
                    return self.axis.place(s0 + strips[..., 0], lane.side * (away + strips[..., 1]))
                cursor += _STEP_M
        raise FloorFull(length_m=round(float(length)))

    def _outline(
        self, s0: float, length: float, away: float, depth: float, side: int
    ) -> shapely.Polygon:
        """Return the ground that a block of this size covers, with margins for ragged edges."""
        along = np.linspace(s0 - 4, s0 + length + 4, 16)
        near = self.axis.place(along, np.full(16, side * (away - 4)))
        far = self.axis.place(along, np.full(16, side * (away + depth + 4)))
        return shapely.Polygon(np.concatenate([near, far[::-1]]))

    def _is_free(self, outline: shapely.Polygon) -> bool:
        """Say whether a block's ground is the village's and nothing lies on it yet."""
        return bool(
            self.ground_m.contains(outline)
            and not shapely.intersects(outline, self.obstacles).any()
        )


def lay_blocks(rng: np.random.Generator, floor: Floor, area_m2: float, strips: int) -> list[Floats]:
    """Return blocks as ring arrays (n, k, 2) on the plane: ``strips`` strips, ``area_m2`` in all.

    Each block's error of area is made good by the next. Raises `FloorFull`.
    """
    parts = rng.uniform(0.6, 1.5, max(1, min(round(area_m2 / _SIZE_M2), strips // 6)))
    parts /= parts.sum()
    counts = np.diff(np.round(np.cumsum(np.concatenate([[0.0], parts])) * strips).astype(int))
    blocks: list[Floats] = []
    owed_m2 = 0.0
    for part, count in zip(parts, counts, strict=True):
        wanted = area_m2 * part + owed_m2
        rings = floor.place(_cut(rng, wanted, int(count)))
        blocks.append(rings)
        owed_m2 = wanted - float(shapely.area(shapely.polygons(rings)).sum())
    return blocks


def _cut(rng: np.random.Generator, area_m2: float, count: int) -> Floats:
    """Return ``count`` strips (n, 8, 2) of (along, away) metres, the first corner near (0, 0).

    Two blocks in three are cut across the valley; the others along it, in columns of about
    150 m with a field track between.
    """
    depth = min(rng.uniform(118, 176), area_m2 / 50)
    if rng.random() < 2 / 3:
        across = _column(rng, area_m2 / depth + count * _BUND_M, depth, count)
        return np.asarray(across - np.array([across[..., 0].min(), 0.0]))
    columns = max(1, round(area_m2 / depth / _COLUMN_M))
    counts = np.diff(np.round(np.linspace(0, count, columns + 1)).astype(int))
    length = area_m2 / columns / (depth - _BUND_M * count / columns)
    laid = [_column(rng, depth, length, int(one)) for one in counts]
    shifted = [
        one[..., ::-1] + np.array([k * (length + _TRACK_M), 0.0]) for k, one in enumerate(laid)
    ]
    along = np.concatenate(shifted)
    return np.asarray(along - along.reshape(-1, 2).min(axis=0))


def _column(rng: np.random.Generator, width_m: float, length_m: float, count: int) -> Floats:
    """Cut a ``width_m`` by ``length_m`` ground into parallel strips with slightly ragged ends."""
    cuts = np.concatenate([[0.0], np.cumsum(_widths(rng, width_m, length_m, count))])[:, None]
    t = np.array([0.0, 1 / 3, 2 / 3, 1.0])
    skew = rng.uniform(-0.07, 0.07) * length_m
    across = cuts + skew * (t - 0.5) + rng.uniform(-0.35, 0.35, (count + 1, 4))
    ends = rng.uniform(-1.4, 1.4, (count + 1, 2))
    along = length_m * t + ends[:, :1] * (1 - t) + ends[:, 1:] * t
    edges = np.stack([across, along], axis=-1)
    half = np.array([_BUND_M / 2, 0.0])
    sides = [(edges[i] + half, edges[j][::-1] - half) for i, j in pairwise(range(count + 1))]
    return np.stack([np.concatenate(pair) for pair in sides])


def _widths(rng: np.random.Generator, width_m: float, length_m: float, count: int) -> Floats:
    """Divide a width unevenly, drawn towards the mean until every strip has about 1-3.5 mu."""
    mean = width_m / count
    shares = rng.uniform(0.4, 1.6, count)
    apart = shares / shares.sum() * width_m - mean
    low, high = (mu * 2000 / 3 / length_m + _BUND_M for mu in _STRIP_MU)
    room = [(high - mean) / max(apart.max(), 1e-9), (mean - low) / max(-apart.min(), 1e-9)]
    return np.asarray(mean + apart * max(0.0, min(1.0, *room)))
