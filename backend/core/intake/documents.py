"""GeoJSON and KML, read by their own small parsers: no driver is chosen by content.

GDAL picks a driver by looking into a file, so a text file could reach one that follows links.
These two formats therefore never go there, and each fault names its feature.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any
from xml.parsers import expat

import numpy as np
from shapely.geometry import MultiPolygon, Polygon

from backend.core.errors import BadInput
from backend.core.geometry import Polygonal, polygon_from_geojson
from backend.core.geometry.geojson import VERTICES_MAX
from backend.core.intake.limits import FaultList, Limits, check_xml_start, refusal
from backend.core.intake.text import clean, storable

Value = str | int | float | None
_DEPTH_MAX = 64
_RING_CHARACTERS_MAX = 100 * VERTICES_MAX


@dataclass(frozen=True, slots=True)
class RawFeature:
    """A feature in the file's own coordinates; ``number`` counts from 1."""

    number: int
    geometry: Polygonal | None
    properties: dict[str, Value]


@dataclass(slots=True)
class RawFile:
    """What one reader found: the features and what the file says of its coordinate system."""

    features: list[RawFeature] = default(default_factory=list)
    declared: str | None = None
    default: str | None = None
    """The system of the format's own standard, where the file itself says nothing."""


def value_of(value: object, number: int, name: str, faults: FaultList) -> Value:
    """Return a property as a plain value; codes that lost digits and bad text are faults."""
    if isinstance(value, str):
        if not storable(value):
            zh, en = "属性含非法字符", "The property has illegal characters"
            faults.add("feature-text", zh, en, row=number, field=name)
        return clean(value)
    if isinstance(value, float):
        if abs(value) >= 1e15 and math.isfinite(value):
            zh = "编码被存为数字，末位已丢失"
            en = "A code was stored as a number and lost digits"
            faults.add("feature-digits-lost", zh, en, row=number, field=name)
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return int(value)
    return None if value is None else json.dumps(value, ensure_ascii=False)


def read_geojson(content: bytes, limits: Limits) -> RawFile:
    """Read a FeatureCollection or one Feature; the old ``crs`` member is heeded.

    Without it RFC 7946 makes the coordinates WGS-84. Raises BadInput with a fault for each bad
    feature, or one for a document that is no strict JSON.
    """
    document = _json(content, limits)
    kind = document.get("type") if isinstance(document, dict) else None
    members = [document] if kind == "Feature" else None
    if isinstance(document, dict) and kind == "FeatureCollection":
        members = document.get("features")
    if not isinstance(members, list):
        zh, en = "应为 FeatureCollection", "The document must be a FeatureCollection"
        raise refusal("geojson-document", zh, en, field="type")
    answer, faults = RawFile(declared=_crs_member(document), default="EPSG:4326"), FaultList(limits)
    for number, member in enumerate(members, start=1):
        feature = _feature(member, number, faults)
        if feature is not None:
            answer.features.append(feature)
    faults.settle()
    return answer


