"""Geometry: areas against geodesics, coordinate systems, repair, overlaps and GeoJSON."""

import math
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer
from shapely.geometry import MultiPolygon, Polygon, box

from backend.core import geometry
from backend.core.errors import BadInput
from backend.core.geometry.gcj import gcj02_to_wgs84, wgs84_to_gcj02

GEOD = Geod(a=6378137, rf=298.257222101)
WUXIANG = (112.86, 36.84)


def field(lon: float = WUXIANG[0], lat: float = WUXIANG[1], size: float = 0.001) -> Polygon:
    """Make a square field of about 90 by 110 m, at Wuxiang unless told."""
    return box(lon, lat, lon + size, lat + size)


@given(st.floats(75, 134), st.floats(18, 53), st.floats(1e-4, 1e-2))
def test_areas_equal_the_geodesic_ones_everywhere_in_china(
    lon: float, lat: float, size: float
) -> None:
    polygon = field(lon, lat, size)
    expected_m2 = abs(GEOD.geometry_area_perimeter(polygon)[0])
    assert geometry.areas_m2([polygon])[0] == pytest.approx(expected_m2, rel=1e-5)


def test_holes_parts_and_missing_polygons_have_their_areas() -> None:
    inner = field(WUXIANG[0] + 0.0002, WUXIANG[1] + 0.0002, 0.0003)
    hole = Polygon(field().exterior.coords, [inner.exterior.coords])
    two = MultiPolygon([field(), field(113.0)])
    areas_m2 = geometry.areas_m2([field(), hole, two, None])
    cut_m2 = geometry.areas_m2([inner])[0]
    assert areas_m2[1] == pytest.approx(areas_m2[0] - cut_m2, rel=1e-9)
    assert areas_m2[2] == pytest.approx(2 * areas_m2[0], rel=1e-6)
    assert math.isnan(areas_m2[3])
    assert geometry.areas_m2([]).shape == (0,)


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        (4490, "EPSG:4490"),
        ("4526", "EPSG:4526"),
        ("epsg:4547", "EPSG:4547"),
        ("urn:ogc:def:crs:EPSG::4490", "EPSG:4490"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"),
        ("CGCS2000", "EPSG:4490"),
        ("2000国家大地坐标系", "EPSG:4490"),
        ("WGS-84", "EPSG:4326"),
        ("GCJ-02", "GCJ-02"),
        ("火星坐标系", "GCJ-02"),
        ("CGCS2000 / 3-degree Gauss-Kruger zone 38", "EPSG:4526"),
        ("CGCS2000_3_Degree_GK_CM_111E", "EPSG:4546"),
        ("CGCS2000 中央经线 114", "EPSG:4547"),
        ("CGCS2000 三度带 37带", "EPSG:4525"),
    ],
)
def test_named_systems_are_recognised(given_name: str | int, expected: str) -> None:
    assert geometry.recognise(geometry.CrsHint(given=given_name)).name == expected


@pytest.mark.parametrize(
    "given_name",
    [
        "",
        "local grid",
        "EPSG:999999",
        "EPSG:4610",
        "EPSG:4214",
        "EPSG:5773",
        "EPSG:4978",
        "CGCS2000 中央经线 112",
        "3度带 99带",
    ],
)
def test_unusable_names_are_refused(given_name: str) -> None:
    """Unknown words, missing codes, Xian 1980, Beijing 1954, heights, geocentric, odd meridian."""
    with pytest.raises(geometry.UnknownCrs):
        geometry.recognise(geometry.CrsHint(given=given_name))


CGCS_SPHEROID = '"CGCS2000",6378137.0,298.257222101'


def esri_wkt(title: str, easting: float, meridian: float, *, spheroid: str = CGCS_SPHEROID) -> str:
    """Write a .prj as surveyors' software does."""
    return (
        f'PROJCS["{title}",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",'
        f'DATUM["D_China_2000",SPHEROID[{spheroid}]],PRIMEM["Greenwich",0.0],'
        'UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],'
        f'PARAMETER["False_Easting",{easting}],PARAMETER["False_Northing",0.0],'
        f'PARAMETER["Central_Meridian",{meridian}],PARAMETER["Scale_Factor",1.0],'
        'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
    )


def test_prj_of_a_zone_is_its_epsg_system() -> None:
    wkt = esri_wkt("CGCS2000_3_Degree_GK_Zone_38", 38500000, 114)
    assert geometry.recognise(geometry.CrsHint(declared=wkt)).name == "EPSG:4526"


