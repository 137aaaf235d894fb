"""Tables of organisations and people."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from backend.core.columns import big, document, row_key, server_now, tenant_key, version


class Organisation(SQLModel, table=True):
    """A tenant: collective, provider, cooperative or county bureau (组织). Shared directory."""

    __tablename__ = "organisation"
    __table_args__ = (
        UniqueConstraint("code", name="organisation_code_key"),
        CheckConstraint(
            "kind IN ('platform', 'collective', 'cooperative', 'provider', 'county_bureau')",
            name="organisation_kind",
        ),
    )

    id: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger,
        sa_column_args=(Identity(start=100),),
    )
    """The tenant number (组织号)."""
    kind: str
    """What it is (类型)."""
    code: str
    """14-digit collective code of GB/T 35958, or USCC of GB 32100 (代码)."""
    name: str
    """Full name (名称)."""
    region_code: str | None = None
    """Division code it belongs to (行政区划代码)."""
    recorded_at: datetime = server_now()
    """When it was registered, UTC (登记时间)."""


class Region(SQLModel, table=True):
    """A statistical division (行政区划). Shared reference table."""

    __tablename__ = "region"

    code: str = Field(primary_key=True)
    """6, 9 or 12 digits (区划代码)."""
    name: str
    """Name; not unique within a county (名称)."""
    parent_code: str | None = None
    """The division above (上级代码)."""
    source: str
    """The file or publication it came from, with its date (来源)."""


class OrgProfile(SQLModel, table=True):
    """What an organisation keeps of itself (组织资料)."""

    __tablename__ = "org_profile"

    org_id: int = tenant_key()
    """The organisation (组织)."""
    chart_id: str | None = None
    """Chart of accounts its books use (会计制度)."""
    legal_representative: str | None = None
    """Name of the legal representative (法定代表人)."""
    address: str | None = None
    """Address (地址)."""
    phone: str | None = None
    """Office telephone (联系电话)."""
    bank_name: str | None = None
    """Its bank (开户行)."""
    bank_account_sealed: bytes | None = None
    """Its account number, sealed (账号)."""
    boundary: dict[str, Any] | None = document(nullable=True)
    """GeoJSON polygon of its territory, CGCS2000 longitude and latitude (四至范围)."""
    row_version: int = version()
    """Version for If-Match (版本)."""


class Household(SQLModel, table=True):
    """A contracting household (承包农户)."""

    __tablename__ = "household"
    __table_args__ = (
        UniqueConstraint("org_id", "code", name="household_code_key"),
        CheckConstraint("code ~ '^[0-9]{18}$'", name="household_code_form"),
    )

    org_id: int = tenant_key()
    """The collective (村集体)."""
    id: UUID = row_key()
    """Key (编号)."""
    code: str
    """18-digit code of GB/T 35958 (承包方编码)."""
    head_name: str
    """Name of the head (承包方代表)."""
    address: str | None = None
    """Address (地址)."""
    archived_on: date | None = None
    """When it left the register (注销日期)."""
    recorded_at: datetime = server_now()
    """When it was registered, UTC (登记时间)."""
    row_version: int = version()
    """Version for If-Match (版本)."""


class Member(SQLModel, table=True):
    """A member of the collective with an income-right share (成员)."""

    __tablename__ = "member"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "household_id"], ["household.org_id", "household.id"],
            name="member_household_fkey",
        ),
        Index("member_household_idx", "org_id", "household_id"),
        Index(
            "member_id_number_key", "org_id", "id_number_index", unique=True,
            postgresql_where=text("id_number_index IS NOT NULL AND status = 'active'"),
        ),
        CheckConstraint("share_micro >= 0", name="member_share_not_negative"),
        CheckConstraint("status IN ('active', 'left', 'deceased')", name="member_status"),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The collective (村集体)."""
    id: UUID = row_key()
    """Key (编号)."""
    household_id: UUID
    """The household (所属农户)."""
    name: str
    """Name (姓名)."""
    relation: str
    """Relation to the head (与户主关系)."""
    born_on: date | None = None
    """Date of birth (出生日期)."""
    id_number_sealed: bytes | None = None
    """GB 11643 number, sealed (证件号码)."""
    id_number_index: bytes | None = None
    """Blind index of the number (证件索引)."""
    id_number_mask: str | None = None
    """The number as it may be shown (证件掩码)."""
    share_micro: int = big()
    """Income-right share in millionths (收益权份额)."""
    status: str = "active"
    """active, left or deceased (状态)."""
    row_version: int = version()
    """Version for If-Match (版本)."""


class Worker(SQLModel, table=True):
    """A person who works for pay (务工人员)."""

    __tablename__ = "worker"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "household_id"], ["household.org_id", "household.id"],
            name="worker_household_fkey",
        ),
        UniqueConstraint("org_id", "id_number_index", name="worker_id_number_key"),
        CheckConstraint("kind IN ('seasonal', 'staff')", name="worker_kind"),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The employing collective (用工组织)."""
    id: UUID = row_key()
    """Key (编号)."""
    household_id: UUID | None = None
    """The worker's own household in this collective, if any (所属农户)."""
    name: str
    """Name (姓名)."""
    kind: str = "seasonal"
    """seasonal (应付劳务费) or staff (应付工资) (用工类型)."""
    born_on: date | None = None
    """Date of birth, for the warnings on minors and elders (出生日期)."""
    id_number_sealed: bytes
    """GB 11643 number, sealed (证件号码)."""
    id_number_index: bytes
    """Blind index of the number (证件索引)."""
    id_number_mask: str
    """The number as it may be shown (证件掩码)."""


class PayeeAccount(SQLModel, table=True):
    """A bank account to which a household or a worker is paid; a change is a new row (收款账户)."""

    __tablename__ = "payee_account"
    __table_args__ = (
        CheckConstraint("owner_kind IN ('household', 'worker')", name="payee_account_owner_kind"),
        Index(
            "payee_account_live_key", "org_id", "owner_kind", "owner_id", unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
        Index("payee_account_number_idx", "org_id", "number_index"),
    )  # fmt: skip

    org_id: int = tenant_key()
    """The paying organisation (组织)."""
    id: UUID = row_key()
    """Key (编号)."""
    owner_kind: str
    """household or worker (户主类型)."""
    owner_id: UUID
    """The household or the worker (户主)."""
    holder_name: str
    """Name on the account (户名)."""
    bank_name: str
    """Bank (开户行)."""
    number_sealed: bytes
    """Account or card number, sealed (账号)."""
    number_index: bytes
    """Blind index of the number (账号索引)."""
    number_mask: str
    """The number as it may be shown (账号掩码)."""
    recorded_at: datetime = server_now()
    """When it was recorded, UTC (登记时间)."""
    superseded_at: datetime | None = None
    """When a newer account replaced it, UTC (停用时间)."""
