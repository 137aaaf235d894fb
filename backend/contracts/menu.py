"""The menu of services and its dated prices."""

from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from backend.contracts.errors import ItemExists, ItemNotFound, PriceExists
from backend.contracts.models import ServiceItem, ServicePrice
from backend.contracts.rules import Stage, Tier
from backend.core.db import ReadSession, WriteSession


async def add_item(
    session: WriteSession,
    *,
    org_id: int,
    name: str,
    crop: str,
    stage: Stage,
    unit: str,
    quality_standard: str | None = None,
) -> ServiceItem:
    """Put an item on the menu; raise `ItemExists`."""
    if await session.scalar(
        select(ServiceItem.id).where(
            ServiceItem.org_id == org_id, ServiceItem.name == name, ServiceItem.crop == crop
        )
    ):
        raise ItemExists(name=name, crop=crop)
    item = ServiceItem(
        org_id=org_id,
        name=name,
        crop=crop,
        stage=stage,
        unit=unit,
        quality_standard=quality_standard,
    )
    session.add(item)
    await session.flush()
    return item


async def set_price(
    session: WriteSession,
    *,
    org_id: int,
    item_id: UUID,
    tier: Tier,
    price_fen: int,
    valid_from: date,
    document: str,
) -> ServicePrice:
    """Add a dated price; raise `ItemNotFound` and `PriceExists`. Older contracts keep theirs."""
    if await session.get(ServiceItem, (org_id, item_id)) is None:
        raise ItemNotFound
    if await session.scalar(
        select(ServicePrice.id).where(
            ServicePrice.org_id == org_id,
            ServicePrice.item_id == item_id,
            ServicePrice.tier == tier,
            ServicePrice.valid_from == valid_from,
        )
    ):
        raise PriceExists(valid_from=valid_from)
    price = ServicePrice(
        org_id=org_id,
        item_id=item_id,
        tier=tier,
        price_fen=price_fen,
        valid_from=valid_from,
        document=document,
    )
    session.add(price)
    await session.flush()
    return price


async def prices_on(
    session: ReadSession | WriteSession, *, org_id: int, tier: Tier, day: date
) -> dict[UUID, int]:
    """Return the price in force on ``day`` for each item, fen for one unit."""
    rows = await session.execute(
        text(
            """
            SELECT DISTINCT ON (item_id) item_id, price_fen FROM service_price
            WHERE org_id = :org AND tier = :tier AND valid_from <= :day
            ORDER BY item_id, valid_from DESC
            """
        ),
        {"org": org_id, "tier": tier, "day": day},
    )
    return {row.item_id: row.price_fen for row in rows}
