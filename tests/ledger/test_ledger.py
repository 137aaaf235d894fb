"""The books over HTTP: drafts and review, reversal, closing, balances."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from backend.ledger import rules
from backend.ledger.charts import CHART_IDS, chart
from tests.people import World


def _body(amount_fen: int = 12_345, booked_on: str = "2026-07-01") -> dict[str, Any]:
    return {
        "booked_on": booked_on,
        "summary": "销售玉米",
        "lines": [
            {"account_code": "102", "summary": "收款", "debit_fen": amount_fen},
            {"account_code": "50104", "summary": "玉米", "credit_fen": amount_fen},
        ],
    }


async def _post(world: World, body: dict[str, Any]) -> dict[str, Any]:
    draft = await world.call("accountant", "POST", "/v1/orgs/{org}/voucher-drafts", body)
    assert draft.status_code == 201, draft.text
    path = f"/v1/orgs/{{org}}/voucher-drafts/{draft.json()['id']}/review"
    posted = await world.call("accountant2", "POST", path)
    assert posted.status_code == 200, posted.text
    result: dict[str, Any] = posted.json()
    return result


async def test_maker_does_not_review(world: World) -> None:
    """The second signature is a second person's."""
    draft = await world.call("accountant", "POST", "/v1/orgs/{org}/voucher-drafts", _body())
    path = f"/v1/orgs/{{org}}/voucher-drafts/{draft.json()['id']}/review"
    refused = await world.call("accountant", "POST", path)
    assert (refused.status_code, refused.json()["code"]) == (403, "reviewed-by-maker")
    assert (await world.call("accountant2", "POST", path)).status_code == 200
    twice = await world.call("accountant2", "POST", path)
    assert (twice.status_code, twice.json()["code"]) == (409, "draft-not-waiting")


async def test_all_faults_at_once(world: World) -> None:
    """An unsound voucher is told everything that is wrong with it."""
    body = _body()
    body["lines"][0]["account_code"] = "113"
    body["lines"][1]["credit_fen"] = 1
    body["lines"].append({"account_code": "102", "summary": "空行"})
    refused = await world.call("accountant", "POST", "/v1/orgs/{org}/voucher-drafts", body)
    assert refused.status_code == 422
    found = [(fault["row"], fault["code"]) for fault in refused.json()["faults"]]
    assert found == [(1, "unknown-account"), (3, "one-side"), (3, "unbalanced")]


async def test_reversal_cancels_once(world: World) -> None:
    """A red copy brings every account back, and there is one at most."""
    posted = await _post(world, _body(777))
    before = await world.call("accountant", "GET", "/v1/orgs/{org}/trial-balances/202607")
    path = f"/v1/orgs/{{org}}/vouchers/{posted['id']}/reversal"
    answers = await asyncio.gather(
        *(world.call("accountant", "POST", path, {"booked_on": "2026-07-02"}) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    after = await world.call("accountant", "GET", "/v1/orgs/{org}/trial-balances/202607")

    def cash(answer: Any) -> int:
        (row,) = [row for row in answer.json()["rows"] if row["code"] == "102"]
        return int(row["closing_debit_fen"])

    assert cash(before) - cash(after) == 777


async def test_numbers_have_no_gaps(world: World) -> None:
    """Ten vouchers posted at once get ten numbers in a row, each once."""
    await asyncio.gather(*(_post(world, _body(100 + n, "2026-08-01")) for n in range(10)))
    listed = await world.call("cashier", "GET", "/v1/orgs/{org}/vouchers?period=202608&limit=50")
    numbers = sorted(row["number"] for row in listed.json()["items"])
    assert numbers == list(range(1, 11))


async def test_closed_month_refuses(world: World) -> None:
    """Months close in order; a closed one takes nothing, a waiting draft keeps it open."""
    early = await world.call("accountant", "POST", "/v1/orgs/{org}/periods/202608/close")
    assert (early.status_code, early.json()["code"]) == (409, "period-not-ready")
    for period in (202601, 202607):
        answer = await world.call("accountant", "POST", f"/v1/orgs/{{org}}/periods/{period}/close")
        assert answer.status_code == 200, answer.text
    late = await world.call("accountant", "POST", "/v1/orgs/{org}/voucher-drafts", _body())
    path = f"/v1/orgs/{{org}}/voucher-drafts/{late.json()['id']}/review"
    refused = await world.call("accountant2", "POST", path)
    assert (refused.status_code, refused.json()["code"]) == (409, "period-closed")


async def test_trial_balance_is_even_and_paged(world: World) -> None:
    """Every pair of columns is equal, and pages walk through all vouchers once."""
    balance = (await world.call("director", "GET", "/v1/orgs/{org}/trial-balances/202608")).json()
    assert balance["closing_difference_fen"] == balance["period_difference_fen"] == 0
    assert {row["code"] for row in balance["rows"]} >= {"102", "501", "50104"}
    seen, cursor = [], ""
    while True:
        path = f"/v1/orgs/{{org}}/vouchers?limit=3{cursor}"
        page = (await world.call("director", "GET", path)).json()
        seen += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) > 10
    bad = await world.call("director", "GET", "/v1/orgs/{org}/vouchers?cursor=%21%21")
    assert (bad.status_code, bad.json()["code"]) == (422, "bad-cursor")


def test_charts_are_whole() -> None:
    """42 and 48 first-level accounts; every parent is there before its details."""
    for chart_id, count in zip(CHART_IDS, (42, 48), strict=True):
        accounts = chart(chart_id)
        assert sum(account.parent_code is None for account in accounts) == count
        codes = [account.code for account in accounts]
        for account in accounts:
            if account.parent_code is not None:
                assert codes.index(account.parent_code) < codes.index(account.code)


@given(st.lists(st.integers(min_value=1, max_value=10**12), min_size=1, max_size=8))
def test_balanced_lines_have_no_fault(amounts: list[int]) -> None:
    """Any debits against their sum are sound; one fen more is not."""
    lines = [rules.Line(account_code="102", summary="x", debit_fen=a) for a in amounts]
    credit = rules.Line(account_code="501", summary="x", credit_fen=sum(amounts))
    assert rules.faults_of([*lines, credit], frozenset({"102", "501"})) == []
    off = rules.Line(account_code="501", summary="x", credit_fen=sum(amounts) + 1)
    (fault,) = rules.faults_of([*lines, off], frozenset({"102", "501"}))
    assert fault.code == "unbalanced"
