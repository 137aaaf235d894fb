"""What stands on a crew's sheet, as plain strings: the template only sets them."""

import re
from collections.abc import Sequence
from typing import Any

from dispatch.model import DAY_S, Job, Problem
from dispatch.plan import Plan, TruckStopKind, Visit
from dispatch.render.agenda import CrewDay, Halt, day_date, day_name
from dispatch.render.ground import ZONES
from dispatch.render.svg import clock, mu
from dispatch.resources import HEIGHT_LEGAL_CM, RADIUS_LEGAL_M, SPEED_LEGAL_CM_PER_S, Drone
from dispatch.sheets.code import SheetCode
from dispatch.sheets.crew_map import crew_map, view_of, zones_on
from dispatch.sheets.fonts import Font
from dispatch.spans import merged

LAW_ZH = "《无人驾驶航空器飞行管理暂行条例》第六十二条第八项"
_LONG_WORD = re.compile(r"\S{13,}")


def sheet(
    problem: Problem,
    plan: Plan,
    one: CrewDay,
    jobs: dict[str, Job],
    look: tuple[Font, dict[str, str]],
    code: SheetCode,
) -> dict[str, Any]:
    """Return one crew's sheet; raises `GlyphMissing` for what the font cannot print."""
    font, colours = look
    _require_glyphs(problem, plan, one, font)
    visits = [visit for _, route in one.routes for visit in route.stops]
    return {
        "date": day_name(plan, one.day),
        "crew": _folded(one.crew.crew_id),
        "facts": _facts(problem, one, visits),
        "drones": [
            _drone(drone, route.stops, colours[drone.drone_id]) for drone, route in one.routes
        ],
        "stops": [_stop(number, halt) for number, halt in enumerate(one.halts, 1)],
        "limits": _limits(problem, one),
        "zones": [
            f"{ZONES[zone.kind][2]} {_folded(zone.zone_id)}（缓冲 {zone.buffer_m} 米）"
            for zone in zones_on(problem, view_of(one, jobs))
        ],
        "weather": _weather(problem, plan, one.day),
        "map": crew_map(problem, one, jobs, colours, font.family),
        "code": code.text(),
        "qr": _qr(code.text()),
        "hash": code.plan_hash,
    }


def _require_glyphs(problem: Problem, plan: Plan, one: CrewDay, font: Font) -> None:
    """Try every name that comes from outside against the font."""
    named = [(one.crew.crew_id, one.crew.crew_id), (one.crew.cluster_permit, one.crew.crew_id)]
    for drone, route in one.routes:
        papers = f"{drone.drone_id}{drone.registration}{drone.machine.model}"
        named.append((papers, drone.drone_id))
        named += [(visit.job_id + visit.product, visit.job_id) for visit in route.stops]
    named += [(halt.stop.name, halt.stop.name) for halt in one.halts]
    named += [(zone.zone_id, zone.zone_id) for zone in problem.zones]
    named.append((plan.forecast, "forecast"))
    for words, subject in named:
        font.require(words, subject)


def _folded(words: str) -> str:
    """Return text whose long words may be broken anywhere, so that they stay in their cell."""
    return _LONG_WORD.sub(lambda found: "\u200b".join(found.group()), words)


def _litres(liquid_ml: int) -> str:
    """Return millilitres as litres with one decimal."""
    return f"{liquid_ml / 1000:,.1f}"


def _halts(visits: Sequence[Visit]) -> str:
    """Return refills and battery swaps."""
    return f"{sum(one.refills for one in visits)} / {sum(one.battery_swaps for one in visits)}"


def _facts(problem: Problem, one: CrewDay, visits: list[Visit]) -> list[list[str]]:
    """Return the head of the sheet as pairs of a word and its value."""
    crew = one.crew
    permit = _folded(crew.cluster_permit) or "无（一人同时只飞一架）"
    sites = sum(halt.stop.kind is TruckStopKind.SITE for halt in one.halts)
    water = "各起降点取水" if crew.water_ml is None else f"{_litres(crew.water_ml)} 升（出车）"
    return [
        ["出车", clock(one.truck.depart_s)],
        ["返回", clock(one.truck.return_s)],
        ["飞手", f"{crew.pilots} 人"],
        ["集群许可", permit],
        ["作业", f"{len(visits)} 块 / {mu(sum(one.area_centimu for one in visits))} 亩"],
        ["起降点", f"{sites} 处"],
        ["药液", f"{_litres(sum(visit.liquid_ml for visit in visits))} 升"],
        ["用水", water],
        ["清洗", f"换药时 {problem.settings.clean_s // 60} 分钟"],
        ["机组休息", _rests(one) or "无固定"],
    ]


