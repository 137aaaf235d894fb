"""Trusteeship over HTTP: menu, both tiers, holds, and what is refused."""

import asyncio
from typing import Any

import pytest_asyncio

from tests.people import World

PRICES = {"household_to_collective": 1500, "collective_to_provider": 1200}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def items(world: World) -> dict[str, str]:
    """A priced item for each stage of full trusteeship; the ids by stage."""
    made = {}
    for stage, name in (
        ("till", "旋耕"),
        ("sow", "机播"),
        ("protect", "飞防"),
        ("harvest", "机收"),
    ):
        body = {"name": name, "crop": "玉米", "stage": stage, "unit": "mu"}
        answer = await world.call("clerk", "POST", "/v1/orgs/{org}/service-items", body)
        assert answer.status_code == 201, answer.text
        made[stage] = answer.json()["id"]
        for tier, price_fen in PRICES.items():
            price = {
                "tier": tier,
                "price_fen": price_fen,
                "valid_from": "2026-01-01",
                "document": "村民代表大会决议〔2026〕3号",
            }
            path = f"/v1/orgs/{{org}}/service-items/{made[stage]}/prices"
            assert (await world.call("director", "POST", path, price)).status_code == 201
    return made


def _body(world: World, items: dict[str, str], household: int, **changes: Any) -> dict[str, Any]:
    """A menu contract for spraying one household's two parcels."""
    return {
        "household_id": str(world.households[household]),
        "mode": "menu",
        "season": "2026",
        "starts_on": "2026-07-01",
        "ends_on": "2026-10-31",
        "lines": [
            {"parcel_id": str(parcel), "item_id": items["protect"], "rounds": 2}
            for parcel in world.parcels[household * 2 : household * 2 + 2]
        ],
    } | changes


async def _advance(world: World, contract: dict[str, Any], *states: str) -> dict[str, Any]:
    for state in states:
        answer = await world.call(
            "director",
            "POST",
            f"/v1/orgs/{{org}}/contracts/{contract['id']}/steps",
            {"to_state": state},
            if_match=f'"v{contract["row_version"]}"',
        )
        assert answer.status_code == 200, answer.text
        contract = answer.json()
    return contract


async def test_both_tiers_and_their_agreement(world: World, items: dict[str, str]) -> None:
    """A provider's contract passes an entrustment on; mu and yuan agree and show the margin."""
    drafted = await world.call("clerk", "POST", "/v1/orgs/{org}/contracts", _body(world, items, 0))
    assert drafted.status_code == 201, drafted.text
    assert drafted.json()["total_fen"] == (200 + 350) * 2 * 1500 // 100
    farmer = await _advance(world, drafted.json(), "offered", "signed", "in_force")
    provider_body = _body(world, items, 0, household_id=None, provider_org_id=world.provider)
    provider = await world.call("clerk", "POST", "/v1/orgs/{org}/contracts", provider_body)
    assert provider.status_code == 201, provider.text
    assert provider.json()["lines"][0]["covers_contract_id"] == farmer["id"]
    signed = await _advance(world, provider.json(), "offered", "signed", "in_force")
    path = f"/v1/orgs/{{org}}/contracts/{signed['id']}/agreement"
    agreement = (await world.call("accountant", "GET", path)).json()
    assert agreement["agrees"] is True
    assert (agreement["farmer_mu"], agreement["provider_mu"]) == ("5.50", "5.50")
    assert agreement["margin_fen"] == 550 * 2 * 300 // 100
    ending = await world.call(
        "director",
        "POST",
        f"/v1/orgs/{{org}}/contracts/{farmer['id']}/steps",
        {"to_state": "terminated"},
        if_match=f'"v{farmer["row_version"]}"',
    )
    assert (ending.status_code, ending.json()["code"]) == (409, "passed-on-to-provider")


async def test_tier_two_beyond_tier_one(world: World, items: dict[str, str]) -> None:
    """A provider's contract over land nobody entrusted names each parcel."""
    body = _body(world, items, 1, household_id=None, provider_org_id=world.provider)
    refused = await world.call("clerk", "POST", "/v1/orgs/{org}/contracts", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "contract-unsound")
    faults = refused.json()["faults"]
    assert [fault["code"] for fault in faults] == ["not-entrusted", "not-entrusted"]
    assert faults[0]["subject"].endswith("00003")


