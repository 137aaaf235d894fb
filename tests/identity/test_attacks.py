"""Sign-in under attack: forged tokens, many guesses at once, races, and what is left behind."""

import asyncio
import base64
import json
import logging
import re
import threading
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import argon2
import httpx
import jwt
import psycopg
import pytest

from backend.core.clock import SteppedClock
from backend.core.settings import Settings
from backend.gateways.sms import SandboxSms, SmsNotSent
from backend.identity import tokens
from backend.identity.schemas import OtpVerifyIn, PasswordIn, RefreshIn
from tests.people import PASSWORD, World


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _forgeries(world: World, key: bytes) -> list[str | bytes]:
    """Return tokens that name a director and that we never made."""
    user, now = world.staff["director"], world.clock.now()
    claims = {"sub": str(user), "aud": "tianguanjia", "exp": now + timedelta(hours=1)}
    plain = claims | {"exp": int((now + timedelta(hours=1)).timestamp())}
    good = tokens.issue(user, key=key, now=now, minutes=5)
    head, body, signature = good.split(".")
    return [
        f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(plain)}.",
        f"{_part({'alg': 'None'})}.{_part(plain)}.{signature}",
        jwt.encode(claims, b"another key of thirty-two bytes!!", algorithm="HS256"),
        jwt.encode(claims, key * 2, algorithm="HS512"),
        jwt.encode(claims | {"aud": "another"}, key, algorithm="HS256"),
        jwt.encode({"sub": str(user), "aud": "tianguanjia"}, key, algorithm="HS256"),
        jwt.encode(claims | {"sub": "director"}, key, algorithm="HS256"),
        jwt.encode(claims | {"exp": now - timedelta(seconds=1)}, key, algorithm="HS256"),
        f"{head}.{_part(plain | {'sub': str(uuid4())})}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{good}{'=' * 50_000}",
        f"{head}.{body}.{signature}!",
        "A" * 60_000,
        "...",
        "田管家".encode(),
        b"\xff\xfe.\x80.\x00",
    ]


async def test_forged_tokens(world: World, settings: Settings) -> None:
    """Each of them is 401 as a problem, by the fast lane and the slow one."""
    for forged in _forgeries(world, settings.token_key):
        raw = forged if isinstance(forged, bytes) else forged.encode()
        for path in ("/v1/me", "/v1/me/income"):
            answer = await world.client.get(path, headers={b"Authorization": b"Bearer " + raw})
            assert answer.status_code == 401, forged[:40]
            assert answer.headers["www-authenticate"] == "Bearer"
    for odd in ("", "Bearer", "Bearer ", "Basic YTpi", "bearer  x"):
        answer = await world.client.get("/v1/me", headers={"Authorization": odd})
        assert answer.status_code == 401


async def test_two_hundred_guesses_at_once(
    world: World, client: httpx.AsyncClient, sms: SandboxSms, owner: psycopg.Connection
) -> None:
    """However many guess at the same moment, five guesses are spent and none is right."""
    await client.post("/v1/auth/otp", json={"phone": world.phones[0]})
    found = re.search(r"\d{6}", sms.sent[-1][1])
    assert found
    wrong = [f"{number:06d}" for number in range(201) if f"{number:06d}" != found.group()][:200]
    answers = await asyncio.gather(
        *(
            client.post("/v1/auth/otp/verify", json={"phone": world.phones[0], "code": code})
            for code in wrong
        )
    )
    assert {answer.status_code for answer in answers} == {401}
    spent = owner.execute("SELECT attempts, used_at FROM otp_challenge").fetchall()
    assert spent == [(5, None)]
    right = {"phone": world.phones[0], "code": found.group()}
    assert (await client.post("/v1/auth/otp/verify", json=right)).status_code == 401


