"""Tables of two-tier trusteeship."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from backend.core.columns import big, document, fen, row_key, server_now, tenant_key, version

_STAGE = "stage IN ('till', 'sow', 'protect', 'harvest', 'dry', 'sell')"
_TIER = "tier IN ('household_to_collective', 'collective_to_provider')"


class ServiceItem(SQLModel, table=True):
    """An item of the service menu (服务项目)."""

    __tablename__ = "service_item"
    __table_args__ = (
        UniqueConstraint("org_id", "name", "crop", name="service_item_name_key"),
        CheckConstraint(_STAGE, name="service_item_stage"),
        CheckConstraint("unit IN ('mu', 'mu_round', 'kg')", name="service_item_unit"),
    )

    org_id: int = tenant_key()
    """The collective that offers it (村集体)."""
    id: UUID = row_key()
    """Key (编号)."""
    name: str
    """Name, e.g. 旋耕, 飞防 (名称)."""
    crop: str
    """Crop (作物)."""
    stage: str
    """till, sow, protect, harvest, dry or sell (环节)."""
    unit: str
    """mu, mu_round (亩次) or kg (计量单位)."""
    quality_standard: str | None = None
    """What good work means (服务标准)."""
    archived_on: date | None = None
    """No longer offered since (停用日期)."""
    row_version: int = version()
    """Version for If-Match (版本)."""


class ServicePrice(SQLModel, table=True):
    """A dated price of an item on one tier; prices are never edited (服务价格)."""

    __tablename__ = "service_price"
    __table_args__ = (
        UniqueConstraint("org_id", "item_id", "tier", "valid_from", name="service_price_from_key"),
        ForeignKeyConstraint(
            ["org_id", "item_id"], ["service_item.org_id", "service_item.id"],
            name="service_price_item_fkey",
        ),
        CheckConstraint("price_fen > 0", name="service_price_positive"),
        CheckConstraint(_TIER, name="service_price_tier"),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The collective (村集体)."""
    id: UUID = row_key()
    """Key (编号)."""
    item_id: UUID
    """The item (服务项目)."""
    tier: str
    """household_to_collective: farmer price; collective_to_provider: provider price (层级)."""
    price_fen: int = fen()
    """Fen for one unit (单价)."""
    valid_from: date
    """First day; the newest begun price counts (生效日)."""
    document: str
    """Resolution or notice that set it (依据)."""


