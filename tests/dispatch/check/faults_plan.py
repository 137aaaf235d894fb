"""Faults of a plan's times, facts and sums."""

from dataclasses import replace
from datetime import timedelta

from dispatch.model import DAY_S, Problem
from dispatch.plan import Cause, Plan, Route, TruckRoute, TruckStop, TruckStopKind, Unassigned
from dispatch.violations import Code
from tests.dispatch.check.faults import fault, moved, plus, route, stop, truck, visit
from tests.dispatch.check.village import at

Pair = tuple[Problem, Plan]


@fault(Code.DAY)
def another_day(given: Problem, plan: Plan) -> Pair:
    """Date the plan a day later."""
    return given, replace(plan, day=plan.day + timedelta(days=1))


@fault(Code.HORIZON)
def truck_after_the_last_day(given: Problem, plan: Plan) -> Pair:
    """Send a truck around the block on the third day of two."""
    start_s = 2 * DAY_S + 6 * 3600
    extra = TruckRoute(crew_id="C0", day=2, depart_s=start_s, return_s=start_s + 60, stops=())
    return given, replace(plan, trucks=(*plan.trucks, extra))


@fault(Code.HORIZON)
def drone_before_the_first_day(given: Problem, plan: Plan) -> Pair:
    """Give a drone a route on the day before."""
    extra = Route(drone_id="D0", day=-1, stops=())
    return given, replace(plan, routes=(*plan.routes, extra))


@fault(Code.UNKNOWN_JOB, Code.MISSING_JOB)
def visit_to_nobody(given: Problem, plan: Plan) -> Pair:
    """Spray a plot that nobody ordered instead of one that was."""
    return given, visit(plan, "A2", job_id="nobody")


@fault(Code.UNKNOWN_JOB)
def nobody_left_out(given: Problem, plan: Plan) -> Pair:
    """Leave out a plot that nobody ordered."""
    extra = Unassigned(job_id="nobody", cause=Cause.NO_TIME)
    return given, replace(plan, unassigned=(*plan.unassigned, extra))


@fault(Code.UNKNOWN_DRONE, Code.OBJECTIVE, Code.BOUND)
def ghost_drone(given: Problem, plan: Plan) -> Pair:
    """Let a drone fly that the problem does not have."""
    return given, route(plan, "D1", 1, drone_id="ghost")


@fault(Code.UNKNOWN_CREW)
def ghost_crew(given: Problem, plan: Plan) -> Pair:
    """Let a crew drive that the problem does not have."""
    extra = TruckRoute(crew_id="ghost", day=0, depart_s=30_000, return_s=30_000, stops=())
    return given, replace(plan, trucks=(*plan.trucks, extra))


@fault(Code.UNKNOWN_POINT)
def ghost_point(given: Problem, plan: Plan) -> Pair:
    """Fill up where no mixing point is."""
    return given, stop(plan, "M1", name="M9")


@fault(Code.REPEATED_JOB)
def planned_and_left_out(given: Problem, plan: Plan) -> Pair:
    """List a planned job as left out too."""
    extra = Unassigned(job_id="A1", cause=Cause.NO_TIME)
    return given, replace(plan, unassigned=(*plan.unassigned, extra))


@fault(Code.REPEATED_ROUTE)
def two_routes_a_day(given: Problem, plan: Plan) -> Pair:
    """Give a drone a second route on a day."""
    extra = Route(drone_id="D0", day=0, stops=())
    return given, replace(plan, routes=(*plan.routes, extra))


@fault(Code.REPEATED_TRUCK)
def two_trucks_a_day(given: Problem, plan: Plan) -> Pair:
    """Let a crew leave home twice on a day."""
    extra = TruckRoute(crew_id="C0", day=0, depart_s=60_000, return_s=60_000, stops=())
    return given, replace(plan, trucks=(*plan.trucks, extra))


@fault(Code.REPEATED_BLOCK, Code.BLOCK, Code.EMPTY_STOP, Code.WATER, Code.OBJECTIVE)
def block_id_of_two_crews(given: Problem, plan: Plan) -> Pair:
    """Name the blocks of two crews alike."""
    return given, visit(stop(plan, "T2", name="S2"), "X3", block_id="S2")


@fault(Code.REPEATED_BLOCK, Code.BLOCK, Code.ARRIVAL)
def block_entered_twice(given: Problem, plan: Plan) -> Pair:
    """Let a drone leave its block for nowhere and come back to it."""
    return given, visit(plan, "A2", block_id="nowhere")


@fault(Code.MISSING_JOB)
def job_forgotten(given: Problem, plan: Plan) -> Pair:
    """Say nothing at all of a job."""
    return given, replace(plan, unassigned=plan.unassigned[:-1])


@fault(Code.AREA)
def area_rounded_up(given: Problem, plan: Plan) -> Pair:
    """Claim a hundredth of a mu more."""
    return given, visit(plan, "A1", area_centimu=plus(1))


