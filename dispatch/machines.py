"""Drone models: what a machine can carry, cover and how long it stays in the air."""

import json
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from dispatch.validation import InvalidProblem, require_int, require_name

_LIMITS = {
    "tank_ml": 1_000_000,
    "swath_cm": 5_000,
    "speed_cm_per_s": 100_000,
    "transit_cm_per_s": 100_000,
    "flow_ml_per_min": 1_000_000,
    "turn_s": 600,
    "battery_s": 86_400,
    "battery_swap_s": 86_400,
    "refill_s": 86_400,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A drone model. ``battery_s`` is flight time of one charge with the landing reserve taken off.

    ``turn_s`` is one headland turn with the side step; ``flow_ml_per_min`` the pump's limit, which
    slows the flight at high doses; ``transit_cm_per_s`` the speed when not spraying.
    """

    model: str
    tank_ml: int
    swath_cm: int
    speed_cm_per_s: int
    transit_cm_per_s: int
    flow_ml_per_min: int
    turn_s: int
    battery_s: int
    battery_swap_s: int
    refill_s: int

    def __post_init__(self) -> None:
        """Refuse a machine that cannot fly: zero tank, swath, speed, flow or battery."""
        require_name(self.model, "machine", "model")
        for name, high in _LIMITS.items():
            low = 0 if name in {"turn_s", "battery_swap_s", "refill_s"} else 1
            require_int(getattr(self, name), self.model, name, low, high)


@cache
def catalogue() -> dict[str, Machine]:
    """Return the machines of ``data/machines.json`` by model name."""
    text = files("dispatch").joinpath("data/machines.json").read_text(encoding="utf-8")
    names = {one.name for one in fields(Machine)}
    rows = json.loads(text)["machines"]
    machines = [Machine(**{key: row[key] for key in names}) for row in rows]
    return {machine.model: machine for machine in machines}


def default_machine() -> Machine:
    """Return the reference machine of the design: 40 L tank, 7 m swath, 6 m/s."""
    try:
        return catalogue()["reference-40l"]
    except KeyError as error:  # a broken installation, said in the house's words
        raise InvalidProblem(
            "machines.json", "reference-40l", "缺少默认机型", "is missing"
        ) from error
