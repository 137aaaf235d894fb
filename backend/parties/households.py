"""Importing a collective's households, members and accounts from a roster: all or nothing."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlmodel import col, select

from backend.core import codes
from backend.core.clock import Clock
from backend.core.crypto import Sealer
from backend.core.db import WriteSession
from backend.core.ids import new_id
from backend.core.intake import Table
from backend.parties.directory import collective_code_of
from backend.parties.models import Household, Member, PayeeAccount
from backend.parties.reports import CHANGES_LISTED_MAX, Change, Findings, ImportReport
from backend.parties.rosters import HouseholdEntry, MemberEntry, read_roster
from backend.parties.service import share_text

_WHOLE_SHARE = 1_000_000
_FIELDS = ("name", "relation", "born_on", "share_micro")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Register:
    """What is registered of the file's households: rows as they stand, locked for the import."""

    households: Mapping[str, Household]
    members: Mapping[UUID, Sequence[Member]]
    by_index: Mapping[bytes, Member]
    codes_by_id: Mapping[UUID, str]
    accounts: Mapping[UUID, PayeeAccount]
    not_in_file: int


@dataclass(slots=True)
class _Plan:
    """Rows to write, and the differences a person reads."""

    org_id: int
    sealer: Sealer
    findings: Findings
    households: list[dict[str, Any]] = field(default_factory=list)
    household_updates: list[dict[str, Any]] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    member_updates: list[dict[str, Any]] = field(default_factory=list)
    accounts: list[dict[str, Any]] = field(default_factory=list)
    superseded: list[UUID] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    unshared: list[int] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    missing_members: int = 0


async def import_households(
    session: WriteSession,
    sealer: Sealer,
    *,
    org_id: int,
    table: Table,
    source: str,
    clock: Clock,
    dry_run: bool = False,
) -> ImportReport:
    """Register the roster ``table`` (one row a member) with the collective ``org_id``.

    Members are known by identity number, else by name within the household. Whoever is missing
    from the file stays registered and is reported. A changed account is a new row. Raises
    `ImportRefused` with every fault, `NotACollective`.
    """
    collective = await collective_code_of(session, org_id=org_id)
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('import-households', :org))"),
        {"org": org_id},
    )
    findings = Findings(warnings=list(table.notes))
    today = clock.today()
    entries = await asyncio.to_thread(
        read_roster, table, collective_code=collective, today=today, findings=findings
    )
    indexes = {
        one.id_number: sealer.blind_index("id_number", one.id_number)
        for entry in entries
        for one in entry.members
        if one.id_number
    }
    register = await _register(session, org_id, entries, list(indexes.values()))
    plan = _Plan(org_id=org_id, sealer=sealer, findings=findings)
    for entry in entries:
        _compare(plan, register, entry, indexes)
    findings.warn_of_all(
        "share-default",
        plan.unshared,
        "{count} 名新成员未注明收益权份额，按 1 份登记",
        "{count} new members state no share; one whole share is recorded",
    )
    findings.settle(dry_run=dry_run)
    if not dry_run:
        await _write(session, plan, clock)
    return _report(plan, register, entries, table, source, dry_run=dry_run)


async def _register(
    session: WriteSession, org_id: int, entries: Sequence[HouseholdEntry], indexes: list[bytes]
) -> _Register:
    """Read and lock what is registered of the file's households."""
    all_households = (
        await session.scalars(
            select(Household)
            .where(Household.org_id == org_id)
            .order_by(col(Household.id))
            .with_for_update()
        )
    ).all()
    wanted = {entry.code for entry in entries}
    named = {one.code: one for one in all_households if one.code in wanted}
    ids = {one.id for one in named.values()}
    known = (
        await session.scalars(
            select(Member).where(Member.org_id == org_id, Member.status == "active")
        )
    ).all()
    live = await session.scalars(
        select(PayeeAccount).where(
            PayeeAccount.org_id == org_id,
            PayeeAccount.owner_kind == "household",
            col(PayeeAccount.superseded_at).is_(None),
        )
    )
    members: dict[UUID, list[Member]] = defaultdict(list)
    for member in known:
        members[member.household_id].append(member)
    looked_for = set(indexes)
    return _Register(
        households=named,
        members={key: found for key, found in members.items() if key in ids},
        by_index={one.id_number_index: one for one in known if one.id_number_index in looked_for},
        codes_by_id={one.id: one.code for one in all_households},
        accounts={one.owner_id: one for one in live},
        not_in_file=sum(
            one.archived_on is None and one.code not in wanted for one in all_households
        ),
    )


