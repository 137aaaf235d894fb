"""Tables of spraying on the provider's side: drones, crews, received jobs and plans."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from backend.core.columns import big, document, row_key, server_now, tenant_key, version


class Crew(SQLModel, table=True):
    """A pilot with truck, water and batteries (机组)."""

    __tablename__ = "crew"

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


class DispatchPlan(SQLModel, table=True):
    """A day's plan: first a row with a state, moved by a job (调度方案)."""

    __tablename__ = "dispatch_plan"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'solving', 'solved', 'published', 'in_progress', 'reported',"
            " 'failed', 'cancelled')",
            name="dispatch_plan_state",
        ),
        Index("dispatch_plan_day_idx", "org_id", "day"),
    )

    org_id: int = tenant_key()
    """The provider (服务主体)."""
    id: UUID = row_key()
    """Key (编号)."""
    day: date
    """Business day (作业日)."""
    state: str = "queued"
    """See ``rules.PLAN_TRANSITIONS`` (状态)."""
    request: dict[str, Any] = document()
    """Jobs, windows, seed and limits that were asked for (请求)."""
    grounded: list[dict[str, Any]] = Field(
        default_factory=list,
        sa_type=JSONB,
        sa_column_kwargs={"server_default": text("'[]'::jsonb")},
    )
    """Drones that were asked for and may not fly, with the cause (停飞)."""
    snapshot: str = ""
    """Hash of the jobs and drones that were read; a change makes the plan stale (快照)."""
    progress: dict[str, Any] | None = document(nullable=True)
    """Newest report of the solver (进度)."""
    plan: dict[str, Any] | None = document(nullable=True)
    """The plan as ``dispatch`` writes it (方案)."""
    problem: dict[str, Any] | None = document(nullable=True)
    """The problem as ``dispatch`` writes it (问题)."""
    ordered_centimu: int = big()
    """Area of the jobs, 0.01 mu (应作业面积)."""
    planned_centimu: int | None = big(nullable=True)
    """Area of the stops, 0.01 mu (已排面积)."""
    violations: int | None = None
    """How many the independent check found; a plan with any is not published (违例数)."""
    failure: str | None = None
    """Why solving failed (失败原因)."""
    made_by: UUID
    """Who asked for it (制定人)."""
    recorded_at: datetime = server_now()
    """When, UTC (时间)."""
    row_version: int = version()
    """Version for If-Match (版本)."""


class PlanStop(SQLModel, table=True):
    """One plot on one drone's day (作业站点)."""

    __tablename__ = "plan_stop"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "plan_id"], ["dispatch_plan.org_id", "dispatch_plan.id"],
            name="plan_stop_plan_fkey",
        ),
        ForeignKeyConstraint(
            ["org_id", "drone_id"], ["drone.org_id", "drone.id"], name="plan_stop_drone_fkey"
        ),
        ForeignKeyConstraint(
            ["org_id", "job_id", "parcel_id"],
            ["spray_job_plot.org_id", "spray_job_plot.job_id", "spray_job_plot.parcel_id"],
            name="plan_stop_plot_fkey",
        ),
        UniqueConstraint("org_id", "plan_id", "job_id", "parcel_id", name="plan_stop_plot_key"),
        Index("plan_stop_plot_idx", "org_id", "job_id", "parcel_id"),
        CheckConstraint(
            "state IN ('planned', 'done', 'skipped')", name="plan_stop_state"
        ),
        CheckConstraint("finish_at > start_at", name="plan_stop_times"),
        CheckConstraint(
            "(state = 'done') = (flown_centimu IS NOT NULL AND flown_from IS NOT NULL"
            " AND flown_to IS NOT NULL AND used_ml IS NOT NULL)",
            name="plan_stop_done",
        ),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The provider (服务主体)."""
    plan_id: UUID = Field(primary_key=True)
    """The plan (方案)."""
    drone_id: UUID = Field(primary_key=True)
    """The drone (无人机)."""
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Order of the stops from 1 (顺序)."""
    job_id: UUID
    """The job (作业)."""
    parcel_id: UUID
    """The plot (地块)."""
    start_at: datetime
    """UTC (计划开始)."""
    finish_at: datetime
    """UTC (计划结束)."""
    area_centimu: int = big()
    """Planned area, 0.01 mu (计划面积)."""
    liquid_ml: int = big()
    """Planned liquid, ml (计划用液量)."""
    state: str = "planned"
    """planned, done or skipped (状态)."""
    flown_centimu: int | None = big(nullable=True)
    """Reported area, 0.01 mu (上报面积)."""
    flown_from: datetime | None = None
    """Reported start, UTC (实际开始)."""
    flown_to: datetime | None = None
    """Reported end, UTC (实际结束)."""
    used_ml: int | None = big(nullable=True)
    """Reported spray liquid, ml (实际用液量)."""
    weather: dict[str, Any] | None = document(nullable=True)
    """Reported weather with its source (作业天气)."""
    reported_at: datetime | None = None
    """UTC (上报时间)."""
    reason: str | None = None
    """Why it was skipped or differs (原因)."""


class DroneDay(SQLModel, table=True):
    """A drone's day belongs to one published plan: one drone, one place at a time (占用)."""

    __tablename__ = "drone_day"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "plan_id"], ["dispatch_plan.org_id", "dispatch_plan.id"],
            name="drone_day_plan_fkey",
        ),
        ForeignKeyConstraint(
            ["org_id", "drone_id"], ["drone.org_id", "drone.id"], name="drone_day_drone_fkey"
        ),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The provider (服务主体)."""
    drone_id: UUID = Field(primary_key=True)
    """The drone (无人机)."""
    day: date = Field(primary_key=True)
    """Business day (作业日)."""
    plan_id: UUID
    """The plan (方案)."""