def test_own_meridian_of_a_prj_is_used_as_it_is() -> None:
    """A county grid on 112.5°E has no EPSG number and still transforms."""
    crs = geometry.recognise(geometry.CrsHint(declared=esri_wkt("county", 500000, 112.5)))
    (moved,) = geometry.to_lonlat([box(500000, 4078000, 500100, 4078100)], crs)
    assert moved.bounds[0] == pytest.approx(112.5)
    assert moved.bounds[1] == pytest.approx(36.84, abs=0.01)


@pytest.mark.parametrize(
    "wkt",
    [
        "PROJCS[broken",
        "GEOGCS[" * 9000,
        esri_wkt("Xian_1980", 500000, 114, spheroid='"Xian_1980",6378140.0,298.257'),
    ],
)
def test_broken_long_or_foreign_datum_wkt_is_refused(wkt: str) -> None:
    with pytest.raises(geometry.UnknownCrs):
        geometry.recognise(geometry.CrsHint(declared=wkt))


@pytest.mark.parametrize("zone", range(25, 46))
def test_prefixed_eastings_name_their_zone(zone: int) -> None:
    """Coordinates made by PROJ for each of the 21 zones come back to where they were."""
    meridian = zone * 3
    epsg = f"EPSG:{4513 + zone - 25}"
    to_plane = Transformer.from_crs("EPSG:4490", epsg, always_xy=True).transform
    around = field(meridian + 0.3, 36.8)
    plane = shapely.transform(around, lambda xy: np.column_stack(to_plane(xy[:, 0], xy[:, 1])))
    crs = geometry.recognise(geometry.CrsHint(bounds=plane.bounds))
    assert crs.name == epsg
    (back,) = geometry.to_lonlat([plane], crs)
    assert shapely.hausdorff_distance(back, around) < 1e-9


def test_unprefixed_eastings_must_be_named() -> None:
    """One point has two readings at Wuxiang, 270 km apart: both are offered, none is taken."""
    bounds = (633_000.0, 4_079_000.0, 634_000.0, 4_080_000.0)
    with pytest.raises(geometry.AmbiguousCrs, match="111 or 114"):
        geometry.recognise(geometry.CrsHint(bounds=bounds))
    named = geometry.recognise(geometry.CrsHint(given="EPSG:4546", bounds=bounds))
    assert named.name == "EPSG:4546"


def test_degrees_in_china_are_cgcs2000() -> None:
    assert geometry.recognise(geometry.CrsHint(bounds=field().bounds)) == geometry.CGCS2000


@pytest.mark.parametrize(
    ("bounds", "why"),
    [
        (None, "no coordinates"),
        ((math.nan, 1.0, 2.0, 3.0), "no coordinates"),
        ((36.8, 112.8, 36.9, 112.9), "swapped"),
        ((4_078_000.0, 38_400_000.0, 4_079_000.0, 38_401_000.0), "swapped"),
        ((-6.9, 12.8, -6.6, 13.4), "ranges"),
        ((37_400_000.0, 4_078_000.0, 38_600_000.0, 4_079_000.0), "ranges"),
    ],
)
def test_unfit_ranges_ask_for_the_name(bounds: tuple[float, ...] | None, why: str) -> None:
    """Nothing, NaN, swapped degrees and metres, another continent, two zones in one file."""
    with pytest.raises(geometry.UnknownCrs, match=why):
        geometry.recognise(geometry.CrsHint(bounds=bounds))  # type: ignore[arg-type]  # a table


@pytest.mark.parametrize("given_name", ["EPSG:4490", "GCJ-02", "EPSG:4547", "EPSG:4546"])
def test_name_that_the_coordinates_contradict_is_refused(given_name: str) -> None:
    """Prefixed metres are neither degrees nor an unprefixed grid."""
    bounds = (38_400_000.0, 4_078_000.0, 38_401_000.0, 4_079_000.0)
    with pytest.raises(geometry.CrsContradicted):
        geometry.recognise(geometry.CrsHint(given=given_name, bounds=bounds))


def test_gcj02_offset_at_wuxiang_is_556_m() -> None:
    here = np.array([WUXIANG])
    moved = wgs84_to_gcj02(here)
    offset_m = GEOD.inv(*here[0], *moved[0])[2]
    assert offset_m == pytest.approx(556, abs=10)