def _compare(
    plan: _Plan, register: _Register, entry: HouseholdEntry, indexes: Mapping[str, bytes]
) -> None:
    """Add to the plan whatever the entry changes."""
    known = register.households.get(entry.code)
    household_id = new_id() if known is None else known.id
    if known is None:
        plan.households.append(
            {
                "org_id": plan.org_id,
                "id": household_id,
                "code": entry.code,
                "head_name": entry.head_name,
                "address": entry.address,
            }
        )
    else:
        _compare_household(plan, known, entry)
    here = list(register.members.get(household_id, ()))
    for one in entry.members:
        index = indexes.get(one.id_number or "")
        found = _same_person(one, index, here, register)
        if found is not None and found.household_id != household_id:
            other = register.codes_by_id[found.household_id]
            zh, en = f"证件号码已登记在农户 {other}", f"The number is registered with {other}"
            plan.findings.wrong("id-elsewhere", zh, en, row=one.row, subject=entry.code)
        elif found is None:
            _new_member(plan, household_id, one, index, entry.code)
        else:
            here.remove(found)
            _compare_member(plan, found, one, index, entry.code)
    if here:
        plan.missing_members += len(here)
        zh = f"登记的 {len(here)} 名成员不在文件中，未作改动"
        en = f"{len(here)} registered members are not in the file; they stay"
        plan.findings.warn("member-missing", zh, en, row=entry.row, subject=entry.code)
    _compare_account(plan, register.accounts.get(household_id), household_id, entry)


def _same_person(
    entry: MemberEntry, index: bytes | None, here: Iterable[Member], register: _Register
) -> Member | None:
    """Find the member by number, else by name among the household's members without one."""
    if index is not None and index in register.by_index:
        return register.by_index[index]
    for member in here:
        no_clash = index is None or member.id_number_index is None
        if no_clash and member.name == entry.name:
            return member
    return None


def _compare_household(plan: _Plan, known: Household, entry: HouseholdEntry) -> None:
    stated = {"head_name": entry.head_name, "address": entry.address or known.address}
    before = {"head_name": known.head_name, "address": known.address}
    if known.archived_on is not None:
        zh, en = "该承包方已注销", "The household has left the register"
        plan.findings.wrong("household-archived", zh, en, row=entry.row, subject=entry.code)
    if stated == before:
        return
    plan.household_updates.append(
        {"org_id": plan.org_id, "id": known.id, "row_version": known.row_version + 1} | stated
    )
    _note(plan, entry.row, entry.code, before, stated)


def _note(
    plan: _Plan, row: int, code: str, before: Mapping[str, object], after: Mapping[str, object]
) -> None:
    """Keep the fields that differ as text; shares as people write them."""
    plan.touched.add(code)
    for name in after:
        if before[name] == after[name]:
            continue
        old, new = (_shown(name, facts[name]) for facts in (before, after))
        shown = name.removesuffix("_micro")
        plan.changes.append(Change(row=row, subject=code, field=shown, before=old, after=new))


def _shown(name: str, value: object) -> str | None:
    if value is None:
        return None
    return share_text(int(str(value))) if name == "share_micro" else str(value)


def _identity(
    plan: _Plan, member_id: UUID, number: str | None, index: bytes | None
) -> dict[str, Any]:
    if number is None:
        return {"id_number_sealed": None, "id_number_index": None, "id_number_mask": None}
    sealed = plan.sealer.seal(plan.org_id, "member.id_number", str(member_id), number)
    return {
        "id_number_sealed": sealed,
        "id_number_index": index,
        "id_number_mask": codes.mask_id(number),
    }


def _new_member(
    plan: _Plan, household_id: UUID, entry: MemberEntry, index: bytes | None, code: str
) -> None:
    member_id = new_id()
    if entry.share_micro is None:
        plan.unshared.append(entry.row)
    share = _WHOLE_SHARE if entry.share_micro is None else entry.share_micro
    plan.members.append(
        {
            "org_id": plan.org_id,
            "id": member_id,
            "household_id": household_id,
            "name": entry.name,
            "relation": entry.relation,
            "born_on": entry.born_on,
            "share_micro": share,
            "status": "active",
        }
        | _identity(plan, member_id, entry.id_number, index)
    )
    plan.touched.add(code)


