"""What a plan is made from, as plain values that travel to the solver's process."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from backend.operations.rules import Grounding


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """A job of the day."""

    job_id: UUID
    number: str
    source_org_id: int
    product: str
    liquid_ml_per_mu: int
    earliest_at: datetime
    latest_at: datetime
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotFacts:
    """A plot that is not sprayed yet; ``polygon`` is GeoJSON."""

    job_id: UUID
    parcel_id: UUID
    parcel_code: str
    area_centimu: int
    polygon: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DroneFacts:
    """A drone that may fly that day, with its crew's home in degrees."""

    drone_id: UUID
    name: str
    registration_no: str
    model: str
    insured_until: date
    crew_id: UUID
    home: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFacts:
    """Usable weather, in seconds from midnight of the plan's first day; empty means any."""

    start_s: int
    end_s: int
    products: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One reading; ``digest`` changes when anything that the plan depends on does."""

    digest: str
    jobs: tuple[JobFacts, ...]
    plots: tuple[PlotFacts, ...]
    drones: tuple[DroneFacts, ...]
    grounded: tuple[tuple[UUID, str, Grounding], ...]
    """Drones that stay on the ground: id, name, cause."""
