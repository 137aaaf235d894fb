"""Why a job is left out, said only after trying it on every crew's empty day."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from dispatch.crewday import DayFlight
from dispatch.fleet import CrewDay, Fleet
from dispatch.land import HORIZON_S
from dispatch.model import Problem
from dispatch.physics import Plot
from dispatch.plan import Cause, Unassigned
from dispatch.resources import Drone
from dispatch.shapes import DAY_S
from dispatch.zones import touched


def ruled_out(fleet: Fleet) -> dict[int, Cause]:
    """Return the open plots that nobody could spray even on an empty day, by number."""
    found = touched(fleet.problem.zones, fleet.open_plots)
    for plot in fleet.open_plots:
        if plot.index not in found:
            cause = _impossible(fleet, plot)
            if cause is not None:
                found[plot.index] = cause
    return found


def _impossible(fleet: Fleet, plot: Plot) -> Cause | None:
    """Return why no drone could spray the plot as the only one of its day, None if one could."""
    if _fits(fleet, plot, fleet.crew_days):
        return None
    return _of_fleet(fleet, plot) or _of_times(fleet, plot)


def _of_fleet(fleet: Fleet, plot: Plot) -> Cause | None:
    """Return what the drones, their papers and the weather alone rule out."""
    problem, job, wanted = fleet.problem, plot.job, set(plot.job.skills)
    able = [drone for drone in problem.drones if wanted <= set(drone.skills)]
    if not able:
        return Cause.NO_SKILL
    if not any(_has_papers(problem, drone) for drone in able):
        return Cause.PERMIT
    if not any(wanted <= set(one.skills) for day in fleet.crew_days for one in day.drones):
        return Cause.UNAVAILABLE
    if not any(
        window.serves(job.product, job.area_id) and window.end_s > problem.now_s
        for window in problem.windows
    ):
        return Cause.WEATHER
    return None


def _of_times(fleet: Fleet, plot: Plot) -> Cause:
    """Return which of the plot's own limits has to be lifted for it to fit on an empty day.

    On a day that has begun, what is left of it may be too short for a plot of any size.
    """
    loose = replace(plot.job, pinned_drone_id="", pinned_day=-1)
    if _fits(fleet, replace(plot, job=loose), fleet.crew_days):
        return Cause.PINNED
    if _fits(fleet, replace(plot, job=loose, deadline_s=plot.job.latest_s), fleet.crew_days):
        return Cause.PRE_HARVEST
    anytime = replace(loose, earliest_s=0)
    if _fits(fleet, replace(plot, job=anytime, deadline_s=HORIZON_S), fleet.crew_days):
        return Cause.WINDOW
    begun = fleet.problem.now_s > 0 or bool(fleet.problem.frozen_routes)
    return Cause.NO_TIME if begun else Cause.TOO_LARGE


def _has_papers(problem: Problem, drone: Drone) -> bool:
    """Tell whether registration, insurance and a pilot let a drone fly on a day still to come."""
    crew = next(one for one in problem.crews if one.crew_id == drone.crew_id)
    return bool(drone.registration and crew.pilots) and any(
        drone.insured_until >= problem.day + timedelta(days=day) and day not in crew.days_off
        for day in range(min(problem.now_s // DAY_S, problem.days), problem.days)
    )


def _fits(fleet: Fleet, plot: Plot, days: Sequence[CrewDay]) -> bool:
    """Tell whether a crew could spray the plot as the only one of its day."""
    for day in days:
        last_s = (day.day + 1) * DAY_S
        if plot.job.earliest_s >= last_s or plot.deadline_s <= day.day * DAY_S:
            continue
        if not any(day.may(drone, plot) for drone in range(len(day.drones))):
            continue
        if not DayFlight(fleet, day).add_site([plot]):
            return True
    return False


def unassigned(
    fleet: Fleet, flights: Sequence[DayFlight], out: dict[int, Cause]
) -> tuple[Unassigned, ...]:
    """Return every unplanned open job in the problem's order with its cause.

    Jobs that are impossible for everyone keep that cause; the others failed on what the plan has
    left: area cap of every able drone (``no_capacity``), or minutes (``no_time``).
    """
    planned = {one.plot.index for flight in flights for one in flight.visits}
    rows = []
    for plot in fleet.open_plots:
        if plot.index in planned:
            continue
        cause = out.get(plot.index)
        if cause is None:
            room = any(
                flight.room_centimu(drone) >= plot.job.area_centimu
                for flight in flights
                for drone in range(len(flight.crew_day.drones))
                if flight.crew_day.may(drone, plot)
            )
            cause = Cause.NO_TIME if room else Cause.NO_CAPACITY
        rows.append(Unassigned(job_id=plot.job.job_id, cause=cause))
    return tuple(rows)
