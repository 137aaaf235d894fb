"""The provider's verbs of its fleet: register and edit crews and drones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, or_, select

from backend.core.db import WriteSession
from backend.core.errors import Fault, PreconditionFailed
from backend.operations import planning
from backend.operations.errors import (
    CrewNotFound,
    CrewUnsound,
    DroneExists,
    DroneNotFound,
    UnknownModel,
    UserNotPilot,
)
from backend.operations.fleet_models import Crew, Drone


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewFacts:
    """A crew as the provider states it; ``home`` in degrees, times in seconds of the day."""

    name: str
    pilot: str
    certificate_until: date
    home_lon: float
    home_lat: float
    pilot_user_id: UUID | None = None
    pilots: int = 1
    cluster_permit: str | None = None
    water_ml: int | None = None
    rests: Sequence[tuple[int, int]] = ()
    shift_s: tuple[int, int] = (5 * 3600, 21 * 3600)


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
    skills: Sequence[str] = ()


async def register_crew(session: WriteSession, *, org_id: int, facts: CrewFacts) -> Crew:
    """Add a crew; raise `UserNotPilot` for a user without that role here, and `CrewUnsound`."""
    await _check_crew(session, org_id, facts)
    crew = Crew(org_id=org_id, **_crew_columns(facts))
    session.add(crew)
    await session.flush()
    return crew


async def edit_crew(
    session: WriteSession, *, org_id: int, crew_id: UUID, facts: CrewFacts, expected_version: int
) -> Crew:
    """Replace a crew's facts.

    Raises `CrewNotFound`, `UserNotPilot`, `CrewUnsound`, ``PreconditionFailed``.
    """
    crew = await session.scalar(
        select(Crew).where(Crew.org_id == org_id, col(Crew.id) == crew_id).with_for_update()
    )
    if crew is None:
        raise CrewNotFound
    if crew.row_version != expected_version:
        raise PreconditionFailed
    await _check_crew(session, org_id, facts)
    for name, value in _crew_columns(facts).items():
        setattr(crew, name, value)
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
        skills=sorted(set(facts.skills)),
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
    drone.skills = sorted(set(facts.skills))
    drone.row_version += 1
    await session.flush()
    return drone


def _crew_columns(facts: CrewFacts) -> dict[str, Any]:
    """Return a crew's facts by column."""
    return {
        "name": facts.name,
        "pilot": facts.pilot,
        "pilot_user_id": facts.pilot_user_id,
        "certificate_until": facts.certificate_until,
        "home_lon": facts.home_lon,
        "home_lat": facts.home_lat,
        "pilots": facts.pilots,
        "cluster_permit": facts.cluster_permit,
        "water_ml": facts.water_ml,
        "rests": [{"start_s": start, "end_s": end} for start, end in facts.rests],
        "shift_start_s": facts.shift_s[0],
        "shift_end_s": facts.shift_s[1],
    }


async def _check_crew(session: WriteSession, org_id: int, facts: CrewFacts) -> None:
    """Check that times run forwards and that the pilot's sign-in is one."""
    faults = [
        Fault(
            code="backwards", zh="须先起后止", en="It ends before it begins", row=row, field=field
        )
        for field, spans in (("shift", [facts.shift_s]), ("rests", facts.rests))
        for row, (start, end) in enumerate(spans, start=1)
        if end <= start
    ]
    if faults:
        raise CrewUnsound(faults=faults, count=len(faults))
    user_id = facts.pilot_user_id
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
