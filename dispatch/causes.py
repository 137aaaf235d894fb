"""Why a job is left out, said only after looking."""

from collections.abc import Sequence

from dispatch.fleet import Fleet
from dispatch.flight import Flight
from dispatch.plan import Cause, Unassigned


def causes(fleet: Fleet, used: Sequence[Flight]) -> tuple[Unassigned, ...]:
    """Return every unplanned job in the problem's order with its cause.

    Jobs that are impossible for everyone keep that cause; the others failed on what the plan has
    left: area cap of every able drone (``no_capacity``), or minutes (``no_time``).
    """
    planned = {plot.index for flight in used for plot in flight.plots}
    left = {flight.drone.drone_id: flight.area_left_centimu for flight in used}
    rows = []
    for plot in fleet.plots:
        if plot.index in planned:
            continue
        cause = fleet.ruled_out.get(plot.index)
        if cause is None:
            wanted = set(plot.job.skills)
            room = any(
                left.get(drone.drone_id, drone.area_cap_centimu) >= plot.job.area_centimu
                for drone, _ in fleet.crews
                if wanted <= set(drone.skills)
            )
            cause = Cause.NO_TIME if room else Cause.NO_CAPACITY
        rows.append(Unassigned(job_id=plot.job.job_id, cause=cause))
    return tuple(rows)