def _json(content: bytes, limits: Limits) -> Any:
    if sum(map(content.count, (b",", b"[", b"{"))) > limits.json_values:
        zh, en = "文件过大，请改用 GPKG", "The document is too large; use GPKG"
        raise refusal("geojson-too-large", zh, en)
    try:
        return parse_json(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise refusal("geojson-encoding", "必须为 UTF-8 编码", "Must be UTF-8") from error


def parse_json(text: str, *, row: int | None = None, field: str | None = None) -> Any:
    """Parse strict JSON: NaN, Infinity, numbers of thousands of digits and depth are refused."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        zh, en = "不是有效的 JSON", "This is not valid JSON"
        raise refusal("geojson-syntax", zh, en, row=row, field=field) from error


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _crs_member(document: dict[str, Any]) -> str | None:
    member = document.get("crs")
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if member is not None and not isinstance(name, str):
        zh, en = "crs 成员无法识别", "The crs member is not understood"
        raise refusal("geojson-crs", zh, en, field="crs")
    return name


def _feature(member: object, number: int, faults: FaultList) -> RawFeature | None:
    properties = member.get("properties") if isinstance(member, dict) else None
    if not isinstance(member, dict) or not isinstance(properties, dict | None):
        faults.add("geojson-feature", "要素格式错误", "This is no feature", row=number)
        return None
    values = {
        name: value_of(value, number, name, faults) for name, value in (properties or {}).items()
    }
    shape = member.get("geometry")
    try:
        polygon = None if shape is None else polygon_from_geojson(shape, row=number)
    except BadInput as error:
        faults.extend(error.faults)
        return None
    return RawFeature(number, polygon, values)


def read_kml(content: bytes, limits: Limits) -> RawFile:
    """Read the placemarks of a KML document in order; OGC KML is always WGS-84.

    Raises BadInput for a DOCTYPE, another encoding or root, depth over 64, broken XML, and for
    each placemark whose geometry is not polygonal or not closed.
    """
    check_xml_start(content[:1000])
    reader = _Kml(limits)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError) as error:
        raise refusal("kml-broken", "KML 已损坏", "The KML is broken") from error
    reader.faults.settle()
    return RawFile(reader.features, default="EPSG:4326")


class _Kml:
    """Handlers of expat that build one placemark at a time."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.faults = FaultList(limits)
        self.features: list[RawFeature] = []
        self.path: list[str] = []
        self.number = 0
        self.vertices = 0
        self.rings: list[list[tuple[float, float]]] = []
        self.polygons: list[Polygon] = []
        self.properties: dict[str, Value] = {}
        self.key = ""
        self.bad = False
        self.pieces: list[str] = []
        self.characters = 0
        self.ends: dict[str, Callable[[str], None]] = {
            "name": self.end_name,
            "value": self.end_value,
            "SimpleData": self.end_value,
            "coordinates": self.end_coordinates,
            "Polygon": self.end_polygon,
            "Placemark": self.end_placemark,
        }

    def doctype(self, *_: object) -> None:
        """Refuse any document type: entities start there."""
        raise refusal("xml-doctype", "XML 不得含 DOCTYPE", "The XML must have no DOCTYPE")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Open an element by its local name."""
        local = name.rpartition(":")[2]
        if not self.path and local != "kml":
            raise refusal("kml-root", "不是 KML 文件", "This is not a KML document")
        self.path.append(local)
        if len(self.path) > _DEPTH_MAX:
            raise refusal("kml-depth", "KML 嵌套过深", "The KML is nested too deeply")
        self.pieces, self.characters = [], 0
        if local == "Placemark":
            self.number += 1
            self.polygons, self.properties, self.bad = [], {}, False
        elif local == "Polygon":
            self.rings = []
        elif local in {"Data", "SimpleData"}:
            self.key = clean(attributes.get("name", ""))

    def text(self, piece: str) -> None:
        """Gather text of the element, up to what a ring of the largest size needs."""
        self.characters += len(piece)
        if self.characters > _RING_CHARACTERS_MAX:
            raise refusal("kml-text", "KML 文本过长", "A text of the KML is too long")
        self.pieces.append(piece)

    def end(self, name: str) -> None:
        """Close an element and act on those that matter inside a placemark."""
        local = name.rpartition(":")[2]
        self.path.pop()
        action = self.ends.get(local)
        if action is not None and (local == "Placemark" or "Placemark" in self.path):
            action("".join(self.pieces))
        self.pieces, self.characters = [], 0

    def end_name(self, text: str) -> None:
        """Keep a placemark's own name as the property ``name``."""
        if self.path[-1] == "Placemark":
            self.properties["name"] = value_of(text, self.number, "name", self.faults)

    def end_value(self, text: str) -> None:
        """Keep one datum of ExtendedData under its name."""
        if self.key:
            self.properties[self.key] = value_of(text, self.number, self.key, self.faults)

    def end_coordinates(self, text: str) -> None:
        """Read ``lon,lat[,height]`` tuples into a ring of the polygon."""
        if self.path[-1] != "LinearRing" or "Polygon" not in self.path:
            self.wrong("kml-not-polygon", "不是面要素", "The geometry is not a polygon")
            return
        try:
            ring = [self.position(item) for item in text.split()]
        except ValueError:
            self.wrong("kml-number", "坐标不是有限数值", "A coordinate is not a finite number")
            return
        self.vertices += len(ring)
        if self.vertices > self.limits.vertices or len(ring) > VERTICES_MAX:
            raise refusal("kml-vertices", "顶点过多", "There are too many vertices")
        if len(ring) < 4 or ring[0] != ring[-1]:
            self.wrong("kml-ring", "边界少于四点或不闭合", "A ring is short or not closed")
            return
        self.rings.append(ring)

    @staticmethod
    def position(item: str) -> tuple[float, float]:
        """Return longitude and latitude; ValueError unless both are finite plain numbers."""
        numbers = [float(part) for part in item.split(",")]
        if "_" in item or len(numbers) not in {2, 3} or not np.isfinite(numbers).all():
            raise ValueError
        return numbers[0], numbers[1]

    def end_polygon(self, _: str) -> None:
        """Close a polygon: its first ring is the outer boundary."""
        if self.rings:
            self.polygons.append(Polygon(self.rings[0], self.rings[1:]))

    def end_placemark(self, _: str) -> None:
        """Keep the feature unless something was wrong with it."""
        if self.number > self.limits.rows:
            raise refusal("table-too-large", "要素过多", "There are too many features")
        if not self.bad:
            shape = None if not self.polygons else MultiPolygon(self.polygons)
            one = self.polygons[0] if len(self.polygons) == 1 else shape
            self.features.append(RawFeature(self.number, one, self.properties))

    def wrong(self, code: str, zh: str, en: str) -> None:
        """Note one fault of the placemark, which is then left out."""
        self.bad = True
        self.faults.add(code, zh, en, row=self.number, field="geometry")
