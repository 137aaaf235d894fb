"""Real files that nobody here wrote: areas, repairs and readers against their own records."""

import os
from pathlib import Path

import numpy as np
import pytest

from backend.core import geometry
from backend.core.intake import Columns, FeatureSet, read_features, read_table

SHARED = Path(os.environ.get("TGJ_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared real data are not here; set TGJ_SHARED_DATA"
)


def map_file(name: str) -> FeatureSet:
    """Read one of the field maps by path."""
    return read_features(SHARED / "fields" / name, name)


def repaired(found: FeatureSet) -> list[geometry.Repaired | geometry.Refused]:
    """Bring every feature to degrees and repair it, numbered as in the file."""
    shapes = [feature.geometry for feature in found.features if feature.geometry is not None]
    assert len(shapes) == len(found.features)
    moved = geometry.to_lonlat(shapes, found.crs)
    return [
        geometry.repair(shape, row=feature.number)
        for shape, feature in zip(moved, found.features, strict=True)
    ]


def test_central_asian_fields_have_their_recorded_area() -> None:
    """All 8,431 valid fields are within 0.3 % of the record; the four invalid ones are named."""
    found = map_file("cawa_central_asia_8435_fields.gpkg")
    answers = repaired(found)
    invalid = [answer.fault.row for answer in answers if answer.fault is not None]
    assert invalid == [2128, 2866, 4048, 4050]
    valid = [answer for answer in answers if answer.fault is None]
    assert len(valid) == 8431
    recorded = np.array(
        [
            feature.properties["area"]
            for feature, answer in zip(found.features, answers, strict=True)
            if answer.fault is None
        ],
        dtype=float,
    )
    measured = geometry.areas_m2([answer.polygon for answer in valid])
    assert np.abs(measured / recorded - 1).max() < 0.003


def test_malian_fields_are_repaired_or_refused_by_name() -> None:
    """Of 74 fields ten cross themselves slightly and four are lines."""
    answers = repaired(map_file("mali_segou_74_fields_14_invalid.geojson"))
    assert len(answers) == 74
    mended = [a for a in answers if isinstance(a, geometry.Repaired) and a.fault is not None]
    refused = [a.fault.row for a in answers if isinstance(a, geometry.Refused)]
    assert [a.fault.row for a in mended if a.fault] == [7, 12, 35, 36, 37, 39, 43, 52, 69, 73]
    assert refused == [23, 49, 67, 74]
    assert all(a.polygon.is_valid for a in mended)
    assert all(abs(a.after_m2 / a.before_m2 - 1) < 0.001 for a in mended)


@pytest.mark.parametrize(
    ("name", "box"),
    [
        ("1_vietnam_areas.gpkg", (105.0, 20.5, 107.0, 21.5)),
        ("4_cambodia_areas.gpkg", (102.0, 12.5, 104.0, 14.0)),
    ],
)
def test_smallholder_fields_in_utm_land_in_their_country(
    name: str, box: tuple[float, float, float, float]
) -> None:
    found = map_file(name)
    assert found.crs.name == "EPSG:32648"
    answers = repaired(found)
    assert len(answers) == 100
    for answer in answers:
        assert isinstance(answer, geometry.Repaired)
        west, south, east, north = answer.polygon.bounds
        assert box[0] < west < east < box[2]
        assert box[1] < south < north < box[3]


def test_fiboa_example_reads_with_its_areas() -> None:
    found = map_file("fiboa-example.json")
    measured = geometry.areas_m2([feature.geometry for feature in found.features])
    recorded = [feature.properties["metrics:area"] for feature in found.features]
    assert measured == pytest.approx(np.array(recorded, dtype=float), rel=0.01)


def test_wuxiang_villages_read_with_both_of_one_name() -> None:
    table = read_table(SHARED / "admin" / "villages_wuxiang_140429.csv", "villages.csv")
    columns = Columns({"code": ["code"], "name": ["name"]}, required=["code", "name"])
    records = list(table.records(columns))
    assert len(records) == 277
    twins = [r.values["code"] for r in records if r.values["name"].startswith("松庄村")]
    assert twins == ["140429100243", "140429208222"]
    assert all(r.values["code"].startswith("140429") for r in records)
