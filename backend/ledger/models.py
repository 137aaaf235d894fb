"""Tables of the ledger. Vouchers and postings are append-only; the database enforces it."""

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

from backend.core.columns import document, fen, row_key, server_now, tenant_key, version


class LedgerAccount(SQLModel, table=True):
    """An account of an organisation's chart (会计科目)."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "parent_code"], ["ledger_account.org_id", "ledger_account.code"],
            name="ledger_account_parent_fkey",
        ),
        CheckConstraint(
            "class IN ('asset', 'liability', 'equity', 'cost', 'income', 'expense')",
            name="ledger_account_class",
        ),
        CheckConstraint(
            "normal_side IN ('debit', 'credit', 'two_sided')", name="ledger_account_side"
        ),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The organisation (组织)."""
    code: str = Field(primary_key=True)
    """3 digits, details add 2 each (科目编码)."""
    name: str
    """Name; a detail's own name only (科目名称)."""
    account_class: str = Field(sa_column_kwargs={"name": "class"})
    """asset, liability, equity, cost, income or expense (科目类别)."""
    normal_side: str
    """debit, credit or two_sided (余额方向)."""
    parent_code: str | None = None
    """The account above (上级科目)."""
    is_leaf: bool = True
    """Only leaves take postings (是否末级)."""


class Period(SQLModel, table=True):
    """An accounting month (会计期间)."""

    __tablename__ = "period"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'closed')", name="period_state"),
        CheckConstraint(
            "period / 100 BETWEEN 1949 AND 9999 AND period % 100 BETWEEN 1 AND 12",
            name="period_month",
        ),
    )

    org_id: int = tenant_key()
    """The organisation (组织)."""
    period: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Year × 100 + month (期间)."""
    state: str = "open"
    """open or closed (状态)."""
    closed_at: datetime | None = None
    """When it was closed, UTC (结账时间)."""
    closed_by: UUID | None = None
    """Who closed it (结账人)."""


class VoucherCounter(SQLModel, table=True):
    """The next voucher number of a month; written by trigger only (凭证号计数)."""

    __tablename__ = "voucher_counter"

    org_id: int = tenant_key()
    """The organisation (组织)."""
    period: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Year × 100 + month (期间)."""
    last_number: int
    """The last number given (末号)."""


class Voucher(SQLModel, table=True):
    """A posted voucher (记账凭证), 会计基础工作规范 art. 51."""

    __tablename__ = "voucher"
    __table_args__ = (
        UniqueConstraint("org_id", "period", "number", name="voucher_number_key"),
        UniqueConstraint("org_id", "reverses", name="voucher_reverses_key"),
        UniqueConstraint("org_id", "source_kind", "source_id", name="voucher_source_key"),
        ForeignKeyConstraint(
            ["org_id", "period"], ["period.org_id", "period.period"], name="voucher_period_fkey"
        ),
        ForeignKeyConstraint(
            ["org_id", "reverses"], ["voucher.org_id", "voucher.id"], name="voucher_reverses_fkey"
        ),
        CheckConstraint(
            "period = extract(year FROM booked_on)::int * 100 + extract(month FROM booked_on)::int",
            name="voucher_period_of_date",
        ),
        CheckConstraint("reviewer_id <> maker_id", name="voucher_two_persons"),
        CheckConstraint("attachments >= 0", name="voucher_attachments"),
        CheckConstraint("length(summary) BETWEEN 1 AND 200", name="voucher_summary"),
    )

    org_id: int = tenant_key()
    """The organisation (组织)."""
    id: UUID = row_key()
    """Key (编号)."""
    period: int
    """Year × 100 + month of ``booked_on`` (会计期间)."""
    number: int = Field(default=0)
    """Number within the month, without gaps, given by the database (凭证号)."""
    booked_on: date
    """Business day (记账日期)."""
    summary: str
    """What happened (摘要)."""
    source_kind: str
    """What it documents, e.g. ``rent_run`` (来源类别)."""
    source_id: str
    """Key of the source; one voucher for each (来源编号)."""
    attachments: int = 0
    """Number of original documents (附件张数)."""
    maker_id: UUID
    """Who made it (制单)."""
    reviewer_id: UUID | None = None
    """Who reviewed it; never the maker (审核)."""
    reverses: UUID | None = None
    """The voucher that this one reverses in red (冲销凭证)."""
    recorded_at: datetime = server_now()
    """When it was recorded, UTC (入账时间)."""
    made_in: int = Field(
        default=None, nullable=False, sa_type=BigInteger,
        sa_column_kwargs={"server_default": text("txid_current()")},
    )  # fmt: skip
    """The database transaction that made it; postings may come from no other (事务号)."""


class Posting(SQLModel, table=True):
    """One line of a voucher; red lines have negative amounts (分录)."""

    __tablename__ = "posting"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "voucher_id"], ["voucher.org_id", "voucher.id"], name="posting_voucher_fkey"
        ),
        ForeignKeyConstraint(
            ["org_id", "account_code"], ["ledger_account.org_id", "ledger_account.code"],
            name="posting_account_fkey",
        ),
        Index("posting_account_idx", "org_id", "account_code", "party"),
        CheckConstraint("(debit_fen = 0) <> (credit_fen = 0)", name="posting_one_side"),
    )  # fmt: skip

    org_id: int = Field(
        sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False}
    )
    """The organisation, which its voucher names (组织)."""
    voucher_id: UUID = Field(primary_key=True)
    """The voucher (凭证)."""
    line: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Line number from 1 (行号)."""
    account_code: str
    """The account (科目编码)."""
    summary: str
    """What this line is for (摘要)."""
    debit_fen: int = fen(0)
    """Debit in fen (借方)."""
    credit_fen: int = fen(0)
    """Credit in fen (贷方)."""
    party: str | None = None
    """``household:…``, ``worker:…`` or ``org:…`` (往来对象)."""
    contract_id: UUID | None = None
    """The contract or transfer (合同)."""
    season: str | None = None
    """The season (作业季)."""
    stage: str | None = None
    """The stage of production (环节)."""


class AccountBalance(SQLModel, table=True):
    """Turnover of an account in a month; written by trigger only (科目发生额)."""

    __tablename__ = "account_balance"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "account_code"], ["ledger_account.org_id", "ledger_account.code"],
            name="account_balance_account_fkey",
        ),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The organisation (组织)."""
    period: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Year × 100 + month (期间)."""
    account_code: str = Field(primary_key=True)
    """The account (科目编码)."""
    debit_fen: int = fen()
    """Debits of the month in fen (借方发生额)."""
    credit_fen: int = fen()
    """Credits of the month in fen (贷方发生额)."""


class VoucherDraft(SQLModel, table=True):
    """A voucher that waits for a second person's review (待审凭证)."""

    __tablename__ = "voucher_draft"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'posted', 'rejected')", name="voucher_draft_state"),
    )

    org_id: int = tenant_key()
    """The organisation (组织)."""
    id: UUID = row_key()
    """Key (编号)."""
    booked_on: date
    """Business day (记账日期)."""
    summary: str
    """What happened (摘要)."""
    attachments: int
    """Number of original documents (附件张数)."""
    lines: list[dict[str, Any]] = document()
    """The lines: account_code, summary, debit_fen, credit_fen, party (分录)."""
    maker_id: UUID
    """Who made it (制单)."""
    state: str = "waiting"
    """waiting, posted or rejected (状态)."""
    voucher_id: UUID | None = None
    """The voucher it became (凭证)."""
    recorded_at: datetime = server_now()
    """When it was made, UTC (制单时间)."""
    row_version: int = version()
    """Version for If-Match (版本)."""
