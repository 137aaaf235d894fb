"""Base classes and field kinds of what goes over the wire."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class In(BaseModel):
    """A request body: unknown fields are refused, values are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Out(BaseModel):
    """An answer: every field is always there."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


AreaMu = Annotated[
    str,
    Field(
        pattern=r"^\d{1,9}(\.\d{1,2})?$",
        description="Mu with at most two decimals, as text / 亩，两位小数",
        examples=["12.34"],
    ),
]
PositiveFen = Annotated[
    int, Field(gt=0, lt=10**15, description="Fen / 分", examples=[123400])
]
AnyFen = Annotated[int, Field(gt=-(10**15), lt=10**15, description="Fen / 分", examples=[123400])]
ShortText = Annotated[str, Field(min_length=1, max_length=100)]
LongText = Annotated[str, Field(min_length=1, max_length=2000)]
