"""The verbs of land: edit a parcel; draft, sign and close transfers of the operating right.

A transfer moves the right to farm (流转); trusteeship does not and lives in contracts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlmodel import col, select

from backend.core.area import Area
from backend.core.db import WriteSession
from backend.core.errors import Fault, PreconditionFailed
from backend.core.ids import new_id
from backend.land.errors import (
    ParcelAlreadyTransferred,
    ParcelNotFound,
    TransferNotFound,
    TransferNotInState,
    TransferUnsound,
)
from backend.land.models import LandTransfer, LandTransferParcel, Parcel
from backend.land.rules import TransferState, closing_state, may_become, term_faults
from backend.parties.directory import collective_code_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferParcel:
    """A parcel of a draft; without an area its newest contract, registered or surveyed one."""

    parcel_id: UUID
    area: Area | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferDraft:
    """A transfer as the parties agreed it; ``clauses`` are those of `rules.CLAUSES`."""

    household_id: UUID
    parcels: tuple[TransferParcel, ...]
    kind: Literal["lease", "equity", "other"] = "lease"
    transferee_kind: Literal["collective", "operator"]
    transferee_name: str
    land_use: str
    starts_on: date
    ends_on: date
    right_ends_on: date | None
    rent_fen_per_mu: int
    clauses: Mapping[str, str]


async def edit_parcel(
    session: WriteSession,
    *,
    org_id: int,
    parcel_id: UUID,
    version: int,
    changes: Mapping[str, str | None],
) -> Parcel:
    """Change a parcel's name, crop or block; raise `ParcelNotFound`, `PreconditionFailed`."""
    parcel = await session.scalar(
        select(Parcel).where(Parcel.org_id == org_id, Parcel.id == parcel_id).with_for_update()
    )
    if parcel is None:
        raise ParcelNotFound
    if parcel.row_version != version:
        raise PreconditionFailed
    for name, value in changes.items():
        setattr(parcel, name, value)
    parcel.row_version += 1
    await session.flush()
    return parcel


async def draft_transfers(
    session: WriteSession, *, org_id: int, drafts: Sequence[TransferDraft]
) -> list[UUID]:
    """Record transfers in state draft and return their ids in order.

    Numbers are the collective's code and the next four digits. Raises `TransferUnsound` with
    every fault of every draft: terms (土地承包法 art. 38, 40), and parcels that are unknown, in
    the draft twice, another household's, or without an area.
    """
    collective = await collective_code_of(session, org_id=org_id)
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('land-transfer-number', :org))"),
        {"org": org_id},
    )
    known = await _parcels_of(session, org_id, drafts)
    faults = [fault for draft in drafts for fault in _faults_of(draft, known)]
    if faults:
        raise TransferUnsound(faults=faults, count=len(faults))
    last = await session.scalar(
        text("SELECT coalesce(max(right(number, -14)::bigint), 0) FROM land_transfer"
             " WHERE org_id = :org AND number ~ '^[0-9]{18,}$'"),
        {"org": org_id},
    )  # fmt: skip
    transfers, parcels = [], []
    for place, draft in enumerate(drafts, start=int(last or 0) + 1):
        row = _transfer_row(org_id, f"{collective}{place:04d}", draft)
        transfers.append(row)
        parcels += [
            {
                "org_id": org_id,
                "transfer_id": row["id"],
                "parcel_id": one.parcel_id,
                "area_centimu": one.area.centimu if one.area else known[one.parcel_id].centimu,
            }
            for one in draft.parcels
        ]
    if transfers:
        await session.execute(insert(LandTransfer), transfers)
        await session.execute(insert(LandTransferParcel), parcels)
    return [row["id"] for row in transfers]


