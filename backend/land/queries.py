"""Reads of parcels and transfers."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import col, select

from backend.core.area import Area
from backend.core.db import ReadSession
from backend.core.pages import Page, decode_cursor, page_of
from backend.land.errors import BadBox, ParcelNotFound, TransferNotFound
from backend.land.models import LandTransfer, Parcel
from backend.land.schemas import (
    AreaOut,
    ParcelOut,
    ParcelWholeOut,
    TransferOut,
    TransferParcelOut,
)

_PARCELS = """
    SELECT p.id, p.code, p.name, p.household_id, h.code AS household_code, p.crop, p.block,
           p.polygon_m2, p.min_lon, p.min_lat, p.max_lon, p.max_lat, p.archived_on, p.row_version,
           n.registered_centimu, n.contract_centimu, n.surveyed_centimu
    FROM parcel p
    LEFT JOIN household h ON h.org_id = p.org_id AND h.id = p.household_id
    CROSS JOIN LATERAL (
      SELECT max(area_centimu) FILTER (WHERE kind = 'registered') AS registered_centimu,
             max(area_centimu) FILTER (WHERE kind = 'contract') AS contract_centimu,
             max(area_centimu) FILTER (WHERE kind = 'surveyed') AS surveyed_centimu
      FROM (SELECT DISTINCT ON (kind) kind, area_centimu FROM parcel_area a
            WHERE a.org_id = p.org_id AND a.parcel_id = p.id ORDER BY kind, id DESC) newest) n
    WHERE p.org_id = :org
"""
_LISTED = """
      AND (CAST(:after AS uuid) IS NULL OR p.id > :after)
      AND (CAST(:household AS uuid) IS NULL OR p.household_id = :household)
      AND starts_with(p.code, :prefix)
      AND (CAST(:west AS float8) IS NULL
           OR (p.max_lon >= :west AND p.min_lon <= :east
               AND p.max_lat >= :south AND p.min_lat <= :north))
    ORDER BY p.id LIMIT :limit
"""


def box_of(bbox: str | None) -> dict[str, float | None]:
    """Return the edges of ``west,south,east,north`` in degrees; raise `BadBox`."""
    names = ("west", "south", "east", "north")
    if bbox is None:
        return dict.fromkeys(names)
    try:
        west, south, east, north = (float(part) for part in bbox.split(","))
    except ValueError as error:
        raise BadBox from error
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadBox
    return dict(zip(names, (west, south, east, north), strict=True))


async def parcels(
    session: ReadSession,
    *,
    org_id: int,
    household_id: UUID | None,
    code_prefix: str,
    bbox: str | None,
    cursor: str | None,
    limit: int,
) -> Page[ParcelOut]:
    """Return a page of parcels of a household, a code prefix, a box; all filters hold at once."""
    rows = (
        await session.execute(
            text(_PARCELS + _LISTED),
            {
                "org": org_id,
                "after": decode_cursor(cursor),
                "household": household_id,
                "prefix": code_prefix,
                "limit": limit + 1,
                **box_of(bbox),
            },
        )
    ).all()
    return page_of([ParcelOut(**_parcel(row)) for row in rows], limit, [row.id for row in rows])


async def parcel(session: ReadSession, *, org_id: int, parcel_id: UUID) -> ParcelWholeOut:
    """Return one parcel with polygon and areas; raise `ParcelNotFound`."""
    where = {"org": org_id, "id": parcel_id}
    row = (await session.execute(text(_PARCELS + " AND p.id = :id"), where)).first()
    if row is None:
        raise ParcelNotFound
    polygon = await session.scalar(
        select(Parcel.polygon).where(Parcel.org_id == org_id, Parcel.id == parcel_id)
    )
    areas = await session.execute(
        text(
            "SELECT kind, area_centimu, source, measured_on, recorded_at FROM parcel_area"
            " WHERE org_id = :org AND parcel_id = :id ORDER BY id DESC"
        ),
        where,
    )
    return ParcelWholeOut(
        **_parcel(row),
        polygon=polygon,
        areas=[
            AreaOut(
                kind=area.kind,
                area_mu=str(Area(area.area_centimu)),
                source=area.source,
                measured_on=area.measured_on,
                recorded_at=area.recorded_at,
            )
            for area in areas
        ],
    )


def _parcel(row: Row[Any]) -> dict[str, Any]:
    box = [row.min_lon, row.min_lat, row.max_lon, row.max_lat]
    return {
        "id": row.id,
        "code": row.code,
        "name": row.name,
        "household_id": row.household_id,
        "household_code": row.household_code,
        "crop": row.crop,
        "block": row.block,
        "registered_mu": _mu(row.registered_centimu),
        "contract_mu": _mu(row.contract_centimu),
        "surveyed_mu": _mu(row.surveyed_centimu),
        "polygon_m2": row.polygon_m2,
        "bbox": None if row.min_lon is None else box,
        "archived_on": row.archived_on,
        "version": row.row_version,
    }


def _mu(centimu: int | None) -> str | None:
    return None if centimu is None else str(Area(centimu))


async def transfers(
    session: ReadSession,
    *,
    org_id: int,
    household_id: UUID | None,
    state: str | None,
    cursor: str | None,
    limit: int,
) -> Page[TransferOut]:
    """Return a page of transfers, of one household or state if asked."""
    wanted = select(LandTransfer).where(LandTransfer.org_id == org_id)
    after = decode_cursor(cursor)
    if after is not None:
        wanted = wanted.where(LandTransfer.id > after)
    if household_id is not None:
        wanted = wanted.where(LandTransfer.household_id == household_id)
    if state is not None:
        wanted = wanted.where(LandTransfer.state == state)
    rows = (await session.scalars(wanted.order_by(col(LandTransfer.id)).limit(limit + 1))).all()
    shown = await _with_parcels(session, org_id, rows)
    return page_of(shown, limit, [row.id for row in rows])


async def transfer(session: ReadSession, *, org_id: int, transfer_id: UUID) -> TransferOut:
    """Return one transfer with its parcels; raise `TransferNotFound`."""
    found = await session.get(LandTransfer, (org_id, transfer_id), populate_existing=True)
    if found is None:
        raise TransferNotFound
    return (await _with_parcels(session, org_id, [found]))[0]


async def _with_parcels(
    session: ReadSession, org_id: int, rows: Sequence[LandTransfer]
) -> list[TransferOut]:
    """Return the transfers with their parcels in code order."""
    listed = await session.execute(
        text(
            """
            SELECT tp.transfer_id, tp.parcel_id, tp.area_centimu, p.code, p.name
            FROM land_transfer_parcel tp
            JOIN parcel p ON p.org_id = tp.org_id AND p.id = tp.parcel_id
            WHERE tp.org_id = :org AND tp.transfer_id = ANY (CAST(:ids AS uuid[]))
            ORDER BY p.code
            """
        ),
        {"org": org_id, "ids": [row.id for row in rows]},
    )
    parcels_of: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for one in listed:
        parcels_of[one.transfer_id].append(one)
    return [_transfer(row, parcels_of[row.id]) for row in rows]


def _transfer(row: LandTransfer, listed: Sequence[Row[Any]]) -> TransferOut:
    facts = row.model_dump(exclude={"org_id", "row_version", "recorded_at"})
    return TransferOut(
        **facts,
        area_mu=str(Area(sum(one.area_centimu for one in listed))),
        parcels=[
            TransferParcelOut(
                parcel_id=one.parcel_id,
                code=one.code,
                name=one.name,
                area_mu=str(Area(one.area_centimu)),
            )
            for one in listed
        ],
        version=row.row_version,
    )
