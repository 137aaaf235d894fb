"""The provider's verbs of places that plans heed: mixing points and zones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from backend.core import geometry
from backend.core.db import ReadSession, WriteSession
from backend.core.errors import BadInput, Fault, PreconditionFailed
from backend.core.pages import Page, decode_cursor, page_of
from backend.operations import planning
from backend.operations.errors import (
    MixPointNotFound,
    PlaceExists,
    PlaceUnsound,
    ZoneNotFound,
)
from backend.operations.facts import MixPointFacts, ZoneFacts
from backend.operations.places_models import MixPoint, SprayZone
from backend.operations.places_schemas import MixPointOut, ZoneOut
from backend.operations.rows import clock_of, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class MixPointWish:
    """A mixing point as the provider states it; times in seconds, hours of each day."""

    name: str
    lon: float
    lat: float
    fill_s: int
    open_s: int
    close_s: int
    in_use: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneWish:
    """A zone as the provider states it; ``polygon`` is GeoJSON in CGCS2000 degrees."""

    name: str
    kind: str
    polygon: Mapping[str, Any]
    buffer_m: int
    products: Sequence[str] = ()
    in_use: bool = True


async def put_mix_point(
    session: WriteSession,
    *,
    org_id: int,
    wanted: MixPointWish,
    point_id: UUID | None = None,
    expected_version: int | None = None,
) -> MixPointOut:
    """Register a mixing point, or replace the facts of ``point_id``.

    Raises `PlaceExists`, `PlaceUnsound`, `MixPointNotFound`, ``PreconditionFailed``.
    """
    _refuse(
        planning.refusal_of_mix_point(
            MixPointFacts(
                name=wanted.name,
                place=(wanted.lon, wanted.lat),
                fill_s=wanted.fill_s,
                open_s=wanted.open_s,
                close_s=wanted.close_s,
            )
        )
    )
    found: MixPoint | None = None
    if point_id is not None:
        found = await session.scalar(
            select(MixPoint)
            .where(MixPoint.org_id == org_id, col(MixPoint.id) == point_id)
            .with_for_update()
        )
        if found is None:
            raise MixPointNotFound
    await _check_name(session, MixPoint, org_id, wanted.name, point_id)
    point = (
        MixPoint(org_id=org_id, **_values(wanted))
        if found is None
        else _changed(found, _values(wanted), expected_version)
    )
    session.add(point)
    await session.flush()
    return mix_point_out(point)


async def put_zone(
    session: WriteSession,
    *,
    org_id: int,
    wanted: ZoneWish,
    zone_id: UUID | None = None,
    expected_version: int | None = None,
) -> ZoneOut:
    """Register a zone, or replace the facts of ``zone_id``.

    Raises `PlaceExists`, `PlaceUnsound`, ``BadInput`` for a polygon that is none, `ZoneNotFound`,
    ``PreconditionFailed``.
    """
    values = _values(wanted) | {
        "polygon": _sound(wanted.polygon),
        "products": sorted(set(wanted.products)),
    }
    _refuse(
        planning.refusal_of_zone(
            ZoneFacts(
                name=wanted.name,
                kind=wanted.kind,
                polygon=values["polygon"],
                buffer_m=wanted.buffer_m,
                products=tuple(values["products"]),
            )
        )
    )
    found: SprayZone | None = None
    if zone_id is not None:
        found = await session.scalar(
            select(SprayZone)
            .where(SprayZone.org_id == org_id, col(SprayZone.id) == zone_id)
            .with_for_update()
        )
        if found is None:
            raise ZoneNotFound
    await _check_name(session, SprayZone, org_id, wanted.name, zone_id)
    zone = (
        SprayZone(org_id=org_id, **values)
        if found is None
        else _changed(found, values, expected_version)
    )
    session.add(zone)
    await session.flush()
    return ZoneOut.model_validate(zone)


async def mix_points(
    session: ReadSession, *, org_id: int, cursor: str | None, limit: int
) -> Page[MixPointOut]:
    """Return a page of mixing points, those out of use among them."""
    rows = await _page(session, MixPoint, org_id, cursor, limit)
    return page_of([mix_point_out(row) for row in rows], limit, [row.id for row in rows])


async def mix_point(session: ReadSession, *, org_id: int, point_id: UUID) -> MixPointOut:
    """Return one mixing point; raise `MixPointNotFound`."""
    found = await session.get(MixPoint, (org_id, point_id))
    if found is None:
        raise MixPointNotFound
    return mix_point_out(found)


async def zones(
    session: ReadSession, *, org_id: int, cursor: str | None, limit: int
) -> Page[ZoneOut]:
    """Return a page of zones, those out of use among them."""
    rows = await _page(session, SprayZone, org_id, cursor, limit)
    items = [ZoneOut.model_validate(row) for row in rows]
    return page_of(items, limit, [row.id for row in rows])


async def zone(session: ReadSession, *, org_id: int, zone_id: UUID) -> ZoneOut:
    """Return one zone; raise `ZoneNotFound`."""
    found = await session.get(SprayZone, (org_id, zone_id))
    if found is None:
        raise ZoneNotFound
    return ZoneOut.model_validate(found)


def mix_point_out(row: MixPoint) -> MixPointOut:
    """Return a mixing point as it goes over the wire, hours as clock times."""
    hours = {"open": clock_of(row.open_s), "close": clock_of(row.close_s)}
    return MixPointOut(**plain(row, MixPointOut), **hours)


def _sound(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a valid polygon in degrees; raise ``BadInput`` naming what is wrong."""
    polygon = geometry.polygon_from_geojson(dict(value), path="polygon")
    west, south, east, north = polygon.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        zh, en = "范围应为经纬度（度）", "The polygon must be in degrees"
        raise BadInput([Fault(code="polygon-not-degrees", zh=zh, en=en, field="polygon")])
    answer = geometry.repair(polygon, subject="polygon")
    if isinstance(answer, geometry.Refused):
        raise BadInput([answer.fault])
    return geometry.polygon_to_geojson(answer.polygon)


def _values(wanted: MixPointWish | ZoneWish) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in type(wanted).__dataclass_fields__}


def _changed(found: Any, values: Mapping[str, Any], expected_version: int | None) -> Any:
    """Give a row its new facts; raise ``PreconditionFailed`` for another version."""
    if found.row_version != expected_version:
        raise PreconditionFailed
    for name, value in values.items():
        setattr(found, name, value)
    found.row_version += 1
    return found


def _refuse(found: tuple[str, str, str] | None) -> None:
    """Raise `PlaceUnsound` for what the dispatcher would refuse: field, Chinese, English."""
    if found is not None:
        field, zh, en = found
        fault = Fault(code="place", zh=zh, en=en, field=field)
        raise PlaceUnsound(faults=[fault], count=1)


async def _check_name(
    session: WriteSession,
    table: type[MixPoint] | type[SprayZone],
    org_id: int,
    name: str,
    own_id: UUID | None,
) -> None:
    # One registration of a provider at a time, so that the check below holds until the insert.
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('place:' || :org, 0))"),
        {"org": str(org_id)},
    )
    taken = await session.scalar(
        select(table.id).where(
            table.org_id == org_id,
            col(table.name) == name,
            col(table.id).is_distinct_from(own_id),
        )
    )
    if taken is not None:
        raise PlaceExists


async def _page(
    session: ReadSession, table: Any, org_id: int, cursor: str | None, limit: int
) -> list[Any]:
    query = select(table).where(table.org_id == org_id).order_by(table.id).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        query = query.where(table.id > after)
    return list(await session.scalars(query))
