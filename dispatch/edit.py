"""A person moves a stop: what it costs and what it breaks, before anybody decides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dispatch.assemble import assemble, objective_of
from dispatch.causes import ruled_out, unassigned
from dispatch.check import check
from dispatch.crewday import DayFlight, Sites
from dispatch.fleet import CrewDay, Fleet
from dispatch.model import Problem
from dispatch.physics import Plot
from dispatch.plan import Plan, Unassigned
from dispatch.resume import flights_of, sites_of
from dispatch.search.mend import insertions
from dispatch.validation import InvalidProblem
from dispatch.violations import Violation


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A plan after a person's change.

    ``plan`` is flown as the person wants it, so ``violations`` may hold; ``dropped`` are jobs that
    a sound plan with this change would have to leave out, ``cost_s`` is how much dearer it is
    (`Objective.cost`; negative when cheaper).
    """

    plan: Plan
    violations: tuple[Violation, ...]
    dropped: tuple[Unassigned, ...]
    cost_s: int


def move(
    problem: Problem,
    plan: Plan,
    job_id: str,
    *,
    drone_id: str,
    day: int = 0,
    before: str | None = None,
) -> Edited:
    """Move a job to a drone's day, before another job there, or where it costs least.

    An unassigned job is put in the same way. Raises `InvalidProblem` for an unknown job, drone or
    neighbour, for a frozen job, and for a drone that does not work on that day.
    """
    fleet = Fleet(problem)
    plot = _plot(fleet, job_id)
    target = _day(fleet, drone_id, day)
    days = [_without(sites, plot) for sites in sites_of(fleet, plan)]
    wanted = (
        _cheapest(fleet, target, days[target.index], plot)
        if before is None
        else _before(days[target.index], plot, before)
    )
    sound_days = [*days[: target.index], wanted, *days[target.index + 1 :]]
    sound = flights_of(fleet, sound_days)
    forced = list(sound)
    forced[target.index] = DayFlight(fleet, target, forced=True)
    forced[target.index].fly_all(wanted)
    out = ruled_out(fleet)
    made = assemble(fleet, forced, out, replace(plan.parameters, engine="edit"))
    was_out = {row.job_id for row in plan.unassigned}
    return Edited(
        plan=made,
        violations=check(problem, made),
        dropped=tuple(row for row in unassigned(fleet, sound, out) if row.job_id not in was_out),
        cost_s=objective_of(fleet, sound).cost - plan.objective.cost,
    )


def _plot(fleet: Fleet, job_id: str) -> Plot:
    for plot in fleet.open_plots:
        if plot.job.job_id == job_id:
            return plot
    raise InvalidProblem(job_id, "job_id", "不存在或已固定", "is unknown or frozen")


def _day(fleet: Fleet, drone_id: str, day: int) -> CrewDay:
    for one in fleet.crew_days:
        if one.day == day and any(drone.drone_id == drone_id for drone in one.drones):
            return one
    zh, en = f"第 {day + 1} 天不作业", f"does not work on day {day + 1}"
    raise InvalidProblem(drone_id, "day", zh, en)


def _without(sites: Sites, plot: Plot) -> Sites:
    kept = [[one for one in site if one.index != plot.index] for site in sites]
    return [site for site in kept if site]


def _before(sites: Sites, plot: Plot, before: str) -> Sites:
    """Put a plot before another: at its launch site when the product is the same."""
    for at, site in enumerate(sites):
        for place, one in enumerate(site):
            if one.job.job_id != before:
                continue
            if one.job.product == plot.job.product:
                whole = [*site[:place], plot, *site[place:]]
                return [*sites[:at], whole, *sites[at + 1 :]]
            parts: Sequence[list[Plot]] = [site[:place], [plot], site[place:]]
            return [*sites[:at], *[part for part in parts if part], *sites[at + 1 :]]
    raise InvalidProblem(before, "before", "不在该机当天的路线上", "is not on that drone's day")


def _cheapest(fleet: Fleet, day: CrewDay, sites: Sites, plot: Plot) -> Sites:
    """Return the day with the plot in it, where least else gives way and time is shortest."""

    def rank(candidate: Sites) -> tuple[bool, int, int]:
        fresh = DayFlight(fleet, day)
        dropped = fresh.fly_all(candidate)
        lost = any(one.index == plot.index for one in dropped)
        return (lost, sum(one.weight for one in dropped), fresh.return_s)

    span_m = fleet.problem.settings.block_span_m
    return min(insertions(day, sites, [plot], span_m), key=rank)
