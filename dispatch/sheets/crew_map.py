"""The small map on a crew's sheet: its plots, its numbered stops, what must not be touched."""

from dispatch.model import Job, Problem, Zone
from dispatch.render import ground
from dispatch.render.agenda import CrewDay
from dispatch.render.ground import View
from dispatch.render.svg import INK, WATER, box, hatch, text, tone

_MARGIN, _FOOT = 18.0, 30.0
_MOST = (760.0, 330.0)
_PALE = 0.35
"""Plots are paler than on screen: numbers are printed over them, and ink is dear."""


def view_of(one: CrewDay, jobs: dict[str, Job]) -> View:
    """Return the land of a crew's plots and stops; home may lie outside."""
    places = [halt.stop.place for halt in one.halts]
    for _, route in one.routes:
        for visit in route.stops:
            parts = jobs[visit.job_id].parts
            places += [point for part in parts for point in part[0]]
            places += [] if parts else [jobs[visit.job_id].access]
    return View.around(places, (_MARGIN, _MARGIN), _MOST)


def zones_on(problem: Problem, view: View) -> tuple[Zone, ...]:
    """Return the zones that the map shows, buffers included."""
    wide, tall = _size(view)

    def seen(zone: Zone) -> bool:
        spots = [view.pixel(point) for point in zone.rings[0]]
        buffer_px = zone.buffer_m * view.pixels_per_m
        xs, ys = [spot[0] for spot in spots], [spot[1] for spot in spots]
        across = min(xs) - buffer_px <= wide and max(xs) + buffer_px >= 0
        return across and min(ys) - buffer_px <= tall and max(ys) + buffer_px >= 0

    return tuple(zone for zone in problem.zones if seen(zone))


def crew_map(
    problem: Problem, one: CrewDay, jobs: dict[str, Job], colours: dict[str, str], family: str
) -> str:
    """Return the map as SVG; numbers are those of the sheet's table."""
    view = view_of(one, jobs)
    wide, tall = _size(view)
    parts = [box((0, 0), (wide, tall), "#f7f8f6")]
    parts += [ground.zone(zone, view) for zone in zones_on(problem, view)]
    for drone, route in one.routes:
        fill = tone(colours[drone.drone_id], _PALE)
        parts += [ground.plot(jobs[visit.job_id], view, fill, "") for visit in route.stops]
    stops = [halt.stop.place for halt in one.halts]
    parts.append(ground.track([one.crew.home, *stops, one.crew.home], view, INK, "", 1.0))
    parts.append(ground.home(view.pixel(one.crew.home)))
    parts += _numbers(one, view)
    parts += ground.scale_bar(view, (_MARGIN, tall - 16), 90.0)
    hatches = hatch("no-spray", "#e0a19a", -45) + hatch("no-fly", "#8c6bb1", 0)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {tall:.0f}" '
        f'width="{wide:.0f}" height="{tall:.0f}" font-family="{family}"><defs>{hatches}</defs>'
    )
    return "\n".join([head, *parts, "</svg>\n"])


def _size(view: View) -> tuple[float, float]:
    """Return the map's size in pixels: at least wide enough for the scale bar."""
    return (max(320.0, view.size[0] + 2 * _MARGIN), view.size[1] + 2 * _MARGIN + _FOOT)


def _numbers(one: CrewDay, view: View) -> list[str]:
    """Return the stops' numbers on discs; one that would hide another moves aside."""
    taken: list[tuple[float, float]] = []
    parts = []
    for number, halt in enumerate(one.halts, 1):
        x, y = view.pixel(halt.stop.place)
        while any(abs(x - a) < 16 and abs(y - b) < 16 for a, b in taken):
            x += 17
        taken.append((x, y))
        fill = INK if halt.visits else WATER
        disc = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8.5" fill="{fill}" stroke="#ffffff"/>'
        label = text((x, y + 4), str(number), size=11, fill="#ffffff", anchor="middle", bold=True)
        parts += [disc, label]
    return parts
