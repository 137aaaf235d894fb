"""A process of its own that approves a run many times at once: ``python -m tests.payouts.approver``.

It reads a JSON line of `Order`, prints ``ready`` when its application has started, waits for a
second line, fires all requests together and prints one JSON line of `Answered` for each.
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
class Order:
    """What to approve, as whom, at what instant (ISO 8601), and one key for each request."""

    database_url: str
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


async def fire(order: Order) -> list[Answered]:
    """Start an application on the order's database and send every request at once."""
    clock = SteppedClock(datetime.fromisoformat(order.now))
    app = create_app(Settings(), database_url=order.database_url, clock=clock)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            bearer = {"Authorization": f"Bearer {order.token}"}
            warm = await client.get(order.path.removesuffix("/approve"), headers=bearer)
            warm.raise_for_status()
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.readline)
            answers = await asyncio.gather(
                *(
                    client.post(order.path, headers=bearer | {"Idempotency-Key": key})
                    for key in order.keys
                )
            )
    return [
        Answered(
            status=answer.status_code,
            replayed="idempotent-replayed" in answer.headers,
            body=answer.text,
        )
        for answer in answers
    ]


def main() -> None:
    """Carry out the order on standard input."""
    order = Order(**json.loads(sys.stdin.readline()))
    for answered in asyncio.run(fire(order)):
        sys.stdout.write(json.dumps(dataclasses.asdict(answered)) + "\n")


if __name__ == "__main__":
    main()