def _rests(one: CrewDay) -> str:
    return "、".join(f"{clock(rest.start_s)}–{clock(rest.end_s)}" for rest in one.crew.rests)


def _drone(drone: Drone, visits: tuple[Visit, ...], colour: str) -> dict[str, str]:
    """Return a drone's line."""
    machine = drone.machine
    return {
        "colour": colour,
        "id": _folded(drone.drone_id),
        "registration": _folded(drone.registration) or "未登记",
        "model": _folded(machine.model),
        "mu": mu(sum(visit.area_centimu for visit in visits)),
        "plots": str(len(visits)),
        "litres": _litres(sum(visit.liquid_ml for visit in visits)),
        "halts": _halts(visits),
        "speed": f"{machine.speed_cm_per_s / 100:g} / {machine.transit_cm_per_s / 100:g}",
    }


def _stop(number: int, halt: Halt) -> dict[str, Any]:
    """Return a line of the table of stops; a mixing point has no plots."""
    stop = halt.stop
    row: dict[str, Any] = {
        "number": str(number),
        "site": stop.kind is TruckStopKind.SITE,
        "name": _folded(stop.name),
        "arrive": clock(stop.arrive_s),
        "leave": clock(stop.leave_s),
        "water": "—" if stop.water_ml is None else _litres(stop.water_ml),
    }
    if not halt.visits:
        return row
    visits = [visit for _, visit in halt.visits]
    runs: dict[str, list[Visit]] = {}
    for drone, visit in halt.visits:
        runs.setdefault(drone.drone_id, []).append(visit)
    return row | {
        "work": f"{clock(min(v.start_s for v in visits))}–{clock(max(v.finish_s for v in visits))}",
        "product": _folded(visits[0].product),
        "rinse": halt.rinse_s > 0,
        "mu": mu(halt.area_centimu),
        "litres": _litres(sum(visit.liquid_ml for visit in visits)),
        "halts": _halts(visits),
        "runs": [
            {
                "drone": _folded(drone_id),
                "span": f"{clock(run[0].start_s)}–{clock(run[-1].finish_s)}",
                "plots": [_folded(visit.job_id) for visit in run],
            }
            for drone_id, run in runs.items()
        ],
    }


def _limits(problem: Problem, one: CrewDay) -> list[str]:
    """Return what may not be exceeded, the plan's own value first, then the law's."""
    settings = problem.settings
    limits = [
        f"作业高度 {settings.height_cm / 100:g} 米，真高不得超过 {HEIGHT_LEGAL_CM // 100} 米",
        f"平飞速度不得超过 50 公里/小时（{SPEED_LEGAL_CM_PER_S / 100:g} 米/秒）",
        f"飞行半径 {settings.radius_m} 米以内，法定不得超过 {RADIUS_LEGAL_M} 米（{LAW_ZH}）",
    ]
    if not one.crew.cluster_permit:
        limits.append("未取得集群许可，一名飞手同一时间只操控一架（第二十六、三十一条）")
    return limits


def _weather(problem: Problem, plan: Plan, day: int) -> dict[str, str]:
    """Return the stamp of the forecast and the usable hours of the day."""
    start_s, end_s = day * DAY_S, (day + 1) * DAY_S
    today = [(one.start_s, one.end_s) for one in problem.windows if start_s <= one.start_s < end_s]
    hours = "、".join(f"{clock(start)}–{_end(end)}" for start, end in merged(today))
    return {"hours": hours or "无", "forecast": _folded(plan.forecast) or "未附预报"}


def _end(instant_s: int) -> str:
    """Return the end of a span; midnight ends a day as 24:00."""
    return "24:00" if instant_s % DAY_S == 0 else clock(instant_s)


def _qr(words: str) -> str:
    """Return a QR code as SVG."""
    import segno  # noqa: PLC0415 - only to print

    return segno.make_qr(words, error="m").svg_inline(border=2, omitsize=True)


def code_of(found: str, plan: Plan, one: CrewDay) -> SheetCode:
    """Return what ties this crew's sheet to a plan with a hash."""
    return SheetCode(found, day_date(plan, one.day), one.crew.crew_id)
