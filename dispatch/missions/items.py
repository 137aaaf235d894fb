"""The MAVLink commands of a mission, in flying order, for both file formats that carry them.

The spray is switched by DO_SPRAYER, which ArduPilot's sprayer follows with the pump in proportion
to speed and which stops by itself when the drone slows down or fails safe; PX4 has no such command,
so a `Servo` replaces it there. The flight ends with waypoints and LAND and not with
RETURN_TO_LAUNCH, whose height is a parameter of the autopilot that may be above the legal 30 m.
"""

from dataclasses import dataclass

from dispatch.coverage import Point
from dispatch.missions.model import Mission

WAYPOINT = 16
LAND = 21
TAKEOFF = 22
DO_CHANGE_SPEED = 178
DO_SET_SERVO = 183
DO_SPRAYER = 216
GROUND_SPEED = 1
FRAME_MISSION = 2
FRAME_RELATIVE_HEIGHT = 3


@dataclass(frozen=True, slots=True)
class Item:
    """One command: four parameters, and the place with its height in metres if it has one."""

    command: int
    parameters: tuple[float, float, float, float]
    place: Point | None = None
    height_m: float = 0.0


def _spray(mission: Mission, *, on: bool) -> Item:
    """Return the command that switches the spray."""
    servo = mission.servo
    if servo is None:
        return Item(DO_SPRAYER, (float(on), 0.0, 0.0, 0.0))
    pulse = servo.on_us if on else servo.off_us
    return Item(DO_SET_SERVO, (float(servo.channel), float(pulse), 0.0, 0.0))


def _speed(cm_per_s: int) -> Item:
    """Return the command that sets the speed over ground; throttle stays as it is."""
    return Item(DO_CHANGE_SPEED, (float(GROUND_SPEED), cm_per_s / 100, -1.0, 0.0))


def _to(place: Point, height_cm: int) -> Item:
    return Item(WAYPOINT, (0.0, 0.0, 0.0, 0.0), place, height_cm / 100)


def items_of(mission: Mission) -> tuple[Item, ...]:
    """Return take-off, way out, lines with the spray on, links with it off, way back, landing."""
    low, high = mission.height_cm, mission.transit_height_cm
    first, last = mission.lines[0][0], mission.lines[-1][1]
    items = [
        Item(TAKEOFF, (0.0, 0.0, 0.0, 0.0), mission.launch, high / 100),
        _spray(mission, on=False),
        _speed(mission.transit_cm_per_s),
        _to(first, high),
        _speed(mission.speed_cm_per_s),
    ]
    for index, (begin, end) in enumerate(mission.lines):
        if index:
            items += [_to(point, low) for point in mission.links[index - 1][1:-1]]
        items += [_to(begin, low), _spray(mission, on=True)]
        items += [_to(end, low), _spray(mission, on=False)]
    return (
        *items,
        _speed(mission.transit_cm_per_s),
        _to(last, high),
        _to(mission.launch, high),
        Item(LAND, (0.0, 0.0, 0.0, 0.0), mission.launch, 0.0),
    )
