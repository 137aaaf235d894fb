"""One crew on one day, launch site after launch site: the only place where engines learn what fits.

`DayFlight.add_site` appends one launch site with those of its plots that keep every rule of
docs/dispatch.md, and hands the others back; what is appended is never moved.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from dispatch.fleet import CrewDay, Fleet
from dispatch.physics import Plot, distance_m, fly_s, road_s, setup_s
from dispatch.plan import TruckStop, TruckStopKind
from dispatch.resources import MixPoint
from dispatch.shapes import DAY_S, Point
from dispatch.work import Work, full, halts_share_s, work

Sites = list[list[Plot]]
"""A crew's day as engines pass it around: the plots of each launch site, in flying order."""


class Flown(NamedTuple):
    """One visit as the simulator notes it; ``drone`` is the place in ``CrewDay.drones``."""

    plot: Plot
    drone: int
    block: int
    arrive_s: int
    start_s: int
    finish_s: int
    work: Work


@dataclass(slots=True)
class _State:
    """Where the truck is and what it has done; times in seconds."""

    free_s: int
    place: Point
    product: str
    water_ml: int | None
    used_centimu: list[int]
    road_s: int = 0
    setup_s: int = 0
    clean_s: int = 0
    fill_s: int = 0


class DayFlight:
    """A growing day of one crew; ``visits``, ``truck`` and ``sites`` hold what was appended.

    With ``forced`` nothing is refused: what a person wants is flown as it is, and the checker says
    what it breaks.
    """

    def __init__(self, fleet: Fleet, crew_day: CrewDay, *, forced: bool = False) -> None:
        self.fleet = fleet
        self.crew_day = crew_day
        self.forced = forced
        self.visits: list[Flown] = []
        self.truck: list[TruckStop] = []
        self.sites: Sites = []
        self._settings = fleet.problem.settings
        self._setup_s = max(
            (setup_s(drone.machine, self._settings) for drone in crew_day.drones), default=0
        )
        self._state = _State(
            free_s=crew_day.start_s,
            place=crew_day.place,
            product=crew_day.product,
            water_ml=crew_day.water_ml,
            used_centimu=list(crew_day.used_centimu),
        )

    @property
    def times_s(self) -> tuple[int, int, int, int]:
        """Seconds of driving (the way home included), set-up, rinsing and filling so far."""
        state = self._state
        home_s = self._road_s(state.place, self.crew_day.crew.home)
        return (state.road_s + home_s, state.setup_s, state.clean_s, state.fill_s)

    @property
    def return_s(self) -> int:
        """Instant of being back at the crew's home."""
        return self._state.free_s + self._road_s(self._state.place, self.crew_day.crew.home)

    def room_centimu(self, drone: int) -> int:
        """Area that the daily cap of a drone still allows."""
        cap = self.crew_day.drones[drone].area_cap_centimu
        return cap - self._state.used_centimu[drone]

    def _road_s(self, a: Point, b: Point) -> int:
        return road_s(distance_m(a, b), self._settings)

    def fly_all(self, sites: Sequence[Sequence[Plot]], *, strict: bool = False) -> list[Plot]:
        """Append sites in order and return the plots that did not fit.

        Plots that a site leaves over open another site at once (after a break in the weather, say).
        With ``strict`` it stops at the first plot that does not fit.
        """
        dropped: list[Plot] = []
        for site in sites:
            pending = list(site)
            while pending:
                left = self.add_site(pending)
                if len(left) == len(pending):
                    dropped += self._one_by_one(left)
                    break
                pending = left
            if strict and dropped:
                break
        return dropped

    def _one_by_one(self, plots: list[Plot]) -> list[Plot]:
        """Give each plot a site of its own where a common one was out of its reach."""
        if len(plots) == 1:
            return plots
        launch = self._launch(plots)
        radius_m = self._settings.radius_m
        return [plot for plot in plots if plot.far_m(launch) <= radius_m or self.add_site([plot])]

    def add_site(self, plots: Sequence[Plot]) -> list[Plot]:
        """Append one launch site for plots of one product; return those that do not fit."""
        if not self.crew_day.drones:
            return list(plots)
        launch = self._launch(plots)
        wet, dry = self._water(plots)
        found = self._approach(launch, wet)
        if found is None:
            return list(plots)
        state, stops = found
        product = plots[0].job.product
        clean_s = self._settings.rinse_s(state.product, product)
        block = len(self.truck) + len(stops) + self.crew_day.stops_frozen
        site = _Site(self, launch, block, state.free_s, state.free_s + self._setup_s + clean_s)
        left = site.fly(wet, state.used_centimu)
        if not site.visits:
            return list(plots)
        if all(one.plot.job.access != launch for one in site.visits):
            # The plot at whose side the truck was to stand is not flown: stand elsewhere.
            flown = {one.plot.index for one in site.visits}
            rest = [plot for plot in plots if plot.index not in flown]
            return [*self.add_site([plot for plot in plots if plot.index in flown]), *rest]
        used_ml = sum(one.plot.liquid_ml for one in site.visits)
        after = replace(
            state,
            free_s=site.leave_s,
            place=launch,
            product=product,
            water_ml=None if state.water_ml is None else state.water_ml - used_ml,
            setup_s=state.setup_s + self._setup_s,
            clean_s=state.clean_s + clean_s,
        )
        stops.append(
            TruckStop(
                kind=TruckStopKind.SITE,
                name=self.crew_day.block_id(block),
                place=launch,
                arrive_s=state.free_s,
                leave_s=site.leave_s,
                water_ml=after.water_ml,
            )
        )
        self._state = after
        self.truck += stops
        self.visits += site.visits
        self.sites.append([one.plot for one in site.visits])
        return [*left, *dry]

    def _water(self, plots: Sequence[Plot]) -> tuple[list[Plot], list[Plot]]:
        """Cut the plots where a full truck, or one that cannot be filled, runs dry."""
        capacity_ml = self.crew_day.crew.water_ml
        if capacity_ml is None or self.forced:
            return list(plots), []
        most_ml = capacity_ml
        if not self.fleet.problem.mix_points:
            most_ml = self._state.water_ml or 0
        total_ml = 0
        for at, plot in enumerate(plots):
            total_ml += plot.liquid_ml
            if total_ml > most_ml:
                return list(plots[:at]), list(plots[at:])
        return list(plots), []

    def _approach(self, launch: Point, plots: list[Plot]) -> tuple[_State, list[TruckStop]] | None:
        """Drive to a launch site, by way of a mixing point where the water would not last."""
        state = replace(self._state, used_centimu=list(self._state.used_centimu))
        need_ml = sum(plot.liquid_ml for plot in plots)
        if need_ml == 0:
            return None
        stops: list[TruckStop] = []
        if state.water_ml is not None and state.water_ml < need_ml and not self.forced:
            points = self.fleet.problem.mix_points
            ways = [stop for stop in map(self._mix, points) if stop is not None]
            best = min(
                ways, key=lambda stop: stop.leave_s + self._road_s(stop.place, launch), default=None
            )
            if best is None:
                return None
            stops.append(best)
            state.fill_s += best.leave_s - best.arrive_s
            state.road_s += self._road_s(state.place, best.place)
            state.free_s, state.place = best.leave_s, best.place
            state.water_ml = best.water_ml
        drive_s = self._road_s(state.place, launch)
        state.road_s += drive_s
        state.free_s += drive_s
        return state, stops

    def _mix(self, point: MixPoint) -> TruckStop | None:
        """Return the stop at a mixing point on the way, None where it is closed by then."""
        midnight_s = self.crew_day.day * DAY_S
        arrive_s = self._state.free_s + self._road_s(self._state.place, point.place)
        begin_s = max(arrive_s, midnight_s + point.open_s)
        leave_s = begin_s + point.fill_s
        if leave_s > midnight_s + point.close_s:
            return None
        return TruckStop(
            kind=TruckStopKind.MIX,
            name=point.point_id,
            place=point.place,
            arrive_s=begin_s,
            leave_s=leave_s,
            water_ml=self.crew_day.crew.water_ml,
        )

    def _launch(self, plots: Sequence[Plot]) -> Point:
        """Choose the access point from which the block costs least: first, last or a middle one."""
        if len(plots) == 1:
            return plots[0].job.access
        machine = self.crew_day.drones[0].machine
        spray_s = self.fleet.spray_s[machine]
        lon = sum(plot.centre[0] for plot in plots) / len(plots)
        lat = sum(plot.centre[1] for plot in plots) / len(plots)
        central = min(plots, key=lambda plot: distance_m(plot.job.access, (lon, lat)))
        halfway = plots[(len(plots) - 1) // 2]
        tried = {one.job.access: None for one in (plots[0], halfway, central, plots[-1])}

        def cost_s(launch: Point) -> float:
            ends_m = distance_m(launch, plots[0].centre) + distance_m(plots[-1].centre, launch)
            total_s, far = fly_s(ends_m, machine), 0
            for plot in plots:
                away_m = distance_m(launch, plot.centre)
                far += away_m + plot.reach_m > self._settings.radius_m
                ferry_s = fly_s(away_m, machine)
                total_s += halts_share_s(machine, spray_s[plot.index], plot.liquid_ml, ferry_s)
            return total_s + far * DAY_S

        return min(tried, key=cost_s)


class _Site:
    """The flights from one launch site, drone by drone; nothing of the day changes meanwhile."""

    def __init__(
        self, day: DayFlight, launch: Point, block: int, arrive_s: int, ready_s: int
    ) -> None:
        self.visits: list[Flown] = []
        self.leave_s = 0
        self._fleet, self._crew_day, self._forced = day.fleet, day.crew_day, day.forced
        self._launch, self._block = launch, block
        self._arrive_s, self._ready_s = arrive_s, ready_s
        home_m = distance_m(launch, self._crew_day.crew.home)
        self._home_s = road_s(home_m, self._fleet.problem.settings)

    def fly(self, plots: Sequence[Plot], used_centimu: list[int]) -> list[Plot]:
        """Fly the plots and return those that do not fit; ``used_centimu`` is kept up to date."""
        radius_m = math.inf if self._forced else self._fleet.problem.settings.radius_m
        near = [plot for plot in plots if plot.far_m(self._launch) <= radius_m]
        left = [plot for plot in plots if plot.far_m(self._launch) > radius_m]
        for drone, run in enumerate(self._share(near)):
            left += self._run(drone, run, used_centimu)
        return left

    def _share(self, plots: list[Plot]) -> list[list[Plot]]:
        """Part the plots among the crew's drones: equal stretches of work, as skills allow."""
        drones = self._crew_day.drones
        runs: list[list[Plot]] = [[] for _ in drones]
        if len(drones) == 1:
            return [plots]
        spray_s = self._fleet.spray_s[drones[0].machine]
        total_s = sum(spray_s[plot.index] for plot in plots)
        done_s = 0.0
        load_s = [0.0 for _ in drones]
        for plot in plots:
            able = [k for k in range(len(drones)) if self._crew_day.may(k, plot)]
            half_s = done_s + spray_s[plot.index] / 2
            turn = min(int(len(drones) * half_s / total_s), len(drones) - 1)
            done_s += spray_s[plot.index]
            if turn not in able:
                turn = min(able, key=lambda k: load_s[k], default=0)
            runs[turn].append(plot)
            load_s[turn] += spray_s[plot.index]
        return runs

    def _run(self, drone: int, plots: Sequence[Plot], used_centimu: list[int]) -> list[Plot]:
        """Fly one drone's plots one after another from when the site is ready."""
        crew_day, launch = self._crew_day, self._launch
        machine = crew_day.drones[drone].machine
        spray_s = self._fleet.spray_s[machine]
        cap = crew_day.drones[drone].area_cap_centimu
        here, free_s, left, first = launch, self._ready_s, full(machine), True
        missed: list[Plot] = []
        for plot in plots:
            ferry_s = fly_s(distance_m(launch, plot.centre), machine)
            cost = work(
                machine,
                spray_s=spray_s[plot.index],
                liquid_ml=plot.liquid_ml,
                transit_s=ferry_s if first else fly_s(distance_m(here, plot.centre), machine),
                ferry_s=ferry_s,
                left=left,
            )
            if cost is None:
                missed.append(plot)
                continue
            start_s = self._start_s(drone, plot, free_s, cost.seconds)
            if self._forced:
                start_s = free_s if start_s is None or not first else start_s
            elif (
                start_s is None
                or (start_s > free_s and not first)
                or used_centimu[drone] + plot.job.area_centimu > cap
                or start_s + cost.seconds + math.ceil(ferry_s) + self._home_s > crew_day.end_s
                or not self._clear(here, plot)
            ):
                missed.append(plot)  # a drone does not wait in the air: another site is opened
                continue
            arrive_s = self._arrive_s if first else free_s
            finish_s = start_s + cost.seconds
            self.visits.append(Flown(plot, drone, self._block, arrive_s, start_s, finish_s, cost))
            used_centimu[drone] += plot.job.area_centimu
            here, free_s, first = plot.centre, finish_s, False
            left = (cost.tank_ml, cost.battery_s)
            self.leave_s = max(self.leave_s, finish_s + math.ceil(ferry_s))
        return missed

    def _start_s(self, drone: int, plot: Plot, ready_s: int, seconds: int) -> int | None:
        """Return when a drone may start a plot at the earliest, None when never."""
        if not self._crew_day.may(drone, plot):
            return None
        return self._fleet.start_s(self._crew_day, drone, plot, ready_s, seconds)

    def _clear(self, here: Point, plot: Plot) -> bool:
        """Tell whether the way to a plot, and from it to the launch site, avoids no-fly zones."""
        air = self._fleet.air
        if air is None:
            return True
        return air.clear(here, plot.centre) and air.clear(self._launch, plot.centre)
