"""The drones' days as bars a person can read: driving, setting up, waiting, spraying, filling."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dispatch.model import DAY_S, Drone, Problem
from dispatch.plan import Plan, TruckStopKind, Visit
from dispatch.render.agenda import CrewDay, Halt, crew_days, day_name
from dispatch.render.svg import (
    GRID,
    INK,
    MUTED,
    RED,
    WATER,
    box,
    clock,
    colour,
    line,
    mu,
    on,
    page,
    text,
    tone,
    width_of,
)
from dispatch.spans import merged

_LEFT, _TOP, _ROW, _WIDTH, _RIGHT = 150.0, 92.0, 30.0, 1180.0, 110.0
_HEAD, _GAP = 44.0, 16.0
_ROAD, _SETUP, _RINSE, _WAIT = "#9aa3ab", "#f0c541", "#d98e9f", "#dfe3e6"
_CLOSED = "#eef0f2"


def svg_gantt(problem: Problem, plan: Plan, *, day: int | None = None) -> str:
    """Return the chart of one day or all: a band for each day, a row for each drone that flies.

    Unusable weather and pauses are grey. Raises `InvalidProblem` when the plan belongs to another
    problem.
    """
    days = crew_days(problem, plan, day)
    axis = _axis(problem, days)
    when = f"{day_name(plan, 0)} 起 {problem.days} 天" if problem.days > 1 else day_name(plan, 0)
    parts = [
        text((20, 34), f"飞防作业时间表  {when}", size=20, bold=True),
        text((20, 58), _summary(plan, days), size=13, fill=MUTED),
        *_legend(problem),
    ]
    y = _TOP
    for at in sorted({one.day for one in days}):
        band = [one for one in days if one.day == at]
        drawn, y = _day(problem, day_name(plan, at), band, axis, y)
        parts += drawn
    return page(_LEFT + _WIDTH + _RIGHT, y + 8, f"Gantt {plan.day.isoformat()}", parts)


@dataclass(frozen=True, slots=True)
class _Axis:
    """Whole hours from ``start_s`` to ``end_s`` after a midnight, as long on every day."""

    start_s: int
    end_s: int
    midnight_s: int = 0

    def x(self, instant_s: float) -> float:
        """Return where an instant of this day lies."""
        share = (instant_s - self.midnight_s - self.start_s) / (self.end_s - self.start_s)
        return _LEFT + _WIDTH * min(1.0, max(0.0, share))


def _axis(problem: Problem, days: tuple[CrewDay, ...]) -> _Axis:
    """Return whole hours around everything that happens on any day."""
    starts = [one.truck.depart_s - one.day * DAY_S for one in days]
    starts += [window.start_s % DAY_S for window in problem.windows]
    ends = [one.truck.return_s - one.day * DAY_S for one in days]
    ends += [(window.end_s - 1) % DAY_S + 1 for window in problem.windows]
    first_s, last_s = min(starts, default=6 * 3600), max(ends, default=18 * 3600)
    start_s = max(0, first_s) // 3600 * 3600
    return _Axis(start_s, max(start_s + 3600, min(DAY_S, -(-last_s // 3600) * 3600)))


def _summary(plan: Plan, days: tuple[CrewDay, ...]) -> str:
    """Return the sums of what is shown in one line."""
    visits = [visit for one in days for _, route in one.routes for visit in route.stops]
    drones = {drone.drone_id for one in days for drone, _ in one.routes}
    return (
        f"{len(drones)} 架无人机 · {len(visits)} 块地 · "
        f"{mu(sum(one.area_centimu for one in visits))} 亩 · "
        f"{len({one.block_id for one in visits})} 个连片 · "
        f"加药 {sum(one.refills for one in visits)} 次 · "
        f"换电 {sum(one.battery_swaps for one in visits)} 次 · 未派 {len(plan.unassigned)} 块"
    )


def _legend(problem: Problem) -> list[str]:
    """Return the legend at the right of the sums."""
    rows = [
        (_ROAD, "转场"),
        (_SETUP, "架设"),
        (_RINSE, "清洗"),
        (_WAIT, "等待"),
        ("#1f77b4", "喷洒（数字为亩）"),
        (_CLOSED, "不可作业时段"),
    ]
    if problem.mix_points:
        rows.insert(4, (WATER, "配药取水"))
    if problem.frozen_routes:
        rows.append((tone("#1f77b4", 0.5), "已完成或进行中"))
    parts, x = [], _LEFT + _WIDTH + _RIGHT - 20 - sum(34 + width_of(one, 12) for _, one in rows)
    for fill, words in rows:
        parts.append(box((x, 24), (14, 12), fill, stroke="#c8ced3"))
        parts.append(text((x + 19, 35), words, size=12))
        x += 34 + width_of(words, 12)
    return parts


def _day(
    problem: Problem, name: str, band: list[CrewDay], axis: _Axis, top: float
) -> tuple[list[str], float]:
    """Return the band of one day and where it ends."""
    day = band[0].day
    axis = replace(axis, midnight_s=day * DAY_S)
    rows = [(one, drone) for one in band for drone, _ in one.routes]
    first, end = top + _HEAD, top + _HEAD + _ROW * len(rows)
    area = sum(visit.area_centimu for one in band for _, r in one.routes for visit in r.stops)
    parts = [
        box((20, top), (_LEFT + _WIDTH + _RIGHT - 40, 22), "#e8edf1"),
        text((28, top + 16), f"第 {day + 1} 天  {name}  {mu(area)} 亩", size=13, bold=True),
        *_closed(problem, day, axis, (first, end)),
    ]
    for hour_s in range(axis.start_s, axis.end_s + 1, 3600):
        x = axis.x(day * DAY_S + hour_s)
        parts.append(line((x, first - 4), (x, end), GRID))
        label = f"{hour_s // 3600:02d}:00"
        parts.append(text((x, first - 8), label, size=11, fill=MUTED, anchor="middle"))
    colours = {drone.drone_id: colour(index) for index, drone in enumerate(problem.drones)}
    frozen = {visit.job_id for route in problem.frozen_routes for visit in route.stops}
    for number, (one, drone) in enumerate(rows):
        y = first + number * _ROW
        new_crew = number == 0 or rows[number - 1][0] is not one
        if new_crew and number:
            parts.append(line((20, y), (_LEFT + _WIDTH + _RIGHT - 20, y), "#c8ced3"))
        parts += _row(one, drone, y, axis, (colours[drone.drone_id], frozen))
    if day * DAY_S < problem.now_s < (day + 1) * DAY_S:
        x = axis.x(problem.now_s)
        parts.append(line((x, first - 4), (x, end), RED, 1.6))
        parts.append(text((x + 4, first - 8), clock(problem.now_s), size=11, fill=RED, bold=True))
    parts.append(line((20, end), (_LEFT + _WIDTH + _RIGHT - 20, end), "#c8ced3"))
    return parts, end + _GAP


def _closed(problem: Problem, day: int, axis: _Axis, y: tuple[float, float]) -> list[str]:
    """Return grey bands where no window of a day is open for any product."""
    midnight_s = day * DAY_S
    start_s, end_s = midnight_s + axis.start_s, midnight_s + axis.end_s
    today = [one for one in problem.windows if start_s <= one.start_s < end_s]
    parts, at_s = [], start_s
    for opens_s, closes_s in [
        *merged((one.start_s, one.end_s) for one in today),
        (end_s, end_s),
    ]:
        if opens_s > at_s:
            left = axis.x(at_s)
            parts.append(box((left, y[0]), (axis.x(opens_s) - left, y[1] - y[0]), _CLOSED))
        at_s = max(at_s, closes_s)
    return parts


def _row(
    one: CrewDay, drone: Drone, y: float, axis: _Axis, look: tuple[str, set[str]]
) -> list[str]:
    """Return a drone's row: its name, what its truck does, its blocks, its mu."""
    fill, frozen = look
    route = next(route for flyer, route in one.routes if flyer is drone)
    area = mu(sum(visit.area_centimu for visit in route.stops))
    several = len(one.routes) > 1
    name = f"{drone.drone_id} ({one.crew.crew_id})" if several else drone.drone_id
    parts = [
        box((20, y + 9), (12, 13), fill),
        text((40, y + 20), _short(name, _LEFT - 48), size=12, bold=True),
        text((_LEFT + _WIDTH + _RIGHT - 20, y + 20), f"{area} 亩", fill=INK, anchor="end"),
    ]
    for rest in one.crew.rests:
        left = axis.x(axis.midnight_s + rest.start_s)
        right = axis.x(axis.midnight_s + rest.end_s)
        parts.append(box((left, y + 1), (right - left, _ROW - 2), _CLOSED, title="休息"))

    def bar(span: tuple[int, int], inset: float, shade: str, title: str) -> str:
        left, right = axis.x(span[0]), axis.x(span[1])
        return box((left, y + inset), (right - left, _ROW - 2 * inset), shade, title=title)

    free_s = one.truck.depart_s
    for halt in one.halts:
        stop = halt.stop
        parts.append(bar((free_s, stop.arrive_s), 13, _ROAD, f"转场 {clock(free_s)}"))
        free_s = stop.leave_s
        if stop.kind is TruckStopKind.MIX:
            title = f"{stop.name} 配药取水 {clock(stop.arrive_s)}–{clock(stop.leave_s)}"
            parts.append(bar((stop.arrive_s, stop.leave_s), 6, WATER, title))
            continue
        parts.append(bar((stop.arrive_s, stop.leave_s), 11, _WAIT, "等待"))
        parts += [bar(span, 7, shade, title) for span, shade, title in _preparing(halt)]
        run = [visit for flyer, visit in halt.visits if flyer is drone]
        if run:
            done = all(visit.job_id in frozen for visit in run)
            parts += _block(run, y, axis, tone(fill, 0.5) if done else fill)
    parts.append(bar((free_s, one.truck.return_s), 13, _ROAD, f"返回 {clock(free_s)}"))
    return parts


