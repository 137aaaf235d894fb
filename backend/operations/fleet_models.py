"""Tables of spraying on the provider's side: crews, drones and received jobs."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from backend.core.columns import big, document, row_key, server_now, tenant_key, version


def listing() -> Any:
    """Return a JSONB column that holds a list, empty unless something is given."""
    return Field(
        default_factory=list,
        sa_type=JSONB,
        sa_column_kwargs={"server_default": text("'[]'::jsonb")},
    )


def counted(default: int) -> Any:
    """Return an integer column that rows from before the column existed have as ``default``."""
    return Field(default=default, sa_column_kwargs={"server_default": text(str(default))})


def kind_of_product() -> Any:
    """Return the column that says which weather rules a product has."""
    return Field(default="insecticide", sa_column_kwargs={"server_default": text("'insecticide'")})


class Crew(SQLModel, table=True):
    """Pilots with truck, water and batteries for one to three drones (机组)."""

    __tablename__ = "crew"
    __table_args__ = (
        CheckConstraint("pilots BETWEEN 1 AND 20", name="crew_pilots"),
        CheckConstraint("water_ml > 0", name="crew_water"),
        CheckConstraint(
            "shift_start_s >= 0 AND shift_start_s < shift_end_s AND shift_end_s <= 86400",
            name="crew_shift",
        ),
    )

    org_id: int = tenant_key()
    """The provider (服务主体)."""
    id: UUID = row_key()
    """Key (编号)."""
    name: str
    """Name (机组名)."""
    pilot: str
    """Pilot's name (飞手)."""
    pilot_user_id: UUID | None = None
    """The pilot's sign-in (飞手用户)."""
    certificate_until: date
    """Operation certificate of the pilot is good to; 条例 art. 16 (操作证书有效期)."""
    home_lon: float
    """Base, degrees (驻地经度)."""
    home_lat: float
    """Base, degrees (驻地纬度)."""
    pilots: int = counted(1)
    """How many hold a certificate good to that day; each flies one drone (飞手人数)."""
    cluster_permit: str | None = None
    """Permit to fly more drones than pilots; 条例 art. 31 (集群飞行许可)."""
    water_ml: int | None = big(nullable=True)
    """Water on the truck, ml; none: to be had at every field (载水量)."""
    rests: list[dict[str, int]] = listing()
    """Daily pauses, ``start_s`` to ``end_s`` of the day (午休)."""
    shift_start_s: int = counted(18000)
    """Second of the day at which the truck may leave (出工)."""
    shift_end_s: int = counted(75600)
    """Second of the day by which it is back (收工)."""
    row_version: int = version()
    """Version for If-Match (版本)."""


class Drone(SQLModel, table=True):
    """A plant-protection drone (植保无人机)."""

    __tablename__ = "drone"
    __table_args__ = (
        UniqueConstraint("org_id", "serial_no", name="drone_serial_key"),
        UniqueConstraint("org_id", "name", name="drone_name_key"),
        ForeignKeyConstraint(
            ["org_id", "crew_id"], ["crew.org_id", "crew.id"], name="drone_crew_fkey"
        ),
        CheckConstraint("state IN ('ready', 'broken', 'retired')", name="drone_state"),
    )

    org_id: int = tenant_key()
    """The provider (服务主体)."""
    id: UUID = row_key()
    """Key (编号)."""
    name: str
    """Name on the plan (机号)."""
    serial_no: str
    """Maker's serial number (序列号)."""
    registration_no: str
    """Real-name registration; 条例 art. 10 (实名登记号)."""
    model: str
    """Machine of the dispatcher's data file (机型)."""
    crew_id: UUID
    """Its crew (机组)."""
    insured_until: date
    """Liability insurance is good to; 条例 art. 12 (保险有效期)."""
    state: str = "ready"
    """ready, broken or retired (状态)."""
    skills: list[str] = listing()
    """What it and its pilot may do beyond flat fields: slope, orchard, night (资质)."""
    row_version: int = version()
    """Version for If-Match (版本)."""


class SprayJob(SQLModel, table=True):
    """An order as released to the provider: copied, never linked across tenants (飞防作业)."""

    __tablename__ = "spray_job"
    __table_args__ = (
        UniqueConstraint(
            "org_id", "source_org_id", "source_order_id", "release_version",
            name="spray_job_source_key",
        ),
        CheckConstraint(
            "state IN ('received', 'planned', 'in_progress', 'reported', 'withdrawn')",
            name="spray_job_state",
        ),
        CheckConstraint(
            "product_kind IN ('insecticide', 'fungicide', 'herbicide', 'foliar')",
            name="spray_job_product_kind",
        ),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The provider (服务主体)."""
    id: UUID = row_key()
    """Key (编号)."""
    source_org_id: int = big()
    """The ordering collective (下单村集体)."""
    source_order_id: UUID
    """Its order (原订单)."""
    release_version: int
    """The release (下达版本)."""
    number: str
    """The order's number (订单号)."""
    collective_name: str
    """The collective's name (村集体名称)."""
    crop: str
    """Crop (作物)."""
    target: str
    """Pest, disease or weed (防治对象)."""
    product: str
    """Pesticide (药剂)."""
    registration_no: str
    """Pesticide registration (登记证号)."""
    manufacturer: str
    """Its maker (生产企业)."""
    dose_ml_per_mu: int
    """Product in ml a mu (亩用量)."""
    liquid_ml_per_mu: int
    """Spray liquid in ml a mu (亩用液量)."""
    earliest_at: datetime
    """Not before, UTC (最早)."""
    latest_at: datetime
    """Not after, UTC (最晚)."""
    priority: int
    """0 to 100 (优先级)."""
    product_kind: str = kind_of_product()
    """insecticide, fungicide, herbicide or foliar: which weather it bears (药剂类别)."""
    pre_harvest_days: int = counted(0)
    """Days between spraying and harvest by the label (安全间隔期)."""
    harvest_on: date | None = None
    """When the village means to harvest, if it said so (计划收获日)."""
    skills: list[str] = listing()
    """What the plots ask of drone and pilot (资质要求)."""
    area_tolerance_permille: int
    """Difference of areas that needs no reason, by the contract (面积容差)."""
    state: str = "received"
    """received, planned, in_progress, reported or withdrawn (状态)."""
    recorded_at: datetime = server_now()
    """When it was received, UTC (接收时间)."""


class SprayJobPlot(SQLModel, table=True):
    """A plot of a job, with no person's name or price (作业地块)."""

    __tablename__ = "spray_job_plot"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "job_id"], ["spray_job.org_id", "spray_job.id"],
            name="spray_job_plot_job_fkey",
        ),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The provider (服务主体)."""
    job_id: UUID = Field(primary_key=True)
    """The job (作业)."""
    parcel_id: UUID = Field(primary_key=True)
    """The collective's parcel (原地块)."""
    parcel_code: str
    """19-digit code (地块编码)."""
    block: str | None = None
    """Consolidated block (连片)."""
    area_centimu: int = big()
    """Area to spray, 0.01 mu (面积)."""
    polygon: dict[str, Any] = document()
    """GeoJSON geometry (界址)."""