async def test_one_refresh_token_twice_at_once(client: httpx.AsyncClient, world: World) -> None:
    """Of two who use a token at the same moment one gets the next; then the family has ended."""
    body = {"login_name": "cashier", "password": PASSWORD}
    token = (await client.post("/v1/auth/password", json=body)).json()["refresh_token"]
    answers = await asyncio.gather(
        *(client.post("/v1/auth/refresh", json={"refresh_token": token}) for _ in range(2))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 401]
    (won,) = [answer.json()["refresh_token"] for answer in answers if answer.status_code == 200]
    later = await client.post("/v1/auth/refresh", json={"refresh_token": won})
    assert later.status_code == 401


async def test_passwords_guessed_at_once(
    client: httpx.AsyncClient,
    world: World,
    clock: SteppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twenty-four wrong passwords at once are ten comparisons; others are served meanwhile."""
    compared: list[str] = []
    begun = threading.Event()
    verify = argon2.PasswordHasher.verify

    def watched(self: argon2.PasswordHasher, stored: str, password: str) -> Any:
        compared.append(stored)
        begun.set()
        assert threading.current_thread() is not threading.main_thread()
        return verify(self, stored, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", watched)
    body = {"login_name": "accountant2", "password": "wrong"}
    guesses = [asyncio.create_task(client.post("/v1/auth/password", json=body)) for _ in range(24)]
    await asyncio.to_thread(begun.wait, 10)
    assert (await world.call("director", "GET", "/v1/orgs/{org}/users")).status_code == 200
    assert sum(guess.done() for guess in guesses) < 24
    assert {answer.status_code for answer in await asyncio.gather(*guesses)} == {401}
    # Ten against the hash; the others, locked out, cost as long against one of nobody.
    assert sorted(Counter(compared).values()) == [10, 14]
    right = body | {"password": PASSWORD}
    assert (await client.post("/v1/auth/password", json=right)).status_code == 401
    clock.advance(timedelta(minutes=16))
    assert (await client.post("/v1/auth/password", json=right)).status_code == 200


async def test_disabled_user_gets_no_next_token(
    client: httpx.AsyncClient, world: World, owner: psycopg.Connection
) -> None:
    """A sign-in cannot be prolonged after the account was switched off."""
    body = {"login_name": "crew", "password": PASSWORD}
    token = (await client.post("/v1/auth/password", json=body)).json()["refresh_token"]
    owner.execute("UPDATE user_account SET disabled_at = now() WHERE login_name = 'crew'")
    refused = await client.post("/v1/auth/refresh", json={"refresh_token": token})
    assert refused.status_code == 401
    assert (await client.post("/v1/auth/password", json=body)).status_code == 401
    owner.execute("UPDATE user_account SET disabled_at = NULL WHERE login_name = 'crew'")


async def test_nobody_fills_the_audit_log(
    client: httpx.AsyncClient, world: World, owner: psycopg.Connection
) -> None:
    """Unknown names and tokens leave no row in a log that can never be made shorter."""
    count = "SELECT count(*) FROM audit_entry WHERE org_id = 1"
    before = owner.execute(count).fetchone()
    for path, body in (
        ("password", {"login_name": "nobody", "password": "x"}),
        ("refresh", {"refresh_token": "x" * 40}),
        ("sign-out", {"refresh_token": "x" * 40}),
    ):
        answer = await client.post(f"/v1/auth/{path}", json=body)
        assert answer.status_code in (204, 401)
    assert owner.execute(count).fetchone() == before


async def test_a_silent_gateway_tells_nothing(
    client: httpx.AsyncClient, world: World, sms: SandboxSms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When messages cannot be sent, known and unknown numbers are still answered alike."""

    async def fail(*_: Any) -> None:
        raise SmsNotSent

    monkeypatch.setattr(sms, "send", fail)
    known = await client.post("/v1/auth/otp", json={"phone": world.phones[2]})
    unknown = await client.post("/v1/auth/otp", json={"phone": "19933334444"})
    assert (known.status_code, known.json()) == (202, unknown.json())


async def test_two_add_one_name(world: World) -> None:
    """Of ten who add the same sign-in name at once one succeeds, the others hear it is taken."""
    body = {"login_name": "twin", "display_name": "双", "password": PASSWORD, "role": "clerk"}
    answers = await asyncio.gather(
        *(world.call("director", "POST", "/v1/orgs/{org}/users", body) for _ in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert {a.json().get("code") for a in answers if a.status_code == 409} == {"login-name-taken"}


async def test_digits_are_ascii(client: httpx.AsyncClient) -> None:
    """Other scripts' digits are neither telephone numbers nor codes."""
    for body in (
        {"phone": "1９900000001", "code": "123456"},
        {"phone": "19900000001", "code": "１２３４５６"},
        {"phone": "19900000001\n", "code": "123456"},
    ):
        assert (await client.post("/v1/auth/otp/verify", json=body)).status_code == 422


def test_secrets_have_no_repr(settings: Settings) -> None:
    """What prints a request or the settings does not print their secrets."""
    shown = repr(
        (
            PasswordIn(login_name="clerk", password="canary-password"),
            OtpVerifyIn(phone="19912345678", code="987654"),
            RefreshIn(refresh_token="canary-token-canary-token"),
            Settings(sms_token="canary-sms", database_url="postgresql://u:canary-db@h/d"),
        )
    )
    for canary in ("canary", "19912345678", "987654", repr(settings.master_key)):
        assert canary not in shown


async def test_canaries(
    world: World,
    client: httpx.AsyncClient,
    sms: SandboxSms,
    owner: psycopg.Connection,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Numbers, codes and passwords are in no log, refusal, audit row or stored answer."""
    caplog.set_level(logging.DEBUG)
    # The tests' own client logs the addresses that it asks for.
    caplog.set_level(logging.WARNING, "httpx")
    sent: list[str] = []

    async def keep(_phone: str, message: str) -> None:
        sent.append(message)

    monkeypatch.setattr(sms, "send", keep)
    phone, password, card = world.phones[3], "canary horse battery", "6228480000000000018"
    identity = "99000019900505060X"
    refusals = [
        await client.post("/v1/auth/otp", json={"phone": f"{phone}9"}),
        await client.post("/v1/auth/otp", json={phone: phone, "phone": phone}),
        await client.post("/v1/auth/password", json={"login_name": "a", "password": password,
                                                     identity: card}),
        await client.post("/v1/auth/password", content=f'{{"password": "{password}" {phone}'),
        await client.get(f"/v1/me/{phone}"),
        await world.call("director", "POST", "/v1/orgs/{org}/users",
                         {"login_name": phone, "password": password, "role": card}),
    ]  # fmt: skip
    assert {answer.status_code for answer in refusals} == {422, 404}
    assert (await client.post("/v1/auth/otp", json={"phone": phone})).status_code == 202
    found = re.search(r"\d{6}", sent[-1])
    assert found
    code = found.group()
    signed = await client.post("/v1/auth/otp/verify", json={"phone": phone, "code": code})
    user = {"login_name": "canary", "display_name": "鸟", "password": password, "role": "clerk"}
    made = await world.call("director", "POST", "/v1/orgs/{org}/users", user)
    account = {
        "owner_kind": "household",
        "owner_id": str(world.households[3]),
        "holder_name": "张40",
        "bank_name": "示范农村商业银行",
        "number": card,
    }
    changed = await world.call("clerk", "POST", "/v1/orgs/{org}/payee-accounts", account)
    assert [one.status_code for one in (signed, made, changed)] == [200, 201, 201]
    token = signed.json()
    canaries = [phone, password, card, identity, token["access_token"], token["refresh_token"]]
    stored = owner.execute(
        "SELECT entry FROM audit_entry UNION ALL"
        " SELECT convert_from(body, 'UTF8') || key FROM idempotency_record"
    ).fetchall()
    places = [caplog.text, *(one.text for one in refusals), *(row[0] for row in stored)]
    for canary in canaries:
        assert not any(canary in place for place in places), canary
    assert not any(re.search(rf"(?<!\d){code}(?!\d)", place) for place in places)
    assert len(stored) > 2
