"""What a collective has registered, as an import of parcels compares with it."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col, select

from backend.core import geometry
from backend.core.area import AreaKind
from backend.core.db import WriteSession
from backend.core.geometry import Polygonal
from backend.land.models import Parcel, ParcelArea
from backend.parties.models import Household, OrgProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """What is registered: households and parcels by code, newest areas by parcel."""

    households: Mapping[str, UUID]
    parcels: Mapping[str, Parcel]
    areas: Mapping[UUID, dict[AreaKind, int]]
    codes_by_id: Mapping[UUID, str]
    boundary: Polygonal | None


async def read_register(session: WriteSession, org_id: int) -> Register:
    """Read the register, its parcels locked: nobody edits them while the import compares."""
    households = await session.execute(
        select(Household.code, Household.id).where(
            Household.org_id == org_id, col(Household.archived_on).is_(None)
        )
    )
    parcels = await session.scalars(
        select(Parcel).where(Parcel.org_id == org_id).order_by(col(Parcel.id)).with_for_update()
    )
    newest = await session.execute(
        select(ParcelArea.parcel_id, ParcelArea.kind, ParcelArea.area_centimu)
        .ext(distinct_on(col(ParcelArea.parcel_id), col(ParcelArea.kind)))
        .where(ParcelArea.org_id == org_id)
        .order_by(col(ParcelArea.parcel_id), col(ParcelArea.kind), col(ParcelArea.id).desc())
    )
    areas: dict[UUID, dict[AreaKind, int]] = defaultdict(dict)
    for row in newest:
        areas[row.parcel_id][AreaKind(row.kind)] = row.area_centimu
    boundary = await session.scalar(select(OrgProfile.boundary).where(OrgProfile.org_id == org_id))
    ids = {row.code: row.id for row in households}
    return Register(
        households=ids,
        codes_by_id={key: code for code, key in ids.items()},
        parcels={parcel.code: parcel for parcel in parcels},
        areas=areas,
        boundary=None if boundary is None else geometry.polygon_from_geojson(boundary),
    )


def polygon_key(document: Mapping[str, Any] | None) -> str | None:
    """Return a text that is the same for the same polygon document."""
    return None if document is None else json.dumps(document, sort_keys=True)
