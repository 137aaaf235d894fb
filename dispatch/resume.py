"""An existing plan taken up again: its days flown anew, as they stand or as a search's start."""

from collections import defaultdict
from collections.abc import Sequence

from dispatch.crewday import DayFlight, Sites
from dispatch.engine import Context
from dispatch.fleet import Fleet
from dispatch.lots import LOT_S, Lot, kind_of, lot_of, make_lots
from dispatch.physics import Plot
from dispatch.plan import Plan
from dispatch.search.draft import Draft
from dispatch.search.net import Net


def sites_of(fleet: Fleet, plan: Plan) -> list[Sites]:
    """Return each crew's day as a plan has it, without what is frozen; jobs unknown are skipped.

    The plots of a launch site come drone after drone, in flying order.
    """
    plots = {plot.job.job_id: plot for plot in fleet.open_plots}
    crew_of = {drone.drone_id: drone.crew_id for drone in fleet.problem.drones}
    blocks: dict[tuple[str, int], dict[str, list[tuple[int, str, int, Plot]]]]
    blocks = defaultdict(lambda: defaultdict(list))
    for route in plan.routes:
        crew_id = crew_of.get(route.drone_id)
        for at, visit in enumerate(route.stops):
            plot = plots.get(visit.job_id)
            if plot is not None and crew_id is not None:
                row = (visit.start_s, route.drone_id, at, plot)
                blocks[crew_id, route.day][visit.block_id].append(row)
    days = []
    for day in fleet.crew_days:
        found = blocks.get((day.crew.crew_id, day.day), {})
        ordered = sorted(found.values(), key=lambda rows: min(row[0] for row in rows))
        flown = [sorted(rows, key=lambda row: (row[1], row[2])) for rows in ordered]
        days.append([[row[3] for row in rows] for rows in flown])
    return days


def flights_of(fleet: Fleet, days: Sequence[Sites]) -> list[DayFlight]:
    """Fly each crew's day; plots that no longer fit are left out."""
    flights = []
    for day, sites in zip(fleet.crew_days, days, strict=True):
        flight = DayFlight(fleet, day)
        flight.fly_all(sites)
        flights.append(flight)
    return flights


def draft_of(context: Context, plan: Plan) -> Draft:
    """Return a plan as a draft for the search: its sites as lots, the rest as new lots."""
    fleet = context.fleet
    if not fleet.crew_days:
        return Draft(Net(fleet, []))
    machine = fleet.crew_days[0].drones[0].machine
    spray_s = fleet.spray_s[machine]
    lots: list[Lot] = []
    orders: list[list[int]] = []
    held: set[int] = set()
    for sites in sites_of(fleet, plan):
        order: list[int] = []
        for site in sites:
            for part in _short(site, spray_s):
                order.append(len(lots))
                lots.append(lot_of(part, machine, spray_s))
                held.update(plot.index for plot in part)
        orders.append(order)
    rest = [plot for plot in context.plots if plot.index not in held]
    lots += make_lots(fleet, rest)
    draft = Draft(Net(fleet, lots))
    for index, order in enumerate(orders):
        draft.put(index, draft.fly(index, order))
    draft.calibrate()
    return draft


def _short(site: Sequence[Plot], spray_s: Sequence[float]) -> list[list[Plot]]:
    """Cut a site where its plots differ in what a lot must share, and at a lot's length."""
    parts: list[list[Plot]] = []
    used_s = 0.0
    for plot in site:
        cost_s = 1.3 * spray_s[plot.index]
        if parts and used_s + cost_s <= LOT_S and _alike(parts[-1][-1], plot):
            parts[-1].append(plot)
            used_s += cost_s
        else:
            parts.append([plot])
            used_s = cost_s
    return parts


def _alike(a: Plot, b: Plot) -> bool:
    """Tell whether two plots may share a lot and lie side by side."""
    near = abs(a.centre[0] - b.centre[0]) + abs(a.centre[1] - b.centre[1]) < 0.001
    return near and kind_of(a) == kind_of(b)
