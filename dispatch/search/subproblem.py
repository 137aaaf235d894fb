"""Some stretches of work and some lots, cut out of the whole problem for the kernel."""

from collections.abc import Mapping, Sequence

import numpy as np

from dispatch.fleet import CrewDay
from dispatch.physics import Floats, Ints
from dispatch.plan import PRIZE_S_PER_WEIGHT
from dispatch.search.kernel import Client, Kernel, Vehicle
from dispatch.search.net import Net, Stretch
from dispatch.spans import clip

_ROOM_FOR_SKILLS = 10**6


def cut_out(
    net: Net,
    stretches: Sequence[int],
    lots: Sequence[int],
    starts: Sequence[Sequence[int]],
    *,
    late_s: Mapping[int, int],
    room_centimu: Mapping[int, int],
) -> Kernel:
    """Return the kernel's problem for these stretches and lots.

    ``starts`` are lot numbers for each stretch; ``late_s`` shifts a stretch's end by what estimates
    are known to be off; ``room_centimu`` is the area cap of each stretch.
    """
    fleet = net.fleet
    chosen = [net.stretches[one] for one in stretches]
    days = [fleet.crew_days[one.crew_day] for one in chosen]
    nodes = np.array(lots, dtype=np.int64)
    paces = list(dict.fromkeys((one.drones[0].machine, len(one.drones)) for one in days))
    like = [
        next(day for day in days if (day.drones[0].machine, len(day.drones)) == pace)
        for pace in paces
    ]
    services = [net.pace(day)[0][nodes] for day in like]
    least = np.minimum.reduce(services) if len(nodes) else np.zeros(0)
    durations = [
        _matrix(net, nodes, chosen, like[at], services[at] - least) for at in range(len(paces))
    ]
    needs = _needs(net, lots, days)
    base_s = min((one.start_s for one in chosen), default=0)
    clients = [
        _client(net, lot, days, needs, base_s=base_s, service_s=int(least[at]))
        for at, lot in enumerate(lots)
    ]
    vehicles = [
        Vehicle(
            early_s=stretch.start_s - base_s,
            late_s=max(stretch.start_s, stretch.end_s + late_s.get(index, 0)) - base_s,
            capacity=(
                max(0, room_centimu[index]),
                *[_ROOM_FOR_SKILLS * _meets(day, need) for need in needs],
            ),
            profile=paces.index((day.drones[0].machine, len(day.drones))),
        )
        for index, stretch, day in zip(stretches, chosen, days, strict=True)
    ]
    place = {lot: at for at, lot in enumerate(lots)}
    return Kernel(
        clients=clients,
        vehicles=vehicles,
        durations_s=[one for one, _ in durations],
        hidden_s=[other for _, other in durations],
        starts=[[place[lot] for lot in route] for route in starts],
    )


def _matrix(
    net: Net, nodes: Ints, stretches: Sequence[Stretch], like: CrewDay, more: Floats
) -> tuple[Ints, Ints]:
    """Return seconds that count and seconds that are hidden, depots first."""
    count = len(stretches)
    size = count + len(nodes)
    durations, hidden = np.zeros((size, size)), np.zeros((size, size))
    durations[count:, count:] = net.between(nodes, nodes, like) + more[:, None]
    for at, stretch in enumerate(stretches):
        durations[at, count:], hidden[at, count:] = net.from_home(nodes, stretch)
        away, unseen = net.to_home(nodes, stretch)
        durations[count:, at], hidden[count:, at] = away + more, unseen
    np.fill_diagonal(durations, 0.0)
    return np.ceil(durations).astype(np.int64), np.ceil(hidden).astype(np.int64)


Need = tuple[frozenset[str], str, int]
"""What not every crew can do: skills, a pinned drone, a pinned day."""


def _need(net: Net, lot: int) -> Need:
    job = net.lots[lot].plots[0].job
    return (frozenset(job.skills), job.pinned_drone_id, job.pinned_day)


def _meets(day: CrewDay, need: Need) -> bool:
    """Tell whether one of the crew's drones can do what is needed on that day."""
    skills, drone_id, pinned_day = need
    return pinned_day in {-1, day.day} and any(
        skills <= set(drone.skills) and drone_id in {"", drone.drone_id} for drone in day.drones
    )


def _needs(net: Net, lots: Sequence[int], days: Sequence[CrewDay]) -> list[Need]:
    """Return the needs of some lots that at least one of the crews does not meet."""
    found = dict.fromkeys(_need(net, lot) for lot in lots)
    return [need for need in found if not all(_meets(day, need) for day in days)]


def _client(
    net: Net,
    lot: int,
    days: Sequence[CrewDay],
    needs: Sequence[Need],
    *,
    base_s: int,
    service_s: int,
) -> Client:
    """Return one lot with the times that the weather of these days leaves it."""
    job = net.lots[lot].plots[0].job
    spans = [
        span
        for day in days
        for span in clip(
            net.fleet.spans(day, 0, job.product, job.area_id),
            job.earliest_s,
            int(net.deadline[lot]),
        )
    ]
    early_s = min((one[0] for one in spans), default=base_s) - base_s
    late_s = max((one[1] for one in spans), default=base_s) - base_s - service_s
    prize = PRIZE_S_PER_WEIGHT * int(net.worth[lot])
    need = _need(net, lot)
    return Client(
        early_s=max(0, early_s),
        late_s=max(0, late_s),
        service_s=service_s,
        prize=prize if spans else 0,
        loads=(int(net.area[lot]), *[int(one == need) for one in needs]),
    )
