"""Acceptance and settlement: the village's figures, objections, and what is left over."""

import asyncio
from typing import Any
from uuid import uuid4

import psycopg

from tests.operations.season import Season


async def _accept(season: Season, order: dict[str, Any], *records: dict[str, Any]) -> Any:
    path = f"/v1/orgs/{{org}}/spray-orders/{order['id']}/acceptance"
    body = {"records": list(records)} if records else {}
    return await season.world.call("clerk", "POST", path, body)


async def test_figures_of_the_village(season: Season) -> None:
    """Above the contract is refused; beyond the tolerance needs a reason; within it does not."""
    order = await season.step(await season.order(await season.entrust(0)), "released")
    await season.fly(order)
    first, second = [str(one) for one in season.world.parcels[:2]]
    above = await _accept(
        season,
        order,
        {"parcel_id": first, "accepted_mu": "2.01", "reason": "多喷"},
        {"parcel_id": second, "accepted_mu": "3.39"},
        {"parcel_id": str(uuid4())},
    )
    assert (above.status_code, above.json()["code"]) == (422, "acceptance-unsound")
    # 3.50 × 3 % is 0.105, half up 0.11: 3.39 needs no reason, 3.38 does.
    found = sorted((fault["code"], fault["row"]) for fault in above.json()["faults"])
    assert found == [("above-contract", 1), ("no-record", 3)]
    silent = await _accept(season, order, {"parcel_id": second, "accepted_mu": "3.38"})
    assert [one["code"] for one in silent.json()["faults"]] == ["reason"]
    reason = {"parcel_id": second, "accepted_mu": "3.38", "reason": "地角漏喷"}
    half = await _accept(season, order, reason)
    assert (half.status_code, half.json()["state"]) == (200, "reported")
    early = await season.world.call(
        "director", "POST", f"/v1/orgs/{{org}}/spray-orders/{order['id']}/settlement"
    )
    assert (early.status_code, early.json()["code"]) == (409, "not-accepted")
    repeated = await _accept(season, order, reason)
    assert repeated.status_code == 422
    whole = await _accept(season, order)
    assert (whole.json()["state"], whole.json()["accepted_mu"]) == ("accepted", "5.38")


async def test_objections_wait(season: Season) -> None:
    """A disputed record is not swept up with the others; it is accepted by name, with a reason."""
    order = await season.step(await season.order(await season.entrust(1)), "released")
    await season.fly(order)
    parcel = str(season.world.parcels[2])
    path = f"/v1/orgs/{{org}}/spray-orders/{order['id']}"
    objection = {"parcel_id": parcel, "reason": "东头未喷"}
    twice = await season.world.call(
        "clerk", "POST", f"{path}/disputes", {"records": [objection, objection]}
    )
    assert twice.status_code == 422
    await season.call("clerk", "POST", f"{path}/disputes", {"records": [objection]})
    swept = await _accept(season, order)
    assert swept.json()["state"] == "reported"
    rows = {row["parcel_id"]: row for row in await season.parcels(order)}
    assert (rows[parcel]["record_state"], rows[parcel]["acceptance_reason"]) == (
        "disputed",
        "东头未喷",
    )
    nothing = await _accept(season, order)
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing-to-accept")
    settled = await _accept(
        season, order, {"parcel_id": parcel, "accepted_mu": "1.20", "reason": "复测"}
    )
    assert (settled.json()["state"], settled.json()["accepted_mu"]) == ("accepted", "4.70")


async def test_what_was_left_waits_or_is_given_up(
    season: Season, owner: psycopg.Connection
) -> None:
    """A skipped plot comes back to be planned; given up, its round is free and the rest settles."""
    contract = await season.entrust(2)
    order = await season.step(await season.order(contract), "released")
    plan = await season.advance(await season.solved(order), "published", "in_progress")
    stops = await season.stops(plan)
    dropped = str(season.world.parcels[4])
    (left,) = [stop for stop in stops if stop["parcel_id"] == dropped]
    (flown,) = [stop for stop in stops if stop["parcel_id"] != dropped]
    told = await season.report(plan, season.done(flown))
    assert told == {"reported": 1, "waiting": 1}
    open_stops = await season.world.call(
        "dispatcher",
        "POST",
        f"/v1/orgs/{{provider}}/plans/{plan['id']}/steps",
        {"to_state": "reported"},
        if_match=f'"v{plan["row_version"]}"',
    )
    assert (open_stops.status_code, open_stops.json()["code"]) == (409, "stops-open")
    await season.report(plan, season.skipped(left, "阵风超限"))
    await season.advance(plan, "reported")
    order = await season.read(order)
    job = await season.job_of(order)
    assert (order["state"], job["state"], job["plots_done"]) == ("released", "received", 1)
    rows = {row["parcel_id"]: row for row in await season.parcels(order)}
    assert (rows[dropped]["skip_reason"], rows[dropped]["flown_mu"]) == ("阵风超限", None)
    withdrawn = await season.world.call(
        "clerk",
        "POST",
        f"/v1/orgs/{{org}}/spray-orders/{order['id']}/steps",
        {"to_state": "draft"},
        if_match=f'"v{order["row_version"]}"',
    )
    assert (withdrawn.status_code, withdrawn.json()["code"]) == (409, "partly-sprayed")
    tomorrow = (await season.ask(order))["id"]
    (planned,) = owner.execute(
        "SELECT ordered_centimu FROM dispatch_plan WHERE id = %s", [tomorrow]
    ).fetchone() or (None,)
    assert planned == 200, "only what is left is planned again"
    accepted = await _accept(season, order)
    assert accepted.json()["state"] == "released"
    given_up = await season.step(await season.read(order), "reported")
    assert (given_up["state"], given_up["parcels"]) == ("accepted", 1)
    assert (await season.job_of(order))["state"] == "reported"
    path = f"/v1/orgs/{{org}}/spray-orders/{order['id']}/settlement"
    paid = await season.call("director", "POST", path)
    assert (paid["farmer_fen"], paid["provider_fen"]) == (350 * 15, (350 * 1233 + 50) // 100)
    again = await season.order(contract)
    assert again["ordered_mu"] == "2.00", "the round of the plot that was given up is free"


async def test_settling_at_once_has_one_effect(season: Season, owner: psycopg.Connection) -> None:
    """Five simultaneous settlements with different keys give one settlement and one voucher."""
    order = await season.step(await season.order(await season.entrust(3)), "released")
    await season.fly(order)
    assert (await _accept(season, order)).json()["state"] == "accepted"
    path = f"/v1/orgs/{{org}}/spray-orders/{order['id']}/settlement"
    clerk = await season.world.call("clerk", "POST", path)
    assert clerk.status_code == 403
    answers = await asyncio.gather(*(season.world.call("director", "POST", path) for _ in range(5)))
    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["id"] for one in answers}) == 1
    assert owner.execute(
        "SELECT count(*) FROM voucher WHERE source_id = %s", [order["id"]]
    ).fetchone() == (1,)
    assert owner.execute(
        "SELECT count(*) FROM settlement_line l JOIN settlement s ON s.id = l.settlement_id"
        " WHERE s.order_id = %s",
        [order["id"]],
    ).fetchone() == (2,)
    balance = await season.call("accountant", "GET", "/v1/orgs/{org}/trial-balances/202607")
    assert balance["closing_difference_fen"] == 0
