"""MAVLink mission text files (.waypoints): ``QGC WPL 110``, tab-separated, home in row 0."""

from dispatch.missions.items import FRAME_MISSION, FRAME_RELATIVE_HEIGHT, WAYPOINT, Item, items_of
from dispatch.missions.model import Mission

FRAME_GLOBAL = 0


def _row(number: int, frame: int, item: Item) -> str:
    """Return one row: index, current, frame, command, four parameters, x, y, z, autocontinue."""
    lon, lat = item.place or (0.0, 0.0)
    cells = [f"{value:.8g}" for value in item.parameters]
    place = [f"{lat:.8f}", f"{lon:.8f}", f"{item.height_m:.2f}"]
    return "\t".join(
        [str(number), str(int(number == 0)), str(frame), str(item.command), *cells, *place, "1"]
    )


def to_waypoints(mission: Mission) -> str:
    """Return the mission as a .waypoints text.

    Row 0 is the home position, which Mission Planner and ArduPilot expect and overwrite on arming.
    """
    home = Item(WAYPOINT, (0.0, 0.0, 0.0, 0.0), mission.launch)
    rows = ["QGC WPL 110", _row(0, FRAME_GLOBAL, home)]
    for number, item in enumerate(items_of(mission), 1):
        frame = FRAME_MISSION if item.place is None else FRAME_RELATIVE_HEIGHT
        rows.append(_row(number, frame, item))
    return "\n".join(rows) + "\n"