class TrusteeshipContract(SQLModel, table=True):
    """A trusteeship contract of either tier (农业生产托管服务合同); land rights do not move."""

    __tablename__ = "trusteeship_contract"
    __table_args__ = (
        UniqueConstraint("org_id", "number", name="trusteeship_contract_number_key"),
        ForeignKeyConstraint(
            ["org_id", "household_id"], ["household.org_id", "household.id"],
            name="trusteeship_contract_household_fkey",
        ),
        Index("trusteeship_contract_household_idx", "org_id", "household_id"),
        CheckConstraint(_TIER, name="trusteeship_contract_tier"),
        CheckConstraint("mode IN ('full', 'menu')", name="trusteeship_contract_mode"),
        CheckConstraint(
            "state IN ('draft', 'offered', 'signed', 'in_force', 'completed', 'terminated')",
            name="trusteeship_contract_state",
        ),
        CheckConstraint(
            "(tier = 'household_to_collective') = (household_id IS NOT NULL)"
            " AND (tier = 'collective_to_provider') = (provider_org_id IS NOT NULL)",
            name="trusteeship_contract_parties",
        ),
        CheckConstraint("ends_on >= starts_on", name="trusteeship_contract_term"),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The collective: trustee of tier one, entrustor of tier two (村集体)."""
    id: UUID = row_key()
    """Key (编号)."""
    number: str
    """Contract number (合同编号)."""
    tier: str
    """household_to_collective or collective_to_provider (层级)."""
    mode: str
    """full or menu (全程托管、菜单式)."""
    season: str
    """Year of the season, e.g. 2026 (作业季)."""
    household_id: UUID | None = None
    """Entrustor of tier one (委托农户)."""
    provider_org_id: int | None = big(nullable=True)
    """Trustee of tier two (服务主体)."""
    entrustor: dict[str, Any] = document()
    """甲方 as signed: name, representative, address, contact (masked)."""
    trustee: dict[str, Any] = document()
    """乙方 as signed."""
    terms: dict[str, Any] = document()
    """Clauses of the model contract: settlement, acceptance, liability … (条款)."""
    starts_on: date
    """First day of service (服务期起)."""
    ends_on: date
    """Last day of service (服务期止)."""
    total_fen: int = fen()
    """Sum of the lines in fen (合同总额)."""
    state: str = "draft"
    """draft, offered, signed, in_force, completed or terminated (状态)."""
    signed_on: date | None = None
    """Day of signature (签订时间)."""
    recorded_at: datetime = server_now()
    """When it was drafted, UTC (登记时间)."""
    row_version: int = version()
    """Version for If-Match (版本)."""


class ContractLine(SQLModel, table=True):
    """One parcel and stage of a contract (服务内容)."""

    __tablename__ = "contract_line"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "contract_id"], ["trusteeship_contract.org_id", "trusteeship_contract.id"],
            name="contract_line_contract_fkey",
        ),
        ForeignKeyConstraint(
            ["org_id", "parcel_id"], ["parcel.org_id", "parcel.id"],
            name="contract_line_parcel_fkey",
        ),
        ForeignKeyConstraint(
            ["org_id", "item_id"], ["service_item.org_id", "service_item.id"],
            name="contract_line_item_fkey",
        ),
        ForeignKeyConstraint(
            ["org_id", "covers_contract_id", "covers_line"],
            ["contract_line.org_id", "contract_line.contract_id", "contract_line.line"],
            name="contract_line_covers_fkey",
        ),
        Index("contract_line_parcel_idx", "org_id", "parcel_id", "stage"),
        CheckConstraint(_STAGE, name="contract_line_stage"),
        CheckConstraint("area_centimu > 0 AND rounds > 0", name="contract_line_quantity"),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The collective (村集体)."""
    contract_id: UUID = Field(primary_key=True)
    """The contract (合同)."""
    line: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Line number from 1 (行号)."""
    parcel_id: UUID
    """The parcel (地块)."""
    item_id: UUID
    """The menu item (服务项目)."""
    stage: str
    """The item's stage (环节)."""
    crop: str
    """The crop (作物)."""
    rounds: int = 1
    """How many times (次数)."""
    area_centimu: int = big()
    """Contract area of the parcel, 0.01 mu (亩数)."""
    price_fen: int = fen()
    """Fen a mu and round, frozen when offered (单价)."""
    amount_fen: int = fen()
    """area × rounds × price, rounded half up once (金额)."""
    covers_contract_id: UUID | None = None
    """Tier two: the tier-one contract whose line this passes on (对应一层合同)."""
    covers_line: int | None = None
    """Tier two: the tier-one line (对应行)."""


class EntrustedStage(SQLModel, table=True):
    """Holds a parcel's stage of a season for one contract of a tier, from signature on (占用)."""

    __tablename__ = "entrusted_stage"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "contract_id", "line"],
            ["contract_line.org_id", "contract_line.contract_id", "contract_line.line"],
            name="entrusted_stage_line_fkey",
        ),
        Index("entrusted_stage_contract_idx", "org_id", "contract_id"),
    )

    org_id: int = tenant_key()
    """The collective (村集体)."""
    tier: str = Field(primary_key=True)
    """The tier (层级)."""
    season: str = Field(primary_key=True)
    """The season (作业季)."""
    parcel_id: UUID = Field(primary_key=True)
    """The parcel (地块)."""
    stage: str = Field(primary_key=True)
    """The stage (环节)."""
    contract_id: UUID
    """The contract that holds it (合同)."""
    line: int
    """Its line (行号)."""


class ContractEvent(SQLModel, table=True):
    """A transition of a contract's state; append-only (合同流转记录)."""

    __tablename__ = "contract_event"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "contract_id"], ["trusteeship_contract.org_id", "trusteeship_contract.id"],
            name="contract_event_contract_fkey",
        ),
        Index("contract_event_contract_idx", "org_id", "contract_id", "id"),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The collective (村集体)."""
    id: UUID = row_key()
    """Key; later events have higher ones (编号)."""
    contract_id: UUID
    """The contract (合同)."""
    from_state: str | None = None
    """State before; none for the draft (原状态)."""
    to_state: str
    """State after (新状态)."""
    actor_id: UUID | None = None
    """Who did it (操作人)."""
    reason: str | None = None
    """Why, for a termination (原因)."""
    recorded_at: datetime = server_now()
    """When, UTC (时间)."""