def _transfer_row(org_id: int, number: str, draft: TransferDraft) -> dict[str, Any]:
    return {
        "org_id": org_id,
        "id": new_id(),
        "number": number,
        "kind": draft.kind,
        "household_id": draft.household_id,
        "transferee_kind": draft.transferee_kind,
        "transferee_name": draft.transferee_name,
        "land_use": draft.land_use,
        "starts_on": draft.starts_on,
        "ends_on": draft.ends_on,
        "right_ends_on": draft.right_ends_on,
        "rent_fen_per_mu": draft.rent_fen_per_mu,
        "clauses": dict(draft.clauses),
        "state": str(TransferState.DRAFT),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a draft's check needs of a parcel; no area is 0 centimu."""

    code: str
    household_id: UUID | None
    centimu: int


async def _parcels_of(
    session: WriteSession, org_id: int, drafts: Sequence[TransferDraft]
) -> dict[UUID, _Known]:
    """Read the parcels of all drafts with the area that rent is paid for by default."""
    ids = {one.parcel_id for draft in drafts for one in draft.parcels}
    rows = await session.execute(
        text(
            """
            SELECT p.id, p.code, p.household_id, coalesce((
                     SELECT a.area_centimu FROM parcel_area a
                     WHERE a.org_id = p.org_id AND a.parcel_id = p.id
                     ORDER BY array_position(ARRAY['contract', 'registered', 'surveyed'],
                                             a.kind::text), a.id DESC
                     LIMIT 1), 0) AS centimu
            FROM parcel p
            WHERE p.org_id = :org AND p.id = ANY (CAST(:ids AS uuid[])) AND p.archived_on IS NULL
            """
        ),
        {"org": org_id, "ids": list(ids)},
    )
    return {
        row.id: _Known(code=row.code, household_id=row.household_id, centimu=row.centimu)
        for row in rows
    }


def _faults_of(draft: TransferDraft, known: Mapping[UUID, _Known]) -> list[Fault]:
    """Return everything wrong with one draft."""
    faults = term_faults(
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
        right_ends_on=draft.right_ends_on,
        rent_fen_per_mu=draft.rent_fen_per_mu,
        clauses=draft.clauses,
        subject=str(draft.household_id),
    )
    if not draft.parcels:
        faults.append(_fault("transfer-empty", "没有地块", "It has no parcels", "parcels", None))
    seen: set[UUID] = set()
    for place, one in enumerate(draft.parcels):
        parcel, field = known.get(one.parcel_id), f"parcels[{place}]"
        if parcel is None:
            zh, en = "地块不存在", "There is no such parcel"
            faults.append(_fault("parcel-unknown", zh, en, field, str(one.parcel_id)))
            continue
        if one.parcel_id in seen:
            zh, en = "地块重复", "The parcel is listed twice"
            faults.append(_fault("parcel-twice", zh, en, field, parcel.code))
        seen.add(one.parcel_id)
        if parcel.household_id != draft.household_id:
            zh, en = "地块不是该农户承包的", "The parcel is not this household's"
            faults.append(_fault("parcel-of-another-household", zh, en, field, parcel.code))
        if (one.area.centimu if one.area else parcel.centimu) <= 0:
            zh, en = "地块没有大于零的面积", "The parcel has no area above zero"
            faults.append(_fault("parcel-without-area", zh, en, field, parcel.code))
    return faults


def _fault(code: str, zh: str, en: str, field: str, subject: str | None) -> Fault:
    return Fault(code=code, zh=zh, en=en, field=field, subject=subject)


async def sign_transfers(
    session: WriteSession, *, org_id: int, transfer_ids: Sequence[UUID], signed_on: date
) -> None:
    """Put drafts in force on the day of signature, all of them or none.

    The parcels' rows are locked in order of their ids, so that two signatures cannot both find
    the land free. Raises `TransferNotFound`, `TransferNotInState`, `ParcelAlreadyTransferred`.
    """
    ids = list(dict.fromkeys(transfer_ids))
    transfers = await _locked(session, org_id, ids)
    for transfer in transfers:
        if not may_become(transfer.state, TransferState.IN_FORCE):
            raise TransferNotInState(number=transfer.number)
    await session.execute(
        text(
            """
            SELECT 1 FROM parcel
            WHERE org_id = :org AND id IN (
              SELECT parcel_id FROM land_transfer_parcel
              WHERE org_id = :org AND transfer_id = ANY (CAST(:ids AS uuid[])))
            ORDER BY id FOR UPDATE
            """
        ),
        {"org": org_id, "ids": ids},
    )
    taken = await _taken(session, org_id, ids)
    if taken:
        raise ParcelAlreadyTransferred(faults=taken, count=len(taken))
    await session.execute(
        update(LandTransfer)
        .where(col(LandTransfer.org_id) == org_id, col(LandTransfer.id).in_(ids))
        .values(
            state=str(TransferState.IN_FORCE),
            signed_on=signed_on,
            row_version=LandTransfer.row_version + 1,
        )
    )


async def _locked(
    session: WriteSession, org_id: int, ids: Sequence[UUID]
) -> Sequence[LandTransfer]:
    found = (
        await session.scalars(
            select(LandTransfer)
            .where(LandTransfer.org_id == org_id, col(LandTransfer.id).in_(list(ids)))
            .order_by(col(LandTransfer.id))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).all()
    if len(found) != len(ids):
        raise TransferNotFound
    return found


async def _taken(session: WriteSession, org_id: int, ids: Sequence[UUID]) -> list[Fault]:
    """Return a fault for each parcel that another transfer holds over some of the same days.

    Others are those in force and those of the same batch; an early end frees the land from
    that day on.
    """
    rows = await session.execute(
        text(
            """
            SELECT DISTINCT p.code, o.number
            FROM land_transfer t
            JOIN land_transfer_parcel tp ON tp.org_id = t.org_id AND tp.transfer_id = t.id
            JOIN land_transfer_parcel op ON op.org_id = t.org_id AND op.parcel_id = tp.parcel_id
             AND op.transfer_id <> t.id
            JOIN land_transfer o ON o.org_id = t.org_id AND o.id = op.transfer_id
            JOIN parcel p ON p.org_id = t.org_id AND p.id = tp.parcel_id
            WHERE t.org_id = :org AND t.id = ANY (CAST(:ids AS uuid[]))
              AND (o.state IN ('in_force', 'ended', 'terminated')
                   OR o.id = ANY (CAST(:ids AS uuid[])))
              AND t.starts_on < coalesce(o.terminated_on, o.ends_on + 1)
              AND o.starts_on <= t.ends_on
            ORDER BY p.code, o.number
            """
        ),
        {"org": org_id, "ids": list(ids)},
    )
    return [
        Fault(
            code="parcel-transferred",
            zh=f"与流转合同 {row.number} 期限重叠",
            en=f"The term overlaps that of the transfer {row.number}",
            field="parcels",
            subject=row.code,
        )
        for row in rows
    ]


async def close_transfer(
    session: WriteSession, *, org_id: int, transfer_id: UUID, version: int, last_day: date
) -> LandTransfer:
    """Close a transfer after ``last_day``: ended when the term was served, else terminated.

    Raises `TransferNotFound`, `PreconditionFailed`, `TransferNotInState`.
    """
    (transfer,) = await _locked(session, org_id, [transfer_id])
    if transfer.row_version != version:
        raise PreconditionFailed
    state = closing_state(transfer.ends_on, last_day)
    if not may_become(transfer.state, state):
        raise TransferNotInState(number=transfer.number)
    transfer.state = str(state)
    if state is TransferState.TERMINATED:
        transfer.terminated_on = max(last_day + timedelta(days=1), transfer.starts_on)
    transfer.row_version += 1
    await session.flush()
    return transfer
