"""Tables of users. They are shared, not tenant tables: a person may serve several organisations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from backend.core.columns import row_key, server_now


class UserAccount(SQLModel, table=True):
    """A person who signs in (用户)."""

    __tablename__ = "user_account"
    __table_args__ = (
        UniqueConstraint("login_name", name="user_account_login_name_key"),
        UniqueConstraint("phone_index", name="user_account_phone_key"),
        CheckConstraint("kind IN ('staff', 'farmer')", name="user_account_kind"),
        CheckConstraint(
            "(kind = 'staff') = (password_hash IS NOT NULL)", name="user_account_credential"
        ),
    )

    id: UUID = row_key()
    """Key (编号)."""
    kind: str
    """staff signs in by password, farmer by telephone (用户类型)."""
    login_name: str | None = None
    """Staff's sign-in name (登录名)."""
    display_name: str
    """Name shown (姓名)."""
    phone_index: bytes | None = None
    """Blind index of the telephone number (手机索引)."""
    phone_sealed: bytes | None = None
    """Telephone number, sealed (手机)."""
    password_hash: str | None = None
    """argon2id (口令哈希)."""
    failures: int = 0
    """Wrong passwords since the last right one (连续失败次数)."""
    locked_until: datetime | None = None
    """No sign-in before this instant, UTC (锁定至)."""
    disabled_at: datetime | None = None
    """When the account was switched off, UTC (停用时间)."""
    recorded_at: datetime = server_now()
    """When it was made, UTC (登记时间)."""


class RoleGrant(SQLModel, table=True):
    """A role of a user in an organisation (授权)."""

    __tablename__ = "role_grant"
    __table_args__ = (
        Index(
            "role_grant_live_key", "user_id", "org_id", "role", "household_id", unique=True,
            postgresql_where=text("revoked_at IS NULL"), postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint(
            "(role = 'farmer') = (household_id IS NOT NULL)", name="role_grant_household"
        ),
    )  # fmt: skip

    id: UUID = row_key()
    """Key (编号)."""
    user_id: UUID = Field(foreign_key="user_account.id")
    """The user (用户)."""
    org_id: int = Field(sa_type=BigInteger, sa_column_args=(ForeignKey("organisation.id"),))
    """The organisation (组织)."""
    role: str
    """A value of `Role` (岗位)."""
    household_id: UUID | None = None
    """The farmer's household in that organisation (农户)."""
    granted_at: datetime = server_now()
    """When, UTC (授权时间)."""
    revoked_at: datetime | None = None
    """When it was taken back, UTC (撤销时间)."""


class OtpChallenge(SQLModel, table=True):
    """A code sent to a telephone (短信验证码)."""

    __tablename__ = "otp_challenge"
    __table_args__ = (Index("otp_challenge_phone_idx", "phone_index", "sent_at"),)

    id: UUID = row_key()
    """Key (编号)."""
    phone_index: bytes
    """Blind index of the number it was asked for (手机索引)."""
    code_hash: bytes
    """Keyed hash of the six digits (验证码哈希)."""
    sent_at: datetime
    """When, UTC (发送时间)."""
    expires_at: datetime
    """No use after this, UTC (失效时间)."""
    attempts: int = 0
    """Guesses made (尝试次数)."""
    used_at: datetime | None = None
    """When it was used up, UTC (使用时间)."""


class RefreshToken(SQLModel, table=True):
    """An opaque refresh token, kept as a hash; each use makes the next of its family (刷新令牌)."""

    __tablename__ = "refresh_token"
    __table_args__ = (
        UniqueConstraint("token_hash", name="refresh_token_hash_key"),
        Index("refresh_token_family_idx", "family_id"),
    )

    id: UUID = row_key()
    """Key (编号)."""
    family_id: UUID
    """The sign-in it descends from (登录批次)."""
    user_id: UUID = Field(foreign_key="user_account.id")
    """The user (用户)."""
    token_hash: bytes
    """SHA-256 of the token (令牌哈希)."""
    expires_at: datetime
    """No use after this, UTC (失效时间)."""
    used_at: datetime | None = None
    """When it was exchanged, UTC (使用时间)."""
    revoked_at: datetime | None = None
    """When its family was revoked, UTC (撤销时间)."""
