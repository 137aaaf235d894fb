"""From flights to a published plan: totals, objective in parts, causes and the bound."""

from collections.abc import Sequence

from dispatch.bounds import upper_bound
from dispatch.causes import causes
from dispatch.fleet import Fleet
from dispatch.flight import Flight
from dispatch.plan import Objective, Parameters, Plan, Route, Totals


def objective(fleet: Fleet, flights: Sequence[Flight]) -> Objective:
    """Add up the goal over the flights."""
    visits = [visit for flight in flights for visit in flight.visits]
    planned = sum(plot.weight for flight in flights for plot in flight.plots)
    times_s = [flight.times_s for flight in flights]
    return Objective(
        weight_planned=planned,
        weight_unassigned=sum(plot.weight for plot in fleet.plots) - planned,
        spray_s=sum(visit.finish_s - visit.start_s for visit in visits),
        road_s=sum(one[0] for one in times_s),
        setup_s=sum(one[1] for one in times_s),
        clean_s=sum(one[2] for one in times_s),
    )


def assemble(fleet: Fleet, flights: Sequence[Flight], parameters: Parameters) -> Plan:
    """Return the plan of these flights; drones without a visit get no route."""
    used = [flight for flight in flights if flight.visits]
    visits = [visit for flight in used for visit in flight.visits]
    goal = objective(fleet, used)
    return Plan(
        day=fleet.problem.day,
        routes=tuple(
            Route(
                drone_id=flight.drone.drone_id,
                depart_s=flight.crew.shift_start_s,
                return_s=flight.return_s,
                stops=tuple(flight.visits),
            )
            for flight in used
        ),
        unassigned=causes(fleet, used),
        totals=Totals(
            jobs=len(visits),
            blocks=len({visit.block_id for visit in visits}),
            area_centimu=sum(visit.area_centimu for visit in visits),
            liquid_ml=sum(visit.liquid_ml for visit in visits),
            refills=sum(visit.refills for visit in visits),
            battery_swaps=sum(visit.battery_swaps for visit in visits),
        ),
        objective=goal,
        bound=upper_bound(fleet, goal.weight_planned),
        parameters=parameters,
    )
