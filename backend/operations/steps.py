"""The one door through which a collective moves its spray orders."""

from uuid import UUID

from backend.core.db import Scope, WriteSession
from backend.core.errors import PreconditionFailed, RoleMissing
from backend.core.principal import Role
from backend.operations import acceptance, handover, orders, rules
from backend.operations.errors import OrderNotAllowedNow
from backend.operations.models import SprayOrder
from backend.operations.rules import OrderState


async def advance(
    session: WriteSession,
    scope: Scope,
    *,
    order_id: UUID,
    to_state: OrderState,
    roles: frozenset[Role] | None = None,
    expected_version: int | None = None,
    reason: str | None = None,
) -> SprayOrder:
    """Release, withdraw (to draft), cancel, or give up the remainder (to reported) of an order.

    ``roles`` are the caller's, checked against the table (``None``: an installation command).
    Raises `OrderNotFound`, ``PreconditionFailed``, `OrderNotAllowedNow`, ``RoleMissing``, and what
    the hand-over raises.
    """
    order = await orders.locked(session, org_id=scope.org_id, order_id=order_id)
    if expected_version is not None and order.row_version != expected_version:
        raise PreconditionFailed
    state = OrderState(order.state)
    allowed = rules.ORDER_TRANSITIONS.get((state, to_state))
    if allowed is None:
        raise OrderNotAllowedNow(state=state, wanted=to_state)
    if roles is not None and not roles & allowed:
        raise RoleMissing
    if to_state is OrderState.RELEASED:
        await handover.release(session, scope, order=order)
    elif to_state is OrderState.CANCELLED:
        await orders.cancel(session, order=order, actor_id=scope.user_id, reason=reason)
    elif to_state is OrderState.DRAFT:
        await handover.withdraw(session, scope, order=order, reason=reason)
    elif to_state is OrderState.REPORTED:
        await handover.close_remainder(session, scope, order=order, reason=reason)
        await acceptance.conclude(session, order=order, actor_id=scope.user_id)
    else:
        # The other steps have commands of their own: planning, acceptance, settlement.
        raise OrderNotAllowedNow(state=state, wanted=to_state)
    return order
