"""Maps: every format brings the same fields, and coordinate systems are asked for, not guessed."""

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyogrio.raw
import pytest
import shapely
from openpyxl import Workbook
from pyproj import CRS
from shapely.geometry import MultiPolygon, Polygon, box

from backend.core.errors import BadInput
from backend.core.geometry import AmbiguousCrs, CrsContradicted, UnknownCrs, polygon_to_geojson
from backend.core.intake import FeatureSet, Limits, read_features

CODE = "1404291002430000017"
FIELDS = [box(112.86, 36.84, 112.861, 36.841), box(112.87, 36.84, 112.871, 36.841)]
NAMES = ["东坡上", "西沟里"]


def geojson(shapes: list[Any], **members: object) -> bytes:
    """Write a FeatureCollection with DKBM and DKMC."""
    features = [
        {
            "type": "Feature",
            "properties": {"DKBM": CODE, "DKMC": name, "HTMJM": 3.5, "n": 1, "none": None},
            "geometry": polygon_to_geojson(shape) if isinstance(shape, Polygon) else shape,
        }
        for shape, name in zip(shapes, NAMES, strict=False)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features, **members}).encode()


def written(folder: Path, name: str, driver: str, crs: str | None, **options: Any) -> Path:
    """Write the two fields with GDAL, with columns DKBM and DKMC."""
    path = folder / name
    shapes = options.pop("shapes", FIELDS)
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(shapes, dtype=object)),
        [np.array([CODE, CODE], dtype=object), np.array(NAMES, dtype=object)],
        ["DKBM", "DKMC"],
        geometry_type=options.pop("geometry_type", "Polygon"),
        driver=driver,
        crs=crs,
        **options,
    )
    return path


