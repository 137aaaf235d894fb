"""From the kernel's routes to days that can be flown: what overruns is traded, what is idle filled.

The kernel works with estimates. Where a stretch overruns in exact flight, the lots that earn least
for their time give way, not those that happen to come last; where minutes are left, the lot that
earns most in them comes in.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from dispatch.physics import Ints
from dispatch.search.draft import Draft, Leg

_TRIES = 5
_FILLS = 3


def settle(
    draft: Draft,
    index: int,
    routes: Mapping[int, Sequence[int]],
    *,
    keep: frozenset[int] = frozenset(),
) -> Leg:
    """Fly one crew's day by stretch and return the cheapest version tried.

    Lots in ``keep`` never give way; versions with all of them are preferred.
    """
    wanted = {stretch: list(lots) for stretch, lots in routes.items()}

    def rank(leg: Leg) -> tuple[int, int]:
        return (len(keep & set(leg.order)), -leg.value)

    best = leg = _fly(draft, index, wanted)
    for _ in range(_TRIES - 1):
        late = {
            stretch: set(lots) - set(leg.by_stretch[stretch]) for stretch, lots in wanted.items()
        }
        if not any(late.values()):
            break
        for stretch, overrun in late.items():
            _give_way(draft, index, wanted[stretch], overrun, keep)
        leg = _fly(draft, index, wanted)
        best = max(best, leg, key=rank)
    return best


def _fly(draft: Draft, index: int, wanted: Mapping[int, Sequence[int]]) -> Leg:
    """Fly a crew's day that is given by stretch."""
    return draft.fly(index, [lot for lots in wanted.values() for lot in lots])


def _give_way(
    draft: Draft, index: int, lots: list[int], overrun: set[int], keep: frozenset[int]
) -> None:
    """Take the lots that earn least for their time off a stretch until what overran fits."""
    net = draft.net
    service = net.pace(net.fleet.crew_days[index])[0]
    need_s = sum(float(service[lot]) for lot in overrun) * 0.5
    ways_s = _detours_s(draft, index, lots)
    spare = sorted(
        (at for at in range(len(lots)) if lots[at] not in keep),
        key=lambda at: float(net.worth[lots[at]]) / (float(service[lots[at]]) + ways_s[at] + 1.0),
    )
    gone: list[int] = []
    for at in spare:
        if need_s <= 0:
            break
        gone.append(at)
        need_s -= float(service[lots[at]]) + ways_s[at]
    for at in sorted(gone, reverse=True):
        del lots[at]


def _detours_s(draft: Draft, index: int, lots: Sequence[int]) -> list[float]:
    """Return the seconds of way that each lot's removal would save."""
    net, crew_day = draft.net, draft.net.fleet.crew_days[index]
    nodes = np.array(lots, dtype=np.int64)
    if len(nodes) < 2:
        return [0.0] * len(nodes)
    legs = np.diagonal(net.between(nodes[:-1], nodes[1:], crew_day))
    into = np.concatenate([[0.0], legs])
    out = np.concatenate([legs, [0.0]])
    past = np.zeros(len(nodes))
    if len(nodes) > 2:
        past[1:-1] = np.diagonal(net.between(nodes[:-2], nodes[2:], crew_day))
    saved: list[float] = np.maximum(0.0, into + out - past).tolist()
    return saved


def fill(draft: Draft, leg: Leg, idle: Ints) -> Leg:
    """Put unserved lots into the minutes that a day's stretches leave; return the best day."""
    if not len(idle):
        return leg
    index = leg.flight.crew_day.index
    for stretch in draft.net.of_day[index]:
        for _ in range(_FILLS):
            fuller = _fill_once(draft, leg, stretch, idle)
            if fuller is None:
                break
            leg = fuller
            idle = idle[~np.isin(idle, leg.order)]
    return leg


def _fill_once(draft: Draft, leg: Leg, stretch: int, idle: Ints) -> Leg | None:
    """Try the few most promising insertions into one stretch; return the first that pays."""
    net = draft.net
    index, crew_day = leg.flight.crew_day.index, leg.flight.crew_day
    lots = leg.by_stretch[stretch]
    if not lots or not len(idle):
        return None
    room_s = net.stretches[stretch].end_s - leg.ends_s.get(stretch, net.stretches[stretch].start_s)
    service = net.pace(crew_day)[0][idle]
    close = service <= room_s
    idle, service = idle[close], service[close]
    if not len(idle):
        return None
    nodes = np.array(lots, dtype=np.int64)
    into = net.between(nodes, idle, crew_day)
    onward = net.between(idle, nodes[1:], crew_day).T
    legs = np.diagonal(net.between(nodes[:-1], nodes[1:], crew_day))[:, None]
    extra = np.vstack([into[:-1] + onward - legs, into[-1:]]) + service[None, :]
    at = extra.argmin(axis=0)
    cost = extra[at, np.arange(len(idle))]
    order = np.argsort(-net.worth[idle] * (cost <= room_s + 60), kind="stable")[:_FILLS]
    for pick in order.tolist():
        if cost[pick] > room_s + 60:
            break
        wanted = {one: list(members) for one, members in leg.by_stretch.items()}
        wanted[stretch].insert(int(at[pick]) + 1, int(idle[pick]))
        fresh = _fly(draft, index, wanted)
        if fresh.value < leg.value:
            return fresh
    return None
