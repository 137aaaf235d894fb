"""Base classes and field kinds of what goes over the wire."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class In(BaseModel):
    """A request body: unknown fields are refused, values are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Out(BaseModel):
    """An answer: every field is always there."""

    model_config = ConfigDict(from_attributes=True)


AreaMu = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$",
        description="Mu with at most two decimals, as text / 亩，两位小数",
        examples=["12.34"],
    ),
]
PositiveFen = Annotated[int, Field(gt=0, lt=10**15, description="Fen / 分", examples=[123400])]
AnyFen = Annotated[int, Field(gt=-(10**15), lt=10**15, description="Fen / 分", examples=[123400])]
ShortText = Annotated[str, Field(min_length=1, max_length=100)]
LongText = Annotated[str, Field(min_length=1, max_length=2000)]
Day = Annotated[
    date,
    Field(strict=False, description="Business day, Asia/Shanghai / 日期", examples=["2026-07-02"]),
]
Instant = Annotated[
    AwareDatetime,
    Field(
        strict=False,
        description="Instant with offset / 时刻",
        examples=["2026-07-02T06:00:00+08:00"],
    ),
]
Id = Annotated[
    UUID, Field(strict=False, description="编号", examples=["019f1c2a-0000-7000-8000-000000000001"])
]
Season = Annotated[
    str,
    Field(pattern=r"^20[0-9]{2}$", description="Season by its year / 作业季", examples=["2026"]),
]
Limit = Annotated[int, Query(ge=1, le=200, description="Rows of a page / 每页条数")]
Cursor = Annotated[
    str | None, Query(max_length=64, description="next_cursor of the page before / 分页游标")
]
