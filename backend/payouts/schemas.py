"""What payouts say over the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from backend.core.errors import Fault
from backend.core.http.problem import FaultOut
from backend.core.wire import Day, Id, In, Out, PositiveFen, ShortText
from backend.payouts import rules

RunState = Literal["computed", "noticed", "approved", "paid", "cancelled"]
ItemState = Literal["draft", "approved", "exported", "paid", "failed", "cancelled"]
RecordState = Literal["submitted", "confirmed", "in_run", "rejected"]
Unit = Literal["day", "hour", "mu", "piece"]
Title = Annotated[ShortText, Field(description="标题", examples=["2026 年土地租金"])]


class WorkRecordIn(In):
    """What a worker did on a day, at the rate agreed (用工记录)."""

    worker_id: Id
    worked_on: Day
    task: Annotated[ShortText, Field(description="工作内容", examples=["谷子间苗"])]
    unit: Unit
    quantity_milli: Annotated[
        int, Field(gt=0, lt=10**9, description="Thousandths of the unit / 数量", examples=[1500])
    ]
    rate_fen: Annotated[
        int, Field(gt=0, lt=10**9, description="Fen for one unit / 单价", examples=[12000])
    ]


class WorkRecordsIn(In):
    """A day sheet: all records are taken or none."""

    records: Annotated[list[WorkRecordIn], Field(min_length=1, max_length=1000)]


class RecordIdsIn(In):
    """Records to confirm or reject, all or none."""

    record_ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]


class WorkRecordsOut(Out):
    """The new records' ids, in the order given, and warnings by row."""

    ids: list[UUID]
    warnings: list[FaultOut]


class RecordsChangedOut(Out):
    """How many records changed."""

    count: int


class WorkRecordOut(Out):
    """A work record."""

    id: UUID
    worker_id: UUID
    worker_name: str = Field(description="Masked / 脱敏姓名")
    worked_on: Day
    task: str
    unit: Unit
    quantity_milli: int
    rate_fen: int
    amount_fen: int
    state: RecordState
    submitted_by: UUID
    confirmed_by: UUID | None


class RentRunIn(In):
    """Compute rent for one kind of transferee, for a year or less."""

    kind: Literal["rent"]
    title: Title
    covers_from: Day
    covers_to: Day
    transferee_kind: Annotated[
        rules.Transferee, Field(strict=False, description="受让方类别", examples=["collective"])
    ]


class WageRunIn(In):
    """Compute the wages of the confirmed work of these days."""

    kind: Literal["wage"]
    title: Title
    covers_from: Day
    covers_to: Day


class ResolutionIn(In):
    """The members' vote (成员大会决议)."""

    votes_for: Annotated[int, Field(ge=0, lt=10**7, examples=[180])]
    votes_total: Annotated[int, Field(gt=0, lt=10**7, examples=[240])]
    held_on: Day


class DividendRunIn(In):
    """Share a year's profit; without ``pool_fen`` all that is distributable."""

    kind: Literal["dividend"]
    title: Title
    year: Annotated[int, Field(ge=1950, le=9998, examples=[2026])]
    reserve_permille: Annotated[
        int, Field(ge=0, le=1000, description="提取公积公益金千分比", examples=[100])
    ]
    pool_fen: PositiveFen | None = None
    resolution: ResolutionIn


RunIn = Annotated[
    RentRunIn | WageRunIn | DividendRunIn,
    Field(
        discriminator="kind",
        examples=[
            {
                "kind": "rent",
                "title": "2026 年土地租金",
                "covers_from": "2026-01-01",
                "covers_to": "2026-12-31",
                "transferee_kind": "collective",
            },
            {
                "kind": "wage",
                "title": "2026 年 6 月务工费",
                "covers_from": "2026-06-01",
                "covers_to": "2026-06-30",
            },
        ],
    ),
]


class NoticeIn(In):
    """Lay a run open; without ``days`` as long as the rule demands."""

    days: Annotated[int | None, Field(ge=1, le=90, description="公示天数", examples=[7])] = None


