"""What a farmer sees."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from backend.core.wire import Day, Instant, Out

Kind = Literal["rent", "wage", "dividend"]
Payment = Literal["approved", "exported", "paid", "failed"]


class IncomeMonthOut(Out):
    """One month's income by kind."""

    month: int
    total_fen: int
    rent_fen: int
    wage_fen: int
    dividend_fen: int


class IncomeLineOut(Out):
    """One amount, with the computation in words."""

    id: UUID
    kind: Kind
    title: str
    collective: str
    amount_fen: int
    formula: str
    earned_on: Day
    payment: Payment
    paid_on: Day | None


class IncomeOut(Out):
    """A farmer's year: what was earned, by kind and month, and each line of it."""

    year: int
    total_fen: int = Field(description="Earned in the year / 全年收入", examples=[1234500])
    paid_fen: int = Field(description="Of it paid by the bank / 已到账")
    rent_fen: int
    wage_fen: int
    dividend_fen: int
    months: list[IncomeMonthOut]
    lines: list[IncomeLineOut]


class VoucherRefOut(Out):
    """A voucher of the collective's books."""

    label: str = Field(examples=["记-2026-07-0001"])
    booked_on: Day


class ExplanationOut(IncomeLineOut):
    """Why this amount (为什么是这个数): from formula to source document and vouchers."""

    inputs: dict[str, Any] = Field(description="The exact numbers of the formula / 计算依据")
    source_kind: str
    source_number: str | None = Field(description="Contract number or record / 来源单据")
    notice_from: Day | None
    notice_until: Day | None
    approved_at: Instant
    accrual_voucher: VoucherRefOut
    payment_voucher: VoucherRefOut | None
    account_mask: str | None = Field(
        description="Where it is paid / 收款账户", examples=["6299 **** **** 0018"]
    )
    failure: str | None = Field(description="Why the bank refused / 失败原因")


class ParcelAreaOut(Out):
    """A statement of a parcel's area."""

    kind: str
    area_mu: str
    source: str


class MyParcelOut(Out):
    """A parcel of the farmer's household."""

    id: UUID
    collective: str
    code: str
    name: str
    crop: str | None
    areas: list[ParcelAreaOut]
    polygon: dict[str, Any] | None


class MyContractLineOut(Out):
    """One parcel and stage of the farmer's contract."""

    parcel_code: str
    parcel_name: str
    stage: str
    item_name: str
    rounds: int
    area_mu: str
    price_fen: int
    amount_fen: int


class MyContractOut(Out):
    """A trusteeship contract of the farmer's household."""

    id: UUID
    number: str
    collective: str
    mode: str
    season: str
    state: str
    starts_on: Day
    ends_on: Day
    total_fen: int
    terms: dict[str, Any]
    lines: list[MyContractLineOut]


class WorkDoneOut(Out):
    """What was done on the farmer's land (我家地里干了什么)."""

    parcel_code: str
    parcel_name: str
    order_number: str
    product: str
    target: str
    drone_registration: str
    pilot: str
    started_at: Instant
    finished_at: Instant
    contract_mu: str
    ordered_mu: str
    flown_mu: str
    accepted_mu: str | None
    state: str
    acceptance_reason: str | None
    weather: dict[str, Any] | None
    farmer_fee_fen: int | None
