"""The day goes otherwise: a breakdown, rain, urgent plots, a slower crew; plan on from now.

What is done or in the air stays as it is. Urgent plots come in first, whatever has to give way;
then the rest is improved, and a plot changes its crew only where that is worth it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dispatch.document import dump, load
from dispatch.engine import Context, Progress, Stop
from dispatch.finish import finish
from dispatch.freeze import freeze
from dispatch.land import Job, Window
from dispatch.model import Problem
from dispatch.plan import Plan
from dispatch.resources import SPEED_LEGAL_CM_PER_S, Drone
from dispatch.resume import draft_of
from dispatch.search.force import force_in
from dispatch.search.improve import IMPROVE_SHARE, improve
from dispatch.validation import require, require_int

STABILITY_S = 20_000
"""Seconds that a change must save for each plot that it takes from its crew or leaves out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """A drone stops flying (故障): what it has not finished by now is free again."""

    drone_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rain:
    """The weather changed: usable windows from now on (past ones stay as they were)."""

    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgent:
    """New jobs that must come in if at all possible (加急)."""

    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slower:
    """A crew's drones fly slower than planned: ``percent`` of the speed on paper."""

    crew_id: str
    percent: int


Event = Breakdown | Rain | Urgent | Slower


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """What happened by ``now_s`` (seconds from the first day's midnight), as one document.

    ``rain`` gives the usable windows from now on; None leaves the weather as it was.
    """

    now_s: int
    breakdowns: tuple[Breakdown, ...] = ()
    rain: Rain | None = None
    urgent: tuple[Job, ...] = ()
    slower: tuple[Slower, ...] = ()

    def listed(self) -> tuple[Event, ...]:
        """Return the events one by one."""
        rain = () if self.rain is None else (self.rain,)
        urgent = (Urgent(jobs=self.urgent),) if self.urgent else ()
        return (*self.breakdowns, *rain, *urgent, *self.slower)

    @classmethod
    def from_json(cls, text: str) -> "Events":
        """Read a document of kind ``dispatch.events``; raises `InvalidDocument` with its path."""
        return load(cls, text, "events")

    def to_json(self) -> str:
        """Return the events as one JSON document."""
        return dump(self, "events")


def replan(
    problem: Problem,
    plan: Plan,
    *,
    now_s: int,
    events: Sequence[Event],
    stop: Stop,
    seed: int = 0,
    workers: int = 1,
    stability_s: int = STABILITY_S,
    on_progress: Callable[[Progress], None] | None = None,
) -> tuple[Problem, Plan]:
    """Return the problem as it is now and a plan for it that goes on from the old one.

    Raises `InvalidProblem` for an unknown drone or crew and for a moment before the old problem's.
    """
    require_int(now_s, "replan", "now_s", problem.now_s, problem.days * 86_400)
    changed = after(problem, plan, now_s=now_s, events=events)
    context = Context.open(changed, stop, seed, workers, on_progress)
    draft = draft_of(context, plan)
    urgent = {job.job_id for event in events if isinstance(event, Urgent) for job in event.jobs}
    force_in(draft, urgent)
    context.report("urgent", [leg.flight for leg in draft.legs])
    homes = {lot: index for index, leg in enumerate(draft.legs) for lot in leg.order}
    improve(context, draft, share=IMPROVE_SHARE, stability_s=stability_s, homes=homes)
    return changed, finish(context, draft, "replan")


def after(problem: Problem, plan: Plan, *, now_s: int, events: Sequence[Event]) -> Problem:
    """Return the problem as events leave it: frozen up to now, with new jobs, windows, machines."""
    drones = {drone.drone_id: drone for drone in problem.drones}
    windows, jobs = problem.windows, problem.jobs
    broken: set[str] = set()
    wet = False
    for event in events:
        if isinstance(event, Breakdown):
            zh, en = "无人机不存在", "is an unknown drone"
            require(event.drone_id in drones, event.drone_id, "drone_id", zh, en)
            broken.add(event.drone_id)
            drones[event.drone_id] = replace(drones[event.drone_id], available_to_s=now_s)
        elif isinstance(event, Rain):
            past = [_until(one, now_s) for one in problem.windows]
            later = [_from(one, now_s) for one in event.windows]
            windows = tuple(one for one in [*past, *later] if one is not None)
            wet = True
        elif isinstance(event, Urgent):
            jobs = (*jobs, *event.jobs)
        else:
            _slow_down(drones, problem, event)
    routes, trucks = freeze(problem, plan, now_s=now_s, broken=broken, by_visit=wet)
    return replace(
        problem,
        jobs=jobs,
        drones=tuple(drones.values()),
        windows=windows,
        now_s=now_s,
        frozen_routes=routes,
        frozen_trucks=trucks,
    )


def _until(window: Window, now_s: int) -> Window | None:
    """Return what of a window is over."""
    if window.end_s <= now_s:
        return window
    return None if window.start_s >= now_s else replace(window, end_s=now_s)


def _from(window: Window, now_s: int) -> Window | None:
    """Return what of a window is still to come."""
    if window.start_s >= now_s:
        return window
    return None if window.end_s <= now_s else replace(window, start_s=now_s)


def _slow_down(drones: dict[str, Drone], problem: Problem, event: Slower) -> None:
    """Give a crew's drones the pace that they really have; their models are renamed after it."""
    known = {crew.crew_id for crew in problem.crews}
    require(event.crew_id in known, event.crew_id, "crew_id", "机组不存在", "is an unknown crew")
    require_int(event.percent, event.crew_id, "percent", 10, 200)
    for drone_id, drone in drones.items():
        if drone.crew_id == event.crew_id:
            machine = drone.machine
            speed = min(SPEED_LEGAL_CM_PER_S, max(1, machine.speed_cm_per_s * event.percent // 100))
            slow = replace(machine, model=f"{machine.model}@{event.percent}%", speed_cm_per_s=speed)
            drones[drone_id] = replace(drone, machine=slow)
