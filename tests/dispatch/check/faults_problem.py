"""Faults that the world brings: what was allowed when the plan was made is not any more."""

from dataclasses import replace
from datetime import timedelta

from dispatch.model import DAY_S, Problem, Rest, Zone, ZoneKind
from dispatch.plan import Cause, Plan, Unassigned
from dispatch.violations import Code
from tests.dispatch.check.faults import (
    crew,
    drone,
    fault,
    job,
    machine,
    plus,
    point,
    route,
    settings,
    stop,
    truck,
    visit,
    windows,
)
from tests.dispatch.check.village import DAY, HOUR_S, at, box

Pair = tuple[Problem, Plan]


@fault(Code.MIXED_BLOCK)
def two_products_in_a_block(given: Problem, plan: Plan) -> Pair:
    """Spray two products in one block."""
    return job(given, "A2", product="foliar"), visit(plan, "A2", product="foliar")


@fault(Code.SKILL)
def skill_lost(given: Problem, plan: Plan) -> Pair:
    """Ask for a skill that the drone does not have."""
    return job(given, "R1", skills=("hill", "night")), plan


@fault(Code.PERMIT)
def registration_gone(given: Problem, plan: Plan) -> Pair:
    """Take a drone's registration away."""
    return drone(given, "D0", registration=""), plan


@fault(Code.PERMIT)
def insurance_ends_before_the_second_day(given: Problem, plan: Plan) -> Pair:
    """Let a drone's insurance end on the first day."""
    return drone(given, "D1", insured_until=DAY), plan


@fault(Code.PERMIT)
def insurance_over(given: Problem, plan: Plan) -> Pair:
    """Let a drone's insurance end the day before."""
    return drone(given, "D2", insured_until=DAY - timedelta(days=1)), plan


@fault(Code.PILOTS)
def one_pilot_for_two_drones(given: Problem, plan: Plan) -> Pair:
    """Send one of two pilots home."""
    return crew(given, "C0", pilots=1), plan


@fault(Code.PILOTS)
def cluster_permit_without_a_pilot(given: Problem, plan: Plan) -> Pair:
    """Fly a cluster by permit with nobody at the controls."""
    return crew(given, "C0", pilots=0, cluster_permit="JQ-1"), plan


@fault(Code.PIN)
def pinned_to_another_drone(given: Problem, plan: Plan) -> Pair:
    """Pin a plot to the other drone."""
    return job(given, "A1", pinned_drone_id="D1"), plan


@fault(Code.PIN)
def pinned_to_another_day(given: Problem, plan: Plan) -> Pair:
    """Pin a plot to the first day."""
    return job(given, "P1", pinned_day=0), plan


@fault(Code.AREA_CAP)
def cap_lowered(given: Problem, plan: Plan) -> Pair:
    """Lower a drone's cap to a hundredth of a mu below its day."""
    return drone(given, "D0", area_cap_centimu=9_599), plan


@fault(Code.AREA_CAP, frozen=True)
def cap_lowered_while_flying(given: Problem, plan: Plan) -> Pair:
    """Lower a drone's cap below what is done and what is still planned together."""
    return drone(given, "D0", area_cap_centimu=9_599), plan


@fault(Code.BUFFER)
def buffer_widened(given: Problem, plan: Plan) -> Pair:
    """Widen the buffer of a water source to a metre beyond the next plot."""
    zones = (replace(given.zones[0], buffer_m=101), *given.zones[1:])
    return replace(given, zones=zones), plan


@fault(Code.BUFFER)
def bees_beside_the_second_part(given: Problem, plan: Plan) -> Pair:
    """Put bees near the second part of a plot."""
    bees = Zone(zone_id="bees", rings=(box(272, 85, 5, 5),), buffer_m=20, products=("wheat",))
    return replace(given, zones=(*given.zones, bees)), plan


@fault(Code.BUFFER)
def fish_in_a_square(given: Problem, plan: Plan) -> Pair:
    """Put a pond inside a plot that has no polygon."""
    pond = Zone(zone_id="pond", rings=(box(430, 35, 2, 2),))
    return replace(given, zones=(*given.zones, pond)), plan


@fault(Code.NO_FLY)
def no_fly_over_a_plot(given: Problem, plan: Plan) -> Pair:
    """Close the air over a corner of a plot."""
    zone = Zone(zone_id="Z9", rings=(box(620, 255, 100, 100),), kind=ZoneKind.NO_FLY)
    return replace(given, zones=(*given.zones, zone)), plan


@fault(Code.NO_FLY)
def no_fly_between_two_plots(given: Problem, plan: Plan) -> Pair:
    """Close the air that a drone crosses from plot to plot."""
    zone = Zone(zone_id="Z9", rings=(box(1695, 33, 10, 8),), kind=ZoneKind.NO_FLY, buffer_m=4)
    return replace(given, zones=(*given.zones, zone)), plan


