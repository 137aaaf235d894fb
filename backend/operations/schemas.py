"""What spray orders say over the wire."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from backend.core.wire import AreaMu, Day, Id, In, Instant, LongText, Out, ShortText

When = Annotated[
    Instant, Field(ge=datetime(2020, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC))
]
"""An instant that calendars and time zones can hold."""
ProductKind = Annotated[
    Literal["insecticide", "fungicide", "herbicide", "foliar"],
    Field(description="Which weather it bears / 药剂类别"),
]
Skills = Annotated[
    list[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,29}$", examples=["slope"])]],
    Field(max_length=10, description="Beyond flat fields: slope, orchard, night / 资质"),
]
OrderStateName = Literal[
    "draft", "released", "planned", "in_progress", "reported", "accepted", "settled", "cancelled"
]


class ParcelWishIn(In):
    """A parcel to be sprayed; without an area the contract line's whole area."""

    parcel_id: Id
    area_mu: AreaMu | None = None


class SprayOrderIn(In):
    """Order spraying from a provider's contract; without ``parcels`` all that are open."""

    contract_id: Id
    parcels: Annotated[list[ParcelWishIn] | None, Field(min_length=1, max_length=10_000)] = None
    crop: ShortText | None = Field(default=None, description="Only this crop / 仅此作物")
    round: Annotated[int, Field(ge=1, le=20, description="Which round of the line / 第几次")] = 1
    target: Annotated[str, Field(min_length=1, max_length=100, examples=["玉米螟"])]
    product: Annotated[
        str, Field(min_length=1, max_length=100, examples=["氯虫苯甲酰胺悬浮剂 200克/升"])
    ]
    registration_no: Annotated[
        str, Field(pattern=r"^(PD|PDN|WP|WPN|LS)[0-9A-Z-]{2,20}$", examples=["PD20110001"])
    ]
    manufacturer: Annotated[str, Field(min_length=1, max_length=100, examples=["示范农药公司"])]
    dose_ml_per_mu: Annotated[int, Field(gt=0, le=10_000, examples=[10])]
    liquid_ml_per_mu: Annotated[int, Field(gt=0, le=100_000, examples=[1000])]
    pre_harvest_days: Annotated[int, Field(ge=0, le=365, examples=[21])]
    earliest_at: When
    latest_at: When
    priority: Annotated[int, Field(ge=0, le=100)] = 0
    product_kind: ProductKind = "insecticide"
    harvest_on: Day | None = Field(default=None, description="When known / 计划收获日")
    skills: Skills = Field(default_factory=list)


class OrderStepIn(In):
    """Release an order, take it back to draft, cancel it, or give up what was left (reported)."""

    to_state: Literal["released", "draft", "cancelled", "reported"]
    reason: LongText | None = None


class SprayOrderOut(Out):
    """A spray order with the sums of its parcels (飞防订单)."""

    id: UUID
    number: str
    contract_id: UUID
    provider_org_id: int
    provider_name: str
    season: str
    crop: str
    target: str
    product: str
    registration_no: str
    manufacturer: str
    dose_ml_per_mu: int
    liquid_ml_per_mu: int
    pre_harvest_days: int
    earliest_at: datetime
    latest_at: datetime
    priority: int
    product_kind: ProductKind
    harvest_on: date | None
    skills: list[str]
    state: OrderStateName
    release_version: int
    parcels: int
    ordered_mu: str
    flown_mu: str
    accepted_mu: str
    recorded_at: datetime
    row_version: int


class OrderParcelOut(Out):
    """A parcel of an order with its areas by kind (地块面积对照); null where there is none yet."""

    parcel_id: UUID
    parcel_code: str
    parcel_name: str
    household_id: UUID | None
    household_name: str | None
    round: int
    contract_mu: str = Field(description="The contract line's area / 合同面积")
    ordered_mu: str = Field(description="下单面积")
    flown_mu: str | None = Field(description="上报面积")
    accepted_mu: str | None = Field(description="验收面积")
    record_state: Literal["reported", "accepted", "disputed"] | None
    report_reason: str | None
    acceptance_reason: str | None
    skip_reason: str | None
    withdrawn_at: datetime | None
    pilot: str | None
    drone_registration: str | None
    started_at: datetime | None
    finished_at: datetime | None
    liquid_ml: int | None
    product_ml: int | None = Field(description="Dose × flown area / 用药量，毫升")
    weather: dict[str, Any] | None
    harvest_from: date | None = Field(
        description="No harvest before, by the label / 安全间隔期满日"
    )


class OrderEventOut(Out):
    """A step of an order (流转记录)."""

    id: UUID
    from_state: OrderStateName | None
    to_state: OrderStateName
    actor_id: UUID | None
    reason: str | None
    recorded_at: datetime


class VerdictIn(In):
    """The village's figure for a parcel; without an area the rule's own."""

    parcel_id: Id
    accepted_mu: AreaMu | None = None
    reason: LongText | None = None


class AcceptanceIn(In):
    """Accept records; without ``records`` all that are reported, by the rule."""

    records: Annotated[list[VerdictIn] | None, Field(min_length=1, max_length=10_000)] = None


class DisputeIn(In):
    """An objection to one parcel's record."""

    parcel_id: Id
    reason: LongText


class DisputesIn(In):
    """Objections to records (异议)."""

    records: Annotated[list[DisputeIn], Field(min_length=1, max_length=1000)]


class SettlementOut(Out):
    """The money of an order on both tiers, in fen (结算单)."""

    id: UUID
    order_id: UUID
    accepted_mu: str
    farmer_fen: int
    provider_fen: int
    margin_fen: int = Field(description="What the collective keeps / 集体差价")
    voucher_id: UUID | None
    settled_by: UUID
    recorded_at: datetime


class SettlementLineOut(Out):
    """One parcel of a settlement (结算明细)."""

    parcel_id: UUID
    parcel_code: str
    household_id: UUID
    household_name: str
    accepted_mu: str
    farmer_price_fen: int
    farmer_fen: int
    provider_price_fen: int
    provider_fen: int
