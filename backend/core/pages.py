"""Cursor pagination: a page is a list and the opaque cursor of the next one."""

import base64
import binascii
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from backend.core.errors import RuleBroken

T = TypeVar("T")


class BadCursor(RuleBroken):
    """The cursor was not made by this service."""

    zh = "分页游标无效，请从第一页重新读取"
    en = "The cursor is not valid; start again from the first page"


class Page(BaseModel, Generic[T]):
    """One page of a listing."""

    items: list[T] = Field(description="The rows of this page / 本页数据")
    next_cursor: str | None = Field(
        description="Give it as `cursor` for the next page; null at the end"
    )


def encode_cursor(last_id: UUID) -> str:
    """Return the cursor that continues after ``last_id``."""
    return base64.urlsafe_b64encode(last_id.bytes).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> UUID | None:
    """Return the id after which to continue; raise `BadCursor` for anything not ours."""
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return UUID(bytes=raw)
    except (binascii.Error, ValueError) as error:
        raise BadCursor from error


def page_of(rows: list[T], limit: int, id_of: list[UUID]) -> Page[T]:
    """Cut ``limit + 1`` fetched rows to a page; ``id_of`` holds the rows' ids in order."""
    if len(rows) <= limit:
        return Page(items=rows, next_cursor=None)
    return Page(items=rows[:limit], next_cursor=encode_cursor(id_of[limit - 1]))
