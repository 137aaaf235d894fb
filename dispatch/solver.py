"""`solve`: run an engine, keep the better of it and the baseline, write the plan."""

import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.synchronize import Event

from dispatch.assemble import assemble, objective
from dispatch.block_engine import Blocks
from dispatch.engine import Context, Engine, Progress, Stop
from dispatch.fleet import Fleet
from dispatch.flight import Flight
from dispatch.greedy import Greedy
from dispatch.model import Problem
from dispatch.plan import Parameters, Plan
from dispatch.validation import InvalidProblem, require_int

ENGINES: dict[str, Callable[[], Engine]] = {"blocks": Blocks, "greedy": Greedy}


def solve(
    problem: Problem,
    *,
    stop: Stop,
    seed: int = 0,
    workers: int = 1,
    engine: str = "blocks",
    on_progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """Return a plan for the day; the same problem, seed and iteration stop give the same plan.

    ``workers`` above one solves with as many seeds (seed, seed + 1, …) in child processes and keeps
    the best; progress is then not told. Raises `InvalidProblem` for an unknown engine.
    """
    require_int(seed, "solve", "seed", 0, 2**32 - 1)
    require_int(workers, "solve", "workers", 1, 64)
    if engine not in ENGINES:
        raise InvalidProblem("solve", "engine", f"未知：{engine}", f"is unknown: {engine}")
    if workers > 1 and engine != Greedy.name:
        return _solve_many(problem, stop=stop, seed=seed, workers=workers, engine=engine)
    context = Context(Fleet(problem), stop, seed, on_progress=on_progress)
    baseline = Greedy().solve(context)
    context.report(Greedy.name, baseline)
    best, name = baseline, Greedy.name
    if engine != Greedy.name:
        found = ENGINES[engine]().solve(context)
        if _rank(context, found) <= _rank(context, baseline):
            best, name = found, engine
    parameters = Parameters(
        engine=name,
        seed=seed,
        workers=workers,
        stop_ms=None if stop.seconds is None else round(stop.seconds * 1000),
        stop_iterations=stop.iterations,
    )
    return assemble(context.fleet, best, parameters)


def _rank(context: Context, flights: list[Flight]) -> tuple[int, int]:
    """Return the sort key of some flights; the smaller is the better."""
    return objective(context.fleet, flights).rank()


_CHILD: dict[str, Event] = {}
"""In a child process: the event by which the parent asks all to finish."""


def _begin(finish: Event) -> None:
    """Prepare a child: the terminal's Ctrl-C is the parent's business, which sets the event."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _CHILD["finish"] = finish


def _solve_one(problem: Problem, stop: Stop, seed: int, engine: str) -> Plan:
    """Solve with one seed; runs in a child process."""
    patient = replace(stop, cancelled=_CHILD["finish"].is_set)
    return solve(problem, stop=patient, seed=seed, engine=engine)


def _solve_many(problem: Problem, *, stop: Stop, seed: int, workers: int, engine: str) -> Plan:
    """Solve with several seeds at once; ties go to the lowest seed."""
    processes = get_context("spawn")
    finish = processes.Event()
    bare = replace(stop, cancelled=None)
    with ProcessPoolExecutor(
        workers, mp_context=processes, initializer=_begin, initargs=(finish,)
    ) as pool:
        runs = [
            pool.submit(_solve_one, problem, bare, seed + turn, engine) for turn in range(workers)
        ]
        while wait(runs, timeout=0.1).not_done:
            if stop.cancelled is not None and stop.cancelled():
                finish.set()
        plans = [run.result() for run in runs]
    best = min(plans, key=lambda plan: plan.objective.rank())
    return replace(best, parameters=replace(best.parameters, workers=workers))