async def test_full_trusteeship_needs_four_stages(world: World, items: dict[str, str]) -> None:
    """耕种防收 is the least that full trusteeship entrusts."""
    refused = await world.call(
        "clerk", "POST", "/v1/orgs/{org}/contracts", _body(world, items, 1, mode="full")
    )
    assert {fault["code"] for fault in refused.json()["faults"]} == {"not-full"}
    whole = [
        {"parcel_id": str(world.parcels[2]), "item_id": items[stage]}
        for stage in ("till", "sow", "protect", "harvest")
    ]
    body = _body(world, items, 1, mode="full", lines=whole)
    accepted = await world.call("clerk", "POST", "/v1/orgs/{org}/contracts", body)
    assert accepted.status_code == 201, accepted.text


async def test_the_same_stage_is_entrusted_once(world: World, items: dict[str, str]) -> None:
    """Of two contracts for the same land signed at once, one is refused with the parcels' codes."""
    drafts = [
        (
            await world.call("clerk", "POST", "/v1/orgs/{org}/contracts", _body(world, items, 2))
        ).json()
        for _ in range(2)
    ]
    offered = [await _advance(world, draft, "offered") for draft in drafts]
    answers = await asyncio.gather(
        *(
            world.call(
                "director",
                "POST",
                f"/v1/orgs/{{org}}/contracts/{contract['id']}/steps",
                {"to_state": "signed"},
                if_match='"v2"',
            )
            for contract in offered
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (refused,) = [answer.json() for answer in answers if answer.status_code == 409]
    assert refused["code"] == "parcel-already-entrusted"
    assert len(refused["faults"]) == 2


async def test_foreign_parcel_unknown_item_and_repetition(
    world: World, items: dict[str, str]
) -> None:
    """All faults of a contract are listed at once, by row."""
    lines = [
        {"parcel_id": str(world.parcels[0]), "item_id": items["protect"]},
        {"parcel_id": str(world.parcels[6]), "item_id": str(world.parcels[6])},
        {"parcel_id": str(world.parcels[7]), "item_id": items["sow"]},
        {"parcel_id": str(world.parcels[7]), "item_id": items["sow"]},
    ]
    refused = await world.call(
        "clerk", "POST", "/v1/orgs/{org}/contracts", _body(world, items, 3, lines=lines)
    )
    found = [(fault["row"], fault["code"]) for fault in refused.json()["faults"]]
    assert found == [(1, "foreign-parcel"), (2, "unknown-item"), (4, "repeated")]


async def test_stale_version_and_wrong_step(world: World, items: dict[str, str]) -> None:
    """A step needs the version that was read, and a state that allows it."""
    draft = (
        await world.call("clerk", "POST", "/v1/orgs/{org}/contracts", _body(world, items, 3))
    ).json()
    path = f"/v1/orgs/{{org}}/contracts/{draft['id']}/steps"
    stale = await world.call("director", "POST", path, {"to_state": "offered"}, if_match='"v7"')
    assert stale.status_code == 412
    missing = await world.call("director", "POST", path, {"to_state": "offered"})
    assert missing.status_code == 428
    early = await world.call("director", "POST", path, {"to_state": "signed"}, if_match='"v1"')
    assert (early.status_code, early.json()["code"]) == (409, "not-allowed-now")
    await _advance(world, draft, "offered")
    clerk = await world.call("clerk", "POST", path, {"to_state": "signed"}, if_match='"v2"')
    assert clerk.status_code == 403


async def test_prices_are_dated_and_never_edited(world: World, items: dict[str, str]) -> None:
    """A second price from the same day is refused; a later one does not touch older contracts."""
    path = f"/v1/orgs/{{org}}/service-items/{items['sow']}/prices"
    body = {
        "tier": "household_to_collective",
        "price_fen": 9900,
        "valid_from": "2026-01-01",
        "document": "决议",
    }
    assert (await world.call("director", "POST", path, body)).status_code == 409
    later = body | {"valid_from": "2027-01-01"}
    assert (await world.call("director", "POST", path, later)).status_code == 201
    menu = (await world.call("clerk", "GET", "/v1/orgs/{org}/service-items")).json()
    (sow,) = [item for item in menu if item["stage"] == "sow"]
    assert sow["farmer_price_fen"] == PRICES["household_to_collective"]
