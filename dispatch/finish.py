"""The last steps of every search: leftovers worked in, then the plan with what made it."""

from dispatch.assemble import assemble
from dispatch.crewday import DayFlight
from dispatch.engine import Context
from dispatch.plan import Parameters, Plan
from dispatch.search.draft import Draft
from dispatch.search.mend import mend


def mended(context: Context, draft: Draft) -> list[DayFlight]:
    """Return a draft's days with as much of what it leaves out as the budget lets in."""
    flights = [leg.flight for leg in draft.legs]
    return mend(context.fleet, flights, draft.missing(context.plots), context.over)


def finish(context: Context, draft: Draft, engine: str) -> Plan:
    """Return the mended draft as a plan that says which engine, seed and budget made it."""
    flights = mended(context, draft)
    context.report("mended", flights)
    stop = context.stop
    parameters = Parameters(
        engine=engine,
        seed=context.seed,
        workers=context.workers,
        stop_ms=None if stop.seconds is None else round(stop.seconds * 1000),
        stop_iterations=stop.iterations,
    )
    return assemble(context.fleet, flights, context.out, parameters)
