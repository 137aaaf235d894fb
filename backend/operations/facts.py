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
    product_kind: str
    liquid_ml_per_mu: int
    earliest_at: datetime
    latest_at: datetime
    priority: int
    skills: tuple[str, ...]
    harvest_on: date | None
    pre_harvest_days: int


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
    """A drone that may fly on those days."""

    drone_id: UUID
    name: str
    registration_no: str
    model: str
    insured_until: date
    crew_id: UUID
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewFacts:
    """A crew with a drone that may fly: home in degrees, times in seconds of the day."""

    crew_id: UUID
    home: tuple[float, float]
    pilots: int
    cluster_permit: str
    water_ml: int | None
    rests: tuple[tuple[int, int], ...]
    shift_s: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneFacts:
    """A place not to be sprayed or flown over; ``polygon`` is GeoJSON."""

    name: str
    kind: str
    polygon: dict[str, Any]
    buffer_m: int
    products: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MixPointFacts:
    """Where trucks take water; times in seconds, opening hours of each day."""

    name: str
    place: tuple[float, float]
    fill_s: int
    open_s: int
    close_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PinFacts:
    """A person's wish for a job, or one plot of it: which drone, which day (-1: any)."""

    job_id: UUID
    parcel_id: UUID | None = None
    drone_id: UUID | None = None
    day: int = -1


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
    crews: tuple[CrewFacts, ...]
    zones: tuple[ZoneFacts, ...]
    mix_points: tuple[MixPointFacts, ...]
    grounded: tuple[tuple[UUID, str, Grounding], ...]
    """Drones that stay on the ground: id, name, cause."""
