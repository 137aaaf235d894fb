"""The drones' walk along their days: seconds, tank and battery (rules 4 to 8)."""

from collections.abc import Iterator

from dispatch.check.case import TOLERANCE_M, TOLERANCE_S, Case, Row
from dispatch.check.ground import Ground
from dispatch.violations import Code, Violation


def flight_violations(case: Case, ground: Ground) -> Iterator[Violation]:
    """Yield visits that start too early, take too long a shot, or ask too much of a drone."""
    spray_s, ferry_s = ground.spray_s.tolist(), ground.ferry_s.tolist()
    hop_s, far_m = ground.hop_s.tolist(), ground.far_m.tolist()
    radius_m = case.problem.settings.radius_m
    charge, last = _Charge(), -1
    for row in case.rows:
        if row.frozen:
            continue
        at = row.index
        if far_m[at] > radius_m + TOLERANCE_M:
            yield row.says(Code.RADIUS, far_m[at] - radius_m, "m")
        yield from _opening(row) if row.opens else _following(row)
        # nan stands for a flight from or to an unknown place: it is not counted.
        ferry = max(0.0, ferry_s[at]) if row.launch else 0.0
        transit = ferry if row.opens else hop_s[at]
        transit = 0.0 if transit != transit else transit  # noqa: PLR0124 - nan differs from itself
        if row.opens or row.before is None or last != at - 1:
            charge.fill(row)
        last = at
        yield from _work(row, charge, transit, spray_s[at], ferry)


def _opening(row: Row) -> Iterator[Violation]:
    """Check the first visit of a block against the truck's arrival, set-up and rinse."""
    visit = row.visit
    if row.before is not None and visit.start_s < row.before.finish_s:
        yield row.says(Code.OVERLAP, row.before.finish_s - visit.start_s, "s")
    if row.site is None:
        return
    arrive_s = row.site.stop.arrive_s
    if visit.arrive_s != arrive_s:
        yield row.says(Code.ARRIVAL, abs(visit.arrive_s - arrive_s), "s")
    short = arrive_s + row.site.setup_s + row.site.clean_s - visit.start_s
    if short > row.site.clean_s:
        yield row.says(Code.SETUP_TIME, short, "s")
    elif short > 0:
        yield row.says(Code.CLEAN_TIME, short, "s")


def _following(row: Row) -> Iterator[Violation]:
    """Check that a later visit of a block starts when the one before is finished."""
    visit, before = row.visit, row.before
    if before is None:
        return
    if visit.start_s > before.finish_s:
        yield row.says(Code.WAIT_IN_AIR, visit.start_s - before.finish_s, "s")
    if visit.start_s < before.finish_s:
        yield row.says(Code.OVERLAP, before.finish_s - visit.start_s, "s")
    if visit.arrive_s != before.finish_s:
        yield row.says(Code.ARRIVAL, abs(visit.arrive_s - before.finish_s), "s")


class _Charge:
    """What is left in tank and battery, with every benefit of doubt."""

    def __init__(self) -> None:
        self.tank_ml = self.battery_s = 0.0

    def fill(self, row: Row) -> None:
        """Make both full, as a set-up does."""
        self.tank_ml = float(row.drone.machine.tank_ml)
        self.battery_s = float(row.drone.machine.battery_s)


def _work(
    row: Row, charge: _Charge, transit_s: float, spray_s: float, ferry_s: float
) -> Iterator[Violation]:
    """Check minutes, halts, tank and battery over one plot."""
    visit, machine = row.visit, row.drone.machine
    refills, swaps, halts = visit.refills, visit.battery_swaps, visit.halts
    both = refills + swaps - halts
    if min(refills, swaps, halts) < 0 or not 0 <= both <= min(refills, swaps):
        yield row.says(Code.HALTS, max(-both, both - min(refills, swaps)), "count")
        refills, swaps, halts = max(0, refills), max(0, swaps), max(0, halts)
        both = max(0, min(both, refills, swaps))
    ground_s = (
        both * max(machine.refill_s, machine.battery_swap_s)
        + (refills - both) * machine.refill_s
        + (swaps - both) * machine.battery_swap_s
    )
    flight_s = transit_s + spray_s + 2.0 * ferry_s * halts
    short = visit.start_s + flight_s + ground_s - visit.finish_s
    if short > TOLERANCE_S:
        yield row.says(Code.WORK_TIME, short, "s")
    need_ml = row.job.area_centimu * row.job.liquid_ml_per_mu / 100.0
    full_ml, full_s = float(machine.tank_ml), float(machine.battery_s)
    charge.tank_ml = min(full_ml, charge.tank_ml + refills * full_ml - need_ml)
    # The plan rounds each job's liquid up to a millilitre, the checker never does.
    if charge.tank_ml < -0.01:
        yield row.says(Code.TANK, -charge.tank_ml, "ml")
        charge.tank_ml = 0.0
    charge.battery_s = min(full_s, charge.battery_s + swaps * full_s - flight_s)
    if charge.battery_s < ferry_s - TOLERANCE_S:
        yield row.says(Code.BATTERY, ferry_s - charge.battery_s, "s")
        charge.battery_s = ferry_s
