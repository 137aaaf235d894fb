"""The words in which the checker says what a plan breaks."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """What kind of rule is broken (违例代码)."""

    DAY = "day"
    UNKNOWN_JOB = "unknown_job"
    UNKNOWN_DRONE = "unknown_drone"
    REPEATED_JOB = "repeated_job"
    REPEATED_DRONE = "repeated_drone"
    MISSING_JOB = "missing_job"
    FALSE_CAUSE = "false_cause"
    AREA = "area"
    LIQUID = "liquid"
    PRODUCT = "product"
    SKILL = "skill"
    PERMIT = "permit"
    PILOTS = "pilots"
    AREA_CAP = "area_cap"
    BUFFER = "buffer"
    RADIUS = "radius"
    BLOCK = "block"
    SHIFT = "shift"
    WEATHER = "weather"
    TIME_WINDOW = "time_window"
    TRAVEL_TIME = "travel_time"
    SETUP_TIME = "setup_time"
    CLEAN_TIME = "clean_time"
    WORK_TIME = "work_time"
    WAIT_IN_AIR = "wait_in_air"
    HALTS = "halts"
    TANK = "tank"
    BATTERY = "battery"
    TOTALS = "totals"
    OBJECTIVE = "objective"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken rule: whose, which job, where in the route (0-based), and by how much.

    ``amount`` is in ``unit`` (``s``, ``m``, ``ml``, ``centimu``, ``count``); empty strings and None
    stand for what does not apply.
    """

    code: Code
    drone_id: str = ""
    job_id: str = ""
    position: int | None = None
    amount: int = 0
    unit: str = ""

    def sentence(self) -> str:
        """Return the violation as one line for a listing."""
        where = "" if self.position is None else f" stop {self.position}"
        by = f" by {self.amount} {self.unit}" if self.unit else ""
        return (
            f"{self.code.value}: drone {self.drone_id or '-'}{where} job {self.job_id or '-'}{by}"
        )
