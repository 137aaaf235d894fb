"""How fast a machine sprays and how long it takes from one line to the next."""

import math

from dispatch.machines import Machine
from dispatch.validation import require_int

M2_PER_MU = 2000 / 3


def require_dose(liquid_ml_per_mu: int, subject: str) -> None:
    """Refuse a dose of liquid (亩用液量) that no sprayer puts out: under 1 ml or over 1,000 L."""
    require_int(liquid_ml_per_mu, subject, "liquid_ml_per_mu", 1, 1_000_000)


def spray_m_per_s(machine: Machine, liquid_ml_per_mu: int) -> float:
    """Return the slower of the machine's speed and what its pump allows at the dose."""
    ml_per_m = liquid_ml_per_mu / M2_PER_MU * machine.swath_cm / 100
    return min(machine.speed_cm_per_s / 100, machine.flow_ml_per_min / 60 / ml_per_m)


def strips_of(width_m: float, swath_m: float) -> int:
    """Return how many strips cover a width; up to a tenth of a swath may stay thin.

    The billionth of a swath keeps a width that is exact on paper from costing a strip.
    """
    return max(1, math.ceil(width_m / swath_m - 0.1 - 1e-9))
