"""Reads of the collective's side: orders, areas by kind, events, settlements."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.core.area import Area
from backend.core.clock import SHANGHAI
from backend.core.db import ReadSession, WriteSession
from backend.core.money import half_up
from backend.core.pages import Page, decode_cursor, page_of
from backend.operations.errors import OrderNotFound, SettlementNotFound
from backend.operations.rows import mu, plain
from backend.operations.schemas import (
    OrderEventOut,
    OrderParcelOut,
    SettlementLineOut,
    SettlementOut,
    SprayOrderOut,
)

_ORDER = """
SELECT o.*, g.name AS provider_name, s.parcels, s.ordered_centimu, s.flown_centimu,
       s.accepted_centimu
FROM spray_order o
JOIN organisation g ON g.id = o.provider_org_id
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE p.withdrawn_at IS NULL) AS parcels,
         coalesce(sum(p.ordered_centimu) FILTER (WHERE p.withdrawn_at IS NULL), 0)::bigint
           AS ordered_centimu,
         coalesce(sum(r.flown_centimu), 0)::bigint AS flown_centimu,
         coalesce(sum(r.accepted_centimu), 0)::bigint AS accepted_centimu
  FROM spray_order_parcel p
  LEFT JOIN operation_record r
    ON r.org_id = p.org_id AND r.order_id = p.order_id AND r.parcel_id = p.parcel_id
  WHERE p.org_id = o.org_id AND p.order_id = o.id) s
WHERE o.org_id = :org
"""
_PARCELS = text(
    """
    SELECT o.parcel_id, p.code AS parcel_code, p.name AS parcel_name, p.household_id,
           h.head_name AS household_name, o.round, l.area_centimu AS contract_centimu,
           o.ordered_centimu, r.flown_centimu, r.accepted_centimu, r.state AS record_state,
           r.report_reason, r.acceptance_reason, o.withdrawn_at, r.pilot,
           CASE WHEN r.id IS NULL THEN o.skip_reason END AS skip_reason,
           r.drone_registration, r.started_at, r.finished_at, r.liquid_ml, r.weather,
           s.dose_ml_per_mu, s.pre_harvest_days
    FROM spray_order_parcel o
    JOIN spray_order s ON s.org_id = o.org_id AND s.id = o.order_id
    JOIN parcel p ON p.org_id = o.org_id AND p.id = o.parcel_id
    JOIN contract_line l ON l.org_id = o.org_id AND l.contract_id = o.contract_id
      AND l.line = o.contract_line
    LEFT JOIN household h ON h.org_id = p.org_id AND h.id = p.household_id
    LEFT JOIN operation_record r
      ON r.org_id = o.org_id AND r.order_id = o.order_id AND r.parcel_id = o.parcel_id
    WHERE o.org_id = :org AND o.order_id = :order
      AND (CAST(:after AS uuid) IS NULL OR o.parcel_id > :after)
    ORDER BY o.parcel_id LIMIT :limit
    """
)
_SETTLEMENT = text(
    """
    SELECT s.*, (SELECT coalesce(sum(l.accepted_centimu), 0)::bigint FROM settlement_line l
      WHERE l.org_id = s.org_id AND l.settlement_id = s.id) AS accepted_centimu
    FROM settlement s WHERE s.org_id = :org AND s.order_id = :order
    """
)
_SETTLEMENT_LINES = text(
    """
    SELECT l.*, p.code AS parcel_code, h.head_name AS household_name
    FROM settlement s
    JOIN settlement_line l ON l.org_id = s.org_id AND l.settlement_id = s.id
    JOIN parcel p ON p.org_id = l.org_id AND p.id = l.parcel_id
    JOIN household h ON h.org_id = l.org_id AND h.id = l.household_id
    WHERE s.org_id = :org AND s.order_id = :order
      AND (CAST(:after AS uuid) IS NULL OR l.parcel_id > :after)
    ORDER BY l.parcel_id LIMIT :limit
    """
)


async def spray_orders(
    session: ReadSession,
    *,
    org_id: int,
    season: str | None,
    state: str | None,
    cursor: str | None,
    limit: int,
) -> Page[SprayOrderOut]:
    """Return a page of orders, oldest first."""
    rows = (
        await session.execute(
            text(
                f"""{_ORDER}
                AND (CAST(:season AS text) IS NULL OR o.season = :season)
                AND (CAST(:state AS text) IS NULL OR o.state = :state)
                AND (CAST(:after AS uuid) IS NULL OR o.id > :after)
                ORDER BY o.id LIMIT :limit
                """
            ),
            {
                "org": org_id,
                "season": season,
                "state": state,
                "after": decode_cursor(cursor),
                "limit": limit + 1,
            },
        )
    ).all()
    return page_of([_order(row) for row in rows], limit, [row.id for row in rows])


async def spray_order(
    session: ReadSession | WriteSession, *, org_id: int, order_id: UUID
) -> SprayOrderOut:
    """Return one order; raise `OrderNotFound`."""
    row = (
        await session.execute(text(f"{_ORDER} AND o.id = :id"), {"org": org_id, "id": order_id})
    ).first()
    if row is None:
        raise OrderNotFound
    return _order(row)


async def order_parcels(
    session: ReadSession, *, org_id: int, order_id: UUID, cursor: str | None, limit: int
) -> Page[OrderParcelOut]:
    """Return a page of an order's parcels with their areas by kind; raise `OrderNotFound`."""
    await spray_order(session, org_id=org_id, order_id=order_id)
    values = {
        "org": org_id,
        "order": order_id,
        "after": decode_cursor(cursor),
        "limit": limit + 1,
    }
    rows = (await session.execute(_PARCELS, values)).all()
    return page_of([_parcel(row) for row in rows], limit, [row.parcel_id for row in rows])