@fault(Code.NO_FLY)
def no_fly_on_the_way_back(given: Problem, plan: Plan) -> Pair:
    """Close the air that a drone crosses only to land."""
    zone = Zone(zone_id="Z9", rings=(box(1695, 10, 10, 8),), kind=ZoneKind.NO_FLY)
    return replace(given, zones=(*given.zones, zone)), plan


@fault(Code.RADIUS)
def radius_shrunk(given: Problem, plan: Plan) -> Pair:
    """Shrink the flight radius to less than the far corner of a plot."""
    return settings(given, radius_m=460, block_span_m=400), plan


@fault(Code.PLACE)
def launch_beside_the_track(given: Problem, plan: Plan) -> Pair:
    """Move the access of the only plot of a block by 5 m."""
    return job(given, "R1", access=at(605, 200)), plan


@fault(Code.PLACE)
def mixing_point_moved(given: Problem, plan: Plan) -> Pair:
    """Move the mixing point by 5 m."""
    return point(given, place=at(6605, -800)), plan


@fault(Code.SHIFT)
def shift_ends_earlier(given: Problem, plan: Plan) -> Pair:
    """End the shift a moment before the truck is home."""
    return crew(given, "C0", shift_end_s=14 * HOUR_S + 2_240), plan


@fault(Code.DAY_OFF)
def day_off(given: Problem, plan: Plan) -> Pair:
    """Give the crew its second day off."""
    return crew(given, "C0", days_off=(1,)), plan


@fault(Code.REST)
def longer_rest(given: Problem, plan: Plan) -> Pair:
    """Rest a second longer at noon."""
    return crew(given, "C0", rests=(Rest(start_s=11 * HOUR_S, end_s=14 * HOUR_S + 1_801),)), plan


@fault(Code.REST)
def rest_within_a_visit(given: Problem, plan: Plan) -> Pair:
    """Rest a minute in the middle of every day's first visit."""
    rest = Rest(start_s=6 * HOUR_S + 30, end_s=6 * HOUR_S + 90)
    return crew(given, "C1", rests=(rest,)), plan


@fault(Code.PAST)
def clock_after_the_departure(given: Problem, plan: Plan) -> Pair:
    """Look at a plan a minute after its trucks should have left."""
    return replace(given, now_s=5 * HOUR_S + 60), plan


@fault(Code.PAST, Code.TRAVEL_TIME, frozen=True)
def clock_after_the_take_off(given: Problem, plan: Plan) -> Pair:
    """Look at a plan a moment after a take-off that is not frozen."""
    start_s = next(one.start_s for each in plan.routes for one in each.stops if one.job_id == "B1")
    return replace(given, now_s=start_s + 1), plan


@fault(Code.TRAVEL_TIME, frozen=True)
def truck_that_stood_till_now(given: Problem, plan: Plan) -> Pair:
    """Let a truck be at its next site before it can be there from now on."""
    arrive_s = next(one.arrive_s for each in plan.trucks for one in each.stops if one.name == "S2")
    return replace(given, now_s=arrive_s - 100), plan


@fault(Code.WEATHER)
def wind_in_the_morning(given: Problem, plan: Plan) -> Pair:
    """Let the wind blow a second into the first visits."""
    return windows(given, 0, start_s=plus(1)), plan


@fault(Code.WEATHER)
def rain_before_the_finish(given: Problem, plan: Plan) -> Pair:
    """Let the rain come before the last visit of the second day is finished."""
    return windows(given, 4, end_s=DAY_S + 6 * HOUR_S + 250), plan


@fault(Code.WEATHER)
def window_of_other_products(given: Problem, plan: Plan) -> Pair:
    """Keep the herbicide's window for another one."""
    return windows(given, 1, products=("other",)), plan


@fault(Code.WEATHER)
def weather_of_another_area(given: Problem, plan: Plan) -> Pair:
    """Move a plot to the area where the afternoon is still windy."""
    return job(given, "R1", area_id="west"), plan


@fault(Code.TIME_WINDOW)
def pest_window_over(given: Problem, plan: Plan) -> Pair:
    """End a plot's own time a second before it is finished."""
    finish_s = next(
        one.finish_s for each in plan.routes for one in each.stops if one.job_id == "P2"
    )
    return job(given, "P2", latest_s=finish_s - 1), plan


@fault(Code.TIME_WINDOW)
def not_ripe_yet(given: Problem, plan: Plan) -> Pair:
    """Begin a plot's own time a second after its take-off."""
    return job(given, "R1", earliest_s=14 * HOUR_S + 1_801), plan


@fault(Code.PRE_HARVEST)
def harvest_brought_forward(given: Problem, plan: Plan) -> Pair:
    """Harvest a day earlier than the interval allows."""
    return job(given, "H1", harvest_on=DAY + timedelta(days=2)), plan


@fault(Code.AVAILABILITY)
def drone_breaks_down(given: Problem, plan: Plan) -> Pair:
    """Let a drone break down in the morning."""
    return drone(given, "D2", available_to_s=6 * HOUR_S + 1_800), plan


