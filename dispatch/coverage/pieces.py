"""Connected pieces of a strip, by walking their boundaries (Weiler and Atherton, in one pass).

Inside a strip the rings of a polygon are chains that begin and end on the strip's two sides. On a
side, sorted along it, every two neighbouring ends bound a stretch of the polygon. Following chain,
stretch, chain, … closes a loop: counter-clockwise loops are pieces, clockwise ones are holes that
lie wholly inside a piece and do not change how far it reaches.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.coverage.plane import Bools, Floats, Ints, sums

SLIVER_M2 = 0.01
"""A piece smaller than a hand comes from rounding and is not flown."""


@dataclass(frozen=True, slots=True)
class Chains:
    """Edges clipped to strips. s runs from 0 to 1 across the strip, t is in metres.

    ``group`` is the strip; ``start`` and ``end`` tell where the clipped edge begins and ends: -1 on
    the low side, 1 on the high side, 0 inside, where the chain goes on with number ``follow``.
    """

    group: Ints
    s0: Floats
    s1: Floats
    t0: Floats
    t1: Floats
    start: NDArray[np.int8]
    end: NDArray[np.int8]
    follow: Ints


@dataclass(frozen=True, slots=True)
class Pieces:
    """The strip and the reach along t of every piece."""

    group: Ints
    near_m: Floats
    far_m: Floats


def _only(chains: Chains, keep: Bools) -> Chains:
    """Return some strips' chains, renumbered."""
    number = np.cumsum(keep) - 1
    taken: dict[str, Any] = {one.name: getattr(chains, one.name)[keep] for one in fields(Chains)}
    # What ends on a side has no follower; its number is never read.
    inside = taken["end"] == 0
    taken["follow"] = np.where(inside, number[np.where(inside, taken["follow"], 0)], 0)
    return Chains(**taken)


def _successors(chains: Chains) -> tuple[Ints, Bools]:
    """Return for every chain the one after it on its loop, and which strips did not pair up.

    The second is one flag a chain; it is raised where rings touch to within rounding on a side.
    """
    size = len(chains.group)
    follow = chains.follow.copy()
    out = np.nonzero(chains.end != 0)[0]
    into = np.nonzero(chains.start != 0)[0]
    chain = np.concatenate((out, into))
    along = np.concatenate((chains.t1[out], chains.t0[into]))
    side = np.concatenate((chains.end[out], chains.start[into]))
    leaves = np.arange(len(chain)) < len(out)
    key = 2 * chains.group[chain] + (side > 0)
    order = np.lexsort((along, key))
    first, second = order[0::2], order[1::2]
    bad = leaves[first] == leaves[second]
    good_first, good_second = first[~bad], second[~bad]
    leaving = np.where(leaves[good_first], good_first, good_second)
    entering = np.where(leaves[good_first], good_second, good_first)
    follow[chain[leaving]] = chain[entering]
    odd = np.zeros(size, dtype=np.bool_)
    odd[chain[first[bad]]] = True
    odd[chain[second[bad]]] = True
    return follow, odd


def _loops(follow: Ints) -> Ints:
    """Label every item by the smallest index on its loop, doubling the stride in each round."""
    label = np.arange(len(follow))
    step = follow
    while True:
        better = np.minimum(label, label[step])
        if np.array_equal(better, label):
            return label
        label, step = better, step[step]


def pieces_of(chains: Chains, strips: Bools, pitch_m: Floats) -> Pieces:
    """Return the pieces of the strips flagged in ``strips``; ``pitch_m`` is each strip's width.

    A strip whose chains do not pair up counts as one piece: longer to fly, never short.
    """
    some = _only(chains, strips[chains.group])
    follow, odd = _successors(some)
    lost = np.zeros(len(strips), dtype=np.bool_)
    lost[some.group[odd]] = True
    single = lost[some.group]
    label = _loops(np.where(single, np.arange(len(follow)), follow))
    begin = np.full(len(strips), -1)
    begin[some.group[::-1]] = np.arange(len(follow))[::-1]
    label = np.where(single, begin[some.group], label)
    loop, number = np.unique(label, return_inverse=True)
    wide = pitch_m[some.group]
    turn = (some.s0 + some.s1) / 2 * (some.t1 - some.t0)
    turn += some.s1 * (some.t0[follow] - some.t1)
    area = sums(number, turn * wide, len(loop))
    area[single[loop]] = np.inf
    near = np.full(len(loop), np.inf)
    far = np.full(len(loop), -np.inf)
    np.minimum.at(near, number, np.minimum(some.t0, some.t1))
    np.maximum.at(far, number, np.maximum(some.t0, some.t1))
    keep = area > SLIVER_M2
    return Pieces(some.group[loop][keep], near[keep], far[keep])