def _preparing(halt: Halt) -> Iterator[tuple[tuple[int, int], str, str]]:
    """Yield set-up and rinse as spans; they end at the first take-off at the latest."""
    if not halt.visits:
        return
    first_s = min(visit.start_s for _, visit in halt.visits)
    ready_s = min(first_s, halt.ready_s)
    rinse_s = min(halt.rinse_s, ready_s - halt.stop.arrive_s)
    yield (halt.stop.arrive_s, ready_s - rinse_s), _SETUP, "架设"
    if rinse_s:
        yield (ready_s - rinse_s, ready_s), _RINSE, "清洗"


def _block(run: list[Visit], y: float, axis: _Axis, fill: str) -> list[str]:
    """Return one block of a drone as a bar with its mu where there is room."""
    first, last = run[0], run[-1]
    block_mu = mu(sum(visit.area_centimu for visit in run))
    title = (
        f"{first.block_id} {clock(first.start_s)}–{clock(last.finish_s)} "
        f"{len(run)} 块 {block_mu} 亩"
    )
    left, right = axis.x(first.start_s), axis.x(last.finish_s)
    parts = [box((left, y + 4), (right - left, _ROW - 8), fill, title=title)]
    label = block_mu.partition(".")[0]
    if right - left > width_of(label, 11) + 4:
        middle = ((left + right) / 2, y + 19)
        parts.append(text(middle, label, size=11, fill=on(fill), anchor="middle"))
    return parts


def _short(words: str, wide: float) -> str:
    """Return words cut to a width in pixels at 12 px."""
    if width_of(words, 12) <= wide:
        return words
    while words and width_of(words + "…", 12) > wide:
        words = words[:-1]
    return words + "…"
