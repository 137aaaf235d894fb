"""What the books say over the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from backend.core.wire import AnyFen, Day, In, Out

AccountCode = Annotated[
    str, Field(pattern=r"^\d{3}(\d{2}){0,4}$", description="科目编码", examples=["10201", "102"])
]
PeriodNumber = Annotated[
    int,
    Field(ge=194901, le=999912, description="Year × 100 + month / 会计期间", examples=[202607]),
]


class BooksIn(In):
    """Open an organisation's books (建账)."""

    chart_id: Literal["village_2023_14", "coop_2021_37"]
    first_period: PeriodNumber


class AccountOut(Out):
    """An account of the chart (科目)."""

    code: str
    name: str
    account_class: str
    normal_side: str
    parent_code: str | None
    is_leaf: bool


class LineIn(In):
    """A line of a voucher; give debit or credit, the other is 0. Red lines are negative."""

    account_code: AccountCode
    summary: Annotated[str, Field(min_length=1, max_length=200)]
    debit_fen: AnyFen = 0
    credit_fen: AnyFen = 0
    party: Annotated[
        str | None,
        Field(
            pattern=r"^(household|worker):[0-9a-f-]{36}$|^org:\d{1,18}$",
            examples=["org:101"],
        ),
    ] = None


class VoucherIn(In):
    """Make a voucher for a second person's review (制单)."""

    booked_on: Day
    summary: Annotated[str, Field(min_length=1, max_length=200, examples=["销售玉米"])]
    attachments: Annotated[int, Field(ge=0, le=999)] = 1
    lines: Annotated[list[LineIn], Field(min_length=2, max_length=500)]


class DraftOut(Out):
    """A voucher that waits for review, or what became of it."""

    id: UUID
    booked_on: Day
    summary: str
    state: Literal["waiting", "posted", "rejected"]
    maker_id: UUID
    voucher_id: UUID | None
    row_version: int


class PostedOut(Out):
    """A voucher that now stands in the books."""

    id: UUID
    period: int
    number: int
    label: str = Field(description="As people write it / 凭证号", examples=["记-2026-07-0001"])


class ReversalIn(In):
    """Cancel a voucher in red (红字冲销)."""

    booked_on: Day


class PostingOut(Out):
    """A line of a voucher."""

    line: int
    account_code: str
    account_name: str
    summary: str
    debit_fen: int
    credit_fen: int
    party: str | None
    contract_id: UUID | None


class VoucherOut(PostedOut):
    """A voucher without its lines."""

    booked_on: Day
    summary: str
    source_kind: str
    source_id: str
    attachments: int
    maker_id: UUID
    reviewer_id: UUID | None
    reverses: UUID | None
    total_fen: int


class VoucherWholeOut(VoucherOut):
    """A voucher with its lines."""

    lines: list[PostingOut]


class PeriodOut(Out):
    """An accounting month."""

    period: int
    state: Literal["open", "closed"]


class BalanceRowOut(Out):
    """One account of the trial balance, all in fen (科目余额)."""

    code: str
    name: str
    is_leaf: bool
    opening_debit_fen: int
    opening_credit_fen: int
    period_debit_fen: int
    period_credit_fen: int
    year_debit_fen: int
    year_credit_fen: int
    closing_debit_fen: int
    closing_credit_fen: int


class TrialBalanceOut(Out):
    """科目余额表: the sums are over detail accounts, so each pair must be equal."""

    period: int
    rows: list[BalanceRowOut]
    opening_difference_fen: int
    period_difference_fen: int
    closing_difference_fen: int
