"""Settlement (结算): accepted areas at both tiers' prices, and the voucher that books them."""

from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from backend.core.db import WriteSession
from backend.ledger import service as ledger
from backend.operations import orders
from backend.operations.errors import AccountsMissing, NotAccepted
from backend.operations.models import Settlement, SprayOrder
from backend.operations.rules import OrderState

HOUSEHOLDS, INCOME = "11301", "50101"
COST, PROVIDERS, EXPENSE = "40101", "21101", "51101"
"""Details of the village chart (财会〔2023〕14号): 内部往来—成员农户, 经营收入—托管服务,
生产成本—托管服务, 应付款—服务主体托管费, 经营支出—托管服务."""

# Half up once a line; areas and prices are never negative, so the integer division rounds right.
_AMOUNTS = """
    SELECT r.parcel_id, a.household_id, o.contract_id, r.accepted_centimu,
           f.price_fen AS farmer_price_fen,
           (r.accepted_centimu * f.price_fen + 50) / 100 AS farmer_fen,
           l.price_fen AS provider_price_fen,
           (r.accepted_centimu * l.price_fen + 50) / 100 AS provider_fen
    FROM operation_record r
    JOIN spray_order_parcel o
      ON o.org_id = r.org_id AND o.order_id = r.order_id AND o.parcel_id = r.parcel_id
    JOIN contract_line l
      ON l.org_id = o.org_id AND l.contract_id = o.contract_id AND l.line = o.contract_line
    JOIN contract_line f ON f.org_id = l.org_id AND f.contract_id = l.covers_contract_id
      AND f.line = l.covers_line
    JOIN trusteeship_contract a ON a.org_id = f.org_id AND a.id = f.contract_id
    WHERE r.org_id = :org AND r.order_id = :order AND r.state = 'accepted'
"""
_TOTALS = text(
    f"""
    SELECT coalesce(sum(farmer_fen), 0)::bigint AS farmer_fen,
           coalesce(sum(provider_fen), 0)::bigint AS provider_fen
    FROM ({_AMOUNTS}) amounts
    """  # noqa: S608 -- constants of this module
)
_INSERT_LINES = text(
    f"""
    INSERT INTO settlement_line (org_id, settlement_id, parcel_id, household_id, accepted_centimu,
      farmer_price_fen, farmer_fen, provider_price_fen, provider_fen)
    SELECT :org, :settlement, parcel_id, household_id, accepted_centimu, farmer_price_fen,
      farmer_fen, provider_price_fen, provider_fen
    FROM ({_AMOUNTS}) amounts
    """  # noqa: S608 -- constants of this module
)
# One line for each household, then the totals; what is nothing has no line.
_VOUCHER_LINES = text(
    f"""
    WITH amounts AS ({_AMOUNTS}),
    sums AS (SELECT sum(farmer_fen)::bigint AS farmer_fen, sum(provider_fen)::bigint AS provider_fen
             FROM amounts),
    entries (place, account_code, debit_fen, credit_fen, party) AS (
      SELECT 1, '{HOUSEHOLDS}', sum(farmer_fen)::bigint, 0::bigint, 'household:' || household_id
      FROM amounts GROUP BY household_id
      UNION ALL SELECT 2, '{INCOME}', 0, farmer_fen, NULL FROM sums
      UNION ALL SELECT 3, '{COST}', provider_fen, 0, NULL FROM sums
      UNION ALL SELECT 4, '{PROVIDERS}', 0, provider_fen, 'org:' || CAST(:provider AS text)
        FROM sums
      UNION ALL SELECT 5, '{EXPENSE}', provider_fen, 0, NULL FROM sums
      UNION ALL SELECT 6, '{COST}', 0, provider_fen, NULL FROM sums)
    SELECT account_code, CAST(:summary AS text), debit_fen, credit_fen, party,
           CAST(:contract AS uuid), CAST(:season AS text), 'protect'
    FROM entries WHERE debit_fen <> 0 OR credit_fen <> 0 ORDER BY place, party
    """  # noqa: S608 -- constants of this module
)


async def settle(
    session: WriteSession, *, org_id: int, order_id: UUID, settled_by: UUID, booked_on: date
) -> Settlement:
    """Settle an accepted order: lines at both prices and one voucher; done once for each order.

    Households owe the farmer price (Dr 11301 / Cr 50101); the collective owes the provider's
    (Dr 40101 / Cr 21101), which becomes expense (Dr 51101 / Cr 40101) as the service is finished.
    A settled order gives its settlement again. Raises `NotAccepted`, `AccountsMissing`, and the
    ledger's ``PeriodClosed``.
    """
    order = await orders.locked(session, org_id=org_id, order_id=order_id)
    done = await session.scalar(
        select(Settlement).where(Settlement.org_id == org_id, col(Settlement.order_id) == order_id)
    )
    if done is not None:
        return done
    if order.state != OrderState.ACCEPTED:
        raise NotAccepted
    values = {"org": org_id, "order": order_id}
    totals = (await session.execute(_TOTALS, values)).one()
    settlement = Settlement(
        org_id=org_id,
        order_id=order_id,
        farmer_fen=totals.farmer_fen,
        provider_fen=totals.provider_fen,
        settled_by=settled_by,
    )
    if totals.farmer_fen or totals.provider_fen:
        settlement.voucher_id = await _book(session, order, settled_by, booked_on)
    session.add(settlement)
    await orders.move(session, order=order, to_state=OrderState.SETTLED, actor_id=settled_by)
    await session.execute(_INSERT_LINES, values | {"settlement": settlement.id})
    await session.refresh(settlement)
    return settlement


async def _book(session: WriteSession, order: SprayOrder, maker_id: UUID, booked_on: date) -> UUID:
    """Write the settlement's voucher and return its id."""
    needed = {HOUSEHOLDS, INCOME, COST, PROVIDERS, EXPENSE}
    known = await session.scalars(
        text(
            "SELECT code FROM ledger_account WHERE org_id = :org AND is_leaf AND code = ANY(:codes)"
        ),
        {"org": order.org_id, "codes": sorted(needed)},
    )
    missing = needed - set(known)
    if missing:
        raise AccountsMissing(codes="、".join(sorted(missing)))
    header = ledger.Header(
        org_id=order.org_id,
        booked_on=booked_on,
        summary=f"结算飞防订单 {order.number}",
        source_kind="spray_settlement",
        source_id=str(order.id),
        maker_id=maker_id,
        attachments=1,
    )
    posted = await ledger.post_set(
        session,
        header,
        _VOUCHER_LINES,
        {
            "org": order.org_id,
            "order": order.id,
            "provider": str(order.provider_org_id),
            "summary": header.summary,
            "contract": order.contract_id,
            "season": order.season,
        },
    )
    return posted.id
