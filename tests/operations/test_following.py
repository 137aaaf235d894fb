"""A plan's solving as server-sent events: from the queue to the end, resumed, bounded."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
import uvicorn

from backend.operations import following, solving
from backend.operations.facts import Snapshot
from backend.operations.planning import Wish
from backend.operations.rules import PlanState
from tests.operations.season import Season


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def order(season: Season) -> dict[str, Any]:
    """An order of four plots."""
    contract = await season.entrust(0, 1)
    return await season.step(await season.order(contract), "released")


@pytest.fixture(autouse=True)
def _next_day(season: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a day of its own, and look often."""
    season.clock.advance(timedelta(days=1))
    monkeypatch.setattr(following, "LOOK_EVERY_S", 0.02)


def _events(answer: httpx.Response) -> list[tuple[str, str, dict[str, Any]]]:
    """Return (id, event, data) of a whole stream."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = []
    for block in answer.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
        if "data" in fields:
            found.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return found


async def _follow(season: Season, plan: dict[str, Any], **headers: str) -> httpx.Response:
    path = f"/v1/orgs/{{provider}}/plans/{plan['id']}/events"
    return await season.world.call("crew", "GET", path, **headers)


def _talks(snapshot: Snapshot, wish: Wish, out: Connection, finish: Event) -> None:
    """Stand in for the solver: three words of progress, then a refusal."""
    for number in range(1, 4):
        word = {"phase": "blocks", "elapsed_ms": number, "area_centimu": 1234, "jobs": number}
        out.send(("progress", word))
        if finish.wait(0.3):
            return
    out.send(("refused", "地块 甲 不行"))


async def test_from_the_queue_to_the_end(
    season: Season, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each state and each word of progress is an event; the stream ends with the solving."""
    monkeypatch.setattr(solving, "PROGRESS_EVERY_S", 0.05)
    monkeypatch.setattr(solving, "solve_in_child", _talks)
    asked = await season.ask(order)
    stream = asyncio.create_task(_follow(season, asked))
    await asyncio.sleep(0.2)
    assert await season.solve(asked) is PlanState.FAILED
    events = _events(await asyncio.wait_for(stream, 10))
    states = [data["state"] for _, kind, data in events if kind == "state"]
    assert states == ["queued", "solving", "failed"]
    words = [data for _, kind, data in events if kind == "progress"]
    assert words
    assert words[-1]["planned_mu"] == "12.34"
    assert events[-1][2]["failure"] == "地块 甲 不行"
    ids = [event_id for event_id, _, _ in events]
    assert len(set(ids)) == len(ids)
    resumed = _events(await _follow(season, asked, Last_Event_ID=ids[0]))
    assert [data["state"] for _, _, data in resumed] == ["failed"]
    over = await _follow(season, asked, Last_Event_ID=ids[-1])
    assert (over.status_code, over.content) == (204, b"")


async def test_a_stream_is_bounded_and_beats(
    season: Season, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quiet stream says that it lives, and ends in its time; no connection is held meanwhile."""
    monkeypatch.setattr(following, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(following, "STREAM_MAX_S", 0.6)
    asked = await season.ask(order)
    stream = asyncio.create_task(_follow(season, asked))
    await asyncio.sleep(0.3)
    transport = season.world.client._transport
    assert isinstance(transport, httpx.ASGITransport)
    database = getattr(transport.app, "state").runtime.database  # noqa: B009 -- an ASGI callable
    held = [database.engine.pool.checkedout()]
    for _ in range(5):
        await asyncio.sleep(0.013)
        held.append(database.engine.pool.checkedout())
    assert 0 in held
    answer = await asyncio.wait_for(stream, 5)
    assert answer.text.startswith("retry: 2000\n\n")
    assert answer.text.count(": heartbeat\n\n") >= 2
    assert [data["state"] for _, _, data in _events(answer)] == ["queued"]


async def test_who_may_follow(
    season: Season, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the provider's staff; an unknown plan is a problem; too many are asked to come back."""
    asked = await season.ask(order)
    path = f"/v1/orgs/{{provider}}/plans/{asked['id']}/events"
    for user in ("clerk", "neighbour_director"):
        assert (await season.world.call(user, "GET", path)).status_code == 404
    absent = await _follow(season, {"id": uuid4()})
    assert (absent.status_code, absent.json()["code"]) == (404, "plan-not-found")
    monkeypatch.setattr(following, "FOLLOWERS_MAX", 0)
    full = await _follow(season, asked)
    assert (full.status_code, full.json()["code"]) == (503, "events-busy")


@pytest_asyncio.fixture
async def address(season: Season) -> AsyncIterator[str]:
    """The application on a real server: answers leave piece by piece."""
    transport = season.world.client._transport
    assert isinstance(transport, httpx.ASGITransport)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        # The lifespan runs already, for the client without a network.
        config = uvicorn.Config(transport.app, log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


async def test_events_leave_as_they_happen(
    season: Season, order: dict[str, Any], address: str
) -> None:
    """A client on the network sees the plan queued before it is solved, and its solving live."""
    asked = await season.ask(order)
    path = f"/v1/orgs/{season.world.provider}/plans/{asked['id']}/events"
    seen: list[str] = []
    async with (
        httpx.AsyncClient(base_url=address) as client,
        client.stream("GET", path, headers=season.world.headers("crew")) as answer,
    ):
        assert answer.headers["cache-control"] == "no-store"
        solving_task: asyncio.Task[PlanState] | None = None
        async for line in answer.aiter_lines():
            if not line.startswith("data: "):
                continue
            seen.append(json.loads(line.removeprefix("data: "))["state"])
            if solving_task is None:
                assert seen == ["queued"]
                solving_task = asyncio.create_task(season.solve(asked))
        assert solving_task is not None
        assert await solving_task is PlanState.SOLVED
    assert list(dict.fromkeys(seen)) == ["queued", "solving", "solved"]
