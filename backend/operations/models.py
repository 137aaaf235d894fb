"""Tables of spraying on the collective's side: orders, what was done, acceptance, settlement."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from backend.core.columns import big, document, fen, row_key, server_now, tenant_key, version
from backend.operations.fleet_models import kind_of_product, listing

_ORDER_STATES = (
    "state IN ('draft', 'released', 'planned', 'in_progress', 'reported', 'accepted', 'settled',"
    " 'cancelled')"
)


class SprayOrder(SQLModel, table=True):
    """An order to spray parcels of a tier-two contract (飞防订单)."""

    __tablename__ = "spray_order"
    __table_args__ = (
        UniqueConstraint("org_id", "number", name="spray_order_number_key"),
        ForeignKeyConstraint(
            ["org_id", "contract_id"], ["trusteeship_contract.org_id", "trusteeship_contract.id"],
            name="spray_order_contract_fkey",
        ),
        CheckConstraint(_ORDER_STATES, name="spray_order_state"),
        CheckConstraint("latest_at > earliest_at", name="spray_order_window"),
        CheckConstraint("priority BETWEEN 0 AND 100", name="spray_order_priority"),
        CheckConstraint(
            "dose_ml_per_mu > 0 AND liquid_ml_per_mu > 0", name="spray_order_quantities"
        ),
        CheckConstraint(
            "product_kind IN ('insecticide', 'fungicide', 'herbicide', 'foliar')",
            name="spray_order_product_kind",
        ),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The collective (村集体)."""
    id: UUID = row_key()
    """Key (编号)."""
    number: str
    """Order number (订单号)."""
    contract_id: UUID
    """The tier-two contract (二层合同)."""
    provider_org_id: int = big()
    """Who is to spray (服务主体)."""
    season: str
    """Season (作业季)."""
    crop: str
    """Crop (作物)."""
    target: str
    """Pest, disease or weed (防治对象)."""
    product: str
    """Pesticide by its registered name (药剂)."""
    registration_no: str
    """Pesticide registration, e.g. PD20110001 (登记证号)."""
    manufacturer: str
    """Its maker; 农药管理条例 art. 36 (生产企业)."""
    dose_ml_per_mu: int
    """Product in ml a mu (亩用量)."""
    liquid_ml_per_mu: int
    """Spray liquid in ml a mu (亩用液量)."""
    product_kind: str = kind_of_product()
    """insecticide, fungicide, herbicide or foliar: which weather it bears (药剂类别)."""
    pre_harvest_days: int
    """Days between spraying and harvest by the label (安全间隔期)."""
    harvest_on: date | None = None
    """When the village means to harvest, if known (计划收获日)."""
    skills: list[str] = listing()
    """What the plots ask of drone and pilot: slope, orchard, night (资质要求)."""
    earliest_at: datetime
    """Not before, UTC (最早)."""
    latest_at: datetime
    """Not after, UTC (最晚)."""
    priority: int
    """0 to 100, higher first (优先级)."""
    state: str = "draft"
    """See ``rules.ORDER_TRANSITIONS`` (状态)."""
    release_version: int = 0
    """Counts the releases to the provider (下达版本)."""
    recorded_at: datetime = server_now()
    """When it was made, UTC (登记时间)."""
    row_version: int = version()
    """Version for If-Match (版本)."""


class SprayOrderParcel(SQLModel, table=True):
    """A parcel of an order (订单地块)."""

    __tablename__ = "spray_order_parcel"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "order_id"], ["spray_order.org_id", "spray_order.id"],
            name="spray_order_parcel_order_fkey",
        ),
        ForeignKeyConstraint(
            ["org_id", "parcel_id"], ["parcel.org_id", "parcel.id"],
            name="spray_order_parcel_parcel_fkey",
        ),
        ForeignKeyConstraint(
            ["org_id", "contract_id", "contract_line"],
            ["contract_line.org_id", "contract_line.contract_id", "contract_line.line"],
            name="spray_order_parcel_line_fkey",
        ),
        Index(
            "spray_order_parcel_round_key", "org_id", "contract_id", "contract_line", "round",
            unique=True, postgresql_where=text("withdrawn_at IS NULL"),
        ),
        CheckConstraint("ordered_centimu > 0", name="spray_order_parcel_area"),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The collective (村集体)."""
    order_id: UUID = Field(primary_key=True)
    """The order (订单)."""
    parcel_id: UUID = Field(primary_key=True)
    """The parcel (地块)."""
    contract_id: UUID
    """The tier-two contract (合同)."""
    contract_line: int
    """Its line (合同行)."""
    round: int
    """Which of the line's rounds (第几次)."""
    ordered_centimu: int = big()
    """Area to spray, 0.01 mu (下单面积)."""
    skip_reason: str | None = None
    """Why the provider last came back without having sprayed it (未作业原因)."""
    withdrawn_at: datetime | None = None
    """When it was taken out of the order, which frees the line's round, UTC (撤出时间)."""


