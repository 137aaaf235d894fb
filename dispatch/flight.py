"""One drone's day, plot after plot: the only place where engines learn what fits.

`Flight.add` either appends a visit that keeps every rule or leaves the day as it was.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dispatch.model import Crew, Drone, Point, Problem
from dispatch.physics import Plot, distance_m, fly_s, road_s, setup_s, spray_s
from dispatch.plan import Visit


@dataclass(slots=True)
class Work:
    """What one visit costs in the air and on the ground."""

    seconds: int
    halts: int
    refills: int
    battery_swaps: int
    tank_ml: float
    battery_s: float


@dataclass(slots=True)
class _State:
    """Where the drone is between two plots. ``launch`` is None before the first block."""

    free_s: int
    area_centimu: int
    road_s: int = 0
    setup_s: int = 0
    clean_s: int = 0
    launch: Point | None = None
    last: Plot | None = None
    product: str = ""
    block: str = ""
    tank_ml: float = 0.0
    battery_s: float = 0.0


class OutOfReachError(Exception):
    """A full battery cannot reach the plot, spray a minute and return."""


class Flight:
    """A growing day of one drone. Plots are given in order; nothing is ever moved afterwards.

    ``spray_cache_s`` may be shared by flights of one machine to save measuring a plot twice.
    """

    def __init__(
        self,
        problem: Problem,
        drone: Drone,
        crew: Crew,
        spray_cache_s: dict[int, float] | None = None,
    ) -> None:
        self.problem = problem
        self.drone = drone
        self.crew = crew
        self.visits: list[Visit] = []
        self.plots: list[Plot] = []
        self._cache_s = {} if spray_cache_s is None else spray_cache_s
        self._state = _State(free_s=crew.shift_start_s, area_centimu=0)
        self._setup_s = setup_s(drone.machine, problem.settings)

    @property
    def area_left_centimu(self) -> int:
        """Area that the daily cap still allows."""
        return self.drone.area_cap_centimu - self._state.area_centimu

    @property
    def free_s(self) -> int:
        """Instant at which the last visit is finished."""
        return self._state.free_s

    @property
    def launch(self) -> Point | None:
        """Launch site of the current block."""
        return self._state.launch

    @property
    def product(self) -> str:
        """Product in the tank, empty before the first block."""
        return self._state.product

    @property
    def times_s(self) -> tuple[int, int, int]:
        """Seconds of driving, set-up and cleaning so far, the way home included."""
        state = self._state
        return (state.road_s + self._home_s()[1], state.setup_s, state.clean_s)

    @property
    def return_s(self) -> int:
        """Instant of being back at the crew's home."""
        return self._state.free_s + sum(self._home_s())

    def _home_s(self) -> tuple[int, int]:
        """Seconds of the flight back to the launch site, and of the drive home from there."""
        state = self._state
        if state.launch is None or state.last is None:
            return (0, 0)
        return (
            math.ceil(fly_s(distance_m(state.last.centre, state.launch), self.drone.machine)),
            road_s(distance_m(state.launch, self.crew.home), self.problem.settings),
        )

    def _spray_s(self, plot: Plot) -> float:
        """Return spraying seconds of a plot, measured once."""
        known = self._cache_s.get(plot.index)
        if known is None:
            known = self._cache_s[plot.index] = spray_s(plot, self.drone.machine)
        return known

    def work(self, plot: Plot, launch: Point, transit_s: float, tank: tuple[float, float]) -> Work:
        """Return what the plot costs from a state ``tank`` = (ml left, battery seconds left).

        A halt is forced when the tank is empty or the battery reaches what the way back needs; the
        other job is done at the same halt when it costs no extra minute. What the last battery
        could not fly any more is charged to the next. Raises `OutOfReachError` when a full battery
        has no minute left for spraying between the way out and the way back.
        """
        machine = self.drone.machine
        ferry_s = fly_s(distance_m(launch, plot.centre), machine)
        if machine.battery_s < 2 * ferry_s + 60:
            raise OutOfReachError
        spray = self._spray_s(plot)
        tank_ml, battery_s = tank[0], tank[1] - transit_s
        halts = refills = swaps = ground_s = 0
        ml_per_s = plot.liquid_ml / spray
        left_s = spray
        while True:
            step_s = max(0.0, min(left_s, tank_ml / ml_per_s, battery_s - ferry_s))
            left_s -= step_s
            tank_ml -= step_s * ml_per_s
            battery_s -= step_s
            if left_s <= 1e-9:
                break
            refill = tank_ml <= 1e-6
            swap = battery_s - 3 * ferry_s <= 1e-9
            refill, swap = (
                refill or machine.refill_s <= machine.battery_swap_s,
                swap or machine.battery_swap_s <= machine.refill_s,
            )
            ground_s += max(refill * machine.refill_s, swap * machine.battery_swap_s)
            tank_ml = float(machine.tank_ml) if refill else tank_ml
            battery_s -= ferry_s
            battery_s = machine.battery_s + min(0.0, battery_s) if swap else battery_s
            battery_s -= ferry_s
            halts, refills, swaps = halts + 1, refills + refill, swaps + swap
        seconds = math.ceil(transit_s + spray + 2 * ferry_s * halts + ground_s - 1e-6)
        return Work(seconds, halts, refills, swaps, tank_ml, battery_s)

    def block_s(self, plots: Sequence[Plot]) -> int | None:
        """Return seconds from take-off to the last landing of a block flown without a break.

        None where a plot is out of reach of the first one's access point.
        """
        machine, launch = self.drone.machine, plots[0].job.access
        tank, here, total_s = (float(machine.tank_ml), float(machine.battery_s)), launch, 0
        for plot in plots:
            if not self.in_radius(plot, launch):
                return None
            transit_s = fly_s(distance_m(here, plot.centre), machine)
            try:
                work = self.work(plot, launch, transit_s, tank)
            except OutOfReachError:
                return None
            total_s += work.seconds
            tank, here = (work.tank_ml, work.battery_s), plot.centre
        return total_s + math.ceil(fly_s(distance_m(here, launch), machine))

    def in_radius(self, plot: Plot, launch: Point) -> bool:
        """Tell whether the whole plot lies within the legal radius of the launch site."""
        return distance_m(launch, plot.centre) + plot.reach_m <= self.problem.settings.radius_m

    def add(self, plot: Plot, block: str) -> bool:
        """Append a plot; a new ``block`` means driving and setting up first.

        Returns False, and changes nothing, when any rule of the problem would be broken.
        """
        job, state = plot.job, self._state
        if job.area_centimu > self.area_left_centimu:
            return False
        if not set(job.skills) <= set(self.drone.skills):
            return False
        opens = block != state.block
        if not opens and job.product != state.product:
            return False
        after = self._drive(plot, block) if opens else replace(state)
        launch = after.launch if after.launch is not None else job.access
        if not self.in_radius(plot, launch):
            return False
        return self._spray(plot, after, state, launch=launch, opens=opens)

    def _drive(self, plot: Plot, block: str) -> _State:
        """Return the state after driving to a plot's access point, before setting up."""
        state, settings = self._state, self.problem.settings
        origin = self.crew.home if state.launch is None else state.launch
        drive_s = road_s(distance_m(origin, plot.job.access), settings)
        rinse_s = settings.clean_s if state.product not in {"", plot.job.product} else 0
        machine = self.drone.machine
        return _State(
            free_s=state.free_s + self._home_s()[0] + drive_s,
            area_centimu=state.area_centimu,
            road_s=state.road_s + drive_s,
            setup_s=state.setup_s + self._setup_s,
            clean_s=state.clean_s + rinse_s,
            launch=plot.job.access,
            product=plot.job.product,
            block=block,
            tank_ml=float(machine.tank_ml),
            battery_s=float(machine.battery_s),
        )

    def _spray(
        self, plot: Plot, after: _State, before: _State, *, launch: Point, opens: bool
    ) -> bool:
        """Finish `add`: time the work, find a window, check the way home, and commit."""
        machine = self.drone.machine
        if opens or after.last is None:
            ready_s = after.free_s + self._setup_s + after.clean_s - before.clean_s
            transit_s = fly_s(distance_m(launch, plot.centre), machine)
        else:
            ready_s = after.free_s
            transit_s = fly_s(distance_m(after.last.centre, plot.centre), machine)
        try:
            work = self.work(plot, launch, transit_s, (after.tank_ml, after.battery_s))
        except OutOfReachError:
            return False
        start_s = self.earliest_start_s(plot, ready_s, work.seconds)
        if start_s is None or (start_s > ready_s and not opens):
            return False  # a drone does not wait in the air: the block has to be opened anew
        visit = Visit(
            job_id=plot.job.job_id,
            block_id=after.block,
            product=plot.job.product,
            arrive_s=after.free_s,
            start_s=start_s,
            finish_s=start_s + work.seconds,
            area_centimu=plot.job.area_centimu,
            liquid_ml=plot.liquid_ml,
            halts=work.halts,
            refills=work.refills,
            battery_swaps=work.battery_swaps,
        )
        after.free_s = visit.finish_s
        after.area_centimu += plot.job.area_centimu
        after.last, after.tank_ml, after.battery_s = plot, work.tank_ml, work.battery_s
        self._state = after
        if self.return_s > self.crew.shift_end_s:
            self._state = before
            return False
        self.visits.append(visit)
        self.plots.append(plot)
        return True

    def earliest_start_s(self, plot: Plot, ready_s: int, seconds: int) -> int | None:
        """Return the first start at which the plot fits into a weather window and its own."""
        job = plot.job
        for window in self.problem.windows:
            if window.products and job.product not in window.products:
                continue
            start_s = max(ready_s, window.start_s, job.earliest_s)
            if start_s + seconds <= min(window.end_s, job.latest_s):
                return start_s
        return None
