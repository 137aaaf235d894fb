"""A server process of its own that approves: ``python -m tests.payouts.approver``.

It reads a JSON line of `Place`, says ``ready`` when its application has started, and then, for
each JSON line of `Order`, fires all requests at once and answers one line: a list of `Answered`.
"""

import asyncio
import dataclasses
import json
import sys
from dataclasses import dataclass
from datetime import datetime

import httpx

from backend.api.app import create_app
from backend.core.clock import SteppedClock
from backend.core.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The database to work on."""

    database_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to approve, as whom, at what instant (ISO 8601), and one key for each request."""

    path: str
    token: str
    now: str
    keys: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answer: its status, whether it was a stored one, and its body."""

    status: int
    replayed: bool
    body: str


async def serve() -> None:
    """Carry out orders until standard input ends."""
    place = Place(**json.loads(sys.stdin.readline()))
    clock = SteppedClock(datetime.fromisoformat("2026-07-01T09:00:00+08:00"))
    app = create_app(Settings(), database_url=place.database_url, clock=clock)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            _say("ready")
            while line := await asyncio.to_thread(sys.stdin.readline):
                order = Order(**json.loads(line))
                clock.advance(datetime.fromisoformat(order.now) - clock.now())
                answers = await _fire(client, order)
                _say(json.dumps([dataclasses.asdict(answer) for answer in answers]))


async def _fire(client: httpx.AsyncClient, order: Order) -> list[Answered]:
    bearer = {"Authorization": f"Bearer {order.token}"}
    answers = await asyncio.gather(
        *(client.post(order.path, headers=bearer | {"Idempotency-Key": key}) for key in order.keys)
    )
    return [
        Answered(
            status=answer.status_code,
            replayed="idempotent-replayed" in answer.headers,
            body=answer.text,
        )
        for answer in answers
    ]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve())
