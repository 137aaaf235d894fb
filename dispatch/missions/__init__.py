"""Mission files: what a coverage plan becomes on a ground station or a task controller.

`mission` makes a checked `Mission` of a whole plan or one sortie; `to_plan` writes it for
QGroundControl, `to_waypoints` as MAVLink text, `to_kml` for maps, `to_taskdata` as ISOXML.
"""

from dispatch.missions.kml import to_kml
from dispatch.missions.model import Mission, Servo, mission, missions
from dispatch.missions.plan_file import to_plan
from dispatch.missions.taskdata import to_taskdata
from dispatch.missions.waypoints import to_waypoints

__all__ = [
    "Mission",
    "Servo",
    "mission",
    "missions",
    "to_kml",
    "to_plan",
    "to_taskdata",
    "to_waypoints",
]
