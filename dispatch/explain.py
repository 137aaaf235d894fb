"""Answers to the questions that staff ask of a plan; every one is found by trying."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from dispatch.causes import ruled_out, unassigned
from dispatch.crewday import DayFlight
from dispatch.edit import Edited, move
from dispatch.engine import Context, Stop
from dispatch.finish import mended
from dispatch.fleet import Fleet
from dispatch.land import HORIZON_S
from dispatch.model import Problem
from dispatch.physics import Plot
from dispatch.plan import Cause, Objective, Plan
from dispatch.resume import draft_of, flights_of, sites_of
from dispatch.search.improve import IMPROVE_SHARE, improve
from dispatch.search.mend import insertions
from dispatch.shapes import DAY_S
from dispatch.validation import InvalidProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """The nearest thing to a place for a left-out job: on which drone's day, and who gives way.

    ``weight_lost`` is the weight of the jobs in ``displaced``, which would have to be left out.
    """

    drone_id: str
    day: int
    displaced: tuple[str, ...]
    weight_lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a job is not in the plan: its cause, how many places were tried, the best of them."""

    job_id: str
    cause: Cause
    tried: int
    chance: Chance | None


def why(problem: Problem, plan: Plan) -> tuple[Why, ...]:
    """Return the reason of every job that the plan leaves out, in the problem's order.

    Each job is put into every able crew's day at the most promising places and the day is flown
    anew; a job that would fit after all is reported without any displaced job.
    """
    fleet = Fleet(problem)
    out = ruled_out(fleet)
    flights = flights_of(fleet, sites_of(fleet, plan))
    plots = {plot.job.job_id: plot for plot in fleet.open_plots}
    return tuple(
        _why(fleet, flights, plots[row.job_id], row.cause)
        for row in unassigned(fleet, flights, out)
    )


def _why(fleet: Fleet, flights: list[DayFlight], plot: Plot, cause: Cause) -> Why:
    """Try one plot everywhere, unless its cause rules it out for everybody."""
    if cause not in {Cause.NO_TIME, Cause.NO_CAPACITY}:
        return Why(job_id=plot.job.job_id, cause=cause, tried=0, chance=None)
    span_m = fleet.problem.settings.block_span_m
    best: Chance | None = None
    tried = 0
    for flight in flights:
        day = flight.crew_day
        able = [one for one in range(len(day.drones)) if day.may(one, plot)]
        if not able:
            continue
        for sites in insertions(day, flight.sites, [plot], span_m):
            tried += 1
            fresh = DayFlight(fleet, day)
            dropped = fresh.fly_all(sites)
            if any(one.index == plot.index for one in dropped):
                continue
            lost = sum(one.weight for one in dropped)
            if best is None or lost < best.weight_lost:
                best = Chance(
                    drone_id=day.drones[able[0]].drone_id,
                    day=day.day,
                    displaced=tuple(one.job.job_id for one in dropped),
                    weight_lost=lost,
                )
    return Why(job_id=plot.job.job_id, cause=cause, tried=tried, chance=best)


def why_not(problem: Problem, plan: Plan, job_id: str, drone_id: str, day: int = 0) -> Edited:
    """Return what it would cost and break to give a job to another drone (为何不派给它).

    Raises `InvalidProblem` as `dispatch.edit.move` does.
    """
    return move(problem, plan, job_id, drone_id=drone_id, day=day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What a change would bring: mu in hundredths and weight, each more than the plan has."""

    change: str
    area_centimu: int
    weight: int
    objective: Objective


Change = Callable[[Problem], Problem]


def what_if(problem: Problem, plan: Plan, change: str, *, stop: Stop, seed: int = 0) -> Gain:
    """Return what ``one_more_drone``, ``one_more_hour`` or ``later_deadline`` would bring.

    The plan is taken as the start and improved under the change; the same improvement without the
    change is taken off, so that only the change counts. Raises `InvalidProblem` for another word.
    """
    if change not in CHANGES:
        known = "、".join(CHANGES)
        raise InvalidProblem(change, "change", f"须为 {known} 之一", f"must be one of {known}")
    with_it = _improved(CHANGES[change](problem), plan, stop, seed)
    without = _improved(problem, plan, stop, seed)
    return Gain(
        change=change,
        area_centimu=_area(with_it) - _area(without),
        weight=_weight(with_it) - _weight(without),
        objective=plan.objective,
    )


def _improved(problem: Problem, plan: Plan, stop: Stop, seed: int) -> list[DayFlight]:
    context = Context.open(problem, stop, seed)
    draft = draft_of(context, plan)
    improve(context, draft, share=IMPROVE_SHARE)
    return mended(context, draft)


def _area(flights: list[DayFlight]) -> int:
    return sum(one.plot.job.area_centimu for flight in flights for one in flight.visits)


def _weight(flights: list[DayFlight]) -> int:
    return sum(one.plot.weight for flight in flights for one in flight.visits)


def _one_more_drone(problem: Problem) -> Problem:
    """Add a crew of its own with the drone that has the most skills, based where its crew is."""
    if not problem.drones:
        raise InvalidProblem("problem", "drones", "不能为空", "must not be empty")
    model = max(problem.drones, key=lambda drone: (len(drone.skills), drone.drone_id))
    crew = next(one for one in problem.crews if one.crew_id == model.crew_id)
    name = f"+{model.drone_id}"
    extra = replace(
        model,
        drone_id=name,
        crew_id=f"+{crew.crew_id}",
        registration=model.registration or "+",
        insured_until=date.max,
        available_from_s=problem.now_s,
        available_to_s=HORIZON_S,
    )
    crews = (*problem.crews, replace(crew, crew_id=f"+{crew.crew_id}", pilots=1))
    return replace(problem, drones=(*problem.drones, extra), crews=crews)


def _one_more_hour(problem: Problem) -> Problem:
    """Let every day's last windows and every shift end an hour later."""
    last: dict[tuple[int, tuple[str, ...], tuple[str, ...]], int] = {}
    for window in problem.windows:
        key = (window.start_s // DAY_S, window.products, window.areas)
        last[key] = max(last.get(key, 0), window.end_s)
    windows = tuple(
        replace(window, end_s=min(window.end_s + 3600, (window.start_s // DAY_S + 1) * DAY_S))
        if window.end_s == last[window.start_s // DAY_S, window.products, window.areas]
        else window
        for window in problem.windows
    )
    crews = tuple(
        replace(crew, shift_end_s=min(DAY_S, crew.shift_end_s + 3600)) for crew in problem.crews
    )
    return replace(problem, windows=windows, crews=crews)


def _later_deadline(problem: Problem) -> Problem:
    """Give every job a day more, and the pre-harvest interval as it is."""
    jobs = tuple(
        replace(job, latest_s=min(HORIZON_S, job.latest_s + DAY_S)) for job in problem.jobs
    )
    return replace(problem, jobs=jobs)


CHANGES: dict[str, Change] = {
    "one_more_drone": _one_more_drone,
    "one_more_hour": _one_more_hour,
    "later_deadline": _later_deadline,
}
