"""Work for pay (用工): a foreman submits, somebody else confirms or rejects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlmodel import col, select

from backend.core.db import WriteSession
from backend.core.errors import BadInput, Fault
from backend.core.ids import new_id
from backend.parties.models import Worker
from backend.payouts import rules
from backend.payouts.models import WorkRecord

Unit = Literal["day", "hour", "mu", "piece"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkDone:
    """What a worker did on a day: thousandths of the unit, fen for one unit."""

    worker_id: UUID
    worked_on: date
    task: str
    unit: Unit
    quantity_milli: int
    rate_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The new records' ids in the order of the submission, and what a person should look at."""

    ids: list[UUID]
    warnings: list[Fault]


async def submit(
    session: WriteSession,
    *,
    org_id: int,
    records: Sequence[WorkDone],
    submitted_by: UUID,
    today: date,
) -> Submitted:
    """Write work records at the rates given, frozen from now on; all or none.

    Raises ``BadInput`` with every fault by row (from 1): unknown worker, a day to come, an amount
    that rounds to nothing, a worker under the lowest age (劳动法 art. 15). Minors, elders and
    unknown ages are warned about.
    """
    workers = await _workers(session, org_id, {record.worker_id for record in records})
    faults: list[Fault] = []
    warnings: list[Fault] = []
    for row, record in enumerate(records, start=1):
        worker = workers.get(record.worker_id)
        faults += _faults(record, worker, row, today)
        if worker is not None:
            warnings += _age_warnings(record, worker, row)
    if faults:
        raise BadInput(faults)
    ids = [new_id() for _ in records]
    await session.execute(
        insert(WorkRecord),
        [
            {
                "org_id": org_id,
                "id": key,
                "worker_id": record.worker_id,
                "worked_on": record.worked_on,
                "task": record.task,
                "unit": record.unit,
                "quantity_milli": record.quantity_milli,
                "rate_fen": record.rate_fen,
                "amount_fen": rules.work_amount(record.quantity_milli, record.rate_fen),
                "submitted_by": submitted_by,
                "state": "submitted",
            }
            for key, record in zip(ids, records, strict=True)
        ],
    )
    return Submitted(ids=ids, warnings=warnings)


async def confirm(
    session: WriteSession, *, org_id: int, record_ids: Sequence[UUID], confirmed_by: UUID
) -> int:
    """Confirm submitted records of other people, all or none; return how many.

    Raises ``BadInput`` naming each record that is unknown, dealt with, or the confirmer's own.
    """
    await _check_waiting(session, org_id, record_ids, own_refused_for=confirmed_by)
    await _step(session, org_id, record_ids, state="confirmed", confirmed_by=confirmed_by)
    return len(set(record_ids))


async def reject(session: WriteSession, *, org_id: int, record_ids: Sequence[UUID]) -> int:
    """Reject submitted records, all or none; return how many. Raises ``BadInput`` like `confirm`.

    The foreman may take back his own.
    """
    await _check_waiting(session, org_id, record_ids, own_refused_for=None)
    await _step(session, org_id, record_ids, state="rejected", confirmed_by=None)
    return len(set(record_ids))


async def _workers(session: WriteSession, org_id: int, ids: set[UUID]) -> dict[UUID, Worker]:
    found = await session.scalars(
        select(Worker).where(Worker.org_id == org_id, col(Worker.id).in_(ids))
    )
    return {worker.id: worker for worker in found}


def _faults(record: WorkDone, worker: Worker | None, row: int, today: date) -> list[Fault]:
    """Return what makes the record impossible."""
    wrong = []
    if worker is None:
        wrong.append(("unknown-worker", "没有该务工人员", "There is no such worker", "worker_id"))
    elif worker.born_on is not None:
        limit = rules.age_limits(record.worked_on).refused_under_years
        if rules.age_on(worker.born_on, record.worked_on) < limit:
            zh, en = f"未满 {limit} 周岁，不得用工", f"Under {limit}; may not be employed"
            wrong.append(("child-labour", zh, en, "worker_id"))
    if record.worked_on > today:
        wrong.append(("future-day", "日期晚于今天", "The day is still to come", "worked_on"))
    if rules.work_amount(record.quantity_milli, record.rate_fen) == 0:
        zh, en = "金额不足 1 分", "The amount is less than a fen"
        wrong.append(("no-amount", zh, en, "quantity_milli"))
    return [Fault(code=code, zh=zh, en=en, row=row, field=name) for code, zh, en, name in wrong]


def _age_warnings(record: WorkDone, worker: Worker, row: int) -> list[Fault]:
    """Return what a person should look at before confirming: minors, elders, unknown age."""
    limits = rules.age_limits(record.worked_on)
    code = zh = en = ""
    if worker.born_on is None:
        code, zh, en = "age-unknown", "出生日期未登记", "The date of birth is not on record"
    else:
        age = rules.age_on(worker.born_on, record.worked_on)
        if age < limits.minor_under_years:
            code, zh, en = "minor", "未成年工，受特殊保护", "A minor, specially protected"
        elif age >= limits.elder_from_years:
            code, zh, en = "elder", "超龄务工，请核对意外保险", "An elder; check the insurance"
    return [Fault(code=code, zh=zh, en=en, row=row, field="worker_id")] if code else []


async def _check_waiting(
    session: WriteSession,
    org_id: int,
    record_ids: Sequence[UUID],
    *,
    own_refused_for: UUID | None,
) -> None:
    """Lock the records in the order of their keys and refuse what is not submitted."""
    rows = await session.execute(
        text(
            "SELECT id, state, submitted_by FROM work_record"
            " WHERE org_id = :org AND id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE"
        ),
        {"org": org_id, "ids": list(record_ids)},
    )
    known = {row.id: row for row in rows}
    faults = []
    for row, key in enumerate(record_ids, start=1):
        record = known.get(key)
        if record is None:
            code, zh, en = "unknown-record", "没有该用工记录", "There is no such record"
        elif record.state != "submitted":
            code, zh, en = "dealt-with", "该记录已处理", "The record was dealt with"
        elif record.submitted_by == own_refused_for:
            code, zh, en = "own-record", "不能确认自己上报的记录", "Not confirmed by its submitter"
        else:
            continue
        faults.append(Fault(code=code, zh=zh, en=en, row=row, subject=str(key)))
    if faults:
        raise BadInput(faults)


async def _step(
    session: WriteSession,
    org_id: int,
    record_ids: Sequence[UUID],
    *,
    state: str,
    confirmed_by: UUID | None,
) -> None:
    await session.execute(
        update(WorkRecord)
        .where(col(WorkRecord.org_id) == org_id, col(WorkRecord.id).in_(record_ids))
        .values(state=state, confirmed_by=confirmed_by)
    )
