"""Reading and editing parcels, and the pure rules of overlaps."""

import pytest

from backend.land.rules import judge_pairs, tolerance_m2
from tests.people import COLLECTIVE_CODE, World


async def test_parcels_are_filtered_and_paged(world: World) -> None:
    """Household, code prefix and box narrow the list; pages follow each other."""
    path = "/v1/orgs/{org}/parcels"
    first = (await world.call("clerk", "GET", f"{path}?limit=5")).json()
    assert [one["code"][-1] for one in first["items"]] == ["1", "2", "3", "4", "5"]
    rest = (await world.call("clerk", "GET", f"{path}?cursor={first['next_cursor']}")).json()
    assert [one["code"][-1] for one in rest["items"]] == ["6", "7", "8"]
    own = (await world.call("clerk", "GET", f"{path}?household_id={world.households[1]}")).json()
    assert {one["household_code"] for one in own["items"]} == {world.household_codes[1]}
    assert len(own["items"]) == 2
    west, south, *_ = first["items"][2]["bbox"]
    box = f"{west - 1e-5},{south},{west + 1e-5},{south + 1e-5}"
    boxed = (await world.call("clerk", "GET", f"{path}?bbox={box}")).json()
    assert [one["code"] for one in boxed["items"]] == [f"{COLLECTIVE_CODE}00003"]


@pytest.mark.parametrize("box", ["1,2,3", "a,b,c,d", "nan,0,1,1", "3,0,1,1", "0,0,500,1"])
async def test_a_bad_box_is_refused(world: World, box: str) -> None:
    """Too few edges, words, NaN, west of west, and no degrees."""
    answer = await world.call("clerk", "GET", f"/v1/orgs/{{org}}/parcels?bbox={box}")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-box")


async def test_a_parcel_is_edited_under_its_version(world: World) -> None:
    """Crop and block change, an empty text clears, a stale version is refused."""
    path = f"/v1/orgs/{{org}}/parcels/{world.parcels[0]}"
    whole = await world.call("clerk", "GET", path)
    assert whole.json()["polygon"]["type"] == "Polygon"
    assert [area["kind"] for area in whole.json()["areas"]] == ["contract"]
    change = {"crop": "谷子", "block": "河滩连片"}
    done = await world.call("clerk", "PATCH", path, change, If_Match=whole.headers["etag"])
    assert (done.json()["crop"], done.json()["block"]) == ("谷子", "河滩连片")
    cleared = await world.call("clerk", "PATCH", path, {"block": ""}, If_Match=done.headers["etag"])
    assert cleared.json()["block"] is None
    stale = await world.call("clerk", "PATCH", path, change, If_Match=done.headers["etag"])
    assert stale.status_code == 412
    assert (await world.call("cashier", "PATCH", path, change, If_Match='"v3"')).status_code == 403


async def test_foreign_parcels_look_absent(world: World) -> None:
    """Another collective sees none of them, by list or by id."""
    own = f"/v1/orgs/{world.neighbour}/parcels"
    assert (await world.call("neighbour_director", "GET", own)).json()["items"] == []
    one = await world.call("neighbour_director", "GET", f"{own}/{world.parcels[0]}")
    assert one.status_code == 404


def test_tolerance_is_five_square_metres_or_half_a_percent() -> None:
    """Small fields use the floor, large ones the share."""
    assert tolerance_m2(100) == 5
    assert tolerance_m2(10_000) == 50


def test_pairs_beyond_tolerance_are_kept_and_copies_marked() -> None:
    """Within tolerance nothing; beyond it an overlap; 95 % of the union is one ground."""
    sizes = [1000.0, 1000.0, 4.0, 4.0]
    pairs = judge_pairs([(0, 1, 5.0), (0, 1, 5.1), (0, 1, 975.0), (2, 3, 4.0)], sizes)
    assert [(pair.shared_m2, pair.duplicate) for pair in pairs] == [
        (5.1, False),
        (975.0, True),
        (4.0, True),
    ]
