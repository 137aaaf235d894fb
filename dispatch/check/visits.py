"""What a visit says of its job, and whether the job may be sprayed then (rules 9 and 12)."""

from collections import defaultdict
from collections.abc import Iterator

from dispatch.check.case import Case, Row, day_start_s
from dispatch.land import HORIZON_S
from dispatch.model import DAY_S, Job, Problem, Window
from dispatch.violations import Code, Violation


def visit_violations(case: Case) -> Iterator[Violation]:
    """Yield wrong facts, missing skills, broken pins, and times outside what is allowed."""
    calendar = Calendar(case.problem)
    for row in case.rows:
        if row.frozen:
            continue
        yield from _facts(row)
        yield from _times(case, row)
        outside = calendar.outside_s(row.job, row.visit.start_s, row.visit.finish_s)
        if outside is None:
            yield row.says(Code.WEATHER)
        elif outside > 0:
            yield row.says(Code.WEATHER, outside, "s")


def _facts(row: Row) -> Iterator[Violation]:
    """Compare what the visit says of the job with the job, and the drone with what it asks."""
    visit, job = row.visit, row.job
    if visit.area_centimu != job.area_centimu:
        yield row.says(Code.AREA, abs(visit.area_centimu - job.area_centimu), "centimu")
    liquid_ml = liquid_ml_of(job)
    if visit.liquid_ml != liquid_ml:
        yield row.says(Code.LIQUID, abs(visit.liquid_ml - liquid_ml), "ml")
    if visit.product != job.product:
        yield row.says(Code.PRODUCT, what=job.product)
    if not 0 <= visit.heading_cdeg < 18_000:
        over = -visit.heading_cdeg if visit.heading_cdeg < 0 else visit.heading_cdeg - 17_999
        yield row.says(Code.HEADING, over, "cdeg")
    lacking = set(job.skills) - set(row.drone.skills)
    if lacking:
        yield row.says(Code.SKILL, len(lacking), "count", "、".join(sorted(lacking)))
    if job.pinned_drone_id not in {"", row.drone.drone_id}:
        yield row.says(Code.PIN, what=job.pinned_drone_id)
    if job.pinned_day not in {-1, row.route.day}:
        yield row.says(Code.PIN, abs(job.pinned_day - row.route.day), "days")


def _times(case: Case, row: Row) -> Iterator[Violation]:
    """Check the job's own times, its harvest, the drone's availability, rests and the clock."""
    start_s, finish_s, job = row.visit.start_s, row.visit.finish_s, row.job
    outside = max(job.earliest_s - start_s, finish_s - job.latest_s)
    if outside > 0:
        yield row.says(Code.TIME_WINDOW, outside, "s")
    late = finish_s - spray_by_s(case.problem, job)
    if late > 0:
        yield row.says(Code.PRE_HARVEST, late, "s")
    drone = row.drone
    outside = max(drone.available_from_s - start_s, finish_s - drone.available_to_s)
    if outside > 0:
        yield row.says(Code.AVAILABILITY, outside, "s")
    if start_s < case.problem.now_s:
        yield row.says(Code.PAST, case.problem.now_s - start_s, "s")
    midnight_s = day_start_s(row.route.day)
    for rest in case.crew_of(drone).rests:
        shared = min(finish_s, midnight_s + rest.end_s) - max(start_s, midnight_s + rest.start_s)
        if shared > 0:
            yield row.says(Code.REST, shared, "s")


def liquid_ml_of(job: Job) -> int:
    """Return the whole plot's liquid in ml, rounded up."""
    tenths = job.area_centimu * job.liquid_ml_per_mu
    return (tenths + 99) // 100


def spray_by_s(problem: Problem, job: Job) -> int:
    """Return the midnight that ends the last day of spraying before the harvest.

    The last day is ``harvest_on - pre_harvest_days`` (安全间隔期，农药管理条例 art. 34).
    """
    if job.harvest_on is None:
        return HORIZON_S
    last_day = (job.harvest_on - problem.day).days - job.pre_harvest_days
    return (last_day + 1) * DAY_S


class Calendar:
    """The weather windows by product, weather area and day."""

    def __init__(self, problem: Problem) -> None:
        self._windows = problem.windows
        self._known: dict[tuple[str, str], dict[int, list[Window]]] = {}

    def serving(self, job: Job) -> dict[int, list[Window]]:
        """Return the windows in which a job may be sprayed, by day."""
        key = (job.product, job.area_id)
        if key not in self._known:
            days: dict[int, list[Window]] = defaultdict(list)
            for window in self._windows:
                fits = not window.products or job.product in window.products
                if fits and (not window.areas or job.area_id in window.areas):
                    days[window.start_s // DAY_S].append(window)
            self._known[key] = dict(days)
        return self._known[key]

    def outside_s(self, job: Job, start_s: int, finish_s: int) -> int | None:
        """Return the seconds outside the best window; None when no window serves that day."""
        windows = self.serving(job).get(start_s // DAY_S, [])
        return min(
            (
                max(0, window.start_s - start_s) + max(0, finish_s - window.end_s)
                for window in windows
            ),
            default=None,
        )
