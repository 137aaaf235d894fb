"""Hostile requests: headers, addresses, media types, forms and callers who hang up."""

import asyncio
import contextlib
import json
import time
from typing import Any

import httpx
import psycopg
import pytest
from starlette.types import Message

from backend.api.middleware import AnswerBrokenOff
from backend.core.http import strict_json
from backend.core.ids import new_id
from tests.api.test_requests import DRAFT, PATH, _count
from tests.people import World


def _app(world: World) -> Any:
    transport = world.client._transport
    assert isinstance(transport, httpx.ASGITransport)
    return transport.app


def _scope(world: World, path: str, headers: dict[str, str]) -> dict[str, Any]:
    """Return an ASGI request as a server gives it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
    }


@pytest.mark.parametrize(
    "org", ["0x{:x}", "+{}", "%20{}", "{}.0", "-{}", "{}e0", "{}%00", "１{}", "%EF%BC%91{}"]
)
async def test_odd_organisation(world: World, org: str) -> None:
    """An organisation's number has one form; every other is nobody's."""
    path = f"/v1/orgs/{org.format(world.collective)}/users"
    answer = await world.call("director", "GET", path)
    assert answer.status_code in (404, 422), answer.text
    assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize("key", ["short", "a" * 129, "with space here", "new\nline-key-1", "é" * 9])
async def test_odd_keys(world: World, owner: psycopg.Connection, key: str) -> None:
    """A key of another form is refused before anything is done."""
    before = _count(owner, "voucher_draft")
    path = PATH.replace("{org}", str(world.collective))
    headers: dict[str, Any] = dict(world.headers("accountant"))
    headers["Idempotency-Key"] = key.encode("latin-1")
    answer = await world.client.post(path, json=DRAFT, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-missing")
    assert _count(owner, "voucher_draft") == before


@pytest.mark.parametrize("tag", ['W/"v1"', '"v1", "v2"', "*", "v1", '"v-1"', '"v1234567890"', '""'])
async def test_odd_versions(world: World, tag: str) -> None:
    """Weak tags, lists and what we never made match no version."""
    path, body = f"/v1/orgs/{{org}}/contracts/{new_id()}/steps", {"to_state": "offered"}
    answer = await world.call("director", "POST", path, body, If_Match=tag)
    assert answer.status_code == 412, answer.text
    known = await world.call("director", "POST", path, body, If_Match='"v1"')
    assert known.status_code == 404


@pytest.mark.parametrize(
    ("header", "chinese"),
    [
        ("", True), ("*", True), ("en", False), ("en; q=0.5, zh;q=0.9", True), ("en;q=0", True),
        ("zh;q=0.1, en ; q=0.2", False), ("en;q=nan", True), ("en;q=inf", True), (",;q=;,=", True),
        ("en-US,en;q=0.9", False), ("enm", True), ("x" * 8000, True), ("fr, en;q=0.3", False),
    ],
)  # fmt: skip
async def test_languages(client: httpx.AsyncClient, header: str, *, chinese: bool) -> None:
    """Accept-Language chooses between two languages whatever it holds; Chinese in doubt."""
    answer = await client.get("/v1/me", headers={"Accept-Language": header})
    assert ("请先登录" in answer.text) == chinese


async def test_request_id_is_ours(client: httpx.AsyncClient) -> None:
    """A caller's own request id is not taken over, and the answer has one only."""
    answer = await client.get("/v1/me", headers={"X-Request-Id": "canary"})
    assert answer.headers.get_list("x-request-id") == [answer.json()["request_id"]]


