"""A spray order from the contract to the books, over HTTP, with exact areas and fen."""

import json
from typing import Any

import psycopg

from backend.core.audit import Command
from backend.operations import handover, orders
from tests.operations.season import Season


async def test_from_order_to_settlement(season: Season, owner: psycopg.Connection) -> None:
    """One order over two households: each state, each area by kind, each line of the voucher."""
    contract = await season.entrust(0, 1)
    order = await season.order(contract)
    assert (order["state"], order["parcels"], order["ordered_mu"]) == ("draft", 4, "11.00")
    order = await season.step(order, "released")
    job = await season.job_of(order)
    assert (job["state"], job["plots"], job["area_mu"]) == ("received", 4, "11.00")

    plan = await season.solved(order)
    assert (plan["ordered_mu"], plan["planned_mu"], plan["violations"]) == ("11.00", "11.00", 0)
    assert plan["windows"][0] == {"start": "05:30", "end": "11:30"}
    plan = await season.advance(plan, "published")
    assert (await season.read(order))["state"] == "planned"
    plan = await season.advance(plan, "in_progress")
    assert (await season.read(order))["state"] == "in_progress"
    short, *others = await season.stops(plan)
    planned_mu = float(short["planned_mu"])
    lower = f"{planned_mu * 0.9:.2f}"
    done = season.done(short, flown_mu=lower, reason="地头高压线")
    told = await season.report(plan, done, *[season.done(stop) for stop in others])
    assert told == {"reported": 4, "waiting": 0}
    await season.advance(await season.plan(plan), "reported")
    order = await season.read(order)
    assert (order["state"], order["parcels"]) == ("reported", 4)

    path = f"/v1/orgs/{{org}}/spray-orders/{order['id']}"
    order = await season.call("clerk", "POST", f"{path}/acceptance", {})
    assert order["state"] == "accepted"
    rows = {row["parcel_id"]: row for row in await season.parcels(order)}
    cut = rows[short["parcel_id"]]
    # The rule: flown × 1.03 (half up) and at most the contract's area.
    ruled = round(float(lower) * 103 + 1e-6) / 100
    assert (cut["flown_mu"], cut["accepted_mu"]) == (lower, f"{ruled:.2f}")
    assert (cut["contract_mu"], cut["ordered_mu"]) == (short["planned_mu"], short["planned_mu"])
    assert cut["report_reason"] == "地头高压线"
    assert cut["weather"]["source"] == "田间手持仪"
    assert cut["harvest_from"] == "2026-07-22"
    others_mu = 11.00 - planned_mu
    assert order["accepted_mu"] == f"{others_mu + ruled:.2f}"

    settled = await season.call("director", "POST", f"{path}/settlement")
    areas = [round(float(row["accepted_mu"]) * 100) for row in rows.values()]
    assert settled["farmer_fen"] == sum((area * 1500 + 50) // 100 for area in areas)
    assert settled["provider_fen"] == sum((area * 1233 + 50) // 100 for area in areas)
    again = await season.call("director", "POST", f"{path}/settlement")
    assert again["id"] == settled["id"]
    lines = (await season.call("accountant", "GET", f"{path}/settlement/lines"))["items"]
    assert sum(line["farmer_fen"] for line in lines) == settled["farmer_fen"]
    await _check_voucher(season, settled)
    assert owner.execute(
        "SELECT count(*) FROM voucher WHERE source_kind = 'spray_settlement'"
    ).fetchone() == (1,)
    events = await season.call("clerk", "GET", f"{path}/events")
    assert [one["to_state"] for one in events] == [
        *("draft", "released", "planned", "in_progress", "reported", "accepted", "settled")
    ]


async def _check_voucher(season: Season, settled: dict[str, Any]) -> None:
    """Compare the voucher with its settlement: households, income, cost, provider, expense."""
    world = season.world
    voucher = await season.call(
        "accountant", "GET", f"/v1/orgs/{{org}}/vouchers/{settled['voucher_id']}"
    )
    booked = [
        (one["account_code"], one["debit_fen"], one["credit_fen"]) for one in voucher["lines"]
    ]
    farmer, provider = settled["farmer_fen"], settled["provider_fen"]
    assert [code for code, _, _ in booked[:2]] == ["11301", "11301"]
    assert sum(debit for _, debit, _ in booked[:2]) == farmer
    assert booked[2:] == [
        ("50101", 0, farmer),
        ("40101", provider, 0),
        ("21101", 0, provider),
        ("51101", provider, 0),
        ("40101", 0, provider),
    ]
    parties = {one["party"] for one in voucher["lines"]}
    assert f"org:{world.provider}" in parties
    assert f"household:{world.households[0]}" in parties


async def test_hand_over_twice_changes_nothing(season: Season, owner: psycopg.Connection) -> None:
    """A second release and a second report of the same version copy no row."""
    world = season.world
    contract = await season.entrust(2)
    order = await season.step(await season.order(contract), "released")
    scope = world.scope(user="clerk")
    async with world.database.write(scope, Command(action="again")) as session:
        row = await orders.locked(session, org_id=world.collective, order_id=order["id"])
        assert await handover.copy_job(session, scope, order=row) is False
    assert owner.execute(
        "SELECT count(*) FROM spray_job WHERE source_order_id = %s", [order["id"]]
    ).fetchone() == (1,)
    await season.fly(order)
    (plan_id,) = owner.execute(
        "SELECT plan_id FROM plan_stop s JOIN spray_job j ON j.id = s.job_id"
        " WHERE j.source_order_id = %s LIMIT 1",
        [order["id"]],
    ).fetchone() or (None,)
    provider = world.scope(world.provider, user="dispatcher")
    async with world.database.write(provider, Command(action="again")) as session:
        assert await handover.report(session, provider, plan_id=plan_id) == 0
    assert owner.execute(
        "SELECT count(*) FROM operation_record WHERE order_id = %s", [order["id"]]
    ).fetchone() == (2,)


async def test_a_second_release_is_refused(season: Season) -> None:
    """Releasing what is released answers 412 for the old version and 409 for the new one."""
    contract = await season.entrust(3)
    draft = await season.order(contract)
    released = await season.step(draft, "released")
    path = f"/v1/orgs/{{org}}/spray-orders/{draft['id']}/steps"
    stale = await season.world.call(
        "clerk", "POST", path, {"to_state": "released"}, if_match=f'"v{draft["row_version"]}"'
    )
    assert stale.status_code == 412
    twice = await season.world.call(
        "clerk", "POST", path, {"to_state": "released"}, if_match=f'"v{released["row_version"]}"'
    )
    assert (twice.status_code, twice.json()["code"]) == (409, "order-not-allowed-now")
    missing = await season.world.call("clerk", "POST", path, {"to_state": "draft"})
    assert missing.status_code == 428


async def test_the_provider_sees_no_price_and_no_name(
    season: Season, owner: psycopg.Connection
) -> None:
    """Nothing that the provider may read or holds names a farmer, a price or a bank account."""
    world = season.world
    jobs = (await season.call("dispatcher", "GET", "/v1/orgs/{provider}/spray-jobs"))["items"]
    plans = (await season.call("dispatcher", "GET", "/v1/orgs/{provider}/plans"))["items"]
    plots = [
        await season.call(
            "dispatcher", "GET", f"/v1/orgs/{{provider}}/spray-jobs/{job['id']}/plots"
        )
        for job in jobs
    ]
    seen = [jobs, plots, [await season.plan(plan) for plan in plans]]
    assert len(jobs) >= 2
    text = json.dumps(seen, ensure_ascii=False)
    assert "张" not in text
    assert "fen" not in text
    assert "62999900" not in text
    columns = owner.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name IN"
        " ('spray_job', 'spray_job_plot', 'plan_stop') AND column_name ~ 'fen|household|price'"
    ).fetchall()
    assert columns == []
    foreign = await world.call("dispatcher", "GET", "/v1/orgs/{org}/spray-orders")
    assert foreign.status_code == 404


async def test_the_neighbour_sees_nothing(season: Season) -> None:
    """Another collective has no order, no record and no settlement of this one."""
    world = season.world
    listed = await world.call(
        "neighbour_director", "GET", f"/v1/orgs/{world.neighbour}/spray-orders"
    )
    assert listed.json()["items"] == []
    orders_here = (await season.call("clerk", "GET", "/v1/orgs/{org}/spray-orders"))["items"]
    for suffix in ("", "/parcels", "/events", "/settlement"):
        path = f"/v1/orgs/{world.neighbour}/spray-orders/{orders_here[0]['id']}{suffix}"
        assert (await world.call("neighbour_director", "GET", path)).status_code == 404
        own = f"/v1/orgs/{{org}}/spray-orders/{orders_here[0]['id']}{suffix}"
        assert (await world.call("neighbour_director", "GET", own)).status_code == 404
