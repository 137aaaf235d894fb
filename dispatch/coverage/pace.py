"""How fast a machine sprays and how long it takes from one line to the next."""

from dispatch.machines import Machine
from dispatch.physics import M2_PER_MU
from dispatch.validation import require_int


def require_dose(liquid_ml_per_mu: int, subject: str) -> None:
    """Refuse a dose of liquid (亩用液量) that no sprayer puts out: under 1 ml or over 1,000 L."""
    require_int(liquid_ml_per_mu, subject, "liquid_ml_per_mu", 1, 1_000_000)


def spray_m_per_s(machine: Machine, liquid_ml_per_mu: int) -> float:
    """Return the slower of the machine's speed and what its pump allows at the dose."""
    ml_per_m = liquid_ml_per_mu / M2_PER_MU * machine.swath_cm / 100
    return min(machine.speed_cm_per_s / 100, machine.flow_ml_per_min / 60 / ml_per_m)