async def test_no_redirects(client: httpx.AsyncClient) -> None:
    """A slash too many leads nowhere, least of all to the host that the caller names."""
    answer = await client.get("/v1/me/", headers={"Host": "evil.example"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "media", ["application/json", "application/x+json", "APPLICATION/PROBLEM+JSON; a=b"]
)
@pytest.mark.parametrize("body", ['"a\\u0000b"', '"\\ud800"', "NaN", "1e999"])
async def test_every_json_is_strict(world: World, media: str, body: str) -> None:
    """What calls itself JSON in any way is read by the same strict parser."""
    raw = json.dumps(DRAFT | {"summary": "@"}).replace('"@"', body)
    path = PATH.replace("{org}", str(world.collective))
    headers = world.headers("accountant", Content_Type=media)
    answer = await world.client.post(path, content=raw, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-json")


def test_large_json_is_read_fast() -> None:
    """A megabyte of brackets, quotes or escapes is dealt with in well under a second."""
    for body in (
        b'["' + b'\\"' * 500_000,
        b'["' + b'\\"' * 500_000 + b'"]',
        b"[" * 1_000_000,
        b'"' * 1_000_000,
        b"[" + b"{}," * 300_000 + b"{}]",
    ):
        begun = time.perf_counter()
        with contextlib.suppress(strict_json.BadJson):
            strict_json.parse(body)
        assert time.perf_counter() - begun < 1


@pytest.mark.parametrize(
    ("media", "content"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nbroken"),
        ("multipart/mixed; boundary=b", b"--b--"),
        ("text/plain", b"x"),
    ],
)
async def test_odd_forms(world: World, media: str, content: bytes) -> None:
    """An upload that is no form is refused as one problem."""
    answer = await world.client.post(
        f"/v1/orgs/{world.collective}/imports/parcels",
        content=content,
        headers=world.headers("clerk", Content_Type=media),
    )
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("media", ["application/json", "multipart/form-data; boundary=b"])
async def test_slow_body_holds_no_connection(world: World, media: str) -> None:
    """While the body is awaited no connection of the pool is out; hanging up ends it quietly."""
    app = _app(world)
    pool: Any = app.state.runtime.database.engine.pool
    waiting, sent = asyncio.Event(), []

    async def receive() -> Message:
        if not waiting.is_set():
            waiting.set()
            return {"type": "http.request", "body": b"--b\r\n", "more_body": True}
        await asyncio.sleep(0.2)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    path = f"/v1/orgs/{world.collective}/imports/parcels"
    if media == "application/json":
        path = PATH.replace("{org}", str(world.collective))
    user = "accountant" if media == "application/json" else "clerk"
    headers = world.headers(user, Content_Type=media)
    task = asyncio.create_task(app(_scope(world, path, headers), receive, send))
    await waiting.wait()
    await asyncio.sleep(0.1)
    assert pool.checkedout() == 0
    await task
    assert sent[0]["status"] in (400, 422)


async def test_hanging_up_after_the_body(world: World, owner: psycopg.Connection) -> None:
    """Work whose caller has gone is done once; asking again by the key gives its answer."""
    before, key = _count(owner, "voucher_draft"), str(new_id())
    body = json.dumps(DRAFT).encode()
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        raise OSError

    path = PATH.replace("{org}", str(world.collective))
    headers = world.headers("accountant", Content_Type="application/json", Idempotency_Key=key)
    with pytest.raises(AnswerBrokenOff):
        await _app(world)(_scope(world, path, headers), receive, send)
    answer = await world.client.post(path, content=body, headers=headers)
    assert answer.headers["idempotent-replayed"] == "true"
    assert _count(owner, "voucher_draft") == before + 1


async def test_unhandled_error_is_silent(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An error of ours is 500 as a problem with every header, and its text goes nowhere."""

    async def broken(*_: Any, **__: Any) -> None:
        raise ValueError("canary")

    monkeypatch.setattr("backend.identity.queries.staff_of", broken)
    answer = await world.call("director", "GET", "/v1/orgs/{org}/users")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "canary" not in answer.text + caplog.text
    assert "ValueError" in caplog.text


async def test_odd_lengths(world: World) -> None:
    """A declared length of other digits, or beyond any number, is no error of ours."""
    for length in ("²", "9" * 5000):
        headers: dict[str, Any] = dict(world.headers("accountant"))
        headers["Content-Length"] = length.encode("latin-1")
        path = PATH.replace("{org}", str(world.collective))
        answer = await world.client.post(path, content=b"{}", headers=headers)
        assert answer.status_code in (413, 422)