def zipped(folder: Path, **replaced: bytes | None) -> bytes:
    """Zip a folder's Shapefile; ``replaced`` gives other bytes for a suffix, None drops it."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        contents: dict[str, bytes | None] = {
            path.suffix[1:]: path.read_bytes() for path in sorted(folder.glob("dk.*"))
        }
        for suffix, content in (contents | replaced).items():
            if content is not None:
                archive.writestr(f"武乡/dk.{suffix}", content)
    return stream.getvalue()


def check(found: FeatureSet, crs: str, *, first: int = 1) -> None:
    """Assert that the two fields came through with their text and place."""
    assert found.crs.name == crs
    assert [feature.number for feature in found.features] == [first, first + 1]
    assert [feature.properties["DKBM"] for feature in found.features] == [CODE, CODE]
    assert [feature.properties["DKMC"] for feature in found.features] == NAMES
    for feature, expected in zip(found.features, FIELDS, strict=True):
        assert feature.geometry is not None
        assert shapely.hausdorff_distance(feature.geometry, expected) < 1e-8


def codes(data: bytes | Path, name: str, **options: Any) -> list[tuple[str, int | None]]:
    """Return code and row of each fault of a file that must be refused."""
    with pytest.raises(BadInput) as caught:
        read_features(data, name, **options)
    return [(fault.code, fault.row) for fault in caught.value.faults]


def test_geojson_is_wgs84_unless_it_says_otherwise() -> None:
    check(read_features(geojson(FIELDS), "a.geojson"), "EPSG:4326")
    member = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    check(read_features(geojson(FIELDS, crs=member), "a.json"), "EPSG:4490")


def test_properties_keep_their_kind() -> None:
    (feature, _) = read_features(geojson(FIELDS), "a.geojson").features
    assert feature.properties == {
        "DKBM": CODE, "DKMC": "东坡上", "HTMJM": 3.5, "n": 1, "none": None,
    }  # fmt: skip


def test_named_system_wins_and_is_noted() -> None:
    """GCJ-02 looks like any degrees, so only a person can say it."""
    member = {"type": "name", "properties": {"name": "EPSG:4490"}}
    found = read_features(geojson(FIELDS, crs=member), "a.geojson", crs="GCJ-02")
    assert found.crs.name == "GCJ-02"
    assert [note.code for note in found.notes] == ["crs-overruled"]
    with pytest.raises(CrsContradicted):
        read_features(geojson(FIELDS), "a.geojson", crs="EPSG:4526")


def test_metres_in_geojson_are_judged_by_their_ranges() -> None:
    metres = box(38_400_000, 4_078_000, 38_400_100, 4_078_100)
    found = read_features(geojson([metres]), "a.geojson")
    assert found.crs.name == "EPSG:4526"
    assert [note.code for note in found.notes] == ["crs-by-ranges"]
    with pytest.raises(AmbiguousCrs):
        read_features(geojson([box(400_000, 4_078_000, 400_100, 4_078_100)]), "a.geojson")


def test_every_bad_feature_is_listed_by_number() -> None:
    open_ring = {"type": "Polygon", "coordinates": [[[1, 1], [2, 1], [2, 2], [1, 2]]]}
    point = {"type": "Point", "coordinates": [1, 1]}
    assert codes(geojson([open_ring, point]), "a.geojson") == [
        ("geojson-ring-open", 1),
        ("geojson-type", 2),
    ]


def test_feature_without_geometry_is_kept_as_none() -> None:
    found = read_features(geojson([FIELDS[0], None]), "a.geojson")
    assert found.features[1].geometry is None


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4326"])
def test_gpkg_reads_with_its_system(tmp_path: Path, crs: str) -> None:
    path = written(tmp_path, "dk.gpkg", "GPKG", crs)
    check(read_features(path, path.name), crs)
    check(read_features(path.read_bytes(), "DK.GPKG"), crs)


def test_layer_must_be_named_when_there_are_two(tmp_path: Path) -> None:
    path = written(tmp_path, "dk.gpkg", "GPKG", "EPSG:4490", layer="地块")
    written(tmp_path, "dk.gpkg", "GPKG", "EPSG:4490", layer="other", append=True)
    assert codes(path, "dk.gpkg") == [("layer-unclear", None)]
    check(read_features(path, "dk.gpkg", layer="地块"), "EPSG:4490")
    assert codes(path, "dk.gpkg", layer="none") == [("layer-unclear", None)]


@pytest.mark.parametrize(("encoding", "cpg"), [("UTF-8", True), ("GBK", True), ("GBK", False)])
def test_shapefile_text_is_read_in_utf8_and_gbk(
    tmp_path: Path,
    encoding: str,
    cpg: bool,  # noqa: FBT001 - a table of cases
) -> None:
    """Also when .cpg is missing or claims the wrong one, as ArcGIS exports do."""
    written(tmp_path, "dk.shp", "ESRI Shapefile", "EPSG:4490", encoding=encoding)
    data = zipped(tmp_path) if cpg else zipped(tmp_path, cpg=None)
    check(read_features(data, "dk.zip"), "EPSG:4490")
    check(read_features(zipped(tmp_path, cpg=b"UTF-8"), "dk.zip"), "EPSG:4490")
    check(read_features(zipped(tmp_path, cpg=b"ANSI 936"), "dk.zip"), "EPSG:4490")


def test_shapefile_without_prj_is_recognised_or_asked_for(tmp_path: Path) -> None:
    written(tmp_path, "dk.shp", "ESRI Shapefile", "EPSG:4490", encoding="UTF-8")
    found = read_features(zipped(tmp_path, prj=None), "dk.zip")
    check(found, "EPSG:4490")
    assert [note.code for note in found.notes] == ["crs-by-ranges"]
    wkt = CRS.from_epsg(4610).to_wkt("WKT1_ESRI").encode()
    with pytest.raises(UnknownCrs, match="Xian"):
        read_features(zipped(tmp_path, prj=wkt), "dk.zip")


@pytest.mark.parametrize("suffix", ["shx", "dbf"])
def test_missing_part_of_a_shapefile_is_named(tmp_path: Path, suffix: str) -> None:
    written(tmp_path, "dk.shp", "ESRI Shapefile", "EPSG:4490")
    without: dict[str, bytes | None] = {suffix: None}
    assert codes(zipped(tmp_path, **without), "dk.zip") == [("shp-part-missing", None)]
    assert codes(tmp_path / "dk.shp", "dk.shp") == [("file-shp-alone", None)]


KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>village</name>{body}</Document></kml>"""
PLACEMARK = """<Placemark><name>{name}</name><ExtendedData><Data name="DKBM"><value>{code}</value>
</Data><SchemaData><SimpleData name="DKMC">{name}</SimpleData></SchemaData></ExtendedData>
{shape}</Placemark>"""


