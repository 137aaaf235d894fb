"""Cutting many plots into strips at many headings at once: where each flown line runs.

A *case* is one polygon at one heading. Its frame is (s, t): s across the lines, t along them,
which is a rotation, so lengths and areas stay. Strip k of a case is pitch wide; its pieces are the
connected parts of polygon and strip, and a piece is flown over its full extent along t.

Most strips hold one piece, whose extent is the smallest and largest t of the edges in the strip.
Only strips that an edge chain enters more than twice on one side go through `dispatch.coverage.
pieces`, which follows the boundary of each piece.
"""

import math
from dataclasses import dataclass

import numpy as np

from dispatch.coverage.pieces import Chains, pieces_of
from dispatch.coverage.plane import Bools, Edges, Floats, Ints

GRAZE = 1e-6
"""Strips are cut this share of their pitch narrower, so that rounding never joins two pieces."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Polygons (by index into `Edges`) and the heading of each in hundredths of a degree."""

    polygon: Ints
    heading_cdeg: Ints


@dataclass(frozen=True, slots=True)
class Strips:
    """What a scan found: per case ``low_m`` (smallest s), ``width_m``, ``count`` and ``pitch_m``.

    The lines, sorted by case, strip and place along it, are ``case``, ``strip``, ``near_m`` and
    ``far_m`` (their ends along t).
    """

    low_m: Floats
    width_m: Floats
    count: Ints
    pitch_m: Floats
    case: Ints
    strip: Ints
    near_m: Floats
    far_m: Floats


def spread(counts: Ints) -> tuple[Ints, Ints]:
    """Return, for groups of these sizes, each item's group and its number within the group."""
    group = np.repeat(np.arange(len(counts)), counts)
    begin = np.cumsum(counts) - counts
    return group, np.arange(len(group)) - begin[group]


def turns_of(heading_cdeg: Ints) -> tuple[Floats, Floats]:
    """Return cosine and sine of headings."""
    radians = heading_cdeg * (math.pi / 18_000)
    return np.cos(radians), np.sin(radians)


def strip_counts(width_m: Floats, swath_m: float) -> Ints:
    """Return how many strips cover each width; up to a tenth of a swath may stay thin.

    The billionth of a swath keeps a width that is exact on paper from costing a strip.
    """
    counts = np.ceil(width_m / swath_m - 0.1 - 1e-9).astype(np.int64)
    return np.maximum(counts, 1)


@dataclass(slots=True)
class _Frame:
    """Edges of all cases in strip units: s counted in pitches from the low side, t in metres."""

    case: Ints
    s0: Floats
    t0: Floats
    s1: Floats
    t1: Floats
    follow: Ints


def _frame(edges: Edges, cases: Cases, swath_m: float) -> tuple[_Frame, Floats, Floats, Ints]:
    """Rotate every edge of every case; return it with low side, width and strips of the cases."""
    sizes = np.diff(edges.start)[cases.polygon]
    case, number = spread(sizes)
    first = edges.start[cases.polygon]
    edge = first[case] + number
    begin = np.cumsum(sizes) - sizes
    cos, sin = (part[case] for part in turns_of(cases.heading_cdeg))
    a, b = edges.a[edge], edges.b[edge]
    s0, s1 = a[:, 0] * cos - a[:, 1] * sin, b[:, 0] * cos - b[:, 1] * sin
    t0, t1 = a[:, 0] * sin + a[:, 1] * cos, b[:, 0] * sin + b[:, 1] * cos
    low = np.minimum.reduceat(s0, begin)
    width = np.maximum.reduceat(s0, begin) - low
    count = strip_counts(width, swath_m)
    scale = (count / width)[case]
    follow = edges.follow[edge] - first[case] + begin[case]
    away = low[case]
    frame = _Frame(case, (s0 - away) * scale, t0, (s1 - away) * scale, t1, follow)
    return frame, low, width, count


def _chains(frame: _Frame, first: Ints, count: Ints) -> Chains:
    """Clip every edge to every strip that it runs through.

    ``first`` is the number of the first strip of each case in a count over all cases.
    """
    low = np.minimum(frame.s0, frame.s1)
    high = np.maximum(frame.s0, frame.s1)
    last = count[frame.case] - 1
    k_low = np.clip(np.floor(low + GRAZE), 0, None).astype(np.int64)
    k_high = np.minimum(np.ceil(high - GRAZE).astype(np.int64) - 1, last)
    counts = np.maximum(k_high - k_low + 1, 0)
    edge, number = spread(counts)
    k = k_low[edge] + number
    floor, roof = k + GRAZE, k + (1.0 - GRAZE)
    s0, s1, t0 = frame.s0[edge], frame.s1[edge], frame.t0[edge]
    run = s1 - s0
    slope = (frame.t1[edge] - t0) / np.where(run == 0.0, 1.0, run)
    cut0, cut1 = np.clip(s0, floor, roof), np.clip(s1, floor, roof)
    begin = np.cumsum(counts) - counts
    return Chains(
        group=first[frame.case[edge]] + k,
        s0=cut0 - k,
        s1=cut1 - k,
        t0=np.where(cut0 == s0, t0, t0 + (cut0 - s0) * slope),
        t1=np.where(cut1 == s1, frame.t1[edge], t0 + (cut1 - s0) * slope),
        start=np.where(s0 <= floor, -1, np.where(s0 >= roof, 1, 0)).astype(np.int8),
        end=np.where(s1 <= floor, -1, np.where(s1 >= roof, 1, 0)).astype(np.int8),
        follow=begin[frame.follow[edge]] + k - k_low[frame.follow[edge]],
    )


def _extents(chains: Chains, groups: int) -> tuple[Floats, Floats]:
    """Return the smallest and largest t in every strip (infinities where there is none)."""
    near = np.full(groups, np.inf)
    far = np.full(groups, -np.inf)
    np.minimum.at(near, chains.group, np.minimum(chains.t0, chains.t1))
    np.maximum.at(far, chains.group, np.maximum(chains.t0, chains.t1))
    return near, far


def _crowded(chains: Chains, whole: Bools) -> Bools:
    """Tell which strips may hold more than one piece.

    A connected polygon that meets each side of a strip in at most one chord has one piece there:
    two would have to be joined through the strip itself.
    """
    groups = len(whole)
    crowded = ~whole
    for side in (-1, 1):
        hits = np.bincount(chains.group[chains.start == side], minlength=groups)
        crowded |= hits > 1
    return crowded


def scan(edges: Edges, cases: Cases, swath_m: float) -> Strips:
    """Cut every case into strips and return the lines; no polygon of a case may be empty."""
    frame, low, width, count = _frame(edges, cases, swath_m)
    pitch = width / count
    first = np.cumsum(count) - count
    case_of, strip_of = spread(count)
    chains = _chains(frame, first, count)
    near, far = _extents(chains, len(case_of))
    crowded = _crowded(chains, edges.whole[cases.polygon][case_of])
    lone = np.nonzero(~crowded & (far >= near))[0]
    group, near_m, far_m = lone, near[lone], far[lone]
    if crowded.any():
        pieces = pieces_of(chains, crowded, pitch[case_of])
        group = np.concatenate((group, pieces.group))
        near_m = np.concatenate((near_m, pieces.near_m))
        far_m = np.concatenate((far_m, pieces.far_m))
        order = np.lexsort((far_m, near_m, group))
        group, near_m, far_m = group[order], near_m[order], far_m[order]
    return Strips(low, width, count, pitch, case_of[group], strip_of[group], near_m, far_m)
