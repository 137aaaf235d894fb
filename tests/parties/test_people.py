"""Households, members, workers, accounts and profiles over HTTP."""

from datetime import date
from typing import Any

import pytest

from backend.core import codes
from tests.people import World

SQUARE = {
    "type": "Polygon",
    "coordinates": [
        [[112.8, 36.8], [112.82, 36.8], [112.82, 36.82], [112.8, 36.82], [112.8, 36.8]]
    ],
}
PROFILE: dict[str, Any] = {
    "legal_representative": "张三",
    "address": "丰州镇权店村",
    "phone": "0355-6380000",
    "bank_name": "示范农村商业银行",
    "bank_account": "6299990000000010",
    "boundary": SQUARE,
}


async def test_households_are_listed_with_shares_and_masks(world: World) -> None:
    """Two shares a household; the account shows its first and last four digits only."""
    page = (await world.call("clerk", "GET", "/v1/orgs/{org}/households?limit=3")).json()
    assert [one["code"] for one in page["items"]] == world.household_codes[:3]
    assert {one["share"] for one in page["items"]} == {"2"}
    assert page["items"][0]["account_mask"] == "6299 **** **** 0001"
    rest = await world.call(
        "clerk", "GET", f"/v1/orgs/{{org}}/households?limit=3&cursor={page['next_cursor']}"
    )
    assert [one["code"] for one in rest.json()["items"]] == world.household_codes[3:]
    assert rest.json()["next_cursor"] is None


async def test_one_household_shows_no_number_in_clear(world: World) -> None:
    """The whole answer holds masks of the identity and account numbers and never the numbers."""
    answer = await world.call("clerk", "GET", f"/v1/orgs/{{org}}/households/{world.households[0]}")
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"v1"'
    assert codes.make_id("990000", date(1970, 1, 1), 1) not in answer.text
    assert "6299990000000001" not in answer.text
    member = answer.json()["members"][0]
    assert member["id_number_mask"].startswith("990000********")
    assert member["share"] == "1"


async def test_household_edit_needs_the_version_that_was_read(world: World) -> None:
    """Without If-Match 428, with a stale one 412, with the right one the version goes up."""
    path = f"/v1/orgs/{{org}}/households/{world.households[1]}"
    body = {"address": "一组 12 号"}
    assert (await world.call("clerk", "PATCH", path, body)).status_code == 428
    done = await world.call("clerk", "PATCH", path, body, If_Match='"v1"')
    assert (done.status_code, done.headers["etag"]) == (200, '"v2"')
    assert done.json()["address"] == "一组 12 号"
    stale = await world.call("clerk", "PATCH", path, {"address": "二组"}, If_Match='"v1"')
    assert stale.status_code == 412
    kept = await world.call("clerk", "GET", path)
    assert kept.json()["address"] == "一组 12 号"


async def test_member_share_and_status_are_edited(world: World) -> None:
    """Half a share is recorded as such; a member who left no longer counts."""
    path = f"/v1/orgs/{{org}}/households/{world.households[2]}"
    member = (await world.call("clerk", "GET", path)).json()["members"][1]
    there = f"/v1/orgs/{{org}}/members/{member['id']}"
    done = await world.call("clerk", "PATCH", there, {"share": "0.5"}, If_Match='"v1"')
    assert done.json()["share"] == "0.5"
    assert (await world.call("clerk", "GET", path)).json()["share"] == "1.5"
    gone = await world.call("clerk", "PATCH", there, {"status": "left"}, If_Match='"v2"')
    assert gone.status_code == 200
    assert (await world.call("clerk", "GET", path)).json()["share"] == "1"
    stale = await world.call("clerk", "PATCH", there, {"share": "1"}, If_Match='"v2"')
    assert stale.status_code == 412


async def test_foreign_people_look_absent(world: World) -> None:
    """Another collective's director finds neither the organisation nor its household."""
    theirs = f"/v1/orgs/{{org}}/households/{world.households[0]}"
    assert (await world.call("neighbour_director", "GET", theirs)).status_code == 404
    own = f"/v1/orgs/{world.neighbour}/households/{world.households[0]}"
    assert (await world.call("neighbour_director", "GET", own)).status_code == 404
    member = (await world.call("clerk", "GET", theirs)).json()["members"][0]["id"]
    own = f"/v1/orgs/{world.neighbour}/members/{member}"
    assert (await world.call("neighbour_director", "GET", own)).status_code == 404