def kml(*shapes: str) -> bytes:
    """Write placemarks with the two names and the given geometry elements."""
    marks = (
        PLACEMARK.format(name=name, code=CODE, shape=shape)
        for name, shape in zip(NAMES, shapes, strict=False)
    )
    return KML.format(body="".join(marks)).encode()


def kml_polygon(polygon: Polygon, hole: str = "") -> str:
    """Write one polygon element with heights."""
    text = " ".join(f"{x},{y},900" for x, y in polygon.exterior.coords)
    ring = f"<LinearRing><coordinates>\n{text}\n</coordinates></LinearRing>"
    return f"<Polygon><outerBoundaryIs>{ring}</outerBoundaryIs>{hole}</Polygon>"


def test_kml_reads_polygons_holes_and_parts() -> None:
    check(read_features(kml(*map(kml_polygon, FIELDS)), "a.kml"), "EPSG:4326")
    inner = box(112.8602, 36.8402, 112.8604, 36.8404)
    ring = kml_polygon(inner).replace("outerBoundaryIs", "innerBoundaryIs")
    ring = ring.removeprefix("<Polygon>").removesuffix("</Polygon>")
    both = f"<MultiGeometry>{kml_polygon(FIELDS[0], ring)}{kml_polygon(FIELDS[1])}</MultiGeometry>"
    (feature,) = read_features(kml(both), "a.kml").features
    assert isinstance(feature.geometry, MultiPolygon)
    assert [len(part.interiors) for part in feature.geometry.geoms] == [1, 0]


def test_kml_faults_name_the_placemark() -> None:
    point = "<Point><coordinates>112,36</coordinates></Point>"
    short = "<Polygon><outerBoundaryIs><LinearRing><coordinates>1,1 2,2</coordinates>"
    short += "</LinearRing></outerBoundaryIs></Polygon>"
    assert codes(kml(point, short), "a.kml") == [("kml-not-polygon", 1), ("kml-ring", 2)]
    bad_number = kml_polygon(FIELDS[0]).replace("112.86,", "nan,")
    assert codes(kml(bad_number), "a.kml") == [("kml-number", 1)]


def test_tables_with_wkt_or_geojson_columns_are_maps() -> None:
    lines = [f'{CODE},{name},"{field.wkt}"' for name, field in zip(NAMES, FIELDS, strict=True)]
    text = "DKBM,DKMC,wkt\n" + "\n".join(lines)
    check(read_features(text.encode("gb18030"), "a.csv"), "EPSG:4490", first=2)
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["DKBM", "DKMC", "几何"])
    for name, field in zip(NAMES, FIELDS, strict=True):
        sheet.append([CODE, name, json.dumps(polygon_to_geojson(field))])
    stream = BytesIO()
    book.save(stream)
    check(read_features(stream.getvalue(), "a.xlsx", crs="WGS84"), "EPSG:4326", first=2)


def test_bad_geometry_cells_are_named_by_row() -> None:
    text = 'DKBM,wkt\n1,"POLYGON((1 1"\n2,POINT(1 1)\n3,{"type":1\n4,"POLYGON((a b))"\n'
    assert codes(text.encode(), "a.csv") == [
        ("wkt-broken", 2), ("feature-not-polygon", 3), ("geojson-syntax", 4), ("wkt-broken", 5),
    ]  # fmt: skip
    assert codes(b"DKBM\n1\n", "a.csv") == [("column-missing", None)]


def test_codes_that_a_map_stored_as_floats_are_faults() -> None:
    data = geojson(FIELDS).replace(f'"{CODE}"'.encode(), b"1.4042910024300001e18")
    assert codes(data, "a.geojson") == [("feature-digits-lost", 1), ("feature-digits-lost", 2)]


def test_vertex_and_feature_limits_hold() -> None:
    assert codes(geojson(FIELDS), "a.geojson", limits=Limits(vertices=9)) == [
        ("map-vertices", None)
    ]
    assert codes(geojson([]), "a.geojson") == [("features-none", None)]
    ring = kml_polygon(FIELDS[0])
    assert codes(kml(ring, ring), "a.kml", limits=Limits(rows=1)) == [("table-too-large", None)]
