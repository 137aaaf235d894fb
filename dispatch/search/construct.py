"""A first draft at once: the crew that is free first takes the lot that earns most for its way."""

from dataclasses import dataclass

import numpy as np

from dispatch.engine import Context
from dispatch.physics import Floats, Ints
from dispatch.search.draft import Draft
from dispatch.search.net import Net
from dispatch.spans import Span, clip


@dataclass(slots=True)
class _Hand:
    """Where one stretch of work stands while lots are dealt."""

    stretch: int
    free_s: float
    lots: list[int]


def deal(context: Context, net: Net, wishes: Floats | None = None) -> Draft:
    """Deal lots to stretches of work by estimate, fly them exactly, and return the draft.

    ``wishes``, one row a crew's day and one column a lot, multiplies what a lot is worth to a crew
    (above one where an assignment wants it there).
    """
    draft = Draft(net)
    if not net.lots or not net.stretches:
        return draft
    free = np.ones(len(net.lots), dtype=bool)
    rooms = [day.room_centimu for day in net.fleet.crew_days]
    able = _able(net)
    hands = [
        _Hand(index, float(stretch.start_s), []) for index, stretch in enumerate(net.stretches)
    ]
    active = list(hands)
    while active and free.any() and not context.over(0.5):
        hand = min(active, key=lambda one: (one.free_s, one.stretch))
        lot = _best(net, hand, free & able[net.stretches[hand.stretch].crew_day], wishes, rooms)
        if lot is None:
            active.remove(hand)
            continue
        free[lot] = False
    for index in range(len(draft.legs)):
        order = [lot for one in net.of_day[index] for lot in hands[one].lots]
        draft.put(index, draft.fly(index, order))
    return draft


def _able(net: Net) -> list[np.ndarray]:
    """Return for each crew's day which lots one of its drones may do at all."""
    rows = []
    known: dict[tuple[object, ...], bool] = {}
    for day in net.fleet.crew_days:
        drones = range(len(day.drones))
        row = np.zeros(len(net.lots), dtype=bool)
        for at, lot in enumerate(net.lots):
            plot = lot.plots[0]
            job = plot.job
            key = (day.index, job.skills, job.pinned_drone_id, job.pinned_day)
            if key not in known:
                known[key] = any(day.may(drone, plot) for drone in drones)
            row[at] = known[key]
        rows.append(row)
    return rows


def _spans(net: Net, hand: _Hand, product: str, area_id: str) -> list[Span]:
    stretch = net.stretches[hand.stretch]
    day = net.fleet.crew_days[stretch.crew_day]
    return clip(net.fleet.spans(day, 0, product, area_id), stretch.start_s, stretch.end_s)


def _best(
    net: Net, hand: _Hand, free: np.ndarray, wishes: Floats | None, rooms: list[int]
) -> int | None:
    """Append the lot that earns most for a second to a stretch, or return None."""
    stretch = net.stretches[hand.stretch]
    day = net.fleet.crew_days[stretch.crew_day]
    idle: Ints = np.flatnonzero(free & (net.area <= rooms[stretch.crew_day]))
    if not len(idle):
        return None
    service = net.pace(day)[0][idle]
    if hand.lots:
        way = net.between(np.array(hand.lots[-1:]), idle, day)[0]
    else:
        way, hidden = net.from_home(idle, stretch)
        way = way + 0.2 * hidden
    back = net.to_home(idle, stretch)[0]
    start = np.maximum(hand.free_s + way, net.earliest[idle])
    late = np.minimum(stretch.end_s, net.deadline[idle])
    fits = start + service + np.minimum(back, late) <= late
    worth = net.weight[idle] / (start - hand.free_s + service)
    if wishes is not None:
        worth = worth * wishes[stretch.crew_day][idle]
    worth[~fits] = -1.0
    for at in np.argsort(-worth, kind="stable")[:20].tolist():
        if worth[at] < 0:
            break
        lot = int(idle[at])
        job = net.lots[lot].plots[0].job
        need_s = float(service[at])
        begin = [
            max(float(start[at]), open_s)
            for open_s, close_s in _spans(net, hand, job.product, job.area_id)
            if max(float(start[at]), open_s) + need_s <= close_s
        ]
        if begin:
            hand.free_s = begin[0] + need_s
            hand.lots.append(lot)
            rooms[stretch.crew_day] -= int(net.area[lot])
            return lot
    return None
