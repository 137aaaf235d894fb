"""`solve`: run an engine, work leftovers in, write the plan."""

from collections.abc import Callable

from dispatch.engine import Context, Progress, Stop
from dispatch.engines import ENGINES
from dispatch.finish import finish
from dispatch.model import Problem
from dispatch.plan import Plan
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
    context.report(engine, [leg.flight for leg in draft.legs])
    return finish(context, draft, engine)
