"""A plan's progress as server-sent events: short reads, no session held while waiting."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backend.core.db import Database, Scope
from backend.core.errors import DomainError
from backend.operations.errors import EventsBusy, PlanNotFound
from backend.operations.rows import mu
from backend.operations.rules import PLAN_FINAL, PlanState

LOOK_EVERY_S = 1.0
HEARTBEAT_S = 15.0
STREAM_MAX_S = 300.0
"""Then the stream ends and the client comes back: its rights are looked at again."""
FOLLOWERS_MAX = 200
_RETRY_MS = 2000
_LOOK = text(
    "SELECT state, row_version, failure, progress FROM dispatch_plan"
    " WHERE org_id = :org AND id = :plan"
)
_followers: set[object] = set()


async def look(database: Database, scope: Scope, plan_id: UUID) -> dict[str, Any]:
    """Return the plan's state and progress with the id of its event; raise `PlanNotFound`."""
    async with database.read(scope) as session:
        row = (await session.execute(_LOOK, {"org": scope.org_id, "plan": plan_id})).first()
    if row is None:
        raise PlanNotFound
    told = row.progress or {}
    return {
        "event_id": f"{row.row_version}.{told.get('elapsed_ms', 0)}",
        "state": row.state,
        "row_version": row.row_version,
        "failure": row.failure,
        "phase": told.get("phase"),
        "elapsed_ms": told.get("elapsed_ms"),
        "planned_mu": mu(told.get("area_centimu")),
        "plots": told.get("jobs"),
    }


def ended(seen: dict[str, Any]) -> bool:
    """Say whether the solver has no more to say about the plan."""
    return PlanState(seen["state"]) in PLAN_FINAL


def admit() -> None:
    """Raise `EventsBusy` when as many follow as one process serves."""
    if len(_followers) >= FOLLOWERS_MAX:
        raise EventsBusy


async def events(
    database: Database, scope: Scope, plan_id: UUID, *, first: dict[str, Any], last_id: str | None
) -> AsyncIterator[str]:
    """Yield the stream from ``first`` on, which the caller has looked at.

    An event is sent for each change of state (``state``) and of progress (``progress``); one whose
    id the client has (``last_id``) is not repeated. It ends with the solving, or after
    `STREAM_MAX_S`.
    """
    follower = object()
    _followers.add(follower)
    try:
        began_s = spoke_s = time.monotonic()
        yield f"retry: {_RETRY_MS}\n\n"
        seen, sent_id, state = first, last_id, None
        while True:
            if seen["event_id"] != sent_id:
                yield _event("progress" if seen["state"] == state else "state", seen)
                sent_id, spoke_s = seen["event_id"], time.monotonic()
            state = seen["state"]
            now_s = time.monotonic()
            if ended(seen) or now_s - began_s >= STREAM_MAX_S:
                return
            if now_s - spoke_s >= HEARTBEAT_S:
                yield ": heartbeat\n\n"
                spoke_s = now_s
            await asyncio.sleep(LOOK_EVERY_S)
            seen = await look(database, scope, plan_id)
    except (DomainError, SQLAlchemyError, OSError):
        # The answer has begun: it ends here, and the client comes back for the reason.
        return
    finally:
        _followers.discard(follower)


def _event(kind: str, seen: dict[str, Any]) -> str:
    data = {name: value for name, value in seen.items() if name != "event_id"}
    written = json.dumps(data, ensure_ascii=False)
    return f"id: {seen['event_id']}\nevent: {kind}\ndata: {written}\n\n"
