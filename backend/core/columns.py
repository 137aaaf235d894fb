"""Column kinds that recur in every slice's tables."""

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from backend.core.ids import new_id


def tenant_key() -> Any:
    """Return the leading key column of a tenant table: the organisation that owns the row."""
    return Field(
        sa_type=BigInteger,
        primary_key=True,
        sa_column_args=(ForeignKey("organisation.id"),),
        sa_column_kwargs={"autoincrement": False},
    )


def row_key() -> Any:
    """Return a UUIDv7 key column, filled when the object is made."""
    return Field(default_factory=new_id, primary_key=True)


def fen(default: int | None = None) -> Any:
    """Return a column of integer fen; SQLModel's plain ``int`` would be 32 bits."""
    if default is None:
        return Field(sa_type=BigInteger)
    return Field(default=default, sa_type=BigInteger)


def big(*, nullable: bool = False) -> Any:
    """Return a 64-bit integer column (area in centimu, counters, organisation ids)."""
    if nullable:
        return Field(default=None, sa_type=BigInteger, nullable=True)
    return Field(sa_type=BigInteger)


def document(*, nullable: bool = False) -> Any:
    """Return a JSONB column."""
    if nullable:
        return Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)
    return Field(sa_type=JSONB)


def server_now() -> Any:
    """Return a column that the database fills with the transaction's instant (UTC)."""
    return Field(default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")})


def version() -> Any:
    """Return the row version that ETag and If-Match speak of; starts at 1."""
    return Field(default=1, sa_column_kwargs={"server_default": text("1")})