@given(st.floats(74, 135), st.floats(18, 53))
def test_gcj02_inverse_is_within_a_millimetre(lon: float, lat: float) -> None:
    back = gcj02_to_wgs84(wgs84_to_gcj02(np.array([[lon, lat]])))
    assert GEOD.inv(lon, lat, back[0, 0], back[0, 1])[2] < 0.001


def test_gcj02_leaves_other_countries_alone() -> None:
    tokyo = np.array([[139.7, 35.7]])
    assert (wgs84_to_gcj02(tokyo) == tokyo).all()


def test_gcj02_polygons_come_home() -> None:
    there = shapely.transform(field(), wgs84_to_gcj02)
    (back,) = geometry.to_lonlat([there], geometry.GCJ02)
    assert shapely.hausdorff_distance(back, field()) < 1e-9


def test_missing_polygons_and_heights_pass_through_to_lonlat() -> None:
    raised = shapely.force_3d(field(), 900.0)
    moved = geometry.to_lonlat([raised, None], geometry.CGCS2000)
    assert moved[1] is None
    assert not shapely.has_z(moved[0])
    assert geometry.to_lonlat([], geometry.CGCS2000) == []


def test_valid_polygon_is_returned_untouched() -> None:
    answer = geometry.repair(field())
    assert isinstance(answer, geometry.Repaired)
    assert answer.polygon is not None
    assert answer.fault is None
    assert answer.before_m2 == answer.after_m2 == geometry.areas_m2([field()])[0]


def with_coordinate(value: float) -> Polygon:
    """Make a triangle with one odd easting, as a damaged file brings it."""
    with np.errstate(invalid="ignore"):
        return Polygon([(112, 36), (value, 36.1), (112.2, 36)])


def spiked() -> Polygon:
    """Make a field whose outline overshoots and crosses its first edge by a metre."""
    lon, lat = WUXIANG
    far = 0.001
    corners = [(lon, lat), (lon + far, lat), (lon + far, lat + far), (lon, lat + far)]
    return Polygon([*corners, (lon + 0.00003, lat - 0.00001), (lon - 0.00003, lat - 0.00001)])


def test_small_crossing_is_mended_and_located() -> None:
    answer = geometry.repair(spiked(), row=12, subject="1404291002430000017")
    assert isinstance(answer, geometry.Repaired)
    assert answer.polygon.is_valid
    assert answer.fault is not None
    assert (answer.fault.code, answer.fault.row) == ("polygon-repaired", 12)
    assert "112.860" in answer.fault.zh
    assert "36.84" in answer.fault.en
    assert answer.after_m2 == pytest.approx(answer.before_m2, rel=0.01)


def test_bow_tie_is_refused_with_its_crossing() -> None:
    lon, lat = WUXIANG
    corners = [(lon, lat), (lon + 0.001, lat + 0.001), (lon + 0.001, lat), (lon, lat + 0.001)]
    answer = geometry.repair(Polygon(corners))
    assert isinstance(answer, geometry.Refused)
    assert answer.fault.code == "polygon-repair-changes-area"
    assert "112.860500, 36.840500" in answer.fault.en
    assert "边界自相交" in answer.fault.zh


@pytest.mark.parametrize(
    ("polygon", "code"),
    [
        (Polygon([(112, 36), (112.1, 36.1), (112.2, 36.2)]), "polygon-collapsed"),
        (with_coordinate(math.nan), "polygon-not-finite"),
        (with_coordinate(math.inf), "polygon-not-finite"),
        (Polygon(), "polygon-collapsed"),
    ],
)
def test_hopeless_polygons_are_refused(polygon: Polygon, code: str) -> None:
    answer = geometry.repair(polygon)
    assert isinstance(answer, geometry.Refused)
    assert answer.fault.code == code


def test_tolerance_decides_between_mending_and_refusing() -> None:
    assert isinstance(geometry.repair(spiked(), tolerance_share=0.0), geometry.Refused)
    assert isinstance(geometry.repair(spiked(), tolerance_share=0.05), geometry.Repaired)


def test_hole_survives_repair() -> None:
    hole = field(WUXIANG[0] + 0.0004, WUXIANG[1] + 0.0004, 0.0002)
    holed = Polygon(spiked().exterior.coords, [hole.exterior.coords])
    answer = geometry.repair(holed)
    assert isinstance(answer, geometry.Repaired)
    assert sum(len(part.interiors) for part in shapely.get_parts(answer.polygon)) == 1


