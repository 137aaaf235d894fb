"""The hand-over between a collective and its provider: the only code that crosses tenants.

Down go an order's parcels as a job, without prices and names. Up come the job's steps and what
was sprayed. Each copy is keyed by order and release, so that doing it again changes nothing.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text

from backend.core.db import Scope, WriteSession, acting_for
from backend.core.ids import new_id
from backend.operations import orders, rules
from backend.operations.errors import JobTakenUp, NothingToAccept, PartlySprayed, PlanStale
from backend.operations.models import OrderEvent, SprayOrder
from backend.operations.rules import JobState, OrderState

_COPY_JOB = text(
    """
    INSERT INTO spray_job (org_id, id, source_org_id, source_order_id, release_version, number,
      collective_name, crop, target, product, registration_no, manufacturer, dose_ml_per_mu,
      liquid_ml_per_mu, earliest_at, latest_at, priority, product_kind, pre_harvest_days,
      harvest_on, skills, area_tolerance_permille, state)
    SELECT o.provider_org_id, :job, o.org_id, o.id, :version, o.number, g.name, o.crop, o.target,
      o.product, o.registration_no, o.manufacturer, o.dose_ml_per_mu, o.liquid_ml_per_mu,
      o.earliest_at, o.latest_at, o.priority, o.product_kind, o.pre_harvest_days, o.harvest_on,
      o.skills,
      coalesce((c.terms ->> 'area_tolerance_permille')::int, 0), 'received'
    FROM spray_order o
    JOIN organisation g ON g.id = o.org_id
    JOIN trusteeship_contract c ON c.org_id = o.org_id AND c.id = o.contract_id
    WHERE o.org_id = :org AND o.id = :order
    ON CONFLICT (org_id, source_org_id, source_order_id, release_version) DO NOTHING
    RETURNING id
    """
)
_COPY_PLOTS = text(
    """
    INSERT INTO spray_job_plot (org_id, job_id, parcel_id, parcel_code, block, area_centimu,
      polygon)
    SELECT :provider, :job, p.id, p.code, p.block, o.ordered_centimu, p.polygon
    FROM spray_order_parcel o
    JOIN parcel p ON p.org_id = o.org_id AND p.id = o.parcel_id
    WHERE o.org_id = :org AND o.order_id = :order AND o.withdrawn_at IS NULL
    """
)
_END_JOB = text(
    """
    UPDATE spray_job SET state = :to_state
    WHERE org_id = :provider AND source_org_id = :org AND source_order_id = :order
      AND release_version = :version AND state = 'received' RETURNING id
    """
)
_JOBS = text(
    """
    SELECT id, state, source_org_id, source_order_id FROM spray_job
    WHERE org_id = :org AND id = ANY(:jobs) ORDER BY id FOR UPDATE
    """
)
_STEP_ORDERS = text(
    """
    UPDATE spray_order SET state = :to_state, row_version = row_version + 1
    WHERE org_id = :org AND id = ANY(:orders) AND state = :from_state RETURNING id
    """
)
_SOURCES = text(
    """
    SELECT j.source_org_id, count(*) FILTER (WHERE s.state = 'done') AS done
    FROM plan_stop s JOIN spray_job j ON j.org_id = s.org_id AND j.id = s.job_id
    WHERE s.org_id = :provider AND s.plan_id = :plan
    GROUP BY j.source_org_id ORDER BY j.source_org_id
    """
)
_COPY_RECORDS = text(
    """
    INSERT INTO operation_record (org_id, id, order_id, parcel_id, release_version,
      drone_registration, pilot, started_at, finished_at, product, liquid_ml, flown_centimu,
      report_reason, weather, state)
    SELECT s.source_org_id, k.id, s.source_order_id, s.parcel_id, s.release_version,
      s.registration_no, s.pilot, s.flown_from, s.flown_to, s.product, s.used_ml,
      s.flown_centimu, s.reason, s.weather, 'reported'
    FROM (
      SELECT s.*, j.source_org_id, j.source_order_id, j.release_version, j.product,
             d.registration_no, c.pilot,
             row_number() OVER (ORDER BY s.drone_id, s.seq) AS place
      FROM plan_stop s
      JOIN spray_job j ON j.org_id = s.org_id AND j.id = s.job_id
      JOIN drone d ON d.org_id = s.org_id AND d.id = s.drone_id
      JOIN crew c ON c.org_id = d.org_id AND c.id = d.crew_id
      WHERE s.org_id = :provider AND s.plan_id = :plan AND s.state = 'done'
        AND j.source_org_id = :source) s
    JOIN unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS k(id, place) ON k.place = s.place
    ON CONFLICT (org_id, order_id, parcel_id, release_version) DO NOTHING
    """
)
_SKIPS = text(
    """
    SELECT j.source_order_id, s.parcel_id, s.reason
    FROM plan_stop s JOIN spray_job j ON j.org_id = s.org_id AND j.id = s.job_id
    WHERE s.org_id = :provider AND s.plan_id = :plan AND s.state = 'skipped'
      AND j.source_org_id = :source
    """
)
_COPY_SKIPS = text(
    """
    UPDATE spray_order_parcel o SET skip_reason = s.reason
    FROM unnest(CAST(:orders AS uuid[]), CAST(:parcels AS uuid[]), CAST(:reasons AS text[]))
      AS s(order_id, parcel_id, reason)
    WHERE o.org_id = :source AND o.order_id = s.order_id AND o.parcel_id = s.parcel_id
    """
)


async def release(session: WriteSession, scope: Scope, *, order: SprayOrder) -> None:
    """Hand a draft down to its provider as the next release; raise `OrderNotAllowedNow`."""
    await orders.move(session, order=order, to_state=OrderState.RELEASED, actor_id=scope.user_id)
    order.release_version += 1
    await session.flush()
    await copy_job(session, scope, order=order)


async def copy_job(session: WriteSession, scope: Scope, *, order: SprayOrder) -> bool:
    """Copy the order's present release into the provider's tenancy; say whether it was new."""
    values = {
        "org": order.org_id,
        "order": order.id,
        "version": order.release_version,
        "provider": order.provider_org_id,
        "job": new_id(),
    }
    async with acting_for(session, scope, order.provider_org_id):
        job_id = await session.scalar(_COPY_JOB, values)
        if job_id is None:
            return False
        await session.execute(_COPY_PLOTS, values)
    return True


async def withdraw(
    session: WriteSession, scope: Scope, *, order: SprayOrder, reason: str | None
) -> None:
    """Take a release back before the provider plans it: the order is a draft again.

    Raises `OrderNotAllowedNow`, `JobTakenUp`, and `PartlySprayed` when something was sprayed.
    """
    if await _has_records(session, order):
        raise PartlySprayed
    await orders.move(
        session, order=order, to_state=OrderState.DRAFT, actor_id=scope.user_id, why=reason
    )
    await _end_job(session, scope, order, JobState.WITHDRAWN)


async def close_remainder(
    session: WriteSession, scope: Scope, *, order: SprayOrder, reason: str | None
) -> None:
    """Give up the plots that were left: the order is reported with what was sprayed.

    The left plots' rounds may be ordered anew. Raises `OrderNotAllowedNow`, `JobTakenUp`, and
    `NothingToAccept` when nothing was sprayed.
    """
    if not await _has_records(session, order):
        raise NothingToAccept
    await orders.move(
        session, order=order, to_state=OrderState.REPORTED, actor_id=scope.user_id, why=reason
    )
    await _end_job(session, scope, order, JobState.REPORTED)
    await session.execute(
        text(
            """
            UPDATE spray_order_parcel o SET withdrawn_at = now()
            WHERE o.org_id = :org AND o.order_id = :order AND o.withdrawn_at IS NULL
              AND NOT EXISTS (SELECT FROM operation_record r WHERE r.org_id = o.org_id
                AND r.order_id = o.order_id AND r.parcel_id = o.parcel_id)
            """
        ),
        {"org": order.org_id, "order": order.id},
    )


async def step_jobs(
    session: WriteSession,
    scope: Scope,
    *,
    job_ids: Sequence[UUID],
    from_state: JobState,
    to_state: JobState,
) -> None:
    """Move the provider's jobs and, with them, the collectives' orders.

    Raises `PlanStale` when a job is not in ``from_state`` any more.
    """
    if not job_ids:
        return
    order_state = rules.JOB_TRANSITIONS[from_state, to_state]
    before = _order_state_of(from_state)
    rows = await session.execute(_JOBS, {"org": scope.org_id, "jobs": list(job_ids)})
    by_source: dict[int, list[UUID]] = defaultdict(list)
    for row in rows:
        if row.state != from_state:
            raise PlanStale
        by_source[row.source_org_id].append(row.source_order_id)
    await session.execute(
        text("UPDATE spray_job SET state = :to_state WHERE org_id = :org AND id = ANY(:jobs)"),
        {"org": scope.org_id, "jobs": list(job_ids), "to_state": to_state},
    )
    for source, order_ids in sorted(by_source.items()):
        async with acting_for(session, scope, source):
            moved = await session.execute(
                _STEP_ORDERS,
                {
                    "org": source,
                    "orders": order_ids,
                    "from_state": before,
                    "to_state": order_state,
                },
            )
            if len(moved.all()) != len(order_ids):
                raise PlanStale
            events = _events(source, order_ids, before, order_state, scope.user_id)
            await session.execute(insert(OrderEvent), events)


async def report(session: WriteSession, scope: Scope, *, plan_id: UUID) -> int:
    """Copy a plan's done stops up as records and its skips as reasons; return the new records.

    Keyed by order, parcel and release: a second call copies nothing.
    """
    copied = 0
    values: dict[str, Any] = {"provider": scope.org_id, "plan": plan_id}
    sources = (await session.execute(_SOURCES, values)).all()
    for row in sources:
        own = values | {"source": row.source_org_id, "ids": [new_id() for _ in range(row.done)]}
        async with acting_for(session, scope, row.source_org_id):
            result = await session.execute(_COPY_RECORDS, own)
            copied += _rows(result)
            await _copy_skips(session, own)
    return copied


async def _copy_skips(session: WriteSession, values: dict[str, Any]) -> None:
    """Tell the collective why plots were left out; mostly none were."""
    skips = (await session.execute(_SKIPS, values)).all()
    if skips:
        await session.execute(
            _COPY_SKIPS,
            {
                "source": values["source"],
                "orders": [row.source_order_id for row in skips],
                "parcels": [row.parcel_id for row in skips],
                "reasons": [row.reason for row in skips],
            },
        )


def _rows(result: Any) -> int:
    """Return how many rows a statement wrote."""
    return int(result.rowcount)


def _order_state_of(state: JobState) -> OrderState:
    """Return the order's state that goes with a job's state."""
    return OrderState.RELEASED if state is JobState.RECEIVED else OrderState(state.value)


def _events(
    org_id: int,
    order_ids: Sequence[UUID],
    from_state: OrderState,
    to_state: OrderState,
    actor_id: UUID | None,
) -> list[dict[str, Any]]:
    return [
        {
            "org_id": org_id,
            "id": new_id(),
            "order_id": order_id,
            "from_state": from_state,
            "to_state": to_state,
            "actor_id": actor_id,
        }
        for order_id in order_ids
    ]


async def _has_records(session: WriteSession, order: SprayOrder) -> bool:
    found = await session.scalar(
        text("SELECT 1 FROM operation_record WHERE org_id = :org AND order_id = :order LIMIT 1"),
        {"org": order.org_id, "order": order.id},
    )
    return found is not None


async def _end_job(
    session: WriteSession, scope: Scope, order: SprayOrder, to_state: JobState
) -> None:
    values = {
        "org": order.org_id,
        "order": order.id,
        "version": order.release_version,
        "provider": order.provider_org_id,
        "to_state": to_state,
    }
    async with acting_for(session, scope, order.provider_org_id):
        if await session.scalar(_END_JOB, values) is None:
            raise JobTakenUp
