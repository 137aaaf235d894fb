"""Spray orders: what may be ordered, given up, and what is refused."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest_asyncio

from tests.operations.season import ORDER, Season


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def contract(season: Season) -> str:
    """A provider's contract over two households' land, two rounds."""
    return await season.entrust(0, 1, rounds=2)


async def _refused(season: Season, body: dict[str, Any]) -> list[tuple[int | None, str]]:
    answer = await season.world.call("clerk", "POST", "/v1/orgs/{org}/spray-orders", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "order-unsound"), answer.text
    return [(fault["row"], fault["code"]) for fault in answer.json()["faults"]]


async def test_every_fault_of_an_order_is_named(season: Season, contract: str) -> None:
    """Foreign parcels, too much area, repetitions and too many rounds are listed by row."""
    parcels = [str(one) for one in season.world.parcels]
    body = ORDER | {
        "contract_id": contract,
        "parcels": [
            {"parcel_id": parcels[0], "area_mu": "2.01"},
            {"parcel_id": parcels[1], "area_mu": "0"},
            {"parcel_id": parcels[7]},
            {"parcel_id": parcels[2]},
            {"parcel_id": parcels[2]},
        ],
    }
    assert await _refused(season, body) == [
        (1, "area"),
        (2, "area"),
        (3, "not-in-contract"),
        (5, "repeated"),
    ]
    one = [{"parcel_id": parcels[0]}]
    third = ORDER | {"contract_id": contract, "parcels": one, "round": 3}
    assert await _refused(season, third) == [(1, "more-rounds")]
    millet = ORDER | {"contract_id": contract, "parcels": one, "crop": "谷子"}
    assert await _refused(season, millet) == [(1, "other-crop")]
    assert await _refused(season, millet | {"parcels": None}) == [(None, "nothing-to-order")]


async def test_times_must_lie_in_the_contract(season: Season, contract: str) -> None:
    """A window that runs backwards or leaves the contract's term is refused."""
    body = ORDER | {"contract_id": contract}
    backwards = body | {"latest_at": "2026-06-30T00:00:00+08:00"}
    assert await _refused(season, backwards) == [(None, "window")]
    late = body | {"latest_at": "2026-11-01T12:00:00+08:00"}
    assert await _refused(season, late) == [(None, "outside-term")]
    naive = body | {"latest_at": "2026-07-05T00:00:00"}
    answer = await season.world.call("clerk", "POST", "/v1/orgs/{org}/spray-orders", naive)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-request-form")


async def test_only_contracts_in_force_are_ordered_from(season: Season, contract: str) -> None:
    """A tier-one contract, an unknown one and a stranger's are refused alike."""
    contracts = await season.call("clerk", "GET", "/v1/orgs/{org}/contracts")
    tier_one = next(one["id"] for one in contracts["items"] if one["provider_org_id"] is None)
    for wrong in (tier_one, str(uuid4())):
        body = ORDER | {"contract_id": wrong}
        answer = await season.world.call("clerk", "POST", "/v1/orgs/{org}/spray-orders", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "contract-not-orderable")


async def test_a_round_is_ordered_once(season: Season, contract: str) -> None:
    """Two orders of one round at the same time: one is made. A cancelled draft frees it."""
    body = ORDER | {"contract_id": contract, "round": 1}
    answers = await asyncio.gather(
        *(season.world.call("clerk", "POST", "/v1/orgs/{org}/spray-orders", body) for _ in range(3))
    )
    assert sorted(one.status_code for one in answers) == [201, 422, 422]
    (made,) = [one.json() for one in answers if one.status_code == 201]
    parcel = {"parcel_id": str(season.world.parcels[0])}
    named = ORDER | {"contract_id": contract, "parcels": [parcel]}
    assert await _refused(season, named) == [(1, "already-ordered")]
    cancelled = await season.step(made, "cancelled")
    assert (cancelled["state"], cancelled["parcels"]) == ("cancelled", 0)
    part = await season.order(contract, parcels=[parcel | {"area_mu": "1.50"}])
    assert part["ordered_mu"] == "1.50"
    rest = await season.order(contract)
    assert rest["parcels"] == 3


async def test_a_release_is_withdrawn_until_it_is_planned(season: Season, contract: str) -> None:
    """Withdrawn, the job is dead and a new release makes a new one; a planned one stays."""
    order = await season.step(await season.order(contract, round=2), "released")
    first = await season.job_of(order)
    order = await season.step(order, "draft")
    assert (await season.job_of(order))["state"] == "withdrawn"
    order = await season.step(order, "released")
    second = await season.job_of(order)
    assert second["id"] != first["id"]
    assert (second["state"], second["release_version"]) == ("received", 2)
    early = await season.world.call(
        "clerk",
        "POST",
        f"/v1/orgs/{{org}}/spray-orders/{order['id']}/steps",
        {"to_state": "reported"},
        if_match=f'"v{order["row_version"]}"',
    )
    assert (early.status_code, early.json()["code"]) == (409, "nothing-to-accept")
    plan = await season.advance(await season.solved(order), "published")
    order = await season.read(order)
    taken = await season.world.call(
        "clerk",
        "POST",
        f"/v1/orgs/{{org}}/spray-orders/{order['id']}/steps",
        {"to_state": "draft"},
        if_match=f'"v{order["row_version"]}"',
    )
    assert (taken.status_code, taken.json()["code"]) == (409, "order-not-allowed-now")
    await season.advance(plan, "cancelled")
    order = await season.read(order)
    assert order["state"] == "released"
    assert (await season.step(order, "draft"))["state"] == "draft"


async def test_bad_forms_and_roles(season: Season, contract: str) -> None:
    """Wrong types and numbers beyond the column are refused; so are roles without the right."""
    body = ORDER | {"contract_id": contract}
    changes: tuple[dict[str, Any], ...] = (
        {"dose_ml_per_mu": 0},
        {"priority": 101},
        {"registration_no": "随便"},
        {"round": 21},
        {"liquid_ml_per_mu": 10**12},
        {"parcels": []},
        {"target": ""},
        {"price_fen": 1},
        {"earliest_at": "0001-01-01T00:00:00+14:00"},
        {"latest_at": "9999-12-31T23:59:59-14:00"},
    )
    for change in changes:
        answer = await season.world.call(
            "clerk", "POST", "/v1/orgs/{org}/spray-orders", body | change
        )
        assert answer.status_code == 422, change
    for user in ("accountant", "cashier"):
        answer = await season.world.call(user, "POST", "/v1/orgs/{org}/spray-orders", body)
        assert answer.status_code == 403
    missing = f"/v1/orgs/{{org}}/spray-orders/{uuid4()}"
    assert (await season.world.call("clerk", "GET", missing)).status_code == 404
