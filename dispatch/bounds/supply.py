"""What the crews have to give: drone-seconds of usable weather, beginnings, and area caps."""

from dataclasses import dataclass
from datetime import timedelta

from dispatch.fleet import Fleet
from dispatch.machines import Machine
from dispatch.physics import Plot
from dispatch.plan import Cause
from dispatch.resources import Crew, Drone
from dispatch.shapes import DAY_S
from dispatch.spans import Span, clip, day_spans, merged

_CERTAIN = {Cause.BUFFER, Cause.NO_FLY, Cause.NO_SKILL, Cause.PERMIT, Cause.WEATHER}
"""Causes that no way of flying gets round; the others were tried in one way only."""


@dataclass(frozen=True, slots=True)
class Supply:
    """The most that drones can give from now on, whichever of a crew's drones its pilots fly.

    ``seconds`` of usable weather over all drones and days, in ``starts`` stretches, each of which
    may begin with a block that was set up before it; ``together`` is the most drones of a crew that
    fly on one day.
    """

    seconds: float
    starts: int
    cap_centimu: int
    cap_most_centimu: int
    together: int
    machines: tuple[Machine, ...]


def supply_of(fleet: Fleet) -> Supply:
    """Add up what each crew can give on each day: the best of as many drones as it has pilots."""
    problem = fleet.problem
    areas = {job.job_id: job.area_centimu for job in problem.jobs}
    used: dict[tuple[str, int], int] = {
        (route.drone_id, route.day): sum(areas[visit.job_id] for visit in route.stops)
        for route in problem.frozen_routes
    }
    seconds, starts, caps, most, together = 0.0, 0, 0, 0, 0
    machines: set[Machine] = set()
    for crew in problem.crews:
        drones = [one for one in problem.drones if one.crew_id == crew.crew_id and one.registration]
        for day in range(problem.days):
            if day in crew.days_off or not crew.pilots:
                continue
            rows = []
            for drone in drones:
                spans = _spans(fleet, crew, drone, day)
                room = drone.area_cap_centimu - used.get((drone.drone_id, day), 0)
                if spans and room > 0:
                    rows.append((sum(end - start for start, end in spans), len(spans), room))
                    machines.add(drone.machine)
            count = len(rows) if crew.cluster_permit else min(len(rows), crew.pilots)
            if not count:
                continue
            together = max(together, count)
            seconds += sum(sorted((row[0] for row in rows), reverse=True)[:count])
            starts += sum(sorted((row[1] for row in rows), reverse=True)[:count])
            rooms = sorted((row[2] for row in rows), reverse=True)
            caps, most = caps + sum(rooms[:count]), max(most, rooms[0])
    ordered = tuple(sorted(machines, key=repr))
    return Supply(seconds, starts, caps, most, together, ordered)


def _spans(fleet: Fleet, crew: Crew, drone: Drone, day: int) -> list[Span]:
    """Return a drone's stretches of a day in which some product may be sprayed somewhere.

    What lies less than a set-up apart is one stretch: its gap is worth less than a beginning.
    """
    problem, midnight_s = fleet.problem, day * DAY_S
    if drone.insured_until < problem.day + timedelta(days=day):
        return []
    begun = any((one.crew_id, one.day) == (crew.crew_id, day) for one in problem.frozen_trucks)
    opens_s = midnight_s + (0 if begun else crew.shift_start_s)
    spans = clip(
        day_spans(problem.windows, crew, day),
        max(drone.available_from_s, problem.now_s, opens_s),
        min(drone.available_to_s, midnight_s + crew.shift_end_s),
    )
    joined: list[Span] = []
    for start_s, end_s in merged(spans):
        if joined and start_s - joined[-1][1] < problem.settings.setup_s:
            joined[-1] = (joined[-1][0], end_s)
        else:
            joined.append((start_s, end_s))
    return joined


def possible(fleet: Fleet, out: dict[int, Cause], supply: Supply) -> list[Plot]:
    """Return the open plots that are not certainly impossible: by cause, cap, or every window."""
    longest: dict[tuple[str, str, int, int], int] = {}
    found = []
    for plot in fleet.open_plots:
        job = plot.job
        if out.get(plot.index) in _CERTAIN or job.area_centimu > supply.cap_most_centimu:
            continue
        key = (job.product, job.area_id, max(job.earliest_s, fleet.problem.now_s), plot.deadline_s)
        if key not in longest:
            windows = [
                (one.start_s, one.end_s)
                for one in fleet.problem.windows
                if one.serves(job.product, job.area_id)
            ]
            spans = clip(windows, key[2], key[3])
            longest[key] = max((end - start for start, end in spans), default=0)
        if longest[key]:
            found.append(plot)
    return found
