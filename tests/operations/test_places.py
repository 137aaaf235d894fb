"""Mixing points and zones: registered, edited by version, heeded by plans."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from shapely.geometry import box, mapping

from tests.operations.season import Season

POINT: dict[str, Any] = {"name": "水库泵站", "lon": 112.905, "lat": 36.802, "fill_s": 600}
ZONES = "/v1/orgs/{provider}/zones"
POINTS = "/v1/orgs/{provider}/mix-points"


def _zone(**changes: Any) -> dict[str, Any]:
    west = 112.901
    around = mapping(box(west - 0.0002, 36.7995, west + 0.0006, 36.801))
    return {"name": "蜂场", "kind": "no_spray", "polygon": around, "buffer_m": 10} | changes


async def test_a_place_is_registered_once(season: Season) -> None:
    """Of simultaneous registrations of one name, one is made; reads and pages show it."""
    for path, body in ((POINTS, POINT), (ZONES, _zone(name="鱼塘", in_use=False))):
        answers = await asyncio.gather(
            *(season.world.call("dispatcher", "POST", path, body) for _ in range(3))
        )
        assert sorted(one.status_code for one in answers) == [201, 409, 409]
        (made,) = [one.json() for one in answers if one.status_code == 201]
        read = await season.world.call("crew", "GET", f"{path}/{made['id']}")
        assert (read.json(), read.headers["etag"]) == (made, '"v1"')
        page = await season.call("crew", "GET", f"{path}?limit=1")
        assert page["items"] == [made]
    assert (await season.call("crew", "GET", POINTS))["items"][0]["close"] == "20:00"


async def test_edits_need_the_version(season: Season) -> None:
    """A missing or old If-Match is refused; a name that another place has is refused too."""
    one = await season.call("dispatcher", "POST", POINTS, POINT | {"name": "东泵站"})
    path = f"{POINTS}/{one['id']}"
    closed = POINT | {"name": "东泵站", "in_use": False}
    assert (await season.world.call("dispatcher", "PUT", path, closed)).status_code == 428
    stale = await season.world.call("dispatcher", "PUT", path, closed, if_match='"v7"')
    assert stale.status_code == 412
    edited = await season.world.call("dispatcher", "PUT", path, closed, if_match='"v1"')
    assert (edited.json()["in_use"], edited.headers["etag"]) == (False, '"v2"')
    taken = POINT | {"name": "水库泵站"}
    refused = await season.world.call("dispatcher", "PUT", path, taken, if_match='"v2"')
    assert (refused.status_code, refused.json()["code"]) == (409, "place-exists")
    zone = await season.call("dispatcher", "POST", ZONES, _zone(name="学校", in_use=False))
    moved = _zone(name="学校", buffer_m=30, in_use=False)
    path = f"{ZONES}/{zone['id']}"
    answer = await season.world.call("dispatcher", "PUT", path, moved, if_match='"v1"')
    assert (answer.json()["buffer_m"], answer.headers["etag"]) == (30, '"v2"')


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (POINTS, POINT | {"open": "20:00", "close": "06:00"}),
        (POINTS, POINT | {"open": "06:00", "close": "06:05"}),
        (POINTS, POINT | {"lat": 95.0}),
        (ZONES, _zone(kind="no_fly", products=["药"])),
        (ZONES, _zone(polygon={"type": "Point", "coordinates": [112.9, 36.8]})),
        (ZONES, _zone(polygon={"type": "Polygon", "coordinates": []})),
        (ZONES, _zone(polygon=mapping(box(500, 600, 501, 601)))),
        (ZONES, _zone(buffer_m=-1)),
    ],
)
async def test_what_is_refused(season: Season, path: str, body: dict[str, Any]) -> None:
    """Hours that run backwards or are too short, limits on a no-fly zone, shapes that are none."""
    answer = await season.world.call("dispatcher", "POST", path, body | {"name": "新"})
    assert answer.status_code == 422, answer.text


async def test_whose_places_they_are(season: Season) -> None:
    """A crew reads and does not write; another organisation sees nothing."""
    for path, body in ((POINTS, POINT), (ZONES, _zone())):
        assert (await season.world.call("crew", "POST", path, body)).status_code == 403
        foreign = await season.world.call("neighbour_director", "GET", path)
        assert foreign.status_code == 404
        absent = await season.world.call("dispatcher", "GET", f"{path}/{uuid4()}")
        assert absent.status_code == 404
        edited = await season.world.call(
            "dispatcher", "PUT", f"{path}/{uuid4()}", body, if_match='"v1"'
        )
        assert edited.status_code == 404


async def test_plans_heed_zones_and_age_with_them(season: Season) -> None:
    """Plots in a zone's buffer are left out; a zone registered later makes the plan stale."""
    contract = await season.entrust(0, 1)
    order = await season.step(await season.order(contract), "released")
    season.clock.advance(timedelta(days=1))
    free = await season.solved(order)
    assert free["planned_mu"] == "11.00"
    zone = await season.call("dispatcher", "POST", ZONES, _zone())
    late = await season.on_plan(free, "POST", "steps", {"to_state": "published"}, if_match='"v3"')
    assert (late.status_code, late.json()["code"]) == (409, "plan-stale")
    held = await season.solved(order)
    assert held["unassigned_by_cause"] == {"buffer": 1}
    other = await season.call(
        "dispatcher",
        "PUT",
        f"{ZONES}/{zone['id']}",
        _zone(products=["别的药"]),
        if_match='"v1"',
    )
    assert other["products"] == ["别的药"]
    assert (await season.solved(order))["planned_mu"] == "11.00"
    flight = _zone(kind="no_fly")
    await season.call("dispatcher", "PUT", f"{ZONES}/{zone['id']}", flight, if_match='"v2"')
    assert (await season.solved(order))["unassigned_by_cause"]["no_fly"] == 1