@fault(Code.LIQUID)
def liquid_saved(given: Problem, plan: Plan) -> Pair:
    """Claim a millilitre less."""
    return given, visit(plan, "A1", liquid_ml=plus(-1))


@fault(Code.PRODUCT)
def wrong_product(given: Problem, plan: Plan) -> Pair:
    """Spray the other product on a plot."""
    return given, visit(plan, "BIG", product="foliar")


@fault(Code.HEADING)
def heading_of_a_full_turn(given: Problem, plan: Plan) -> Pair:
    """Fly at 180 degrees, which is written 0."""
    return given, visit(plan, "A2", heading_cdeg=plus(18_000))


@fault(Code.HEADING)
def heading_below_zero(given: Problem, plan: Plan) -> Pair:
    """Fly at a negative heading."""
    return given, visit(plan, "A2", heading_cdeg=plus(-18_000))


@fault(Code.BLOCK, Code.EMPTY_STOP)
def block_without_a_truck(given: Problem, plan: Plan) -> Pair:
    """Fly a block to which no truck drives."""
    return given, visit(plan, "BIG", block_id="nowhere")


@fault(Code.BLOCK, Code.OVERLAP)
def block_of_another_day(given: Problem, plan: Plan) -> Pair:
    """Fly from the launch site of the day before."""
    return given, visit(plan, "P2", block_id="S5")


@fault(Code.EMPTY_STOP)
def stop_for_nothing(given: Problem, plan: Plan) -> Pair:
    """Let a truck set up where nobody flies."""
    last = next(one for one in plan.trucks if (one.crew_id, one.day) == ("C0", 0))
    end = last.stops[-1]
    extra = replace(end, name="S9", arrive_s=end.leave_s)
    return given, truck(plan, "C0", 0, stops=(*last.stops, extra))


@fault(Code.SHIFT)
def leaves_before_the_shift(given: Problem, plan: Plan) -> Pair:
    """Leave home a second too early."""
    return given, truck(plan, "C0", 1, depart_s=plus(-1))


@fault(Code.ARRIVAL)
def arrival_before_the_truck(given: Problem, plan: Plan) -> Pair:
    """Note a drone's arrival before that of its truck."""
    return given, visit(plan, "A1", arrive_s=plus(-1))


@fault(Code.ARRIVAL)
def arrival_within_the_visit_before(given: Problem, plan: Plan) -> Pair:
    """Note an arrival before the visit before is finished."""
    return given, visit(plan, "A2", arrive_s=plus(-1))


@fault(Code.TRAVEL_TIME)
def truck_too_fast(given: Problem, plan: Plan) -> Pair:
    """Arrive at a site a second sooner than the road allows."""
    for name in ("B1", "B2"):
        plan = visit(plan, name, arrive_s=plus(-1))
    return given, stop(plan, "S2", arrive_s=plus(-1))


@fault(Code.TRAVEL_TIME)
def home_too_soon(given: Problem, plan: Plan) -> Pair:
    """Be back home a second sooner than the road allows."""
    return given, truck(plan, "C1", 0, return_s=plus(-1))


@fault(Code.TRAVEL_TIME, Code.WATER)
def stops_out_of_order(given: Problem, plan: Plan) -> Pair:
    """Swap two launch sites of a truck's day."""
    day = next(one for one in plan.trucks if (one.crew_id, one.day) == ("C1", 0))
    return given, truck(plan, "C1", 0, stops=(day.stops[1], day.stops[0], *day.stops[2:]))


@fault(Code.TRAVEL_TIME, Code.LANDING)
def leaves_before_it_arrives(given: Problem, plan: Plan) -> Pair:
    """Leave a site before arriving there."""
    arrive_s = next(one for one in plan.trucks if one.day == 1).stops[0].arrive_s
    return given, stop(plan, "S6", leave_s=arrive_s - 5)


@fault(Code.SETUP_TIME)
def set_up_skipped(given: Problem, plan: Plan) -> Pair:
    """Take off a second before the set-up is done."""
    return given, moved(plan, -1, "B1")


@fault(Code.CLEAN_TIME)
def rinse_cut_short(given: Problem, plan: Plan) -> Pair:
    """Take off a second before the tank is rinsed."""
    plan = moved(plan, -1, "W1", "W2")
    return given, visit(plan, "W2", arrive_s=plus(-1))


@fault(Code.WORK_TIME)
def sprays_too_fast(given: Problem, plan: Plan) -> Pair:
    """Finish a plot a second before it can be."""
    return given, visit(plan, "A3", finish_s=plus(-1))


@fault(Code.WORK_TIME)
def sprays_a_square_too_fast(given: Problem, plan: Plan) -> Pair:
    """Finish a plot without polygons a second before it can be."""
    return given, visit(plan, "A6", finish_s=plus(-1))


@fault(Code.WORK_TIME)
def sprays_between_halts_too_fast(given: Problem, plan: Plan) -> Pair:
    """Finish a plot with a halt a second before it can be."""
    return given, visit(plan, "BIG", finish_s=plus(-1))


