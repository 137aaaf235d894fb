"""Tables of payouts: runs, explained lines, payment items, bank files and returns."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from backend.core.columns import big, document, fen, row_key, server_now, tenant_key, version


class WorkRecord(SQLModel, table=True):
    """Work for pay, at the rate in force when it was done (用工记录)."""

    __tablename__ = "work_record"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "worker_id"], ["worker.org_id", "worker.id"], name="work_record_worker_fkey"
        ),
        Index("work_record_worker_idx", "org_id", "worker_id", "worked_on"),
        CheckConstraint("unit IN ('day', 'hour', 'mu', 'piece')", name="work_record_unit"),
        CheckConstraint("quantity_milli > 0 AND rate_fen > 0", name="work_record_quantity"),
        CheckConstraint("amount_fen > 0", name="work_record_amount"),
        CheckConstraint(
            "state IN ('submitted', 'confirmed', 'in_run', 'rejected')", name="work_record_state"
        ),
        CheckConstraint("confirmed_by <> submitted_by", name="work_record_two_persons"),
        CheckConstraint(
            "(state IN ('confirmed', 'in_run')) = (confirmed_by IS NOT NULL)",
            name="work_record_confirmed",
        ),
    )

    org_id: int = tenant_key()
    """The employing collective (用工组织)."""
    id: UUID = row_key()
    """Key (编号)."""
    worker_id: UUID
    """The worker (务工人员)."""
    worked_on: date
    """Day (日期)."""
    task: str
    """What was done (工作内容)."""
    unit: str
    """day, hour, mu or piece (计量)."""
    quantity_milli: int = big()
    """Quantity in thousandths of the unit (数量)."""
    rate_fen: int = fen()
    """Fen for one unit, frozen (单价)."""
    amount_fen: int = fen()
    """quantity × rate, rounded half up once (金额)."""
    submitted_by: UUID
    """The foreman (带班人)."""
    confirmed_by: UUID | None = None
    """Who confirmed; not the foreman (确认人)."""
    state: str = "submitted"
    """submitted, confirmed, in_run or rejected (状态)."""
    recorded_at: datetime = server_now()
    """When it was submitted, UTC (上报时间)."""


class PayoutRun(SQLModel, table=True):
    """One payout: computed, laid open, approved by a second person, paid (发放批次)."""

    __tablename__ = "payout_run"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "accrual_voucher_id"], ["voucher.org_id", "voucher.id"],
            name="payout_run_voucher_fkey",
        ),
        Index("payout_run_kind_idx", "org_id", "kind", "id"),
        CheckConstraint("kind IN ('rent', 'wage', 'dividend')", name="payout_run_kind"),
        CheckConstraint(
            "state IN ('computed', 'noticed', 'approved', 'paid', 'cancelled')",
            name="payout_run_state",
        ),
        CheckConstraint("approver_id <> maker_id", name="payout_run_two_persons"),
        CheckConstraint(
            "(state IN ('approved', 'paid')) = (approver_id IS NOT NULL)",
            name="payout_run_approved",
        ),
        CheckConstraint(
            "(state IN ('approved', 'paid')) = (accrual_voucher_id IS NOT NULL)",
            name="payout_run_booked",
        ),
        CheckConstraint("notice_until >= notice_from", name="payout_run_notice"),
        CheckConstraint("covers_to >= covers_from", name="payout_run_covers"),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The paying collective (发放组织)."""
    id: UUID = row_key()
    """Key (编号)."""
    kind: str
    """rent, wage or dividend (类别)."""
    title: str
    """Title of the notice (标题)."""
    covers_from: date
    """First day it is for (所属期起)."""
    covers_to: date
    """Last day it is for (所属期止)."""
    parameters: dict[str, Any] = document()
    """What it was computed from: reserve, resolution, contract … (参数)."""
    line_count: int
    """Explained lines (明细数)."""
    total_fen: int = fen()
    """Sum of the lines = sum of the items (合计)."""
    state: str = "computed"
    """computed, noticed, approved, paid or cancelled (状态)."""
    notice_from: date | None = None
    """First day of the public notice (公示起)."""
    notice_until: date | None = None
    """Last day of the public notice (公示止)."""
    maker_id: UUID
    """Who computed it (制单人)."""
    approver_id: UUID | None = None
    """Who approved it; never the maker (审批人)."""
    approved_at: datetime | None = None
    """When, UTC (审批时间)."""
    accrual_voucher_id: UUID | None = None
    """The voucher that books the liability (计提凭证)."""
    recorded_at: datetime = server_now()
    """When it was computed, UTC (计算时间)."""
    row_version: int = version()
    """Version for If-Match (版本)."""


