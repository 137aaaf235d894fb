"""Maps as features: GeoJSON, GPKG, zipped Shapefile, KML, and tables with a geometry column."""

from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from backend.core.errors import BadInput, Fault
from backend.core.geometry import (
    Crs,
    CrsHint,
    Polygonal,
    UnknownCrs,
    polygon_from_geojson,
    recognise,
)
from backend.core.geometry.geojson import VERTICES_MAX
from backend.core.intake.documents import (
    RawFeature,
    RawFile,
    Value,
    parse_json,
    read_geojson,
    read_kml,
)
from backend.core.intake.limits import DEFAULT_LIMITS, FaultList, Limits, load, refusal
from backend.core.intake.table import TEXT_SUFFIXES, Columns, Table, read_table
from backend.core.intake.vectors import read_gpkg, read_shapefile

_GEOMETRY = Columns(
    {"geometry": ("WKT", "GEOJSON", "GEOMETRY", "GEOM", "THE_GEOM", "几何", "边界", "坐标")},
    required=["geometry"],
)


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature in the file's own coordinates; ``number`` is the row a clerk sees.

    In map files it counts from 1, in tables it is the spreadsheet's row. The geometry is not
    yet valid: `geometry.to_lonlat` and `geometry.repair` follow.
    """

    number: int
    geometry: Polygonal | None
    properties: dict[str, Value]


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """All features of a file in one coordinate system; ``notes`` stopped nothing."""

    crs: Crs
    features: tuple[Feature, ...]
    notes: tuple[Fault, ...] = ()


def read_features(
    data: bytes | Path,
    filename: str,
    *,
    crs: str | int | None = None,
    layer: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> FeatureSet:
    """Read the polygons of a file; ``crs`` is a person's word and wins over the file's own.

    ``layer`` names the layer, the Shapefile of a zip, or the sheet where there are several.
    Raises BadInput with the faults of all features, UnknownCrs or its kind AmbiguousCrs when
    the coordinate system must be named, CrsContradicted when the named one cannot be.
    """
    content = load(data, limits)
    raw, notes = _read(content, PurePath(filename).suffix.lower(), layer, limits)
    if not raw.features:
        raise refusal("features-none", "文件中没有要素", "The file has no features")
    _check_finite(raw.features, limits)
    system, more = _system(raw, crs)
    features = tuple(Feature(f.number, f.geometry, f.properties) for f in raw.features)
    return FeatureSet(system, features, tuple(notes + more))


def _read(
    content: bytes, suffix: str, layer: str | None, limits: Limits
) -> tuple[RawFile, list[Fault]]:
    if suffix in {".geojson", ".json"}:
        return read_geojson(content, limits), []
    if suffix == ".kml":
        return read_kml(content, limits), []
    if suffix == ".gpkg":
        return read_gpkg(content, limits, layer), []
    if suffix == ".zip":
        return read_shapefile(content, limits, layer), []
    if suffix in TEXT_SUFFIXES | {".xlsx", ".xls"}:
        table = read_table(content, f"table{suffix}", sheet=layer, limits=limits)
        return _from_table(table, limits), list(table.notes)
    if suffix in {".shp", ".shx", ".dbf"}:
        zh, en = (
            "请把 Shapefile 各文件压缩为一个 zip",
            "Put all parts of the Shapefile into one zip",
        )
        raise refusal("file-shp-alone", zh, en)
    zh = "只能读取 GeoJSON、GPKG、Shapefile 压缩包、KML、CSV 或 XLSX"
    raise refusal("file-type", zh, "Only GeoJSON, GPKG, zipped Shapefile, KML, CSV, XLSX are read")


def _from_table(table: Table, limits: Limits) -> RawFile:
    """Take each row's geometry from its WKT or GeoJSON column and the rest as properties."""
    name = _GEOMETRY.match(table.header)["geometry"]
    place = table.header.index(name)
    answer, faults = RawFile(), FaultList(limits)
    for row in table.rows:
        properties: dict[str, Value] = dict(zip(table.header, row.cells, strict=True))
        del properties[name]
        try:
            geometry = _cell_geometry(row.cells[place], row.number, name)
        except BadInput as error:
            faults.extend(error.faults)
            continue
        answer.features.append(RawFeature(row.number, geometry, properties))
    faults.settle()
    return answer


def _cell_geometry(text: str, number: int, name: str) -> Polygonal | None:
    if not text:
        return None
    if text.startswith("{"):
        return polygon_from_geojson(parse_json(text, row=number, field=name), path=name, row=number)
    try:
        with np.errstate(invalid="ignore"):
            shape = shapely.force_2d(shapely.from_wkt(text))
    except shapely.errors.ShapelyError as error:
        zh, en = "WKT 无法解析", "The WKT is broken"
        raise refusal("wkt-broken", zh, en, row=number, field=name) from error
    if not isinstance(shape, Polygon | MultiPolygon) or shape.is_empty:
        zh, en = "不是面要素", "The geometry is not a polygon"
        raise refusal("feature-not-polygon", zh, en, row=number, field=name)
    return shape


def _check_finite(features: list[RawFeature], limits: Limits) -> None:
    """Refuse features with NaN or infinite coordinates or more vertices than allowed."""
    faults = FaultList(limits)
    counts = shapely.get_num_coordinates([feature.geometry for feature in features])
    if int(counts.sum()) > limits.vertices:
        raise refusal("map-vertices", "顶点总数过多", "There are too many vertices in all")
    for feature, count in zip(features, counts, strict=True):
        if count > VERTICES_MAX:
            zh, en = f"顶点超过 {VERTICES_MAX} 个", f"It has more than {VERTICES_MAX} vertices"
            faults.add("feature-vertices", zh, en, row=feature.number, field="geometry")
        elif not np.isfinite(shapely.get_coordinates(feature.geometry)).all():
            zh, en = "坐标不是有限数值", "A coordinate is not a finite number"
            faults.add("feature-not-finite", zh, en, row=feature.number, field="geometry")
    faults.settle()


def _declared(text: str) -> Crs | None:
    try:
        return recognise(CrsHint(declared=text))
    except UnknownCrs:
        return None


def _system(raw: RawFile, given: str | int | None) -> tuple[Crs, list[Fault]]:
    """Recognise the system, and note when a person's word overruled the file or none spoke.

    A format's default (WGS-84 of GeoJSON) holds only for coordinates that are degrees: exports
    in metres without a ``crs`` member are common, and those are judged by their ranges.
    """
    shapes = [feature.geometry for feature in raw.features if feature.geometry is not None]
    bounds: tuple[float, float, float, float] | None = None
    if shapes:
        west, south, east, north = (float(value) for value in shapely.total_bounds(shapes))
        bounds = (west, south, east, north)
    declared = raw.declared
    if declared is None and raw.default is not None and given is None:
        degrees = bounds is None or (max(map(abs, bounds[::2])) <= 180 and abs(bounds[3]) <= 90)
        declared = raw.default if degrees else None
    system = recognise(CrsHint(given=given, declared=declared, bounds=bounds))
    notes = []
    if given is not None and raw.declared and system != _declared(raw.declared):
        zh, en = f"按指定的 {system.name} 读取，与文件自述不同", f"Read as {system.name} as told"
        notes.append(Fault(code="crs-overruled", zh=zh, en=f"{en}, not as the file says"))
    elif given is None and declared is None:
        zh, en = (
            f"文件未注明坐标系，按坐标范围判断为 {system.name}",
            f"Judged by ranges: {system.name}",
        )
        notes.append(Fault(code="crs-by-ranges", zh=zh, en=en))
    return system, notes