class RunOut(Out):
    """A payout run (发放批次)."""

    id: UUID
    kind: rules.Kind
    title: str
    covers_from: Day
    covers_to: Day
    parameters: dict[str, Any] = Field(description="What it was computed from / 计算参数")
    line_count: int
    total_fen: int
    state: RunState
    notice_from: Day | None
    notice_until: Day | None
    maker_id: UUID
    approver_id: UUID | None
    approved_at: datetime | None
    accrual_voucher_id: UUID | None
    row_version: int


class ItemSumOut(Out):
    """Payments of one state: how many, how much."""

    state: ItemState
    count: int
    total_fen: int


class FlaggedOut(Out):
    """A payment that a flag is about."""

    item_id: UUID
    seq: int
    payee_name: str = Field(description="Masked / 脱敏姓名")
    amount_fen: int
    last_fen: int | None = Field(description="What the payee got in the run before / 上次金额")


class FlagOut(Out):
    """Something a person should look at before approving; the first 20 payments are shown."""

    code: Literal["missing-account", "doubled", "rent-not-collected"]
    count: int
    shown: list[FlaggedOut]


class RunWholeOut(RunOut):
    """A run with the sums of its payments and what is odd about it."""

    payments: list[ItemSumOut]
    flags: list[FlagOut]


class LineOut(Out):
    """One explained part of a payment (发放明细)."""

    id: UUID
    seq: int
    item_id: UUID
    payee_name: str = Field(description="Masked / 脱敏姓名")
    household_id: UUID | None
    amount_fen: int
    formula: str = Field(examples=["2.00 亩 × 650.00 元/亩·年 × 365/365 天 = 1300.00 元"])
    inputs: dict[str, Any]
    source_kind: Literal["land_transfer", "work_record", "member"]
    source_id: UUID
    void: bool


class ItemOut(Out):
    """A payment, with personal data masked (支付项)."""

    id: UUID
    run_id: UUID
    seq: int
    payee_kind: Literal["household", "worker"]
    payee_id: UUID
    payee_name: str = Field(description="Masked / 脱敏姓名")
    amount_fen: int
    account_mask: str | None = Field(description="Account of the newest attempt / 账号")
    state: ItemState
    failure: str | None
    paid_on: Day | None
    paid_voucher_id: UUID | None


class BatchIn(In):
    """Make bank files of a run's approved payments, or of those named."""

    layout_id: Annotated[str, Field(min_length=1, max_length=40, examples=["generic_csv"])]
    item_ids: Annotated[list[Id], Field(min_length=1, max_length=10_000)] | None = None


class BatchOut(Out):
    """A bank file; its bytes come from ``/bank-batches/{batch_id}/file``."""

    id: UUID
    run_id: UUID
    number: str
    layout_id: str
    file_name: str
    sha256: str
    item_count: int
    total_fen: int
    state: Literal["exported", "returned"]


class LeftOutOut(Out):
    """A payment that no file holds."""

    item_id: UUID
    seq: int
    payee: str = Field(description="Number and masked name / 序号与脱敏姓名")
    amount_fen: int
    reason: Literal["no_account", "no_id_number"]


class ExportOut(Out):
    """The files made, what they leave out, and warnings by row of the file."""

    batches: list[BatchOut]
    left_out: list[LeftOutOut]
    warnings: list[FaultOut]


class LayoutOut(Out):
    """A bank's file layout."""

    layout_id: str
    name: str
    source: str
    verified: bool
    rows_min: int
    rows_max: int


class ExceptionOut(Out):
    """A row of a return that fits no payment under way (回单异常)."""

    id: UUID
    return_id: UUID
    batch_id: UUID
    row: int
    kind: Literal["duplicate", "contradicts", "unknown", "amount_differs"]
    detail: str


class ReturnOut(Out):
    """What a return file did."""

    id: UUID
    batch_id: UUID
    paid_count: int
    paid_fen: int
    failed_count: int
    exception_count: int
    voucher_label: str | None = Field(examples=["记-2026-07-0012"])
    run_state: RunState


def faults_out(faults: list[Fault], language: str) -> list[FaultOut]:
    """Return warnings in ``zh`` or ``en``, in the shape that problems have."""
    return [
        FaultOut(
            code=fault.code,
            message=fault.zh if language == "zh" else fault.en,
            row=fault.row,
            field=fault.field,
            subject=fault.subject,
        )
        for fault in faults
    ]