@fault(Code.WORK_TIME)
def heading_of_a_longer_way(given: Problem, plan: Plan) -> Pair:
    """Turn the swaths across a plot's diagonal and claim the old time."""
    return given, visit(plan, "X3", heading_cdeg=4_500)


@fault(Code.WAIT_IN_AIR)
def hovers(given: Problem, plan: Plan) -> Pair:
    """Wait in the air between two plots."""
    return given, moved(plan, 2, "A3")


@fault(Code.OVERLAP)
def in_two_places(given: Problem, plan: Plan) -> Pair:
    """Begin a plot before the one before is finished."""
    return given, moved(plan, -1, "A3")


@fault(Code.OVERLAP, Code.ARRIVAL, Code.SETUP_TIME)
def in_two_blocks(given: Problem, plan: Plan) -> Pair:
    """Begin a block before the one before is finished."""
    first_s = next(one for one in plan.routes[0].stops if one.job_id == "A3").start_s
    here_s = next(one for one in plan.routes[0].stops if one.job_id == "B1").start_s
    return given, moved(plan, first_s - here_s, "B1")


@fault(Code.LANDING)
def truck_leaves_a_drone(given: Problem, plan: Plan) -> Pair:
    """Drive off a second before the last drone has landed."""
    return given, stop(plan, "S2", leave_s=plus(-1))


@fault(Code.HALTS, Code.WORK_TIME)
def halt_without_reason(given: Problem, plan: Plan) -> Pair:
    """Count a halt at which nothing happens."""
    return given, visit(plan, "A1", halts=1)


@fault(Code.HALTS, Code.WORK_TIME)
def three_services_in_one_halt(given: Problem, plan: Plan) -> Pair:
    """Count two refills and a swap at one halt."""
    return given, visit(plan, "BIG", refills=2)


@fault(Code.HALTS)
def negative_refill(given: Problem, plan: Plan) -> Pair:
    """Count a refill less than none."""
    return given, visit(plan, "A1", refills=-1)


@fault(Code.TANK)
def refill_forgotten(given: Problem, plan: Plan) -> Pair:
    """Spray 60 L from a tank of 40 L."""
    return given, visit(plan, "BIG", refills=0)


@fault(Code.BATTERY)
def swap_forgotten(given: Problem, plan: Plan) -> Pair:
    """Fly 20 minutes on a battery of 11."""
    return given, visit(plan, "BIG", battery_swaps=0)


@fault(Code.WATER)
def water_from_nowhere(given: Problem, plan: Plan) -> Pair:
    """State a millilitre more on board than is left."""
    return given, stop(plan, "T1", water_ml=24_001)


@fault(Code.WATER)
def water_untold(given: Problem, plan: Plan) -> Pair:
    """Leave a truck's water unsaid."""
    return given, stop(plan, "T2", water_ml=None)


@fault(Code.WATER)
def water_of_no_concern(given: Problem, plan: Plan) -> Pair:
    """State water on a truck that carries none."""
    return given, stop(plan, "S1", water_ml=5)


@fault(Code.WATER)
def no_filling_up(given: Problem, plan: Plan) -> Pair:
    """Drive past the mixing point with too little water."""
    day = next(one for one in plan.trucks if one.crew_id == "C1")
    return given, truck(plan, "C1", 0, stops=(day.stops[0], day.stops[2]))


@fault(Code.WATER)
def water_below_nothing(given: Problem, plan: Plan) -> Pair:
    """Drive past the mixing point and say honestly that the water is not enough."""
    day = next(one for one in plan.trucks if one.crew_id == "C1")
    plan = truck(plan, "C1", 0, stops=(day.stops[0], day.stops[2]))
    return given, stop(plan, "T2", water_ml=-6_000)


@fault(Code.FILL_TIME)
def filled_in_a_hurry(given: Problem, plan: Plan) -> Pair:
    """Leave the mixing point a second early."""
    return given, stop(plan, "M1", leave_s=plus(-1))


@fault(Code.PLACE, Code.TRAVEL_TIME, Code.OBJECTIVE)
def mixing_somewhere_else(given: Problem, plan: Plan) -> Pair:
    """Fill up 10 m beside the mixing point."""
    return given, stop(plan, "M1", place=at(6610, -800))


@fault(Code.TRAVEL_TIME)
def detour_without_time(given: Problem, plan: Plan) -> Pair:
    """Fill up once more on the way home in no time."""
    day = next(one for one in plan.trucks if one.crew_id == "C1")
    filling = next(one for one in day.stops if one.kind is TruckStopKind.MIX)
    end_s = day.stops[-1].leave_s
    extra = TruckStop(
        kind=TruckStopKind.MIX,
        name="M1",
        place=filling.place,
        arrive_s=end_s,
        leave_s=end_s + 600,
        water_ml=60_000,
    )
    return given, truck(plan, "C1", 0, stops=(*day.stops, extra), return_s=plus(3600))
