"""The trucks' days: roads, shifts, mixing points and water (rules 2 to 4, 10 and 14)."""

from collections.abc import Iterator

from dispatch.check.case import TOLERANCE_M, TOLERANCE_S, Case, Site, day_start_s, truck_says
from dispatch.check.ground import Ground, apart_m, drive_s
from dispatch.check.visits import liquid_ml_of
from dispatch.model import Crew
from dispatch.plan import TruckRoute, TruckStop, TruckStopKind
from dispatch.violations import Code, Violation


def truck_violations(case: Case, ground: Ground) -> Iterator[Violation]:
    """Yield what no truck could drive, fill or carry in the time given."""
    sites = {(id(site.truck), site.at): site for site in case.sites}
    ferry_s = ground.ferry_s.tolist()
    for truck in case.trucks:
        yield from _Day(case, truck, sites, ferry_s).run()


def landed_s(site: Site, ferry_s: list[float]) -> float:
    """Return when the last drone has landed at a launch site; its arrival without visits."""
    return max(
        (row.visit.finish_s + ferry_s[row.index] for row in site.rows if row.closes),
        default=float(site.stop.arrive_s),
    )


class _Day:
    """One walk along a truck's day."""

    def __init__(
        self,
        case: Case,
        truck: TruckRoute,
        sites: dict[tuple[int, int], Site],
        ferry_s: list[float],
    ) -> None:
        self.case, self.truck, self.ferry_s = case, truck, ferry_s
        self.crew: Crew = case.crews[truck.crew_id]
        self.problem, self.settings = case.problem, case.problem.settings
        self.sites = sites
        self.points = {point.point_id: point for point in case.problem.mix_points}
        key = (truck.crew_id, truck.day)
        self.frozen = case.frozen_stops.get(key)
        self.done = self.frozen or 0

    def run(self) -> Iterator[Violation]:
        """Yield the violations of the day in the order of its stops."""
        yield from self._shift()
        place, free_s = self.crew.home, float(self.truck.depart_s)
        water_ml = self.crew.water_ml
        for at, stop in enumerate(self.truck.stops):
            site = self.sites.get((id(self.truck), at))
            if at < self.done:
                water_ml = self._water_after(stop, site, water_ml)
                place, free_s = stop.place, self._free_s(at, stop, site)
                continue
            early = free_s + drive_s(place, stop.place, self.settings) - stop.arrive_s
            if self.frozen == 0:
                early = max(early, self.problem.now_s - stop.arrive_s)
            if early > TOLERANCE_S:
                yield self._says(Code.TRAVEL_TIME, at, early)
            if stop.leave_s < stop.arrive_s:
                yield self._says(Code.TRAVEL_TIME, at, stop.arrive_s - stop.leave_s)
            if site is None:
                yield from self._mix(at, stop)
            else:
                yield from self._site(at, stop, site)
                yield from self._carried(at, site, water_ml)
            water_ml = self._water_after(stop, site, water_ml, stated=False)
            if stop.water_ml != water_ml:
                off = abs((stop.water_ml or 0) - (water_ml or 0))
                yield truck_says(
                    self.truck, Code.WATER, at=at, amount=off, unit="ml", what="water_ml"
                )
            place, free_s = stop.place, float(stop.leave_s)
        yield from self._home(free_s + drive_s(place, self.crew.home, self.settings))

    def _says(self, code: Code, at: int | None, seconds: float) -> Violation:
        return truck_says(self.truck, code, at=at, amount=seconds, unit="s")

    def _shift(self) -> Iterator[Violation]:
        """Check when the truck leaves home, unless it has left before ``now_s``."""
        if self.frozen is not None:
            return
        early = day_start_s(self.truck.day) + self.crew.shift_start_s - self.truck.depart_s
        if early > 0:
            yield self._says(Code.SHIFT, None, early)
        if self.truck.depart_s < self.problem.now_s:
            yield self._says(Code.PAST, None, self.problem.now_s - self.truck.depart_s)

    def _home(self, back_s: float) -> Iterator[Violation]:
        """Check when the truck is back, unless all of its day is frozen."""
        if self.truck in self.problem.frozen_trucks:
            return
        if back_s - self.truck.return_s > TOLERANCE_S:
            yield self._says(Code.TRAVEL_TIME, None, back_s - self.truck.return_s)
        late = self.truck.return_s - day_start_s(self.truck.day) - self.crew.shift_end_s
        if late > 0 and (self.frozen is None or len(self.truck.stops) > self.done):
            yield self._says(Code.SHIFT, None, late)

    def _free_s(self, at: int, stop: TruckStop, site: Site | None) -> float:
        """Return when the truck may leave a frozen stop; the last one not before ``now_s``."""
        if at < self.done - 1:
            return float(stop.leave_s)
        landed = stop.leave_s if site is None else landed_s(site, self.ferry_s)
        return max(float(stop.leave_s), float(self.problem.now_s), landed)

    def _site(self, at: int, stop: TruckStop, site: Site) -> Iterator[Violation]:
        """Check a launch site: where it is, and that no drone is left in the air.

        A frozen site may have lost the plot that it lay beside, when rain or a fault cut it short.
        """
        accesses = {row.job.access for row in site.rows}
        if accesses and at >= self.done:
            off_m = min(apart_m(access, stop.place) for access in accesses)
            if off_m > TOLERANCE_M:
                yield truck_says(self.truck, Code.PLACE, at=at, amount=off_m, unit="m")
        early = landed_s(site, self.ferry_s) - stop.leave_s
        if early > TOLERANCE_S:
            yield self._says(Code.LANDING, at, early)

    def _mix(self, at: int, stop: TruckStop) -> Iterator[Violation]:
        """Check a mixing point: that it exists, where it is, its hours and the filling."""
        point = self.points.get(stop.name)
        if point is None:
            yield truck_says(self.truck, Code.UNKNOWN_POINT, at=at, what=stop.name)
            return
        off_m = apart_m(point.place, stop.place)
        if off_m > TOLERANCE_M:
            yield truck_says(self.truck, Code.PLACE, at=at, amount=off_m, unit="m", what=stop.name)
        short = stop.arrive_s + point.fill_s - stop.leave_s
        if short > 0:
            yield self._says(Code.FILL_TIME, at, short)
        midnight_s = day_start_s(self.truck.day)
        filled_s = stop.arrive_s + point.fill_s
        outside = max(
            midnight_s + point.open_s - stop.arrive_s, filled_s - midnight_s - point.close_s
        )
        if outside > 0:
            yield self._says(Code.MIX_HOURS, at, outside)

    def _carried(self, at: int, site: Site, water_ml: int | None) -> Iterator[Violation]:
        """Check that the whole block's liquid is on board when the truck arrives."""
        need_ml = _need_ml(site)
        if water_ml is not None and need_ml > water_ml:
            lack_ml = need_ml - max(0, water_ml)
            yield truck_says(self.truck, Code.WATER, at=at, amount=lack_ml, unit="ml")

    def _water_after(
        self, stop: TruckStop, site: Site | None, water_ml: int | None, *, stated: bool = True
    ) -> int | None:
        """Return the water on board when leaving a stop; of a frozen one as it is stated."""
        if water_ml is None:
            return None
        if stated and stop.water_ml is not None:
            return stop.water_ml
        if stop.kind is TruckStopKind.MIX:
            return self.crew.water_ml
        return water_ml if site is None else water_ml - _need_ml(site)


def _need_ml(site: Site) -> int:
    """Return the liquid of a whole block in ml, each plot rounded up."""
    return sum(liquid_ml_of(row.job) for row in site.rows)