async def order_events(session: ReadSession, *, org_id: int, order_id: UUID) -> list[OrderEventOut]:
    """Return an order's steps, oldest first; raise `OrderNotFound`."""
    await spray_order(session, org_id=org_id, order_id=order_id)
    rows = await session.execute(
        text("SELECT * FROM order_event WHERE org_id = :org AND order_id = :order ORDER BY id"),
        {"org": org_id, "order": order_id},
    )
    return [OrderEventOut.model_validate(row) for row in rows]


async def settlement(
    session: ReadSession | WriteSession, *, org_id: int, order_id: UUID
) -> SettlementOut:
    """Return an order's settlement; raise `SettlementNotFound`."""
    row = (await session.execute(_SETTLEMENT, {"org": org_id, "order": order_id})).first()
    if row is None:
        raise SettlementNotFound
    return SettlementOut(
        id=row.id,
        order_id=row.order_id,
        accepted_mu=str(Area(row.accepted_centimu)),
        farmer_fen=row.farmer_fen,
        provider_fen=row.provider_fen,
        margin_fen=row.farmer_fen - row.provider_fen,
        voucher_id=row.voucher_id,
        settled_by=row.settled_by,
        recorded_at=row.recorded_at,
    )


async def settlement_lines(
    session: ReadSession, *, org_id: int, order_id: UUID, cursor: str | None, limit: int
) -> Page[SettlementLineOut]:
    """Return a page of a settlement's lines; raise `SettlementNotFound`."""
    await settlement(session, org_id=org_id, order_id=order_id)
    values = {
        "org": org_id,
        "order": order_id,
        "after": decode_cursor(cursor),
        "limit": limit + 1,
    }
    rows = (await session.execute(_SETTLEMENT_LINES, values)).all()
    items = [
        SettlementLineOut(
            **plain(row, SettlementLineOut), accepted_mu=str(Area(row.accepted_centimu))
        )
        for row in rows
    ]
    return page_of(items, limit, [row.parcel_id for row in rows])


def _order(row: Any) -> SprayOrderOut:
    return SprayOrderOut(
        **plain(row, SprayOrderOut),
        ordered_mu=str(Area(row.ordered_centimu)),
        flown_mu=str(Area(row.flown_centimu)),
        accepted_mu=str(Area(row.accepted_centimu)),
    )


def _parcel(row: Any) -> OrderParcelOut:
    done = row.flown_centimu is not None
    last_day = row.finished_at.astimezone(SHANGHAI).date() if done else None
    return OrderParcelOut(
        **plain(row, OrderParcelOut),
        contract_mu=str(Area(row.contract_centimu)),
        ordered_mu=str(Area(row.ordered_centimu)),
        flown_mu=mu(row.flown_centimu),
        accepted_mu=mu(row.accepted_centimu),
        product_ml=half_up(row.flown_centimu * row.dose_ml_per_mu, 100) if done else None,
        harvest_from=last_day and last_day + timedelta(days=row.pre_harvest_days),
    )
