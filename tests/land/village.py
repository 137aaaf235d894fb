"""Made-up parcels of the test village, as a surveyor's GeoJSON."""

import json
from typing import Any

from backend.core.intake import FeatureSet, read_features
from tests.people import COLLECTIVE_CODE, World

WEST, SOUTH, STEP = 112.80, 36.80, 0.001
FIRST = 10_000
"""Above the numbers of the parcels that the village has from its beginning."""


def ring(column: int, row: int = 0, *, shift: float = 0.0) -> list[list[float]]:
    """Return a square of 0.0009 degrees (about 80 m × 100 m) at a place of a grid."""
    west, south = WEST + column * STEP + shift, SOUTH + row * STEP
    east, north = west + 0.0009, south + 0.0009
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def feature(
    number: int | None, ring_: list[list[float]], household: str | None = None, **more: Any
) -> dict[str, Any]:
    """Return a parcel with the collective's code and `FIRST` + ``number``; NY/T 2539 names."""
    code = None if number is None else f"{COLLECTIVE_CODE}{FIRST + number:05d}"
    return {
        "type": "Feature",
        "properties": {"DKBM": code, "CBFBM": household, "DKMC": "河滩", "HTMJM": 12.0} | more,
        "geometry": {"type": "Polygon", "coordinates": [ring_]},
    }


def document(*features: dict[str, Any], crs: str | None = "urn:ogc:def:crs:EPSG::4490") -> bytes:
    """Return the features as a file."""
    body: dict[str, Any] = {"type": "FeatureCollection", "features": list(features)}
    if crs:
        body["crs"] = {"type": "name", "properties": {"name": crs}}
    return json.dumps(body, ensure_ascii=False).encode()


def feature_set(*features: dict[str, Any]) -> FeatureSet:
    """Return the features as an import reads them."""
    return read_features(document(*features), "dk.geojson")


def grid(world: World, count: int = 6) -> bytes:
    """Return ``count`` parcels in a row, dealt to the village's households in turn."""
    return document(
        *(feature(k + 1, ring(k), world.household_codes[k % 4], ZZZW="玉米") for k in range(count))
    )


async def upload(
    world: World, content: bytes, *, user: str = "clerk", query: str = "", name: str = "dk.geojson"
) -> Any:
    """Send a file to the parcel import and return the answer."""
    return await world.client.post(
        f"/v1/orgs/{world.collective}/imports/parcels{query}",
        files={"file": (name, content)},
        headers=world.headers(user),
    )
