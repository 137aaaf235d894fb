"""Tables of land."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from backend.core.columns import big, document, fen, row_key, server_now, tenant_key, version


class Parcel(SQLModel, table=True):
    """A contracted parcel (承包地块)."""

    __tablename__ = "parcel"
    __table_args__ = (
        UniqueConstraint("org_id", "code", name="parcel_code_key"),
        ForeignKeyConstraint(
            ["org_id", "household_id"], ["household.org_id", "household.id"],
            name="parcel_household_fkey",
        ),
        Index("parcel_household_idx", "org_id", "household_id"),
        CheckConstraint("code ~ '^[0-9]{19}$'", name="parcel_code_form"),
        CheckConstraint(
            "(polygon IS NULL) = (polygon_m2 IS NULL) AND (polygon IS NULL) = (min_lon IS NULL)",
            name="parcel_polygon_whole",
        ),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The collective (村集体)."""
    id: UUID = row_key()
    """Key (编号)."""
    code: str
    """19-digit code of GB/T 35958 (承包地块编码)."""
    household_id: UUID | None = None
    """The contracting household; none for land not contracted out (承包农户)."""
    name: str
    """Name of the place (地块名称)."""
    crop: str | None = None
    """Crop of the present season (作物)."""
    block: str | None = None
    """Consolidated block it lies in (连片)."""
    polygon: dict[str, Any] | None = document(nullable=True)
    """GeoJSON Polygon or MultiPolygon, CGCS2000 longitude and latitude (界址)."""
    polygon_m2: float | None = None
    """Area of the polygon on an equal-area projection, m² (图形面积)."""
    min_lon: float | None = None
    """West edge, degrees (西界)."""
    min_lat: float | None = None
    """South edge, degrees (南界)."""
    max_lon: float | None = None
    """East edge, degrees (东界)."""
    max_lat: float | None = None
    """North edge, degrees (北界)."""
    archived_on: date | None = None
    """When a split, merge or correction replaced it (注销日期)."""
    recorded_at: datetime = server_now()
    """When it was registered, UTC (登记时间)."""
    row_version: int = version()
    """Version for If-Match (版本)."""


class ParcelArea(SQLModel, table=True):
    """One statement of a parcel's area; the newest of a kind counts, none is edited (地块面积)."""

    __tablename__ = "parcel_area"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "parcel_id"], ["parcel.org_id", "parcel.id"], name="parcel_area_parcel_fkey"
        ),
        Index("parcel_area_newest_idx", "org_id", "parcel_id", "kind", "id"),
        CheckConstraint("area_centimu > 0", name="parcel_area_positive"),
        CheckConstraint("kind IN ('registered', 'contract', 'surveyed')", name="parcel_area_kind"),
    )

    org_id: int = tenant_key()
    """The collective (村集体)."""
    id: UUID = row_key()
    """Key; newer statements have higher ones (编号)."""
    parcel_id: UUID
    """The parcel (地块)."""
    kind: str
    """registered, contract or surveyed (面积类别)."""
    area_centimu: int = big()
    """Area in 0.01 mu (面积)."""
    source: str
    """File, certificate or survey it comes from (来源)."""
    measured_on: date | None = None
    """Day of the survey or certificate (测量日期)."""
    recorded_at: datetime = server_now()
    """When it was recorded, UTC (登记时间)."""


class LandTransfer(SQLModel, table=True):
    """A transfer of the operating right (土地经营权流转), 土地承包法 art. 36–41."""

    __tablename__ = "land_transfer"
    __table_args__ = (
        UniqueConstraint("org_id", "number", name="land_transfer_number_key"),
        ForeignKeyConstraint(
            ["org_id", "household_id"], ["household.org_id", "household.id"],
            name="land_transfer_household_fkey",
        ),
        Index("land_transfer_household_idx", "org_id", "household_id"),
        CheckConstraint("kind IN ('lease', 'equity', 'other')", name="land_transfer_kind"),
        CheckConstraint(
            "transferee_kind IN ('collective', 'operator')", name="land_transfer_transferee"
        ),
        CheckConstraint(
            "state IN ('draft', 'in_force', 'ended', 'terminated')", name="land_transfer_state"
        ),
        CheckConstraint("ends_on > starts_on", name="land_transfer_term"),
        CheckConstraint(
            "right_ends_on IS NULL OR ends_on <= right_ends_on", name="land_transfer_within_right"
        ),
        CheckConstraint("rent_fen_per_mu > 0", name="land_transfer_rent"),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The collective that files it (备案村集体)."""
    id: UUID = row_key()
    """Key (编号)."""
    number: str
    """Contract number (流转合同编号)."""
    kind: str
    """lease, equity or other (流转方式)."""
    household_id: UUID
    """The transferring household (流出方)."""
    transferee_kind: str
    """collective farms it; operator: rent passes through (受让方类别)."""
    transferee_name: str
    """Name of the transferee (受让方)."""
    land_use: str
    """Agreed use (用途)."""
    starts_on: date
    """First day of the term (起始日)."""
    ends_on: date
    """Last day of the term (终止日)."""
    right_ends_on: date | None = None
    """Last day of the household's own contract; the term may not pass it (承包期止)."""
    rent_fen_per_mu: int = fen()
    """Rent in fen a mu and year (亩年租金)."""
    state: str = "draft"
    """draft, in_force, ended or terminated (状态)."""
    clauses: dict[str, Any] = Field(
        default_factory=dict,
        sa_type=JSONB,
        sa_column_kwargs={"server_default": text("'{}'::jsonb")},
    )
    """What art. 40 asks for besides: grade, rights, payment, compensation, breach (条款)."""
    signed_on: date | None = None
    """Day of signature (签订日期)."""
    terminated_on: date | None = None
    """First day on which it is no longer in force, if ended early (解除日期)."""
    recorded_at: datetime = server_now()
    """When it was recorded, UTC (登记时间)."""
    row_version: int = version()
    """Version for If-Match (版本)."""


class LandTransferParcel(SQLModel, table=True):
    """A parcel of a transfer with the area that rent is paid for (流转地块)."""

    __tablename__ = "land_transfer_parcel"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "transfer_id"], ["land_transfer.org_id", "land_transfer.id"],
            name="land_transfer_parcel_transfer_fkey",
        ),
        ForeignKeyConstraint(
            ["org_id", "parcel_id"], ["parcel.org_id", "parcel.id"],
            name="land_transfer_parcel_parcel_fkey",
        ),
        Index("land_transfer_parcel_parcel_idx", "org_id", "parcel_id"),
        CheckConstraint("area_centimu > 0", name="land_transfer_parcel_area"),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The collective (村集体)."""
    transfer_id: UUID = Field(primary_key=True)
    """The transfer (流转合同)."""
    parcel_id: UUID = Field(primary_key=True)
    """The parcel (地块)."""
    area_centimu: int = big()
    """Area that rent is paid for, 0.01 mu (计租面积)."""
