"""The plan as a map a person can read: plots by drone and day, trucks, zones, what is left out."""

from dataclasses import dataclass, field

from dispatch.model import Problem, ZoneKind
from dispatch.plan import Cause, Plan
from dispatch.render import ground
from dispatch.render.agenda import CrewDay, crew_days, day_name, jobs_of
from dispatch.render.ground import ZONES, View
from dispatch.render.svg import (
    DASHES,
    INK,
    MUTED,
    RED,
    box,
    colour,
    line,
    mu,
    page,
    text,
    tone,
    width_of,
)

_WIDE, _TALL, _MARGIN, _TOP, _SIDE = 1020.0, 1400.0, 40.0, 84.0, 330.0
_LABEL = 12
_CROWD = 20
"""With more crews' days than this the lines go beneath the plots."""
CAUSES_ZH = {
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


def svg_map(problem: Problem, plan: Plan, *, day: int | None = None) -> str:
    """Return the map of one day, or of all with later days paler and their lines broken.

    Raises `InvalidProblem` when the plan belongs to another problem.
    """
    jobs = jobs_of(problem, plan)
    days = crew_days(problem, plan, day)
    view = _view(problem, [jobs[row.job_id].access for row in plan.unassigned])
    look = _Look(problem, days)
    when = day_name(plan, 0) if problem.days == 1 else f"{problem.days} 天"
    if problem.days > 1:
        first = day_name(plan, 0)
        when = f"{first} 起 {problem.days} 天" if day is None else day_name(plan, day)
    parts = [text((_MARGIN, 40), f"飞防作业图  {when}", size=20, bold=True)]
    parts.append(box((_MARGIN / 2, _TOP - 20), _frame(view), "#f7f8f6"))
    parts += [ground.zone(zone, view) for zone in problem.zones]
    crowded = len(days) > _CROWD
    parts += _trucks(days, view, look) if crowded else []
    for one in days:
        for drone, route in one.routes:
            fill = look.fill(drone.drone_id, one.day)
            for visit in route.stops:
                title = f"{visit.job_id} {mu(visit.area_centimu)} 亩 {drone.drone_id}"
                if problem.days > 1:
                    title += f" {day_name(plan, one.day)}"
                parts.append(ground.plot(jobs[visit.job_id], view, fill, title))
    for row in plan.unassigned:
        title = f"{row.job_id} 未派：{CAUSES_ZH[row.cause]}"
        parts.append(ground.plot(jobs[row.job_id], view, "url(#hatch)", title))
    parts += [] if crowded else _trucks(days, view, look)
    for point in problem.mix_points:
        title = f"配药取水点 {point.point_id}"
        parts.append(ground.mix_point(view.pixel(point.place), title))
    parts += [ground.home(view.pixel(place)) for place in {one.home: 0 for one in problem.crews}]
    parts += _labels(days, view, look)
    side = _MARGIN + _frame(view)[0]
    legend, legend_y = _legend(problem, plan, look, (side, _TOP + 4))
    height = max(_TOP + view.size[1] + 80, legend_y + 30)
    foot = _TOP + view.size[1] + 54
    parts += [*legend, *ground.scale_bar(view, (_MARGIN, foot))]
    return page(side + _SIDE, height, f"Map {plan.day.isoformat()}", parts)


def _frame(view: View) -> tuple[float, float]:
    """Return the size of the land on the page with a margin around it."""
    return (max(420.0, view.size[0]) + _MARGIN, view.size[1] + 40)


def _trucks(days: tuple[CrewDay, ...], view: View, look: "_Look") -> list[str]:
    """Return the trucks' lines; the legs from and to home are thin, for they cross everything."""
    width = 1.0 if len(days) > _CROWD else 1.6
    parts = []
    for one in days:
        sites, ink, dash = (
            [halt.stop.place for halt in one.halts],
            look.ink(one),
            look.dash(one.day),
        )
        if not sites:
            continue
        thin = 0.25 if len(days) > _CROWD else 0.7
        parts.append(ground.track([one.crew.home, sites[0]], view, ink, dash, thin))
        parts.append(ground.track([sites[-1], one.crew.home], view, ink, dash, thin))
        parts.append(ground.track(sites, view, ink, dash, width))
    return parts


@dataclass(slots=True)
class _Look:
    """Which colour, tone and line each drone and day has."""

    problem: Problem
    days: tuple[CrewDay, ...]
    colours: dict[str, str] = field(init=False)
    shown: list[int] = field(init=False)

    def __post_init__(self) -> None:
        drones = self.problem.drones
        self.colours = {drone.drone_id: colour(index) for index, drone in enumerate(drones)}
        self.shown = sorted({one.day for one in self.days})

    def share(self, day: int) -> float:
        """Return how pale a day is: the first shown not at all, the last by three fifths."""
        return 0.6 * self.shown.index(day) / max(1, len(self.shown) - 1)

    def fill(self, drone_id: str, day: int) -> str:
        """Return the colour of a drone's plots on a day."""
        return tone(self.colours[drone_id], self.share(day))

    def ink(self, one: CrewDay) -> str:
        """Return the colour of a truck's line: that of its first drone."""
        flying = [drone.drone_id for drone, _ in one.routes]
        return self.colours[flying[0]] if flying else MUTED

    def dash(self, day: int) -> str:
        """Return the line style of a day."""
        return DASHES[self.shown.index(day) % len(DASHES)]


def _view(problem: Problem, others: list[tuple[float, float]]) -> View:
    """Return the view of everything there is to see."""
    places = [*others, *[crew.home for crew in problem.crews]]
    places += [point.place for point in problem.mix_points]
    places += [job.access for job in problem.jobs]
    places += [
        point for job in problem.jobs for part in job.parts for ring in part for point in ring
    ]
    places += [point for zone in problem.zones for point in zone.rings[0]]
    return View.around(places, (_MARGIN, _TOP), (_WIDE, _TALL))


def _labels(days: tuple[CrewDay, ...], view: View, look: _Look) -> list[str]:
    """Return each drone's name beside its largest block that has room for it, by day."""
    taken: list[tuple[float, float, float]] = []
    parts = []
    for one in days:
        for drone, _ in one.routes:
            words = drone.drone_id if len(look.shown) == 1 else f"{drone.drone_id}·{one.day + 1}"
            wide = width_of(words, _LABEL)
            own = [
                (sum(visit.area_centimu for flyer, visit in halt.visits if flyer is drone), halt)
                for halt in one.halts
            ]
            for area, halt in sorted(own, key=lambda row: -row[0])[:6]:
                x, y = view.pixel(halt.stop.place)
                free = all(
                    abs(x - a) > (wide + b) / 2 + 4 or abs(y - c) > _LABEL + 4 for a, c, b in taken
                )
                if area and free:
                    taken.append((x, y, wide))
                    ink = look.colours[drone.drone_id]
                    place = (x, y + 4)
                    parts.append(
                        text(
                            place,
                            words,
                            size=_LABEL,
                            fill=ink,
                            anchor="middle",
                            bold=True,
                            halo=True,
                        )
                    )
                    break
    return parts


def _legend(
    problem: Problem, plan: Plan, look: _Look, spot: tuple[float, float]
) -> tuple[list[str], float]:
    """Return drones with their mu, days, signs and causes, and where the legend ends."""
    x, y = spot
    parts = [text((x, y - 18), "无人机（亩 / 块）", size=13, bold=True)]
    for drone in problem.drones:
        routes = [
            route
            for one in look.days
            for flyer, route in one.routes
            if flyer.drone_id == drone.drone_id
        ]
        if not routes:
            continue
        area = sum(visit.area_centimu for route in routes for visit in route.stops)
        plots = sum(len(route.stops) for route in routes)
        parts.append(box((x, y - 11), (14, 14), look.colours[drone.drone_id]))
        words = f"{drone.drone_id}  {mu(area)} 亩 / {plots}"
        parts.append(text((x + 22, y), words, size=13))
        y += 21
    if len(look.shown) > 1:
        y += 16
        parts.append(text((x, y), "日期（色浅为后，线型不同）", size=13, bold=True))
        for day in look.shown:
            y += 21
            parts.append(box((x, y - 11), (14, 14), tone("#1f77b4", look.share(day))))
            parts.append(line((x + 22, y - 4), (x + 66, y - 4), INK, 1.6, look.dash(day)))
            parts.append(text((x + 76, y), f"{day + 1}  {day_name(plan, day)}", size=12))
        y += 21
    y += 14
    parts.append(box((x, y - 11), (14, 14), "url(#hatch)", stroke=RED))
    parts.append(text((x + 22, y), f"未派 {len(plan.unassigned)} 块", size=13, bold=True))
    counts: dict[Cause, int] = {}
    for row in plan.unassigned:
        counts[row.cause] = counts.get(row.cause, 0) + 1
    for cause, count in sorted(counts.items()):
        y += 20
        parts.append(text((x + 22, y), f"{CAUSES_ZH[cause]} {count}", size=12, fill=MUTED))
    return _signs(problem, parts, (x, y + 28))


def _signs(
    problem: Problem, parts: list[str], spot: tuple[float, float]
) -> tuple[list[str], float]:
    """Add what lines and signs mean, as far as the map has them."""
    x, y = spot
    for kind in ZoneKind:
        fill, stroke, words = ZONES[kind]
        if any(zone.kind is kind for zone in problem.zones):
            parts.append(box((x, y - 11), (14, 14), fill, stroke=stroke))
            parts.append(text((x + 22, y), f"{words}（浅色为缓冲带）", size=12))
            y += 22
    parts.append(line((x, y - 4), (x + 14, y - 4), MUTED, 2))
    parts.append(text((x + 22, y), "转场路线（直线示意）", size=12))
    y += 22
    parts += [ground.home((x + 7, y - 5)), text((x + 22, y), "机组驻地", size=12)]
    if problem.mix_points:
        y += 24
        parts.append(ground.mix_point((x + 7, y - 6), "配药取水点"))
        parts.append(text((x + 22, y), "配药取水点", size=12))
    return parts, y
