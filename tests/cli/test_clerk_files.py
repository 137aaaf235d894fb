"""`tgj import` as a clerk meets it: the same parcels in many kinds of files, and unclear ones."""

import csv
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely

from backend.cli.demo import files
from backend.core.geometry.gcj import wgs84_to_gcj02
from tests.cli.test_importing import tgj

FIELDS = ("DKBM", "CBFBM", "DKMC", "HTMJM")


@pytest.fixture
def features(county: files.CountyFiles) -> list[dict[str, Any]]:
    """The county's parcels as GeoJSON features."""
    found: list[dict[str, Any]] = json.loads(county.parcels.read_text("utf-8"))["features"]
    return found


def collection(path: Path, features: list[dict[str, Any]]) -> Path:
    """Write features without a word on their coordinate system."""
    document = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    return path


def shapes_of(features: list[dict[str, Any]]) -> list[shapely.Geometry]:
    """Return the polygons of features."""
    return [shapely.from_geojson(json.dumps(one["geometry"])) for one in features]


def moved(features: list[dict[str, Any]], how: Any) -> list[dict[str, Any]]:
    """Return features whose n x 2 coordinates went through ``how``."""
    return [
        one | {"geometry": json.loads(shapely.to_geojson(shapely.transform(shape, how)))}
        for one, shape in zip(features, shapes_of(features), strict=True)
    ]


def drawn(path: Path, driver: str, features: list[dict[str, Any]], **options: str) -> Path:
    """Write features with GDAL, as a surveyor's program does."""
    columns = [[one["properties"][name] for one in features] for name in FIELDS]
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(shapes_of(features), dtype=object)),
        [*(np.array(cells, dtype=object) for cells in columns[:3]), np.array(columns[3])],
        list(FIELDS),
        geometry_type="Polygon",
        driver=driver,
        crs="EPSG:4490",
        **options,
    )
    return path


def gbk_shapefile(folder: Path, features: list[dict[str, Any]]) -> Path:
    """Zip a Shapefile in GBK that does not say so: there is no .cpg."""
    drawn(folder / "地块.shp", "ESRI Shapefile", features, encoding="GBK")
    with zipfile.ZipFile(folder / "地块.zip", "w") as archive:
        for suffix in ("shp", "shx", "dbf", "prj"):
            archive.write(folder / f"地块.{suffix}", f"地块.{suffix}")
    return folder / "地块.zip"


def wkt_table(folder: Path, features: list[dict[str, Any]]) -> Path:
    """Write a CSV in GBK whose last column is WKT."""
    path = folder / "地块.csv"
    with path.open("w", encoding="gbk", newline="") as stream:
        table = csv.writer(stream)
        table.writerow([*FIELDS, "WKT"])
        for one, shape in zip(features, shapes_of(features), strict=True):
            table.writerow(
                [
                    *(one["properties"][name] for name in FIELDS),
                    shapely.to_wkt(shape, rounding_precision=-1),
                ]
            )
    return path


def test_the_same_parcels_in_six_formats_are_the_same_parcels(
    county: files.CountyFiles,
    features: list[dict[str, Any]],
    database_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """After the GeoJSON nothing changes by any other file, names of GBK and codes included."""
    assert tgj(database_url, "parcels", county.parcels) == 0
    plane = pyproj.Transformer.from_crs(4490, 4547, always_xy=True)
    gauss = moved(features, lambda xy: np.column_stack(plane.transform(xy[:, 0], xy[:, 1])))
    named: list[tuple[Path | str, ...]] = [
        (gbk_shapefile(tmp_path, features),),
        (drawn(tmp_path / "地块.kml", "KML", features),),
        (drawn(tmp_path / "地块.gpkg", "GPKG", features),),
        (wkt_table(tmp_path, features),),
        (collection(tmp_path / "gauss.geojson", gauss), "--crs", "EPSG:4547"),
        (collection(tmp_path / "gcj.geojson", moved(features, wgs84_to_gcj02)), "--crs", "GCJ-02"),
    ]
    for words in named:
        capsys.readouterr()
        assert tgj(database_url, "parcels", *words) == 0
        told = capsys.readouterr().out
        assert "新增 0，修改 0，未变 60" in told, (words, told)
    assert tgj(database_url, "parcels", tmp_path / "gauss.geojson") == 1
    assert "中央经线" in capsys.readouterr().err


def test_a_map_in_shifted_coordinates_is_remarked_on(
    county: files.CountyFiles,
    features: list[dict[str, Any]],
    database_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Unnamed GCJ-02 looks like any degrees: a dry run says that all parcels move together."""
    assert tgj(database_url, "parcels", county.parcels) == 0
    shifted = collection(tmp_path / "gcj.geojson", moved(features, wgs84_to_gcj02))
    capsys.readouterr()
    assert tgj(database_url, "parcels", shifted, "--dry-run") == 0
    told = capsys.readouterr().out
    assert "整体移动约" in told
    assert "GCJ-02" in told
    edited = moved(features[:1], lambda xy: xy + 0.001) + features[1:]
    one = collection(tmp_path / "one.geojson", edited)
    assert tgj(database_url, "parcels", one, "--dry-run") == 0
    assert "整体移动约" not in capsys.readouterr().out


def test_what_a_file_says_in_vain_is_named(
    county: files.CountyFiles,
    features: list[dict[str, Any]],
    database_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An area without its unit is not guessed, and not dropped in silence either."""
    for one in features:
        one["properties"]["合同面积"] = one["properties"].pop("HTMJM")
    assert tgj(database_url, "parcels", collection(tmp_path / "dk.geojson", features)) == 0
    assert "未使用的字段：合同面积" in capsys.readouterr().out


def test_copies_are_named_by_row_and_may_be_left_out(
    county: files.CountyFiles,
    features: list[dict[str, Any]],
    database_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A dry run says that the file would be refused, where the other copy is, and what helps.

    The numbers that --assign-codes would give stand nowhere in the file: its rows do.
    """
    bare = [one | {"properties": {}} for one in features[:5]]
    twice = collection(tmp_path / "twice.geojson", [*bare, bare[1]])
    words = ("parcels", twice, "--assign-codes", "--org", "14042920822200")
    assert tgj(database_url, *words, "--dry-run") == 1
    told = capsys.readouterr().out
    assert "有 1 处错误，正式导入会被拒绝" in told
    assert "与第 2 行的地块" in told
    assert "--leave-out" in told
    assert tgj(database_url, *words) == 1
    assert "--leave-out" in capsys.readouterr().err
