"""Lots that must come in: inserted one by one where they cost least, whatever has to give way."""

from collections.abc import Collection

import numpy as np

from dispatch.search.draft import Draft, Leg
from dispatch.search.settle import fill, settle

_PLACES = 6
"""Stretches tried for one lot, the cheapest by estimate first."""


def force_in(draft: Draft, job_ids: Collection[str]) -> None:
    """Put the lots of some jobs into a draft, the weightiest first; then fill what is idle.

    A lot that fits nowhere, even with everything else gone from a day, stays out.
    """
    net = draft.net
    wanted = [
        index
        for index, lot in enumerate(net.lots)
        if any(plot.job.job_id in job_ids for plot in lot.plots)
    ]
    for lot in sorted(wanted, key=lambda one: (-int(net.weight[one]), one)):
        if draft.served[lot]:
            continue
        held = frozenset(one for one in wanted if draft.served[one])
        for stretch, position in _places(draft, lot):
            leg = _with(draft, stretch, position, lot, held)
            if leg is not None:
                draft.put(leg.flight.crew_day.index, leg)
                break
    for index, leg in enumerate(draft.legs):
        idle = np.array(draft.unserved(), dtype=np.int64)
        draft.put(index, fill(draft, leg, idle))


def _places(draft: Draft, lot: int) -> list[tuple[int, int]]:
    """Return stretches with the position that lengthens each least, the cheapest first."""
    net = draft.net
    found: list[tuple[float, int, int]] = []
    for index, leg in enumerate(draft.legs):
        day = net.fleet.crew_days[index]
        one = np.array([lot])
        for stretch, lots in leg.by_stretch.items():
            if not lots:
                first = net.from_home(one, net.stretches[stretch])
                found.append((float(first[0][0] + first[1][0]), stretch, 0))
                continue
            nodes = np.array(lots)
            into, out = net.between(nodes, one, day)[:, 0], net.between(one, nodes, day)[0]
            legs = np.diagonal(net.between(nodes[:-1], nodes[1:], day))
            extra = np.concatenate([out[:1], into[:-1] + out[1:] - legs, into[-1:]])
            room_s = net.stretches[stretch].end_s - leg.ends_s[stretch]
            at = int(extra.argmin())
            found.append((float(extra[at]) - min(0.5 * room_s, 600.0), stretch, at))
    return [(stretch, at) for _, stretch, at in sorted(found)[:_PLACES]]


def _with(draft: Draft, stretch: int, position: int, lot: int, held: frozenset[int]) -> Leg | None:
    """Return a day with the lot put in, None where it does not fit or another held lot is lost."""
    index = draft.net.stretches[stretch].crew_day
    leg = draft.legs[index]
    wanted = {one: list(lots) for one, lots in leg.by_stretch.items()}
    wanted[stretch].insert(position, lot)
    keep = frozenset({lot}) | (held & frozenset(leg.order))
    tried = settle(draft, index, wanted, keep=keep)
    return tried if keep <= set(tried.order) else None
