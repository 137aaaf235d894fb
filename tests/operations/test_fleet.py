"""Crews and drones: registered once, edited by version, only with what the dispatcher knows."""

import asyncio
from uuid import uuid4

from tests.operations.season import Season


async def test_serial_numbers_and_names_are_single(season: Season) -> None:
    """Of simultaneous registrations of one drone, one is made."""
    path = "/v1/orgs/{provider}/drones"
    body = season.drone_facts(1, name="新机", serial_no="SN-NEW")
    answers = await asyncio.gather(
        *(season.world.call("dispatcher", "POST", path, body) for _ in range(4))
    )
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    renamed = await season.world.call("dispatcher", "POST", path, body | {"serial_no": "SN-X"})
    assert (renamed.status_code, renamed.json()["code"]) == (409, "drone-exists")


async def test_edits_need_the_version_that_was_read(season: Season) -> None:
    """A stale or missing If-Match is refused; the right one counts up."""
    drone = season.drones[0]
    path = f"/v1/orgs/{{provider}}/drones/{drone['id']}"
    broken = season.drone_facts(1, state="broken")
    assert (await season.world.call("dispatcher", "PUT", path, broken)).status_code == 428
    stale = await season.world.call("dispatcher", "PUT", path, broken, if_match='"v9"')
    assert stale.status_code == 412
    edited = await season.world.call("dispatcher", "PUT", path, broken, if_match='"v1"')
    assert (edited.json()["state"], edited.headers["etag"]) == ("broken", '"v2"')
    read = await season.world.call("crew", "GET", path)
    assert read.headers["etag"] == '"v2"'
    crew = season.crews[0]
    facts = {name: crew[name] for name in crew if name not in ("id", "row_version")}
    path = f"/v1/orgs/{{provider}}/crews/{crew['id']}"
    moved = facts | {"home_lon": 112.95}
    answer = await season.world.call("dispatcher", "PUT", path, moved, if_match='"v1"')
    assert (answer.json()["home_lon"], answer.headers["etag"]) == (112.95, '"v2"')


async def test_what_a_register_refuses(season: Season) -> None:
    """Unknown models and crews, users who are no pilots, places off the map, empty papers."""
    world = season.world
    drones, crews = "/v1/orgs/{provider}/drones", "/v1/orgs/{provider}/crews"
    fresh = season.drone_facts(1, name="另一架", serial_no="SN-9")
    model = await world.call("dispatcher", "POST", drones, fresh | {"model": "paper-plane"})
    assert (model.status_code, model.json()["code"]) == (422, "unknown-model")
    crew = await world.call("dispatcher", "POST", drones, fresh | {"crew_id": str(uuid4())})
    assert (crew.status_code, crew.json()["code"]) == (404, "crew-not-found")
    paperless = await world.call("dispatcher", "POST", drones, fresh | {"registration_no": ""})
    assert paperless.status_code == 422
    facts = {name: season.crews[0][name] for name in season.crews[0] if name != "row_version"}
    facts.pop("id")
    clerk = facts | {"pilot_user_id": str(world.staff["clerk"])}
    stranger = await world.call("dispatcher", "POST", crews, clerk)
    assert (stranger.status_code, stranger.json()["code"]) == (422, "user-not-pilot")
    nowhere = await world.call("dispatcher", "POST", crews, facts | {"home_lat": 95.0})
    assert nowhere.status_code == 422
    assert (await world.call("crew", "POST", crews, facts)).status_code == 403
    for path in (f"{drones}/{uuid4()}", f"{crews}/{uuid4()}", "/v1/orgs/{provider}/spray-jobs/x"):
        assert (await world.call("dispatcher", "GET", path)).status_code in (404, 422)


async def test_listings_turn_pages(season: Season) -> None:
    """A page of one leads to the next; a foreign cursor is refused."""
    path = "/v1/orgs/{provider}/crews?limit=1"
    first = await season.call("crew", "GET", path)
    second = await season.call("crew", "GET", f"{path}&cursor={first['next_cursor']}")
    assert first["items"][0]["id"] != second["items"][0]["id"]
    wrong = await season.world.call("crew", "GET", "/v1/orgs/{provider}/drones?cursor=!!")
    assert wrong.status_code == 422
