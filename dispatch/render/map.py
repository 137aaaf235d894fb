"""The plan as a map a person can read: plots by drone, truck routes, what is left out."""

import math
from collections.abc import Callable
from html import escape

from dispatch.model import Job, Point, Problem, Ring
from dispatch.plan import Cause, Plan, Route
from dispatch.render.svg import INK, MUTED, box, colour, line, mu, page, text

_SIZE, _MARGIN, _SIDE = 1100.0, 40.0, 300.0
_EARTH_M = 6_371_008.8
_CAUSES_ZH = {
    Cause.BUFFER: "禁喷区",
    Cause.NO_SKILL: "无相应资质",
    Cause.PERMIT: "证照不全",
    Cause.NO_FLY: "禁飞区",
    Cause.UNAVAILABLE: "无可用机组",
    Cause.WEATHER: "天气不宜",
    Cause.PRE_HARVEST: "安全间隔期",
    Cause.PINNED: "指定冲突",
    Cause.WINDOW: "时间窗不足",
    Cause.TOO_LARGE: "面积过大",
    Cause.NO_CAPACITY: "运力不足",
    Cause.NO_TIME: "时间不足",
}

Pixel = Callable[[Point], tuple[float, float]]


def svg_map(problem: Problem, plan: Plan) -> str:
    """Return the map: north is up, one scale in both directions, legend at the right."""
    pixel, metres_per_pixel, height = _projection(problem)
    jobs = {job.job_id: job for job in problem.jobs}
    drones = {drone.drone_id: drone for drone in problem.drones}
    homes = {crew.crew_id: crew.home for crew in problem.crews}
    colours = {drone.drone_id: colour(index) for index, drone in enumerate(problem.drones)}
    parts = [
        text((_MARGIN, 36), f"飞防作业图  {plan.day.isoformat()}", size=20, bold=True),
    ]
    parts += [
        _polygon(zone.rings, pixel, "#fbe3e1", "#c0392b", f"禁喷区 {zone.zone_id}")
        for zone in problem.zones
    ]
    for route in plan.routes:
        fill = colours[route.drone_id]
        parts.append(_track(route, jobs, homes[drones[route.drone_id].crew_id], pixel, fill))
    for route in plan.routes:
        for visit in route.stops:
            title = f"{visit.job_id} {mu(visit.area_centimu)} 亩 {route.drone_id}"
            parts.append(_plot(jobs[visit.job_id], pixel, colours[route.drone_id], title))
    for row in plan.unassigned:
        title = f"{row.job_id} 未派：{_CAUSES_ZH[row.cause]}"
        parts.append(_plot(jobs[row.job_id], pixel, "url(#hatch)", title))
    for home in sorted(set(homes.values())):
        x, y = pixel(home)
        parts.append(
            f'<path d="M{x:.1f} {y - 9:.1f} l9 9 h-3 v8 h-12 v-8 h-3 z" fill="{INK}" '
            'stroke="#ffffff" stroke-width="1.5"/>'
        )
    parts += _legend(plan, colours)
    parts += _scale_bar(metres_per_pixel, height)
    return page(_SIZE + _SIDE, height, f"Map {plan.day.isoformat()}", parts)


def _projection(problem: Problem) -> tuple[Pixel, float, float]:
    """Return the way from degrees to pixels, metres for each pixel, and the page's height."""
    places = [crew.home for crew in problem.crews] + [job.access for job in problem.jobs]
    places += [point for job in problem.jobs for ring in job.rings for point in ring]
    places += [point for zone in problem.zones for point in zone.rings[0]]
    places = places or [(0.0, 0.0)]
    west, east = min(one[0] for one in places), max(one[0] for one in places)
    south, north = min(one[1] for one in places), max(one[1] for one in places)
    degree_m = _EARTH_M * math.pi / 180
    narrow = math.cos(math.radians((south + north) / 2))
    wide_m = max(200.0, (east - west) * degree_m * narrow)
    tall_m = max(200.0, (north - south) * degree_m)
    scale = min((_SIZE - 2 * _MARGIN) / wide_m, 1400.0 / tall_m)
    height = max(tall_m * scale + 2 * _MARGIN + 70, 480.0)

    def pixel(place: Point) -> tuple[float, float]:
        return (
            _MARGIN + (place[0] - west) * degree_m * narrow * scale,
            56 + _MARGIN / 2 + (north - place[1]) * degree_m * scale,
        )

    return pixel, 1 / scale, height


