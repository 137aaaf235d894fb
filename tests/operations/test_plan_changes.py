"""Moves by hand, comparisons, explanations and questions: worked out apart, kept by version."""

import asyncio
import time
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import pytest_asyncio

from backend.operations import planning, questions
from tests.operations.season import Season


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def order(season: Season) -> dict[str, Any]:
    """An order of eight plots."""
    contract = await season.entrust(0, 1, 2, 3)
    return await season.step(await season.order(contract), "released")


@pytest.fixture(autouse=True)
def _next_day(season: Season) -> None:
    """Give each test a day on which no drone is taken."""
    season.clock.advance(timedelta(days=1))


async def _move(season: Season, plan: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the body that gives the plan's first stop to the other drone."""
    stop = (await season.stops(plan))[0]
    (other,) = [one["id"] for one in season.drones if one["id"] != stop["drone_id"]]
    return {
        "job_id": stop["job_id"],
        "parcel_id": stop["parcel_id"],
        "drone_id": other,
    } | changes


def _tag(plan: dict[str, Any]) -> str:
    return f'"v{plan["row_version"]}"'


async def test_a_move_is_tried_then_kept(season: Season, order: dict[str, Any]) -> None:
    """A preview stores nothing; kept, the plan has a new version, the stop another drone."""
    plan = await season.solved(order)
    before = await season.stops(plan)
    body = await _move(season, plan)
    tried = await season.on_plan(plan, "POST", "edits", body, if_match=_tag(plan))
    assert tried.status_code == 200, tried.text
    seen = tried.json()
    assert (seen["applied"], seen["violations"], seen["dropped"]) == (False, [], [])
    assert (seen["row_version"], seen["planned_mu"]) == (plan["row_version"], "22.00")
    assert await season.stops(plan) == before
    kept = await season.on_plan(plan, "POST", "edits", body | {"apply": True}, if_match=_tag(plan))
    assert (kept.json()["applied"], kept.json()["cost_s"]) == (True, seen["cost_s"])
    now = await season.plan(plan)
    assert kept.headers["etag"] == _tag(now) != _tag(plan)
    (moved,) = [one for one in await season.stops(plan) if one["parcel_id"] == body["parcel_id"]]
    assert moved["drone_id"] == body["drone_id"]
    assert (now["state"], now["violations"], now["planned_mu"]) == ("solved", 0, "22.00")
    published = await season.advance(now, "published")
    late = await season.on_plan(
        plan, "POST", "edits", body | {"apply": True}, if_match=_tag(published)
    )
    assert (late.status_code, late.json()["code"]) == (409, "plan-not-allowed-now")
    await season.advance(published, "cancelled")


async def test_of_two_edits_at_once_one_is_kept(season: Season, order: dict[str, Any]) -> None:
    """Both were made of the same version: the other is told that it is old."""
    plan = await season.solved(order)
    body = await _move(season, plan, apply=True)
    answers = await asyncio.gather(
        *(season.on_plan(plan, "POST", "edits", body, if_match=_tag(plan)) for _ in range(2))
    )
    assert sorted(one.status_code for one in answers) == [200, 412]
    stale = await season.on_plan(plan, "POST", "edits", body, if_match='"v1"')
    assert stale.status_code == 412
    without = await season.on_plan(plan, "POST", "edits", body)
    assert without.status_code == 428


async def test_a_move_that_breaks_rules_is_not_kept(season: Season, order: dict[str, Any]) -> None:
    """Over the cap: the preview names the violation and what would have to give way."""
    plan = await season.solved(order, area_cap_mu="11.50")
    body = await _move(season, plan)
    tried = await season.on_plan(plan, "POST", "edits", body, if_match=_tag(plan))
    seen = tried.json()
    assert "area_cap" in {one["code"] for one in seen["violations"]}
    assert all(one["zh"] and one["en"] for one in seen["violations"])
    assert seen["dropped"]
    kept = await season.on_plan(plan, "POST", "edits", body | {"apply": True}, if_match=_tag(plan))
    assert (kept.status_code, kept.json()["code"]) == (409, "plan-has-violations")
    assert (await season.plan(plan))["row_version"] == plan["row_version"]


async def test_what_cannot_be_moved(season: Season, order: dict[str, Any]) -> None:
    """Plots, drones and days that the plan does not have; plans that are not solved; others'."""
    plan = await season.solved(order)
    body = await _move(season, plan)
    for change in (
        {"job_id": str(uuid4())},
        {"drone_id": str(uuid4())},
        {"day": (season.clock.today() + timedelta(days=3)).isoformat()},
        {"before": {"job_id": body["job_id"], "parcel_id": body["parcel_id"]}},
    ):
        refused = await season.on_plan(plan, "POST", "edits", body | change, if_match=_tag(plan))
        assert (refused.status_code, refused.json()["code"]) == (422, "question-refused")
    asked = await season.ask(order)
    early = await season.on_plan(asked, "POST", "edits", body, if_match=_tag(asked))
    assert (early.status_code, early.json()["code"]) == (409, "plan-not-solved")
    path = f"/v1/orgs/{{provider}}/plans/{plan['id']}/edits"
    for user, status in (("crew", 403), ("neighbour_director", 404)):
        answer = await season.world.call(user, "POST", path, body, if_match=_tag(plan))
        assert answer.status_code == status


async def test_two_plans_side_by_side(season: Season, order: dict[str, Any]) -> None:
    """Cost by part and area of both, plots only in one, plots moved."""
    whole = await season.solved(order)
    tight = await season.solved(order, area_cap_mu="8.00")
    await season.on_plan(
        whole, "POST", "edits", await _move(season, whole, apply=True), if_match=_tag(whole)
    )
    found = await season.on_plan(whole, "GET", f"comparison?with={tight['id']}")
    sides = found.json()
    assert (sides["here"]["planned_mu"], sides["here"]["engine"]) == ("22.00", "edit")
    assert sides["there"]["planned_mu"] == tight["planned_mu"]
    assert sides["here"]["cost"] < sides["there"]["cost"]
    assert sides["there"]["parts"]["weight_unassigned"] > 0
    assert len(sides["only_here"]) == sides["there"]["left_out"] > 0
    assert sides["only_there"] == []
    same = await season.on_plan(whole, "GET", f"comparison?with={whole['id']}")
    assert (same.json()["moved"], same.json()["only_here"]) == ([], [])
    absent = await season.on_plan(whole, "GET", f"comparison?with={uuid4()}")
    assert (absent.status_code, absent.json()["code"]) == (404, "plan-not-found")


async def test_why_plots_are_left_out(season: Season, order: dict[str, Any]) -> None:
    """Each with its cause; where others would give way, their names."""
    plan = await season.solved(order, area_cap_mu="8.00")
    rows = (await season.on_plan(plan, "GET", "explanations")).json()
    assert len(rows) == sum(plan["unassigned_by_cause"].values())
    assert {one["cause"] for one in rows} == {"no_capacity"}
    best = rows[0]
    assert best["tried"] > 0
    assert best["drone"].startswith("飞防")
    assert best["on"] == season.clock.today().isoformat()
    assert best["displaced"]
    some = (await season.on_plan(plan, "GET", "explanations?first=1&limit=2")).json()
    assert some == rows[1:3]
    path = f"/v1/orgs/{{provider}}/plans/{plan['id']}/explanations"
    assert (await season.world.call("crew", "GET", path)).status_code == 403


async def test_questions(season: Season, order: dict[str, Any]) -> None:
    """Why not that drone, and what one more drone would bring."""
    plan = await season.solved(order, area_cap_mu="8.00")
    why_not = {"kind": "why_not"} | await _move(season, plan)
    answer = (await season.on_plan(plan, "POST", "questions", why_not)).json()
    assert answer["what_if"] is None
    assert answer["why_not"]["violations"]
    what_if = {"kind": "what_if", "change": "one_more_drone", "seconds": 0.2}
    answer = (await season.on_plan(plan, "POST", "questions", what_if)).json()
    assert answer["why_not"] is None
    assert float(answer["what_if"]["more_mu"]) > 0
    for wrong in ({"kind": "how"}, what_if | {"change": "less_wind"}, what_if | {"seconds": 99}):
        assert (await season.on_plan(plan, "POST", "questions", wrong)).status_code == 422


def _broods(documents: planning.Documents, question: planning.Question, out: Connection) -> None:
    """Stand in for a question that takes for ever."""
    time.sleep(60)


async def test_a_question_has_a_bound(
    season: Season,
    order: dict[str, Any],
    owner: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An answer that is not found in time is a 503; no transaction was open meanwhile."""
    plan = await season.solved(order)
    monkeypatch.setattr(planning, "answer_in_child", _broods)
    monkeypatch.setattr(questions, "WHY_SECONDS_MAX", 1.0)
    asking = asyncio.create_task(season.on_plan(plan, "GET", "explanations"))
    await asyncio.sleep(0.7)
    row = owner.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
    ).fetchone()
    answer = await asking
    assert (answer.status_code, answer.json()["code"]) == (503, "answer-took-too-long")
    assert row == (0,)
