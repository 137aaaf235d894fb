"""The provider's verbs of its fleet: register and edit crews and drones."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, or_, select

from backend.core.db import WriteSession
from backend.core.errors import PreconditionFailed
from backend.operations import planning
from backend.operations.errors import (
    CrewNotFound,
    DroneExists,
    DroneNotFound,
    UnknownModel,
    UserNotPilot,
)
from backend.operations.fleet_models import Crew, Drone


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewFacts:
    """A crew as the provider states it; ``home`` in degrees."""

    name: str
    pilot: str
    certificate_until: date
    home_lon: float
    home_lat: float
    pilot_user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DroneFacts:
    """A drone as the provider states it; ``model`` is one of the dispatcher's machines."""

    name: str
    serial_no: str
    registration_no: str
    model: str
    crew_id: UUID
    insured_until: date
    state: str = "ready"


async def register_crew(session: WriteSession, *, org_id: int, facts: CrewFacts) -> Crew:
    """Add a crew; raise `UserNotPilot` for a user without the role of a crew member here."""
    await _check_pilot(session, org_id, facts.pilot_user_id)
    crew = Crew(
        org_id=org_id,
        name=facts.name,
        pilot=facts.pilot,
        pilot_user_id=facts.pilot_user_id,
        certificate_until=facts.certificate_until,
        home_lon=facts.home_lon,
        home_lat=facts.home_lat,
    )
    session.add(crew)
    await session.flush()
    return crew


async def edit_crew(
    session: WriteSession, *, org_id: int, crew_id: UUID, facts: CrewFacts, expected_version: int
) -> Crew:
    """Replace a crew's facts; raise `CrewNotFound`, `UserNotPilot`, ``PreconditionFailed``."""
    crew = await session.scalar(
        select(Crew).where(Crew.org_id == org_id, col(Crew.id) == crew_id).with_for_update()
    )
    if crew is None:
        raise CrewNotFound
    if crew.row_version != expected_version:
        raise PreconditionFailed
    await _check_pilot(session, org_id, facts.pilot_user_id)
    crew.name, crew.pilot, crew.pilot_user_id = facts.name, facts.pilot, facts.pilot_user_id
    crew.certificate_until = facts.certificate_until
    crew.home_lon, crew.home_lat = facts.home_lon, facts.home_lat
    crew.row_version += 1
    await session.flush()
    return crew


async def register_drone(session: WriteSession, *, org_id: int, facts: DroneFacts) -> Drone:
    """Add a drone; raise `DroneExists`, `CrewNotFound`, `UnknownModel`."""
    await _check_drone(session, org_id, facts, None)
    drone = Drone(
        org_id=org_id,
        name=facts.name,
        serial_no=facts.serial_no,
        registration_no=facts.registration_no,
        model=facts.model,
        crew_id=facts.crew_id,
        insured_until=facts.insured_until,
        state=facts.state,
    )
    session.add(drone)
    await session.flush()
    return drone


async def edit_drone(
    session: WriteSession, *, org_id: int, drone_id: UUID, facts: DroneFacts, expected_version: int
) -> Drone:
    """Replace a drone's facts, its state (故障、退役) among them.

    Raises `DroneNotFound`, `DroneExists`, `CrewNotFound`, `UnknownModel`, ``PreconditionFailed``.
    """
    drone = await session.scalar(
        select(Drone).where(Drone.org_id == org_id, col(Drone.id) == drone_id).with_for_update()
    )
    if drone is None:
        raise DroneNotFound
    if drone.row_version != expected_version:
        raise PreconditionFailed
    await _check_drone(session, org_id, facts, drone_id)
    drone.name, drone.serial_no = facts.name, facts.serial_no
    drone.registration_no, drone.model = facts.registration_no, facts.model
    drone.crew_id, drone.insured_until, drone.state = (
        facts.crew_id,
        facts.insured_until,
        facts.state,
    )
    drone.row_version += 1
    await session.flush()
    return drone


async def _check_pilot(session: WriteSession, org_id: int, user_id: UUID | None) -> None:
    if user_id is None:
        return
    holds = await session.scalar(
        text(
            "SELECT 1 FROM role_grant WHERE org_id = :org AND user_id = :user"
            " AND role = 'crew' AND revoked_at IS NULL"
        ),
        {"org": org_id, "user": user_id},
    )
    if holds is None:
        raise UserNotPilot


async def _check_drone(
    session: WriteSession, org_id: int, facts: DroneFacts, own_id: UUID | None
) -> None:
    """Check the crew, the model, and that name and serial number are free."""
    if facts.model not in planning.models():
        raise UnknownModel(model=facts.model)
    crew = await session.scalar(
        select(Crew.id).where(Crew.org_id == org_id, col(Crew.id) == facts.crew_id)
    )
    if crew is None:
        raise CrewNotFound
    # One registration of a provider at a time, so that the check below holds until the insert.
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('drone:' || :org, 0))"),
        {"org": str(org_id)},
    )
    taken = await session.scalar(
        select(Drone.id).where(
            Drone.org_id == org_id,
            col(Drone.id).is_distinct_from(own_id),
            or_(col(Drone.serial_no) == facts.serial_no, col(Drone.name) == facts.name),
        )
    )
    if taken is not None:
        raise DroneExists