@fault(Code.AVAILABILITY)
def drone_comes_late(given: Problem, plan: Plan) -> Pair:
    """Let a drone come a second late."""
    return drone(given, "D2", available_from_s=6 * HOUR_S + 1), plan


@fault(Code.CLEAN_TIME)
def products_not_compatible(given: Problem, plan: Plan) -> Pair:
    """Find that two products need a rinse after all."""
    return settings(given, compatible=()), plan


@fault(Code.SETUP_TIME)
def slower_helper(given: Problem, plan: Plan) -> Pair:
    """Let the other drone of the crew take longer to fill: both wait for it."""
    return machine(given, "D1", refill_s=181), plan


@fault(Code.WORK_TIME, Code.BATTERY)
def slower_machine(given: Problem, plan: Plan) -> Pair:
    """Fly slower than planned."""
    return machine(given, "D1", speed_cm_per_s=500), plan


@fault(Code.WORK_TIME)
def weaker_pump(given: Problem, plan: Plan) -> Pair:
    """Pump less than the planned speed asks for."""
    return machine(given, "D1", flow_ml_per_min=3_500), plan


@fault(Code.WORK_TIME)
def slower_turns(given: Problem, plan: Plan) -> Pair:
    """Turn a second slower at every headland."""
    return machine(given, "D1", turn_s=5), plan


@fault(Code.WORK_TIME, Code.LANDING)
def slower_transit(given: Problem, plan: Plan) -> Pair:
    """Fly slower between the plots."""
    return machine(given, "D1", transit_cm_per_s=800), plan


@fault(Code.TANK)
def tank_smaller_over_three_plots(given: Problem, plan: Plan) -> Pair:
    """Carry less than three plots of one block need together."""
    return machine(given, "D1", tank_ml=17_999), plan


@fault(Code.BATTERY)
def battery_weaker_over_three_plots(given: Problem, plan: Plan) -> Pair:
    """Fly three plots on one battery that lasts for two."""
    return machine(given, "D1", battery_s=400), plan


@fault(Code.WATER)
def smaller_water_tank(given: Problem, plan: Plan) -> Pair:
    """Carry less water than the first block needs."""
    return crew(given, "C1", water_ml=35_999), plan


@fault(Code.MIX_HOURS)
def mixing_point_opens_later(given: Problem, plan: Plan) -> Pair:
    """Open the mixing point after the truck's arrival."""
    return point(given, open_s=6 * HOUR_S + 1_800), plan


@fault(Code.MIX_HOURS)
def mixing_point_closes_earlier(given: Problem, plan: Plan) -> Pair:
    """Close the mixing point while the truck is being filled."""
    return point(given, close_s=6 * HOUR_S + 1_900), plan


@fault(Code.FROZEN, frozen=True)
def frozen_visit_changed(given: Problem, plan: Plan) -> Pair:
    """Rewrite what is done by a second."""
    return given, visit(plan, "A3", finish_s=plus(1))


@fault(Code.FROZEN, Code.FALSE_CAUSE, frozen=True)
def frozen_visit_dropped(given: Problem, plan: Plan) -> Pair:
    """Leave out what is done."""
    first = next(one for one in plan.routes if one.drone_id == "D2")
    row = (
        Unassigned(job_id="X1", cause=Cause.NO_TIME),
        Unassigned(job_id="X2", cause=Cause.NO_TIME),
    )
    plan = replace(plan, unassigned=(*plan.unassigned, *row))
    return given, route(plan, "D2", 0, stops=first.stops[2:])


@fault(Code.FROZEN, frozen=True)
def frozen_departure_changed(given: Problem, plan: Plan) -> Pair:
    """Let a truck leave later that has left."""
    return given, truck(plan, "C0", 0, depart_s=plus(1))


@fault(Code.FROZEN, frozen=True)
def frozen_stop_changed(given: Problem, plan: Plan) -> Pair:
    """Rewrite a truck's arrival that is past."""
    return given, stop(plan, "S1", arrive_s=plus(1))


@fault(Code.FROZEN, frozen=True)
def frozen_block_added_to(given: Problem, plan: Plan) -> Pair:
    """Fly one plot more from the site under way than was agreed."""
    routes = tuple(
        replace(one, stops=tuple(row for row in one.stops if row.job_id != "A6"))
        for one in given.frozen_routes
    )
    return replace(given, frozen_routes=routes), plan


@fault(Code.FROZEN, Code.BLOCK, Code.EMPTY_STOP, Code.OBJECTIVE, frozen=True)
def frozen_truck_gone(given: Problem, plan: Plan) -> Pair:
    """Forget a truck that is on its way."""
    return given, replace(plan, trucks=tuple(one for one in plan.trucks if one.crew_id != "C1"))


@fault(Code.OBJECTIVE, settle=False)
def fairer_share_asked(given: Problem, plan: Plan) -> Pair:
    """Ask for a larger share for every collective after the fact."""
    return settings(given, fair_share_permille=950), plan
