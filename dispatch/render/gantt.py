"""The day of each drone as bars a person can read: driving, setting up, spraying, waiting."""

from dispatch.model import Problem
from dispatch.plan import Plan, Route, Visit
from dispatch.render.svg import GRID, INK, MUTED, box, clock, colour, line, mu, page, text

_LEFT, _TOP, _ROW, _WIDTH = 150.0, 96.0, 44.0, 1180.0
_ROAD, _SETUP = "#9aa3ab", "#f0c541"


def svg_gantt(problem: Problem, plan: Plan) -> str:
    """Return the Gantt chart; blocks carry their mu, unusable weather is grey."""
    start_s, end_s = _span(problem, plan)
    scale = _WIDTH / (end_s - start_s)

    def x(instant_s: float) -> float:
        return _LEFT + (instant_s - start_s) * scale

    height = _TOP + _ROW * len(plan.routes) + 20
    parts = [
        text((20, 34), f"飞防作业时间表  {plan.day.isoformat()}", size=20, bold=True),
        text((20, 58), _summary(plan), size=13, fill=MUTED),
    ]
    parts += _legend()
    parts += _closed(problem, (start_s, end_s), scale, height)
    for hour_s in range(start_s, end_s + 1, 3600):
        parts.append(line((x(hour_s), _TOP - 4), (x(hour_s), height - 20), GRID))
        place = (x(hour_s), _TOP - 9)
        parts.append(text(place, clock(hour_s), size=11, fill=MUTED, anchor="middle"))
    colours = {drone.drone_id: index for index, drone in enumerate(problem.drones)}
    for row, route in enumerate(plan.routes):
        fill, y = colour(colours[route.drone_id]), _TOP + row * _ROW
        parts += _bars(route, y, (start_s, scale), fill, problem.settings.setup_s)
    return page(_LEFT + _WIDTH + 130, height, f"Gantt {plan.day.isoformat()}", parts)


def _span(problem: Problem, plan: Plan) -> tuple[int, int]:
    """Return whole hours around everything that happens."""
    starts = [route.stops[0].arrive_s for route in plan.routes] + [
        window.start_s for window in problem.windows
    ]
    ends = [route.return_s for route in plan.routes] + [window.end_s for window in problem.windows]
    first_s, last_s = min(starts, default=6 * 3600), max(ends, default=18 * 3600)
    return (first_s // 3600 * 3600, -(-last_s // 3600) * 3600)


def _summary(plan: Plan) -> str:
    """Return the sums in one line."""
    totals = plan.totals
    return (
        f"{len(plan.routes)} 架无人机 · {totals.jobs} 块地 · {mu(totals.area_centimu)} 亩 · "
        f"{totals.blocks} 个连片 · 加药 {totals.refills} 次 · 换电 {totals.battery_swaps} 次 · "
        f"未派 {len(plan.unassigned)} 块"
    )


def _legend() -> list[str]:
    """Return the legend at the top right."""
    rows = (
        (_ROAD, "转场"),
        (_SETUP, "架设"),
        ("#5b8fb9", "喷洒（各机一色，数字为亩）"),
        ("#eef0f2", "不可作业时段"),
    )
    parts, x = [], _LEFT + _WIDTH - 400
    for fill, words in rows:
        parts.append(box((x, 24), (14, 12), fill, stroke="#c8ced3"))
        parts.append(text((x + 19, 35), words, size=12))
        x += 40 + 12.5 * len(words)
    return parts


def _closed(problem: Problem, span: tuple[int, int], scale: float, height: float) -> list[str]:
    """Return grey bands where no window is open for any product."""
    parts, at_s = [], span[0]
    windows = sorted(problem.windows, key=lambda window: window.start_s)
    for start_s, end_s in [*[(one.start_s, one.end_s) for one in windows], (span[1], span[1])]:
        if start_s > at_s:
            corner = (_LEFT + (at_s - span[0]) * scale, _TOP)
            parts.append(box(corner, ((start_s - at_s) * scale, height - 20 - _TOP), "#eef0f2"))
        at_s = max(at_s, end_s)
    return parts


def _bars(route: Route, y: float, axis: tuple[int, float], fill: str, setup_s: int) -> list[str]:
    """Return the bars of one drone: label, blocks with drives before them, mu at the end."""

    def x(instant_s: int) -> float:
        return _LEFT + (instant_s - axis[0]) * axis[1]

    area = sum(visit.area_centimu for visit in route.stops)
    parts = [
        box((20, y + 13), (12, 16), fill),
        text((40, y + 26), route.drone_id, size=13, bold=True),
        text((_LEFT + _WIDTH + 12, y + 26), f"{mu(area)} 亩", size=13, fill=INK),
        line((20, y + _ROW), (_LEFT + _WIDTH + 110, y + _ROW), GRID),
    ]
    runs: list[list[Visit]] = []
    for visit in route.stops:
        if not runs or runs[-1][-1].block_id != visit.block_id:
            runs.append([])
        runs[-1].append(visit)
    free_s = route.depart_s
    for run in runs:
        first, last = run[0], run[-1]
        drive = (max(x(free_s), _LEFT), y + 19)
        parts.append(box(drive, (x(first.arrive_s) - drive[0], 4), _ROAD))
        ready_s = min(first.start_s, first.arrive_s + setup_s)
        parts.append(box((x(first.arrive_s), y + 12), (x(ready_s) - x(first.arrive_s), 18), _SETUP))
        block_mu = mu(sum(visit.area_centimu for visit in run))
        title = (
            f"{first.block_id} {clock(first.start_s)}–{clock(last.finish_s)} "
            f"{len(run)} 块 {block_mu} 亩"
        )
        width = x(last.finish_s) - x(first.start_s)
        parts.append(box((x(first.start_s), y + 8), (width, 26), fill, title=title))
        label = block_mu.partition(".")[0]
        if width > 7.0 * len(label) + 4:
            middle = ((x(first.start_s) + x(last.finish_s)) / 2, y + 25)
            parts.append(text(middle, label, size=11, fill="#ffffff", anchor="middle"))
        free_s = last.finish_s
    parts.append(box((x(free_s), y + 19), (x(route.return_s) - x(free_s), 4), _ROAD))
    return parts
