"""`solve`: run an engine, work leftovers in, write the plan."""

from collections.abc import Callable

from dispatch.assemble import assemble
from dispatch.engine import Context, Progress, Stop
from dispatch.engines import ENGINES
from dispatch.model import Problem
from dispatch.plan import Parameters, Plan
from dispatch.search.mend import mend
from dispatch.validation import InvalidProblem, require_int


def solve(
    problem: Problem,
    *,
    stop: Stop,
    seed: int = 0,
    workers: int = 1,
    engine: str = "blocks",
    on_progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """Return a plan; the same problem, seed and iteration stop give the same plan on one worker.

    ``workers`` above one lets the blocks engine solve as many neighbourhoods side by side in child
    processes. Raises `InvalidProblem` for an unknown engine.
    """
    require_int(seed, "solve", "seed", 0, 2**32 - 1)
    require_int(workers, "solve", "workers", 1, 64)
    if engine not in ENGINES:
        raise InvalidProblem("solve", "engine", f"未知：{engine}", f"is unknown: {engine}")
    context = Context.open(problem, stop, seed, workers, on_progress)
    draft = ENGINES[engine]().solve(context)
    flights = [leg.flight for leg in draft.legs]
    context.report(engine, flights)
    flights = mend(context.fleet, flights, draft.missing(context.plots), context.over)
    context.report("mended", flights)
    parameters = Parameters(
        engine=engine,
        seed=seed,
        workers=workers,
        stop_ms=None if stop.seconds is None else round(stop.seconds * 1000),
        stop_iterations=stop.iterations,
    )
    return assemble(context.fleet, flights, context.out, parameters)
