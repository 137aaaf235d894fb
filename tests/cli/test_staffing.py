"""An installation's first people, registered from the command line."""

import asyncio
import io

import httpx
import psycopg
import pytest

from backend.cli.main import main
from backend.core import codes

PROVIDER = codes.make_uscc("93", "140429", 77)


@pytest.fixture(autouse=True)
def installation(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the command line at the module's database."""
    monkeypatch.setenv("TGJ_DATABASE_URL", database_url)


def _add_user(monkeypatch: pytest.MonkeyPatch, password: str, *words: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    return main(["user", *words])


async def test_a_provider_and_its_director_can_sign_in(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, owner: psycopg.Connection
) -> None:
    """From nothing to a signed-in director who may add staff."""
    told = await asyncio.to_thread(main, ["organisation", "provider", PROVIDER, "示范服务社"])
    assert told == 0
    words = ("lishi.first", "--org", PROVIDER, "--role", "director", "--name", "王理事")
    assert await asyncio.to_thread(_add_user, monkeypatch, "a long enough word", *words) == 0
    body = {"login_name": "lishi.first", "password": "a long enough word"}
    signed = await client.post("/v1/auth/password", json=body)
    token = signed.json()["access_token"]
    me = await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    (grant,) = me.json()["grants"]
    assert (grant["org_name"], grant["role"]) == ("示范服务社", "director")
    row = owner.execute("SELECT count(*) FROM audit_entry WHERE entry LIKE '%long enough%'")
    assert row.fetchone() == (0,)


def test_refusals_name_the_field_and_never_the_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong check digit, a short password, an unknown organisation: each is told, none done."""
    wrong = PROVIDER[:-1] + ("0" if PROVIDER[-1] != "0" else "1")
    assert main(["organisation", "provider", wrong, "坏码"]) == 1
    words = ("x.y.z", "--org", "nobody", "--role", "clerk", "--name", "文书")
    assert _add_user(monkeypatch, "short", *words) == 1
    assert _add_user(monkeypatch, "a long enough word", *words) == 1
    told = capsys.readouterr().err
    assert "password" in told
    assert "short" not in told
    assert "nobody" in told