class OperationRecord(SQLModel, table=True):
    """What was done on one parcel, as reported and as accepted (作业记录)."""

    __tablename__ = "operation_record"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "order_id", "parcel_id"],
            [
                "spray_order_parcel.org_id",
                "spray_order_parcel.order_id",
                "spray_order_parcel.parcel_id",
            ],
            name="operation_record_order_fkey",
        ),
        UniqueConstraint(
            "org_id", "order_id", "parcel_id", "release_version", name="operation_record_once_key"
        ),
        Index("operation_record_parcel_idx", "org_id", "parcel_id"),
        CheckConstraint(
            "state IN ('reported', 'accepted', 'disputed')", name="operation_record_state"
        ),
        CheckConstraint(
            "(state = 'accepted') = (accepted_centimu IS NOT NULL)",
            name="operation_record_accepted",
        ),
    )

    org_id: int = tenant_key()
    """The collective (村集体)."""
    id: UUID = row_key()
    """Key (编号)."""
    order_id: UUID
    """The order (订单)."""
    parcel_id: UUID
    """The parcel (地块)."""
    release_version: int
    """The release that was carried out (下达版本)."""
    drone_registration: str
    """Real-name registration of the drone (实名登记号)."""
    pilot: str
    """Pilot (飞手)."""
    started_at: datetime
    """UTC (开始时间)."""
    finished_at: datetime
    """UTC (结束时间)."""
    product: str
    """What was sprayed (药剂)."""
    liquid_ml: int = big()
    """Spray liquid used, ml (用液量)."""
    flown_centimu: int = big()
    """Area the provider reports, 0.01 mu (上报面积)."""
    report_reason: str | None = None
    """The provider's word on a difference from the plan (上报差异原因)."""
    weather: dict[str, Any] | None = document(nullable=True)
    """Weather then, with its source (作业天气)."""
    state: str = "reported"
    """reported, accepted or disputed (状态)."""
    accepted_centimu: int | None = big(nullable=True)
    """Area the village accepts, 0.01 mu (验收面积)."""
    acceptance_reason: str | None = None
    """Why it differs from the report (差异原因)."""
    accepted_by: UUID | None = None
    """Who accepted (验收人)."""
    accepted_at: datetime | None = None
    """When, UTC (验收时间)."""
    recorded_at: datetime = server_now()
    """When it was reported, UTC (上报时间)."""


class Settlement(SQLModel, table=True):
    """The money of an accepted order on both tiers (结算单)."""

    __tablename__ = "settlement"
    __table_args__ = (
        UniqueConstraint("org_id", "order_id", name="settlement_order_key"),
        ForeignKeyConstraint(
            ["org_id", "order_id"], ["spray_order.org_id", "spray_order.id"],
            name="settlement_order_fkey",
        ),
        ForeignKeyConstraint(
            ["org_id", "voucher_id"], ["voucher.org_id", "voucher.id"],
            name="settlement_voucher_fkey",
        ),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The collective (村集体)."""
    id: UUID = row_key()
    """Key (编号)."""
    order_id: UUID
    """The order (订单)."""
    farmer_fen: int = fen()
    """What households owe the collective (农户应付)."""
    provider_fen: int = fen()
    """What the collective owes the provider (应付服务主体)."""
    voucher_id: UUID | None = None
    """The voucher that books both; none when nothing is owed (凭证)."""
    settled_by: UUID
    """Who settled (结算人)."""
    recorded_at: datetime = server_now()
    """When, UTC (时间)."""


class SettlementLine(SQLModel, table=True):
    """One parcel of a settlement: accepted area at both prices (结算明细)."""

    __tablename__ = "settlement_line"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "settlement_id"], ["settlement.org_id", "settlement.id"],
            name="settlement_line_settlement_fkey",
        ),
        ForeignKeyConstraint(
            ["org_id", "parcel_id"], ["parcel.org_id", "parcel.id"],
            name="settlement_line_parcel_fkey",
        ),
        Index("settlement_line_household_idx", "org_id", "household_id"),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The collective (村集体)."""
    settlement_id: UUID = Field(primary_key=True)
    """The settlement (结算单)."""
    parcel_id: UUID = Field(primary_key=True)
    """The parcel (地块)."""
    household_id: UUID
    """Who owes the farmer price (农户)."""
    accepted_centimu: int = big()
    """Accepted area, 0.01 mu (验收面积)."""
    farmer_price_fen: int = fen()
    """Farmer price, fen a mu (农户单价)."""
    farmer_fen: int = fen()
    """Farmer amount (农户金额)."""
    provider_price_fen: int = fen()
    """Provider price, fen a mu (服务主体单价)."""
    provider_fen: int = fen()
    """Provider amount (服务主体金额)."""


class OrderEvent(SQLModel, table=True):
    """A transition of an order's state; append-only (订单流转记录)."""

    __tablename__ = "order_event"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "order_id"], ["spray_order.org_id", "spray_order.id"],
            name="order_event_order_fkey",
        ),
        Index("order_event_order_idx", "org_id", "order_id", "id"),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The collective (村集体)."""
    id: UUID = row_key()
    """Key; later events have higher ones (编号)."""
    order_id: UUID
    """The order (订单)."""
    from_state: str | None = None
    """State before (原状态)."""
    to_state: str
    """State after (新状态)."""
    actor_id: UUID | None = None
    """Who did it (操作人)."""
    reason: str | None = None
    """Why (原因)."""
    recorded_at: datetime = server_now()
    """When, UTC (时间)."""