def _compare_member(
    plan: _Plan, known: Member, entry: MemberEntry, index: bytes | None, code: str
) -> None:
    before = {name: getattr(known, name) for name in _FIELDS}
    before["id_number"] = known.id_number_mask
    adds_number = index is not None and known.id_number_index is None
    stated = {
        "name": entry.name,
        "relation": entry.relation,
        "born_on": entry.born_on or known.born_on,
        "share_micro": known.share_micro if entry.share_micro is None else entry.share_micro,
        "id_number": codes.mask_id(entry.id_number or "") if adds_number else known.id_number_mask,
    }
    if stated == before:
        return
    kept = {
        "id_number_sealed": known.id_number_sealed,
        "id_number_index": known.id_number_index,
        "id_number_mask": known.id_number_mask,
    }
    plan.member_updates.append(
        {"org_id": plan.org_id, "id": known.id, "row_version": known.row_version + 1}
        | {name: stated[name] for name in _FIELDS}
        | (_identity(plan, known.id, entry.id_number, index) if adds_number else kept)
    )
    _note(plan, entry.row, code, before, stated)


def _compare_account(
    plan: _Plan, live: PayeeAccount | None, household_id: UUID, entry: HouseholdEntry
) -> None:
    """Add a new account row when the file states another one than is in use."""
    facts = entry.account
    if facts is None:
        return
    index = plan.sealer.blind_index("bank_account", facts.number)
    mask = codes.mask_card(facts.number)
    if live is not None:
        before = {
            "account": live.number_mask,
            "bank": live.bank_name,
            "account_holder": live.holder_name,
        }
        after = {"account": mask, "bank": facts.bank_name, "account_holder": facts.holder_name}
        if live.number_index == index and before == after:
            return
        plan.superseded.append(live.id)
        _note(plan, entry.row, entry.code, before, after)
    account_id = new_id()
    plan.touched.add(entry.code)
    plan.accounts.append(
        {
            "org_id": plan.org_id,
            "id": account_id,
            "owner_kind": "household",
            "owner_id": household_id,
            "holder_name": facts.holder_name,
            "bank_name": facts.bank_name,
            "number_sealed": plan.sealer.seal(
                plan.org_id, "payee_account.number", str(account_id), facts.number
            ),
            "number_index": index,
            "number_mask": mask,
        }
    )


async def _write(session: WriteSession, plan: _Plan, clock: Clock) -> None:
    """Write the plan in a handful of statements; accounts give way before new ones come."""
    if plan.superseded:
        await session.execute(
            update(PayeeAccount)
            .where(
                col(PayeeAccount.org_id) == plan.org_id,
                col(PayeeAccount.id).in_(plan.superseded),
            )
            .values(superseded_at=clock.now())
        )
    for table, rows in (
        (Household, plan.households),
        (Member, plan.members),
        (PayeeAccount, plan.accounts),
    ):
        if rows:
            await session.execute(insert(table), rows)
    for table, rows in ((Household, plan.household_updates), (Member, plan.member_updates)):
        if rows:
            await session.execute(update(table), rows)


def _report(
    plan: _Plan,
    register: _Register,
    entries: Sequence[HouseholdEntry],
    table: Table,
    source: str,
    *,
    dry_run: bool,
) -> ImportReport:
    updated = len(plan.touched & register.households.keys())
    return ImportReport(
        kind="households",
        source=source,
        dry_run=dry_run,
        rows=len(table.rows),
        created=len(plan.households),
        updated=updated,
        unchanged=len(entries) - len(plan.households) - updated,
        skipped=0,
        missing=register.not_in_file,
        totals={
            "members": sum(len(entry.members) for entry in entries),
            "members_created": len(plan.members),
            "members_updated": len(plan.member_updates),
            "members_missing": plan.missing_members,
            "accounts_created": len(plan.accounts),
            "accounts_superseded": len(plan.superseded),
        },
        changes=tuple(plan.changes[:CHANGES_LISTED_MAX]),
        warnings=plan.findings.listed(plan.findings.warnings),
        faults=plan.findings.listed(plan.findings.faults),
    )
