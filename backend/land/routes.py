"""Parcels and transfers over HTTP."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import File, Query, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from backend.core.area import Area
from backend.core.db import ReadSession, WriteSession
from backend.core.http.etag import ExpectedVersion, tag_response
from backend.core.http.policy import guarded, staff_edits, staff_reads, staff_writes
from backend.core.http.problem import language_of
from backend.core.http.route import Reading, Writing, router
from backend.core.http.runtime import runtime_of
from backend.core.intake import read_features
from backend.core.pages import Page
from backend.core.principal import Role
from backend.core.wire import Cursor, Limit
from backend.land import queries, service
from backend.land.cadastre import ParcelOptions
from backend.land.parcels import import_parcels
from backend.land.schemas import (
    CloseIn,
    ImportQuery,
    ParcelOut,
    ParcelPatch,
    ParcelWholeOut,
    TransferIn,
    TransferOut,
    TransferStateName,
)
from backend.parties.schemas import ImportReportOut, report_out
from backend.parties.uploads import IMPORT_BYTES_MAX, received

routes = router("/v1/orgs/{org_id}", "land")
_READERS = (Role.CLERK, Role.DIRECTOR, Role.ACCOUNTANT, Role.CASHIER, Role.DISPATCHER)


@routes.post("/imports/parcels")
@guarded(staff_writes(Role.CLERK, body_bytes_max=IMPORT_BYTES_MAX))
async def upload_parcels(
    org_id: int,
    file: Annotated[UploadFile, File(description="GeoJSON, GPKG, SHP zip, KML, CSV, XLSX")],
    how: Annotated[ImportQuery, Query()],
    request: Request,
    session: Writing,
) -> ImportReportOut:
    """Import parcels with their polygons and areas, all or nothing (导入地块)."""
    upload = await received(file)
    features = await asyncio.to_thread(
        read_features, upload.content, upload.filename, crs=how.crs, layer=how.layer
    )
    options = ParcelOptions(
        assign_codes=how.assign_codes,
        area_field=how.area_field,
        area_unit=how.area_unit,
        strict_overlaps=how.strict_overlaps,
        leave_out=how.leave_out,
    )
    report = await import_parcels(
        session,
        org_id=org_id,
        features=features,
        source=upload.source,
        options=options,
        dry_run=how.dry_run,
    )
    return report_out(report, language_of(request))


@routes.get("/parcels")
@guarded(staff_reads(*_READERS))
async def list_parcels(
    org_id: int,
    session: Reading,
    household_id: Annotated[UUID | None, Query(description="承包农户")] = None,
    code_prefix: Annotated[str, Query(pattern=r"^\d{0,19}$", description="地块编码前缀")] = "",
    bbox: Annotated[
        str | None,
        Query(max_length=120, description="west,south,east,north", examples=["112,36,113,37"]),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ParcelOut]:
    """List parcels with their newest areas (地块清单)."""
    return await queries.parcels(
        session,
        org_id=org_id,
        household_id=household_id,
        code_prefix=code_prefix,
        bbox=bbox,
        cursor=cursor,
        limit=limit,
    )


@routes.get("/parcels/{parcel_id}")
@guarded(staff_reads(*_READERS))
async def read_parcel(
    org_id: int, parcel_id: UUID, response: Response, session: Reading
) -> ParcelWholeOut:
    """Return a parcel with its polygon and every area (地块)."""
    shown = await queries.parcel(session, org_id=org_id, parcel_id=parcel_id)
    tag_response(response, shown.version)
    return shown


@routes.patch("/parcels/{parcel_id}")
@guarded(staff_edits(Role.CLERK))
async def edit_parcel(
    org_id: int,
    parcel_id: UUID,
    body: ParcelPatch,
    response: Response,
    session: Writing,
    version: ExpectedVersion,
) -> ParcelWholeOut:
    """Change a parcel's name, crop or block (修改地块)."""
    changes = {name: value or None for name, value in body.model_dump(exclude_none=True).items()}
    kept = await service.edit_parcel(
        session, org_id=org_id, parcel_id=parcel_id, version=version, changes=changes
    )
    tag_response(response, kept.row_version)
    return await queries.parcel(ReadSession(session), org_id=org_id, parcel_id=parcel_id)


@routes.post("/land-transfers", status_code=201)
@guarded(staff_writes(Role.CLERK))
async def draft_land_transfer(
    org_id: int, body: TransferIn, response: Response, session: Writing
) -> TransferOut:
    """Draft a transfer of the operating right (起草流转合同)."""
    draft = service.TransferDraft(
        household_id=body.household_id,
        parcels=tuple(
            service.TransferParcel(
                parcel_id=one.parcel_id, area=Area.parse(one.area_mu) if one.area_mu else None
            )
            for one in body.parcels
        ),
        kind=body.kind,
        transferee_kind=body.transferee_kind,
        transferee_name=body.transferee_name,
        land_use=body.land_use,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        right_ends_on=body.right_ends_on,
        rent_fen_per_mu=body.rent_fen_per_mu,
        clauses=body.clauses.model_dump(),
    )
    (transfer_id,) = await service.draft_transfers(session, org_id=org_id, drafts=[draft])
    return await _answer(session, response, org_id, transfer_id)


@routes.get("/land-transfers")
@guarded(staff_reads(*_READERS))
async def list_land_transfers(
    org_id: int,
    session: Reading,
    household_id: Annotated[UUID | None, Query(description="流出方")] = None,
    state: Annotated[TransferStateName | None, Query(description="状态")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[TransferOut]:
    """List transfers (流转合同清单)."""
    return await queries.transfers(
        session, org_id=org_id, household_id=household_id, state=state, cursor=cursor, limit=limit
    )


@routes.get("/land-transfers/{transfer_id}")
@guarded(staff_reads(*_READERS))
async def read_land_transfer(
    org_id: int, transfer_id: UUID, response: Response, session: Reading
) -> TransferOut:
    """Return a transfer with its parcels (流转合同)."""
    shown = await queries.transfer(session, org_id=org_id, transfer_id=transfer_id)
    tag_response(response, shown.version)
    return shown


@routes.post("/land-transfers/{transfer_id}/sign")
@guarded(staff_writes(Role.DIRECTOR))
async def sign_land_transfer(
    org_id: int, transfer_id: UUID, request: Request, response: Response, session: Writing
) -> TransferOut:
    """Put a drafted transfer in force today (签订流转合同)."""
    await service.sign_transfers(
        session,
        org_id=org_id,
        transfer_ids=[transfer_id],
        signed_on=runtime_of(request).clock.today(),
    )
    return await _answer(session, response, org_id, transfer_id)


@routes.post("/land-transfers/{transfer_id}/terminate")
@guarded(staff_writes(Role.DIRECTOR, versioned=True))
async def terminate_land_transfer(
    org_id: int,
    transfer_id: UUID,
    body: CloseIn,
    request: Request,
    response: Response,
    session: Writing,
    version: ExpectedVersion,
) -> TransferOut:
    """End a transfer after a day: its term served, or early (终止流转合同)."""
    await service.close_transfer(
        session, org_id=org_id, transfer_id=transfer_id, version=version, last_day=body.last_day
    )
    request.state.command.details["reason"] = body.reason
    return await _answer(session, response, org_id, transfer_id)


async def _answer(
    session: WriteSession, response: Response, org_id: int, transfer_id: UUID
) -> TransferOut:
    """Return the transfer as it stands now, with its version as the ETag."""
    shown = await queries.transfer(ReadSession(session), org_id=org_id, transfer_id=transfer_id)
    tag_response(response, shown.version)
    return shown