def _polygon(rings: tuple[Ring, ...], pixel: Pixel, fill: str, stroke: str, title: str) -> str:
    """Return a polygon with its holes."""
    path = " ".join(
        "M" + " L".join(f"{x:.2f} {y:.2f}" for x, y in map(pixel, ring[:-1])) + " Z"
        for ring in rings
    )
    width = 1.2 if stroke == "#c0392b" else 0.3
    return (
        f'<path d="{path}" fill="{fill}" fill-rule="evenodd" stroke="{stroke}" '
        f'stroke-width="{width}"><title>{escape(title)}</title></path>'
    )


def _plot(job: Job, pixel: Pixel, fill: str, title: str) -> str:
    """Return a plot in its drone's colour; one without a polygon is a dot."""
    if job.rings:
        stroke = "#c0392b" if fill.startswith("url") else "#ffffff"
        return _polygon(job.rings, pixel, fill, stroke, title)
    x, y = pixel(job.access)
    tip = f"<title>{escape(title)}</title>"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}">{tip}</circle>'


def _track(route: Route, jobs: dict[str, Job], home: Point, pixel: Pixel, stroke: str) -> str:
    """Return the truck's line from home over the launch sites and back."""
    places, block = [home], ""
    for visit in route.stops:
        if visit.block_id != block:
            places.append(jobs[visit.job_id].access)
            block = visit.block_id
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(pixel, [*places, home]))
    return (
        f'<polyline points="{points}" fill="none" stroke="{stroke}" stroke-width="1.4" '
        'stroke-opacity="0.55"/>'
    )


def _legend(plan: Plan, colours: dict[str, str]) -> list[str]:
    """Return drones with their mu, then the causes of what is left out."""
    x, y = _SIZE + 10, 76.0
    parts = [text((x, y - 18), "无人机（亩 / 块）", size=13, bold=True)]
    for route in plan.routes:
        area = sum(visit.area_centimu for visit in route.stops)
        parts.append(box((x, y - 11), (14, 14), colours[route.drone_id]))
        words = f"{route.drone_id}  {mu(area)} 亩 / {len(route.stops)}"
        parts.append(text((x + 22, y), words, size=13))
        y += 21
    y += 14
    parts.append(box((x, y - 11), (14, 14), "url(#hatch)", stroke="#c0392b"))
    parts.append(text((x + 22, y), f"未派 {len(plan.unassigned)} 块", size=13, bold=True))
    counts: dict[Cause, int] = {}
    for row in plan.unassigned:
        counts[row.cause] = counts.get(row.cause, 0) + 1
    for cause, count in sorted(counts.items()):
        y += 20
        parts.append(text((x + 22, y), f"{_CAUSES_ZH[cause]} {count}", size=12, fill=MUTED))
    y += 28
    parts.append(line((x, y - 4), (x + 14, y - 4), MUTED, 2))
    parts.append(text((x + 22, y), "转场路线（直线示意）", size=12))
    y += 22
    parts.append(f'<path d="M{x + 7:.1f} {y - 14:.1f} l8 8 h-3 v7 h-10 v-7 h-3 z" fill="{INK}"/>')
    parts.append(text((x + 22, y), "机组驻地", size=12))
    return parts


def _scale_bar(metres_per_pixel: float, height: float) -> list[str]:
    """Return a bar of a round length at the lower left, and the north arrow."""
    wanted_m = 160 * metres_per_pixel
    power = 10 ** math.floor(math.log10(wanted_m))
    length_m = max(step * power for step in (1, 2, 5) if step * power <= wanted_m)
    x, y, width = _MARGIN, height - 26, length_m / metres_per_pixel
    words = f"{length_m / 1000:g} 公里" if length_m >= 1000 else f"{length_m:g} 米"
    return [
        box((x, y), (width / 2, 5), INK),
        box((x + width / 2, y), (width / 2, 5), "#ffffff", stroke=INK),
        text((x + width + 8, y + 7), words, size=12),
        f'<path d="M{x + width + 90:.1f} {y + 6:.1f} l7 -22 l7 22 l-7 -5 z" fill="{INK}"/>',
        text((x + width + 110, y + 6), "北", size=12),
    ]
