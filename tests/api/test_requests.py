"""How every operation treats a request: commit, idempotency, strict bodies, problems, versions."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest
from starlette.types import Message

from backend.core import audit
from tests.people import PASSWORD, World

DRAFT = {
    "booked_on": "2026-07-01",
    "summary": "取现",
    "lines": [
        {"account_code": "101", "summary": "取现", "debit_fen": 100},
        {"account_code": "102", "summary": "取现", "credit_fen": 100},
    ],
}
PATH = "/v1/orgs/{org}/voucher-drafts"


def _count(owner: psycopg.Connection, table: str) -> int:
    row = owner.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


async def test_commit_comes_before_the_answer(world: World, owner: psycopg.Connection) -> None:
    """When the first byte of the answer leaves, another connection already sees the work."""
    transport = world.client._transport
    assert isinstance(transport, httpx.ASGITransport)
    before = _count(owner, "voucher_draft")
    seen: list[int] = []

    async def watching(scope: Any, receive: Any, send: Any) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.append(_count(owner, "voucher_draft"))
            await send(message)

        await transport.app(scope, receive, watched)

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(watching), base_url="http://test"
    ) as client:
        answer = await client.post(
            PATH.replace("{org}", str(world.collective)),
            json=DRAFT,
            headers=world.headers("accountant"),
        )
    assert answer.status_code == 201
    assert seen == [before + 1]


async def test_failed_commit_is_no_success(
    world: World, monkeypatch: pytest.MonkeyPatch, owner: psycopg.Connection
) -> None:
    """If the commit fails, the caller is told so and nothing is there."""

    async def broken(*_: Any) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(audit, "append", broken)
    before = _count(owner, "voucher_draft")
    answer = await world.call("accountant", "POST", PATH, DRAFT)
    assert answer.status_code == 503
    assert _count(owner, "voucher_draft") == before


async def test_same_key_has_one_effect(world: World, owner: psycopg.Connection) -> None:
    """Twenty identical requests at once leave one draft and one answer, byte for byte."""
    headers = world.headers("accountant")
    before = _count(owner, "voucher_draft")
    path = PATH.replace("{org}", str(world.collective))
    answers = await asyncio.gather(
        *(world.client.post(path, json=DRAFT, headers=headers) for _ in range(20))
    )
    done = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in done}) == 1
    assert _count(owner, "voucher_draft") == before + 1
    other = await world.client.post(path, json=DRAFT | {"summary": "别的"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    again = await world.client.post(path, json=DRAFT, headers=headers)
    assert again.headers["idempotent-replayed"] == "true"


async def test_refusals_are_not_stored(world: World) -> None:
    """After a refusal the same key may carry the corrected request."""
    headers = world.headers("accountant")
    path = PATH.replace("{org}", str(world.collective))
    bad = DRAFT | {"lines": [DRAFT["lines"][0]] * 2}
    assert (await world.client.post(path, json=bad, headers=headers)).status_code == 422
    assert (await world.client.post(path, json=DRAFT, headers=headers)).status_code == 201


async def test_a_key_is_demanded(world: World) -> None:
    """Work is not created without an Idempotency-Key."""
    headers = world.headers("accountant")
    del headers["Idempotency-Key"]
    path = PATH.replace("{org}", str(world.collective))
    answer = await world.client.post(path, json=DRAFT, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-missing")


@pytest.mark.parametrize(
    "body",
    [
        b'{"login_name": NaN}',
        b'{"login_name": Infinity}',
        b'{"login_name": "a", "login_name": "b"}',
        b'{"login_name": "\\u0000"}',
        b'{"login_name": "\\ud800"}',
        b'{"login_name": "\xff\xfe"}',
        b'{"login_name": 1e999}',
        b'{"login_name": 99999999999999999999999999}',
        b"[" * 10_000,
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
        b'{"login_name": "a"} extra',
        b"",
        b"\xef\xbb\xbf{}",
    ],
)
async def test_strict_json(client: httpx.AsyncClient, body: bytes) -> None:
    """What two readers could understand differently is refused with 422, never 500."""
    answer = await client.post(
        "/v1/auth/password", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_validation_never_echoes(client: httpx.AsyncClient) -> None:
    """A refused sign-in does not repeat the password, in either language."""
    body = {"login_name": 5, "password": "my secret words", "extra": "my secret words"}
    for language, word in (("zh-CN,zh;q=0.9", "应为文本"), ("en-GB", "must be text")):
        answer = await client.post(
            "/v1/auth/password", json=body, headers={"Accept-Language": language}
        )
        assert answer.status_code == 422
        assert "secret" not in answer.text
        assert word in answer.text


async def test_large_body_is_cut_off(client: httpx.AsyncClient) -> None:
    """A body over the operation's limit is refused before it is read."""

    async def undeclared() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 1000

    for content in (b"x" * 20_000, undeclared()):
        answer = await client.post("/v1/auth/password", content=content)
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"


async def test_problems_have_one_shape(world: World) -> None:
    """Unknown addresses, wrong methods and missing sign-in all answer as problems."""
    for method, path, status in (
        ("GET", "/v1/nothing", 404),
        ("DELETE", "/v1/me", 405),
        ("GET", "/v1/me", 401),
        ("GET", "/v1/orgs/abc/users", 401),
    ):
        answer = await world.client.request(method, path)
        assert answer.status_code == status
        problem = answer.json()
        assert problem["status"] == status
        assert set(problem) == {"type", "title", "status", "code", "request_id", "faults"}
    odd = await world.call("director", "GET", "/v1/orgs/99999999999999999999/users")
    assert odd.status_code == 404


async def test_health(client: httpx.AsyncClient) -> None:
    """The service says that it is alive and ready."""
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    assert (await client.get("/readyz")).json() == {"status": "ok"}


async def test_every_operation_has_a_policy_and_an_id(client: httpx.AsyncClient) -> None:
    """All operations of the document publish a policy and have ids of their own."""
    paths = (await client.get("/openapi.json")).json()["paths"]
    operations = [op for path in paths.values() for op in path.values()]
    assert len(operations) > 25
    assert all("x-policy" in operation for operation in operations)
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))

    for operation in operations:
        policy = operation["x-policy"]
        named = {header["name"] for header in operation.get("parameters", [])}
        assert ("Idempotency-Key" in named) == policy["idempotent"]
        assert ("If-Match" in named) == policy["versioned"]


async def test_audit_chain_holds_and_breaks(world: World, owner: psycopg.Connection) -> None:
    """Every command has its row; a row altered behind our back is found."""
    await world.client.post("/v1/auth/password", json={"login_name": "clerk", "password": PASSWORD})
    async with world.database.read(world.scope()) as session:
        assert await audit.broken_links(session) == []
    with owner.transaction():
        owner.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only")
        owner.execute(
            "UPDATE audit_entry SET entry = entry || ' ' WHERE org_id = %s AND seq = 2",
            (world.collective,),
        )
    async with world.database.read(world.scope()) as session:
        assert await audit.broken_links(session) == [(world.collective, 2)]


async def test_docs_page_asks_no_other_host(client: httpx.AsyncClient) -> None:
    """The page and its scripts come from here."""
    page = await client.get("/docs")
    assert page.status_code == 200
    assert "https://" not in page.text
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert (await client.get(f"/docs/assets/{asset}")).status_code == 200
