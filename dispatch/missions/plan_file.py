"""QGroundControl plan files (.plan): JSON of version 1 with simple items and a geofence circle."""

import json
from typing import Any

from dispatch.missions.items import FRAME_MISSION, FRAME_RELATIVE_HEIGHT, Item, items_of
from dispatch.missions.model import RADIUS_LEGAL_M, Mission

ARDUPILOT = 3
PX4 = 12
MULTIROTOR = 2
ABOVE_LAUNCH = 1


def _item(number: int, item: Item) -> dict[str, Any]:
    """Return an item as QGroundControl writes it; latitude comes before longitude."""
    found: dict[str, Any] = {
        "type": "SimpleItem",
        "autoContinue": True,
        "command": item.command,
        "doJumpId": number,
        "frame": FRAME_MISSION,
        "params": [*item.parameters, 0, 0, 0],
    }
    if item.place is not None:
        lon, lat = item.place
        # A yaw of null leaves it to the autopilot, which looks to the next waypoint.
        found["params"] = [*item.parameters[:3], None, lat, lon, item.height_m]
        found["frame"] = FRAME_RELATIVE_HEIGHT
        found["AMSLAltAboveTerrain"] = None
        found["Altitude"] = item.height_m
        found["AltitudeMode"] = ABOVE_LAUNCH
    return found


def to_plan(mission: Mission) -> str:
    """Return the mission as a .plan document.

    The geofence is the legal radius of 2,000 m around the launch site. With a `Servo` the plan is
    meant for PX4, without one for ArduPilot.
    """
    lon, lat = mission.launch
    document = {
        "fileType": "Plan",
        "version": 1,
        "groundStation": "QGroundControl",
        "geoFence": {
            "version": 2,
            "polygons": [],
            "circles": [
                {
                    "version": 1,
                    "inclusion": True,
                    "circle": {"center": [lat, lon], "radius": RADIUS_LEGAL_M},
                }
            ],
        },
        "rallyPoints": {"version": 2, "points": []},
        "mission": {
            "version": 2,
            "firmwareType": ARDUPILOT if mission.servo is None else PX4,
            "vehicleType": MULTIROTOR,
            "cruiseSpeed": mission.transit_cm_per_s / 100,
            "hoverSpeed": mission.speed_cm_per_s / 100,
            "globalPlanAltitudeMode": ABOVE_LAUNCH,
            "plannedHomePosition": [lat, lon, 0],
            "items": [_item(number, one) for number, one in enumerate(items_of(mission), 1)],
        },
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