class PaymentItem(SQLModel, table=True):
    """What one payee gets from a run in one payment (支付项)."""

    __tablename__ = "payment_item"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "run_id"], ["payout_run.org_id", "payout_run.id"],
            name="payment_item_run_fkey",
        ),
        ForeignKeyConstraint(
            ["org_id", "account_id"], ["payee_account.org_id", "payee_account.id"],
            name="payment_item_account_fkey",
        ),
        ForeignKeyConstraint(
            ["org_id", "paid_voucher_id"], ["voucher.org_id", "voucher.id"],
            name="payment_item_voucher_fkey",
        ),
        UniqueConstraint("org_id", "run_id", "seq", name="payment_item_seq_key"),
        UniqueConstraint(
            "org_id", "run_id", "payee_kind", "payee_id", name="payment_item_payee_key"
        ),
        CheckConstraint("payee_kind IN ('household', 'worker')", name="payment_item_payee_kind"),
        CheckConstraint(
            "state IN ('draft', 'approved', 'exported', 'paid', 'failed', 'cancelled')",
            name="payment_item_state",
        ),
        CheckConstraint("amount_fen > 0", name="payment_item_amount"),
        CheckConstraint(
            "(state = 'paid') = (paid_voucher_id IS NOT NULL)", name="payment_item_paid"
        ),
        CheckConstraint(
            "state NOT IN ('exported', 'paid', 'failed') OR account_id IS NOT NULL",
            name="payment_item_account",
        ),
        Index("payment_item_payee_idx", "org_id", "payee_id"),
        # Room on each page: a step of a whole run changes no index.
        {"postgresql_with": {"fillfactor": 45}},
    )  # fmt: skip

    org_id: int = Field(
        sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False}
    )
    """The paying collective, which its run names (发放组织)."""
    id: UUID = row_key()
    """Key (编号)."""
    run_id: UUID
    """The run (批次)."""
    seq: int
    """Number within the run from 1 (序号)."""
    payee_kind: str
    """household or worker (收款人类别)."""
    payee_id: UUID
    """The household or worker (收款人)."""
    payee_name: str
    """Name when computed (姓名)."""
    amount_fen: int = fen()
    """Amount, frozen; a wrong run is cancelled and computed again (金额)."""
    account_id: UUID | None = None
    """The account of the newest attempt (收款账户)."""
    state: str = "draft"
    """draft, approved, exported, paid, failed or cancelled (状态)."""
    failure: str | None = None
    """Reason of the newest failure, e.g. account_not_found (失败原因)."""
    paid_on: date | None = None
    """Day the bank paid (支付日期)."""
    paid_voucher_id: UUID | None = None
    """The voucher that books the payment (支付凭证)."""


class PayoutLine(SQLModel, table=True):
    """One explained part of a payment: formula, inputs, source (发放明细)."""

    __tablename__ = "payout_line"
    # No key to the run: one trigger for all lines sees that it exists, and the run's own trigger
    # that each payment has its lines in it before anybody sees them.
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "item_id"], ["payment_item.org_id", "payment_item.id"],
            name="payout_line_item_fkey",
        ),
        Index("payout_line_item_idx", "org_id", "item_id"),
        Index(
            "payout_line_claim_key", "org_id", "claim_key", unique=True,
            postgresql_where=text("NOT void"),
        ),
        Index("payout_line_household_idx", "org_id", "household_id"),
        UniqueConstraint("org_id", "run_id", "seq", name="payout_line_seq_key"),
        CheckConstraint("amount_fen > 0", name="payout_line_amount"),
    )  # fmt: skip

    org_id: int = Field(
        sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False}
    )
    """The paying collective, which its payment names (发放组织)."""
    id: UUID = row_key()
    """Key (编号)."""
    run_id: UUID
    """The run (批次)."""
    seq: int
    """Number within the run from 1, payees together (序号)."""
    item_id: UUID
    """The payment it is part of (支付项)."""
    household_id: UUID | None = None
    """The household whose income it is (农户)."""
    amount_fen: int = fen()
    """Amount (金额)."""
    formula: str
    """The computation in words and numbers (计算式)."""
    inputs: dict[str, Any] = document()
    """The numbers of the formula, exact (计算依据)."""
    source_kind: str
    """land_transfer, work_record or member (来源类别)."""
    source_id: UUID
    """The document's key (来源编号)."""
    claim_key: str
    """What may be paid only once, e.g. rent:transfer:parcel:year (防重键)."""
    void: bool = False
    """Its run was cancelled (作废)."""
