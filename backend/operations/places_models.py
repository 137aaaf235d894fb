"""Tables of places that a provider's plans heed: mixing points and zones."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import SQLModel

from backend.core.columns import document, row_key, tenant_key, version
from backend.operations.fleet_models import listing


class MixPoint(SQLModel, table=True):
    """Where trucks take water and mix (配药取水点)."""

    __tablename__ = "mix_point"
    __table_args__ = (
        UniqueConstraint("org_id", "name", name="mix_point_name_key"),
        CheckConstraint(
            "fill_s >= 0 AND open_s >= 0 AND close_s <= 86400 AND open_s + fill_s <= close_s"
            " AND open_s < close_s",
            name="mix_point_hours",
        ),
    )

    org_id: int = tenant_key()
    """The provider (服务主体)."""
    id: UUID = row_key()
    """Key (编号)."""
    name: str
    """Name on the plan (名称)."""
    lon: float
    """Degrees (经度)."""
    lat: float
    """Degrees (纬度)."""
    fill_s: int
    """Seconds to fill a truck (加水时间)."""
    open_s: int
    """Second of each day at which it opens (开放)."""
    close_s: int
    """Second of each day at which it closes (关闭)."""
    in_use: bool = True
    """Whether plans may use it (启用)."""
    row_version: int = version()
    """Version for If-Match (版本)."""


class SprayZone(SQLModel, table=True):
    """A place that is not to be sprayed or not to be flown over (禁喷区、禁飞区)."""

    __tablename__ = "spray_zone"
    __table_args__ = (
        UniqueConstraint("org_id", "name", name="spray_zone_name_key"),
        CheckConstraint("kind IN ('no_spray', 'no_fly')", name="spray_zone_kind"),
        CheckConstraint("buffer_m BETWEEN 0 AND 10000", name="spray_zone_buffer"),
        CheckConstraint("kind = 'no_spray' OR products = '[]'::jsonb", name="spray_zone_products"),
    )

    org_id: int = tenant_key()
    """The provider (服务主体)."""
    id: UUID = row_key()
    """Key (编号)."""
    name: str
    """Name on the plan, e.g. the apiary or the reservoir (名称)."""
    kind: str
    """no_spray or no_fly; 条例 art. 19 (类别)."""
    polygon: dict[str, Any] = document()
    """GeoJSON polygon, CGCS2000 degrees (范围)."""
    buffer_m: int
    """Distance to be kept, m (缓冲距离)."""
    products: list[str] = listing()
    """Products that a no-spray zone forbids; none: all (药剂)."""
    in_use: bool = True
    """Whether plans heed it (启用)."""
    row_version: int = version()
    """Version for If-Match (版本)."""
