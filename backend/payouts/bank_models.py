"""Tables of bank files and returns, kept byte for byte and sealed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from backend.core.columns import fen, row_key, server_now, tenant_key


class BankBatch(SQLModel, table=True):
    """A bank file as it was handed out, byte for byte (银行代发文件)."""

    __tablename__ = "bank_batch"
    __table_args__ = (
        UniqueConstraint("org_id", "number", name="bank_batch_number_key"),
        ForeignKeyConstraint(
            ["org_id", "run_id"], ["payout_run.org_id", "payout_run.id"],
            name="bank_batch_run_fkey",
        ),
        CheckConstraint("state IN ('exported', 'returned')", name="bank_batch_state"),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The paying collective (发放组织)."""
    id: UUID = row_key()
    """Key (编号)."""
    run_id: UUID
    """The run (批次)."""
    number: str
    """Batch number that the bank returns (代发批次号)."""
    layout_id: str
    """Layout of the file, see ``payouts/data`` (文件格式)."""
    file_name: str
    """Name of the file (文件名)."""
    file_sealed: bytes
    """The file, sealed because it holds account numbers (文件内容)."""
    file_sha256: bytes
    """SHA-256 of the file in clear (文件哈希)."""
    item_count: int
    """Payments (笔数)."""
    total_fen: int = fen()
    """Sum (合计)."""
    state: str = "exported"
    """exported or returned (状态)."""
    made_by: UUID
    """Who made it (制作人)."""
    recorded_at: datetime = server_now()
    """When, UTC (时间)."""


class BankBatchItem(SQLModel, table=True):
    """One payment of a bank file (代发明细)."""

    __tablename__ = "bank_batch_item"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "batch_id"], ["bank_batch.org_id", "bank_batch.id"],
            name="bank_batch_item_batch_fkey",
        ),
        ForeignKeyConstraint(
            ["org_id", "item_id"], ["payment_item.org_id", "payment_item.id"],
            name="bank_batch_item_item_fkey",
        ),
        ForeignKeyConstraint(
            ["org_id", "account_id"], ["payee_account.org_id", "payee_account.id"],
            name="bank_batch_item_account_fkey",
        ),
        Index(
            "bank_batch_item_live_key", "org_id", "item_id", unique=True,
            postgresql_where=text("live"),
        ),
        CheckConstraint("outcome IN ('paid', 'failed')", name="bank_batch_item_outcome"),
        CheckConstraint("live = (outcome IS DISTINCT FROM 'failed')", name="bank_batch_item_live"),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The paying collective (发放组织)."""
    batch_id: UUID = Field(primary_key=True)
    """The file (代发文件)."""
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Row of the file from 1 (序号)."""
    item_id: UUID
    """The payment (支付项)."""
    account_id: UUID
    """The account (收款账户)."""
    amount_fen: int = fen()
    """Amount (金额)."""
    live: bool = True
    """Under way or paid; a payment is live in one file at most (有效)."""
    outcome: str | None = None
    """paid or failed, from the bank's return (结果)."""
    failure: str | None = None
    """Reason (失败原因)."""


class BankReturn(SQLModel, table=True):
    """A return file of the bank, kept as it came; the same bytes are taken once (银行回单)."""

    __tablename__ = "bank_return"
    __table_args__ = (
        UniqueConstraint("org_id", "file_sha256", name="bank_return_file_key"),
        ForeignKeyConstraint(
            ["org_id", "batch_id"], ["bank_batch.org_id", "bank_batch.id"],
            name="bank_return_batch_fkey",
        ),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The paying collective (发放组织)."""
    id: UUID = row_key()
    """Key (编号)."""
    batch_id: UUID
    """The file it answers (代发文件)."""
    file_name: str
    """Name of the file (文件名)."""
    file_sealed: bytes
    """The file, sealed because it holds account numbers (文件内容)."""
    file_sha256: bytes
    """SHA-256 of the file in clear (文件哈希)."""
    paid_count: int
    """Payments it made paid (成功笔数)."""
    paid_fen: int = fen()
    """Their sum (成功金额)."""
    failed_count: int
    """Payments it made failed (失败笔数)."""
    received_by: UUID
    """Who took it in (接收人)."""
    recorded_at: datetime = server_now()
    """When, UTC (时间)."""


class ReturnException(SQLModel, table=True):
    """A row of a return that fits no payment under way; kept for a person (回单异常)."""

    __tablename__ = "return_exception"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "return_id"], ["bank_return.org_id", "bank_return.id"],
            name="return_exception_return_fkey",
        ),
        UniqueConstraint("org_id", "return_id", "row", name="return_exception_row_key"),
        CheckConstraint(
            "kind IN ('duplicate', 'contradicts', 'unknown', 'amount_differs')",
            name="return_exception_kind",
        ),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The paying collective (发放组织)."""
    id: UUID = row_key()
    """Key (编号)."""
    return_id: UUID
    """The return (回单)."""
    row: int
    """Row of the file (行号)."""
    kind: str
    """duplicate (重复代发), contradicts, unknown or amount_differs (类别)."""
    detail: str
    """What the row said, without account numbers (说明)."""
