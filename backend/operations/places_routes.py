"""Mixing points and zones over HTTP: the provider's side."""

from typing import Annotated
from uuid import UUID

from fastapi import Path
from starlette.responses import Response

from backend.core.http.etag import ExpectedVersion, tag_response
from backend.core.http.policy import guarded, staff_edits, staff_reads, staff_writes
from backend.core.http.route import Reading, Writing, router
from backend.core.pages import Page
from backend.core.principal import Role
from backend.core.wire import Cursor, Limit
from backend.operations import places
from backend.operations.places_schemas import MixPointIn, MixPointOut, ZoneIn, ZoneOut
from backend.operations.rows import second_of

routes = router("/v1/orgs/{org_id}", "operations")
_KEEPERS = (Role.DISPATCHER, Role.DIRECTOR)
_READERS = (*_KEEPERS, Role.CREW)
_OrgPath = Annotated[int, Path(description="The provider / 服务主体")]


@routes.post("/mix-points", status_code=201)
@guarded(staff_writes(*_KEEPERS))
async def register_mix_point(
    org_id: _OrgPath, body: MixPointIn, response: Response, session: Writing
) -> MixPointOut:
    """Register a mixing point (登记配药取水点)."""
    made = await places.put_mix_point(session, org_id=org_id, wanted=_wish(body))
    tag_response(response, made.row_version)
    return made


@routes.get("/mix-points")
@guarded(staff_reads(*_READERS))
async def list_mix_points(
    org_id: _OrgPath, session: Reading, cursor: Cursor = None, limit: Limit = 50
) -> Page[MixPointOut]:
    """List mixing points (配药取水点列表)."""
    return await places.mix_points(session, org_id=org_id, cursor=cursor, limit=limit)


@routes.get("/mix-points/{point_id}")
@guarded(staff_reads(*_READERS))
async def read_mix_point(
    org_id: _OrgPath, point_id: UUID, response: Response, session: Reading
) -> MixPointOut:
    """Return a mixing point (配药取水点详情)."""
    found = await places.mix_point(session, org_id=org_id, point_id=point_id)
    tag_response(response, found.row_version)
    return found


@routes.put("/mix-points/{point_id}")
@guarded(staff_edits(*_KEEPERS))
async def edit_mix_point(
    org_id: _OrgPath,
    point_id: UUID,
    body: MixPointIn,
    response: Response,
    session: Writing,
    version: ExpectedVersion,
) -> MixPointOut:
    """Replace a mixing point's facts, or take it out of use (修改配药取水点)."""
    edited = await places.put_mix_point(
        session, org_id=org_id, wanted=_wish(body), point_id=point_id, expected_version=version
    )
    tag_response(response, edited.row_version)
    return edited


@routes.post("/zones", status_code=201)
@guarded(staff_writes(*_KEEPERS))
async def register_zone(
    org_id: _OrgPath, body: ZoneIn, response: Response, session: Writing
) -> ZoneOut:
    """Register a no-spray or no-fly zone (登记禁喷区、禁飞区)."""
    wanted = places.ZoneWish(**body.model_dump())
    made = await places.put_zone(session, org_id=org_id, wanted=wanted)
    tag_response(response, made.row_version)
    return made


@routes.get("/zones")
@guarded(staff_reads(*_READERS))
async def list_zones(
    org_id: _OrgPath, session: Reading, cursor: Cursor = None, limit: Limit = 50
) -> Page[ZoneOut]:
    """List zones (禁喷区、禁飞区列表)."""
    return await places.zones(session, org_id=org_id, cursor=cursor, limit=limit)


@routes.get("/zones/{zone_id}")
@guarded(staff_reads(*_READERS))
async def read_zone(
    org_id: _OrgPath, zone_id: UUID, response: Response, session: Reading
) -> ZoneOut:
    """Return a zone (禁喷区、禁飞区详情)."""
    found = await places.zone(session, org_id=org_id, zone_id=zone_id)
    tag_response(response, found.row_version)
    return found


@routes.put("/zones/{zone_id}")
@guarded(staff_edits(*_KEEPERS))
async def edit_zone(
    org_id: _OrgPath,
    zone_id: UUID,
    body: ZoneIn,
    response: Response,
    session: Writing,
    version: ExpectedVersion,
) -> ZoneOut:
    """Replace a zone's facts, or take it out of use (修改禁喷区、禁飞区)."""
    edited = await places.put_zone(
        session,
        org_id=org_id,
        wanted=places.ZoneWish(**body.model_dump()),
        zone_id=zone_id,
        expected_version=version,
    )
    tag_response(response, edited.row_version)
    return edited


def _wish(body: MixPointIn) -> places.MixPointWish:
    return places.MixPointWish(
        **body.model_dump(exclude={"open", "close"}),
        open_s=second_of(body.open),
        close_s=second_of(body.close),
    )
