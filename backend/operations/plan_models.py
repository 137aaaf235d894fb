"""Tables of plans on the provider's side: plans, their stops, and whose drone a day is."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from backend.core.columns import big, document, row_key, server_now, tenant_key, version
from backend.operations.fleet_models import counted, listing


class DispatchPlan(SQLModel, table=True):
    """A plan of one or several days: first a row with a state, moved by a job (调度方案)."""

    __tablename__ = "dispatch_plan"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'solving', 'solved', 'published', 'in_progress', 'reported',"
            " 'failed', 'cancelled', 'superseded')",
            name="dispatch_plan_state",
        ),
        CheckConstraint("days BETWEEN 1 AND 14", name="dispatch_plan_days"),
        ForeignKeyConstraint(
            ["org_id", "predecessor_id"], ["dispatch_plan.org_id", "dispatch_plan.id"],
            name="dispatch_plan_predecessor_fkey",
        ),
        Index("dispatch_plan_day_idx", "org_id", "day"),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The provider (服务主体)."""
    id: UUID = row_key()
    """Key (编号)."""
    day: date
    """First business day (作业日)."""
    days: int = counted(1)
    """How many days from then on (天数)."""
    predecessor_id: UUID | None = None
    """The plan whose rest it plans anew (原方案)."""
    state: str = "queued"
    """See ``rules.PLAN_TRANSITIONS`` (状态)."""
    request: dict[str, Any] = document()
    """Jobs, windows, seed and limits that were asked for (请求)."""
    grounded: list[dict[str, Any]] = listing()
    """Drones that were asked for and may not fly, with the cause (停飞)."""
    snapshot: str = ""
    """Hash of the jobs and drones that were read; a change makes the plan stale (快照)."""
    drone_names: dict[str, str] | None = document(nullable=True)
    """What the documents' drones are called, with their keys (机号对照)."""
    forecast: str | None = None
    """Stamp of the weather forecast behind its windows (预报)."""
    weather: dict[str, Any] | None = document(nullable=True)
    """The forecast's hours and why each is closed (天气依据)."""
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
            "state IN ('planned', 'done', 'skipped', 'superseded')", name="plan_stop_state"
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
    """planned, done, skipped, or superseded by a newer plan (状态)."""
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