def test_overlaps_list_pairs_with_their_area_and_no_touching_neighbours() -> None:
    """The third field covers half of the second; the second only touches the first."""
    lon = WUXIANG[0]
    fields = [field(lon), field(lon + 0.001), field(lon + 0.0015), field(113.0)]
    half_m2 = geometry.areas_m2([fields[1]])[0] / 2
    ((first, second, shared_m2),) = geometry.overlaps(fields)
    assert (first, second) == (1, 2)
    assert shared_m2 == pytest.approx(half_m2, rel=1e-3)
    assert geometry.overlaps(fields, tolerance_m2=half_m2 * 1.1) == []
    assert geometry.overlaps([]) == []
    with pytest.raises(BadInput) as caught:
        geometry.overlaps([field(), Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])])
    assert [fault.row for fault in caught.value.faults] == [2]


def test_duplicates_are_told_exact_from_near() -> None:
    """The same ring from another corner is exact; one resurveyed a metre off is near."""
    turned = Polygon([*field().exterior.coords[2:], *field().exterior.coords[1:3]])
    shifted = field(WUXIANG[0] + 0.00001)
    found = geometry.duplicates([field(), turned, shifted, field(113.0)])
    assert [(d.first, d.second, d.exact) for d in found] == [
        (0, 1, True),
        (0, 2, False),
        (1, 2, False),
    ]
    assert found[0].share == pytest.approx(1.0)
    assert 0.97 < found[1].share < 0.99


def test_geojson_is_right_handed_with_eight_decimals() -> None:
    hole = box(112.8603, 36.8403, 112.8605, 36.8405)
    clockwise = Polygon(field().exterior.coords[::-1], [hole.exterior.coords])
    written = geometry.polygon_to_geojson(clockwise)
    outer, inner = written["coordinates"]
    assert shapely.LinearRing(outer).is_ccw
    assert not shapely.LinearRing(inner).is_ccw
    assert all(value == round(value, 8) for point in outer for value in point)
    assert shapely.equals(geometry.polygon_from_geojson(written), clockwise)


def test_multipolygon_round_trips() -> None:
    two = MultiPolygon([field(), field(113.0)])
    written = geometry.polygon_to_geojson(two)
    assert written["type"] == "MultiPolygon"
    assert shapely.hausdorff_distance(geometry.polygon_from_geojson(written), two) < 1e-8


RING = [[112.0, 36.0], [112.1, 36.0], [112.1, 36.1], [112.0, 36.0]]


@pytest.mark.parametrize(
    ("value", "code", "path"),
    [
        (None, "geojson-object", "geometry"),
        ({"type": "Point", "coordinates": [1, 2]}, "geojson-type", "geometry.type"),
        ({"type": ["Polygon"]}, "geojson-type", "geometry.type"),
        ({"type": "Polygon"}, "geojson-array", "geometry.coordinates"),
        ({"type": "Polygon", "coordinates": []}, "geojson-array", "geometry.coordinates"),
        (
            {"type": "Polygon", "coordinates": [RING[:3]]},
            "geojson-ring-short",
            "geometry.coordinates[0]",
        ),
        (
            {"type": "Polygon", "coordinates": [[*RING[:3], [1, 2]]]},
            "geojson-ring-open",
            "geometry.coordinates[0]",
        ),
        (
            {"type": "Polygon", "coordinates": [RING, [*RING[:2], ["1", 2], RING[0]]]},
            "geojson-number",
            "geometry.coordinates[1][2]",
        ),
        (
            {"type": "Polygon", "coordinates": [[*RING[:2], [True, 2], RING[0]]]},
            "geojson-number",
            "geometry.coordinates[0][2]",
        ),
        (
            {"type": "MultiPolygon", "coordinates": [[RING], [[*RING[:2], [math.nan, 2]]]]},
            "geojson-not-finite",
            "geometry.coordinates[1][0][2]",
        ),
        (
            {"type": "Polygon", "coordinates": [[[10**400, 2], *RING]]},
            "geojson-not-finite",
            "geometry.coordinates[0][0]",
        ),
        (
            {"type": "Polygon", "coordinates": [[[1, 2, 3, 4], *RING]]},
            "geojson-position",
            "geometry.coordinates[0][0]",
        ),
        (
            {"type": "Polygon", "coordinates": [RING * 25_001]},
            "geojson-vertices",
            "geometry.coordinates[0]",
        ),
    ],
)
def test_malformed_geojson_names_the_path(value: Any, code: str, path: str) -> None:
    with pytest.raises(BadInput) as caught:
        geometry.polygon_from_geojson(value, row=4)
    (fault,) = caught.value.faults
    assert (fault.code, fault.field, fault.row) == (code, path, 4)
