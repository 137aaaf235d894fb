"""What mixing points and zones say over the wire."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from backend.core.wire import In, Out, ShortText
from backend.operations.fleet_schemas import ClockTime

_Name = Annotated[str, Field(min_length=1, max_length=50)]
_Polygon = Annotated[
    dict[str, Any],
    Field(
        description="GeoJSON Polygon or MultiPolygon, CGCS2000 degrees / 范围",
        examples=[
            {
                "type": "Polygon",
                "coordinates": [[[112.9, 36.8], [112.91, 36.8], [112.91, 36.81], [112.9, 36.8]]],
            }
        ],
    ),
]


class MixPointIn(In):
    """Where trucks take water and mix (配药取水点)."""

    name: Annotated[_Name, Field(examples=["水库泵站"])]
    lon: Annotated[float, Field(ge=73, le=136, examples=[112.86])]
    lat: Annotated[float, Field(ge=3, le=54, examples=[36.84])]
    fill_s: Annotated[int, Field(ge=0, le=14_400, description="For a full truck / 加满秒数")]
    open: ClockTime = "06:00"
    close: ClockTime = "20:00"
    in_use: bool = True


class MixPointOut(Out):
    """A mixing point."""

    id: UUID
    name: str
    lon: float
    lat: float
    fill_s: int
    open: str
    close: str
    in_use: bool
    row_version: int


class ZoneIn(In):
    """A place that is not to be sprayed or not to be flown over (禁喷区、禁飞区)."""

    name: Annotated[_Name, Field(examples=["蜂场"])]
    kind: Literal["no_spray", "no_fly"]
    polygon: _Polygon
    buffer_m: Annotated[int, Field(ge=0, le=10_000, description="缓冲距离，米")] = 0
    products: Annotated[list[ShortText], Field(max_length=100)] = Field(
        default_factory=list, description="Only these; a no-fly zone has none / 仅限药剂"
    )
    in_use: bool = True


class ZoneOut(Out):
    """A zone."""

    id: UUID
    name: str
    kind: Literal["no_spray", "no_fly"]
    polygon: dict[str, Any]
    buffer_m: int
    products: list[str]
    in_use: bool
    row_version: int
