"""Transfers of the operating right: terms, signature, overlap in time, early end."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from backend.core.audit import Command
from backend.core.db import WriteSession
from backend.land import service
from backend.land.errors import ParcelAlreadyTransferred
from backend.land.rules import CLAUSES, TransferState, closing_state, may_become, term_faults
from tests.people import COLLECTIVE_CODE, World

WORDS = dict.fromkeys(CLAUSES, "按约定")


def body(world: World, parcel: int, **more: Any) -> dict[str, Any]:
    """Return a transfer of one of the village's parcels; two parcels belong to a household."""
    return {
        "household_id": str(world.households[parcel // 2]),
        "parcels": [{"parcel_id": str(world.parcels[parcel])}],
        "kind": "lease",
        "transferee_kind": "operator",
        "transferee_name": "丰州农机合作社",
        "land_use": "种植谷子",
        "starts_on": "2026-01-01",
        "ends_on": "2028-12-31",
        "right_ends_on": "2029-12-31",
        "rent_fen_per_mu": 40_000,
        "clauses": WORDS,
    } | more


async def draft(world: World, parcel: int, **more: Any) -> dict[str, Any]:
    """Draft a transfer and return it."""
    answer = await world.call(
        "clerk", "POST", "/v1/orgs/{org}/land-transfers", body(world, parcel, **more)
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def sign(world: World, transfer: dict[str, Any], user: str = "director") -> Any:
    """Sign a transfer and return the answer."""
    return await world.call(user, "POST", f"/v1/orgs/{{org}}/land-transfers/{transfer['id']}/sign")


async def test_a_draft_is_signed_and_takes_the_contract_area(world: World) -> None:
    """Numbers are the collective's code and four digits; only the director signs."""
    made = await draft(world, 0)
    assert (made["state"], made["number"]) == ("draft", f"{COLLECTIVE_CODE}0001")
    assert made["area_mu"] == "2.00"
    assert (await sign(world, made, "clerk")).status_code == 403
    signed = await sign(world, made)
    assert signed.status_code == 200, signed.text
    assert (signed.json()["state"], signed.json()["signed_on"]) == ("in_force", "2026-07-01")
    again = await sign(world, made)
    assert (again.status_code, again.json()["code"]) == (409, "transfer-not-in-state")


async def test_a_parcel_is_in_one_transfer_over_the_same_days(world: World) -> None:
    """A second transfer is refused by parcel and number; one that starts the day after is not."""
    first = await draft(world, 1, ends_on="2026-12-31")
    assert (await sign(world, first)).status_code == 200
    second = await draft(world, 1, starts_on="2026-12-31", ends_on="2027-12-31")
    refused = await sign(world, second)
    assert (refused.status_code, refused.json()["code"]) == (409, "parcel-already-transferred")
    assert first["number"] in refused.json()["faults"][0]["message"]
    later = await draft(world, 1, starts_on="2027-01-01", ends_on="2027-12-31")
    assert (await sign(world, later)).status_code == 200


async def test_an_early_end_frees_the_land(world: World) -> None:
    """Terminated under its version; the next transfer starts the day after the last one."""
    made = await draft(world, 2)
    tag = (await sign(world, made)).headers["etag"]
    path = f"/v1/orgs/{{org}}/land-transfers/{made['id']}/terminate"
    words = {"last_day": "2026-09-30", "reason": "协商解除"}
    stale = await world.call("director", "POST", path, words, If_Match='"v1"')
    assert stale.status_code == 412
    ended = await world.call("director", "POST", path, words, If_Match=tag)
    assert ended.status_code == 200, ended.text
    assert (ended.json()["state"], ended.json()["terminated_on"]) == ("terminated", "2026-10-01")
    overlapping = await draft(world, 2, starts_on="2026-09-30")
    assert (await sign(world, overlapping)).status_code == 409
    following = await draft(world, 2, starts_on="2026-10-01")
    assert (await sign(world, following)).status_code == 200
    closed = await world.call("director", "POST", path, words, If_Match=ended.headers["etag"])
    assert closed.json()["code"] == "transfer-not-in-state"


async def test_two_signatures_at_once_leave_one_in_force(world: World) -> None:
    """Ten drafts for one parcel signed together: one holds, nine are refused."""
    drafts = [await draft(world, 3) for _ in range(10)]
    answers = await asyncio.gather(*(sign(world, one) for one in drafts))
    assert sorted(one.status_code for one in answers) == [200] + [409] * 9


async def test_everything_wrong_with_a_draft_is_listed(world: World) -> None:
    """Term, right, parcel of another household, unknown and repeated parcel, area: all at once."""
    wrong = body(
        world,
        4,
        ends_on="2030-12-31",
        parcels=[
            {"parcel_id": str(world.parcels[4]), "area_mu": "0"},
            {"parcel_id": str(world.parcels[4])},
            {"parcel_id": str(world.parcels[0])},
            {"parcel_id": str(world.households[0])},
        ],
    )
    answer = await world.call("clerk", "POST", "/v1/orgs/{org}/land-transfers", wrong)
    assert answer.status_code == 422
    assert [fault["code"] for fault in answer.json()["faults"]] == [
        "transfer-beyond-right",
        "parcel-without-area",
        "parcel-twice",
        "parcel-of-another-household",
        "parcel-unknown",
    ]
    for missing in ({"clauses": WORDS | {"breach": ""}}, {"rent_fen_per_mu": 0}):
        assert (
            await world.call(
                "clerk", "POST", "/v1/orgs/{org}/land-transfers", body(world, 4) | missing
            )
        ).status_code == 422


async def test_bulk_drafts_are_signed_together_or_not_at_all(world: World) -> None:
    """Two of a batch over one parcel refuse the batch; without the clash all are in force."""

    def one(parcel: int) -> service.TransferDraft:
        return service.TransferDraft(
            household_id=world.households[parcel // 2],
            parcels=(service.TransferParcel(parcel_id=world.parcels[parcel]),),
            transferee_kind="collective",
            transferee_name="权店村股份经济合作社",
            land_use="种植玉米",
            starts_on=date(2026, 1, 1),
            ends_on=date(2027, 12, 31),
            right_ends_on=None,
            rent_fen_per_mu=50_000,
            clauses=WORDS,
        )

    async def run(session: WriteSession, parcels: list[int]) -> list[UUID]:
        ids = await service.draft_transfers(
            session, org_id=world.collective, drafts=[one(parcel) for parcel in parcels]
        )
        await service.sign_transfers(
            session, org_id=world.collective, transfer_ids=ids, signed_on=date(2026, 1, 1)
        )
        return ids

    with pytest.raises(ParcelAlreadyTransferred) as refused:
        async with world.database.write(world.scope(), Command(action="test")) as session:
            await run(session, [5, 6, 6])
    taken = [fault.subject for fault in refused.value.faults]
    assert taken == [f"{COLLECTIVE_CODE}00007"] * 2
    async with world.database.write(world.scope(), Command(action="test")) as session:
        ids = await run(session, [5, 6, 7])
    path = "/v1/orgs/{org}/land-transfers?state=in_force&household_id=" + str(world.households[3])
    listed = (await world.call("accountant", "GET", path)).json()["items"]
    assert [item["id"] for item in listed] == [str(ids[1]), str(ids[2])]


async def test_foreign_transfers_look_absent(world: World) -> None:
    """Another collective finds neither the transfer in its own list nor by its id."""
    made = await draft(world, 4)
    own = f"/v1/orgs/{world.neighbour}/land-transfers"
    assert (await world.call("neighbour_director", "GET", own)).json()["items"] == []
    for path, method in ((f"{own}/{made['id']}", "GET"), (f"{own}/{made['id']}/sign", "POST")):
        assert (await world.call("neighbour_director", method, path)).status_code == 404


def test_states_only_move_forward() -> None:
    """A draft is signed, what is in force ends, and nothing comes back."""
    moves = {(a, b) for a in TransferState for b in TransferState if may_become(a, b)}
    assert moves == {
        (TransferState.DRAFT, TransferState.IN_FORCE),
        (TransferState.IN_FORCE, TransferState.ENDED),
        (TransferState.IN_FORCE, TransferState.TERMINATED),
    }


def test_a_served_term_ends_and_an_early_one_is_terminated() -> None:
    """The last agreed day makes the difference."""
    assert closing_state(date(2026, 12, 31), date(2026, 12, 31)) is TransferState.ENDED
    assert closing_state(date(2026, 12, 31), date(2026, 12, 30)) is TransferState.TERMINATED


def test_each_missing_clause_is_a_fault() -> None:
    """All five clauses of art. 40 are asked for by name."""
    faults = term_faults(
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 1, 1),
        right_ends_on=None,
        rent_fen_per_mu=0,
        clauses={"grade": " "},
    )
    assert [fault.field for fault in faults] == [
        "ends_on",
        "rent_fen_per_mu",
        *(f"clauses.{name}" for name in CLAUSES),
    ]