async def test_worker_is_registered_once_with_a_sound_number(world: World) -> None:
    """A wrong check digit names the field, not the number; a second registration conflicts."""
    number = codes.make_id("990000", date(1980, 5, 6), 77)
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    body = {"name": "李四", "id_number": wrong, "kind": "seasonal"}
    bad = await world.call("clerk", "POST", "/v1/orgs/{org}/workers", body)
    assert bad.status_code == 422
    assert bad.json()["faults"][0]["field"] == "id_number"
    assert wrong not in bad.text
    good = await world.call("clerk", "POST", "/v1/orgs/{org}/workers", body | {"id_number": number})
    assert (good.status_code, good.json()["born_on"]) == (201, "1980-05-06")
    again = await world.call(
        "clerk", "POST", "/v1/orgs/{org}/workers", body | {"id_number": number}
    )
    assert again.status_code == 409
    listed = await world.call("clerk", "GET", "/v1/orgs/{org}/workers")
    assert [one["name"] for one in listed.json()["items"]] == ["李四"]


async def test_a_new_account_supersedes_the_old_one(world: World) -> None:
    """Both rows stay; a number that fails Luhn is accepted with a remark."""
    household = str(world.households[3])
    body = {
        "owner_kind": "household",
        "owner_id": household,
        "holder_name": "张40",
        "bank_name": "示范农村商业银行",
        "number": "6299990000000011",
    }
    first = await world.call("clerk", "POST", "/v1/orgs/{org}/payee-accounts", body)
    assert first.status_code == 201, first.text
    assert first.json()["warnings"][0]["code"] == "card-luhn"
    body["number"] = "12345678"
    await world.call("cashier", "POST", "/v1/orgs/{org}/payee-accounts", body)
    listed = await world.call(
        "clerk", "GET", f"/v1/orgs/{{org}}/payee-accounts?owner_id={household}"
    )
    assert [one["superseded_at"] is None for one in listed.json()] == [True, False]
    assert listed.json()[0]["number_mask"] == "**** 78"
    unknown = body | {"owner_kind": "worker"}
    absent = await world.call("clerk", "POST", "/v1/orgs/{org}/payee-accounts", unknown)
    assert absent.status_code == 404


async def test_profile_is_replaced_under_its_version(world: World) -> None:
    """The account comes back masked and is kept when the next body leaves it out."""
    path = "/v1/orgs/{org}/profile"
    before = await world.call("clerk", "GET", path)
    tag = before.headers["etag"]
    done = await world.call("clerk", "PUT", path, PROFILE, If_Match=tag)
    assert done.status_code == 200, done.text
    assert done.json()["bank_account_mask"] == "6299 **** **** 0010"
    assert done.json()["chart_id"] == "village_2023_14"
    stale = await world.call("clerk", "PUT", path, PROFILE, If_Match=tag)
    assert stale.status_code == 412
    kept = await world.call(
        "clerk", "PUT", path, PROFILE | {"bank_account": None}, If_Match=done.headers["etag"]
    )
    assert kept.json()["bank_account_mask"] == "6299 **** **** 0010"


async def test_first_profile_starts_from_version_zero(world: World) -> None:
    """An organisation without a record answers version 0, and that tag creates it."""
    path = f"/v1/orgs/{world.provider}/profile"
    assert (await world.call("provider_director", "GET", path)).headers["etag"] == '"v0"'
    body = PROFILE | {"boundary": None}
    made = await world.call("provider_director", "PUT", path, body, If_Match='"v0"')
    assert (made.status_code, made.headers["etag"]) == (200, '"v1"')


BOW_TIE = [[[112.8, 36.8], [112.82, 36.82], [112.82, 36.8], [112.8, 36.82], [112.8, 36.8]]]
METRES = [[[4e5, 4e6], [5e5, 4e6], [5e5, 5e6], [4e5, 4e6]]]


@pytest.mark.parametrize("rings", [BOW_TIE, METRES, [[[1, 2]]], "text"])
async def test_unsound_boundary_is_refused(world: World, rings: Any) -> None:
    """A bow-tie, metres, a short ring and no rings at all are each a fault of the boundary."""
    path = "/v1/orgs/{org}/profile"
    tag = (await world.call("clerk", "GET", path)).headers["etag"]
    body = PROFILE | {"boundary": {"type": "Polygon", "coordinates": rings}}
    answer = await world.call("clerk", "PUT", path, body, If_Match=tag)
    assert answer.status_code == 422
    assert answer.json()["faults"]


async def test_nan_in_json_is_refused(world: World) -> None:
    """NaN is no JSON number, wherever it stands."""
    headers = world.headers("clerk", If_Match='"v1"') | {"Content-Type": "application/json"}
    answer = await world.client.put(
        f"/v1/orgs/{world.collective}/profile", content=b'{"address": NaN}', headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-json")
