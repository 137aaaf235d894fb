"""Look-ups in the shared directory of organisations that other verbs begin with."""

from sqlmodel import select

from backend.core.codes import CollectiveCode
from backend.core.db import ReadSession, WriteSession
from backend.core.errors import RuleBroken
from backend.parties.errors import NotACountyBureau
from backend.parties.models import Organisation


class NotACollective(RuleBroken):
    """Land and households are registered with a village collective only."""

    zh = "该组织不是村集体经济组织，没有发包方编码"
    en = "The organisation is not a village collective: it has no collective code"


async def collective_code_of(session: WriteSession | ReadSession, *, org_id: int) -> CollectiveCode:
    """Return the 14-digit code of the collective ``org_id``; raise `NotACollective`."""
    found = await session.scalar(
        select(Organisation.code).where(
            Organisation.id == org_id, Organisation.kind == "collective"
        )
    )
    if found is None or not CollectiveCode.pattern.fullmatch(found):
        raise NotACollective
    return CollectiveCode(found)


async def bureau_region_of(session: WriteSession | ReadSession, *, org_id: int) -> str:
    """Return the division code of the county bureau ``org_id``; raise `NotACountyBureau`."""
    found = await session.scalar(
        select(Organisation.region_code).where(
            Organisation.id == org_id, Organisation.kind == "county_bureau"
        )
    )
    if not found:
        raise NotACountyBureau
    return str(found)
