"""Sign-in: codes, passwords, tokens and their rotation."""

import re
from datetime import timedelta

import httpx

from backend.core.clock import SteppedClock
from backend.gateways.sms import SandboxSms
from tests.people import PASSWORD, World


def _code(sms: SandboxSms) -> str:
    found = re.search(r"\d{6}", sms.sent[-1][1])
    assert found
    return found.group()


async def test_farmer_signs_in_with_the_code(
    world: World, client: httpx.AsyncClient, sms: SandboxSms
) -> None:
    """The code from the text message opens a session that sees the farmer's household."""
    phone = world.phones[0]
    asked = await client.post("/v1/auth/otp", json={"phone": phone})
    assert asked.status_code == 202, asked.text
    signed = await client.post("/v1/auth/otp/verify", json={"phone": phone, "code": _code(sms)})
    assert signed.status_code == 200, signed.text
    token = signed.json()["access_token"]
    me = await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["grants"][0]["household_id"] == str(world.households[0])
    again = await client.post("/v1/auth/otp/verify", json={"phone": phone, "code": _code(sms)})
    assert again.status_code == 401


async def test_unknown_number_is_answered_like_a_known_one(
    world: World, client: httpx.AsyncClient, sms: SandboxSms
) -> None:
    """Nobody learns from the answer who is registered, and no message goes out."""
    before = len(sms.sent)
    known = await client.post("/v1/auth/otp", json={"phone": world.phones[1]})
    unknown = await client.post("/v1/auth/otp", json={"phone": "19911112222"})
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    assert len(sms.sent) == before + 1


async def test_five_guesses_and_no_more(
    world: World, client: httpx.AsyncClient, sms: SandboxSms
) -> None:
    """After five wrong guesses the right code opens nothing."""
    phone = world.phones[2]
    await client.post("/v1/auth/otp", json={"phone": phone})
    right = _code(sms)
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(5):
        bad = await client.post("/v1/auth/otp/verify", json={"phone": phone, "code": wrong})
        assert bad.status_code == 401
    late = await client.post("/v1/auth/otp/verify", json={"phone": phone, "code": right})
    assert late.status_code == 401


async def test_codes_are_limited_by_the_hour(
    world: World, client: httpx.AsyncClient, clock: SteppedClock
) -> None:
    """A sixth code within the hour, or a second within the minute, is refused."""
    phone = world.phones[3]
    for _ in range(5):
        assert (await client.post("/v1/auth/otp", json={"phone": phone})).status_code == 202
        assert (await client.post("/v1/auth/otp", json={"phone": phone})).status_code == 429
        clock.advance(timedelta(minutes=2))
    assert (await client.post("/v1/auth/otp", json={"phone": phone})).status_code == 429
    clock.advance(timedelta(hours=1))
    assert (await client.post("/v1/auth/otp", json={"phone": phone})).status_code == 202


async def test_password_and_refresh_rotation(world: World, client: httpx.AsyncClient) -> None:
    """A refresh token works once; its second use ends the whole sign-in."""
    body = {"login_name": "accountant", "password": PASSWORD}
    first = (await client.post("/v1/auth/password", json=body)).json()
    second = await client.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    reuse = await client.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert reuse.status_code == 401
    stolen = await client.post(
        "/v1/auth/refresh", json={"refresh_token": second.json()["refresh_token"]}
    )
    assert stolen.status_code == 401


async def test_wrong_passwords_lock_the_account(
    world: World, client: httpx.AsyncClient, clock: SteppedClock
) -> None:
    """Ten wrong passwords lock for a quarter of an hour, then the right one works."""
    for _ in range(10):
        bad = await client.post(
            "/v1/auth/password", json={"login_name": "clerk", "password": "wrong"}
        )
        assert bad.status_code == 401
    right = {"login_name": "clerk", "password": PASSWORD}
    assert (await client.post("/v1/auth/password", json=right)).status_code == 401
    clock.advance(timedelta(minutes=16))
    assert (await client.post("/v1/auth/password", json=right)).status_code == 200


async def test_access_token_ends(
    world: World, client: httpx.AsyncClient, clock: SteppedClock
) -> None:
    """After fifteen minutes a token opens nothing, and a forged one never does."""
    body = {"login_name": "director", "password": PASSWORD}
    token = (await client.post("/v1/auth/password", json=body)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/v1/me", headers=headers)).status_code == 200
    clock.advance(timedelta(minutes=15))
    assert (await client.get("/v1/me", headers=headers)).status_code == 401
    forged = {"Authorization": f"Bearer {token[:-3]}AAA"}
    assert (await client.get("/v1/me", headers=forged)).status_code == 401


async def test_another_organisation_is_not_found(world: World) -> None:
    """A foreign organisation looks like none at all; a missing role is forbidden."""
    foreign = await world.call("neighbour_director", "GET", "/v1/orgs/{org}/users")
    assert foreign.status_code == 404
    lowly = await world.call("clerk", "GET", "/v1/orgs/{org}/users")
    assert lowly.status_code == 403
    assert (await world.call("director", "GET", "/v1/orgs/{org}/users")).status_code == 200
