"""The demonstration county's import files: what a clerk would bring, and the same bytes again."""

import csv
import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
import shapely

from backend.cli.demo import files
from backend.cli.demo.county import County, build_county

ROOT = Path(__file__).resolve().parents[2]
DIGEST = """
import pathlib, sys, tempfile, hashlib
from backend.cli.demo import files
from backend.cli.demo.county import build_county
with tempfile.TemporaryDirectory() as folder:
    made = files.write_files(build_county(5, villages=2, parcels=60), pathlib.Path(folder))
    parts = (made.villages, made.households, made.parcels)
    print(hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest())
"""


@pytest.fixture(scope="module")
def small() -> County:
    """Build two villages with sixty parcels."""
    return build_county(5, villages=2, parcels=60)


def _digest(made: files.CountyFiles) -> str:
    parts = (made.villages, made.households, made.parcels)
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()


def test_the_same_seed_gives_the_same_bytes(small: County, tmp_path: Path) -> None:
    """Two runs here and one in a process with another hash seed write equal files."""
    first = _digest(files.write_files(small, tmp_path / "a"))
    again = build_county(5, villages=2, parcels=60)
    assert _digest(files.write_files(again, tmp_path / "b")) == first
    run = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", DIGEST],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == first


def test_workbook_has_one_text_row_for_each_member(small: County, tmp_path: Path) -> None:
    """All cells are text as typed; blank where the household has no card."""
    path = files.write_files(small, tmp_path).households
    book = openpyxl.load_workbook(path)
    header, *rows = book.worksheets[0].iter_rows(values_only=True)
    assert header == files.MEMBER_COLUMNS
    members = [(home, one) for home in small.households for one in home.members]
    assert len(rows) == len(members)
    for row, (home, one) in zip(rows, members, strict=True):
        typed = (home.code18, home.name, one.name, one.relation, one.id_number)
        assert row[:5] == typed
        assert row[5] == one.birth.isoformat()
        assert row[6:] == tuple(cell or None for cell in (one.phone, one.share, one.card, one.bank))


def test_geojson_names_its_crs_and_keeps_areas(small: County, tmp_path: Path) -> None:
    """The parcel file is CGCS2000 with register fields, areas in mu with two decimals."""
    path = files.write_files(small, tmp_path).parcels
    document = json.loads(path.read_text("utf-8"))
    assert document["crs"]["properties"]["name"].endswith("EPSG::4490")
    assert len(document["features"]) == 60
    for feature, parcel in zip(document["features"], small.parcels, strict=True):
        assert shapely.geometry.shape(feature["geometry"]).equals_exact(parcel.polygon, 0)
        facts = feature["properties"]
        assert (facts["DKBM"], facts["CBFBM"]) == (parcel.code19, parcel.household_code18)
        assert (facts["DKMC"], facts["ZZZW"], facts["LPMC"]) == (
            parcel.name,
            parcel.crop,
            parcel.block,
        )
        assert math.isclose(facts["SCMJM"] * 100, parcel.registered_centimu)
        assert math.isclose(facts["HTMJM"] * 100, parcel.contract_centimu)


def test_villages_csv_is_laid_out_as_the_public_list(small: County, tmp_path: Path) -> None:
    """Six columns; the shorter codes are prefixes of the village's."""
    text = files.write_files(small, tmp_path).villages.read_text("utf-8")
    header, first, second = csv.reader(text.splitlines())
    assert tuple(header) == files.VILLAGE_COLUMNS
    assert first == ["140429100243", "松庄村村委会", "140429100", "14", "1404", "140429"]
    assert second[:3] == ["140429208222", "松庄村村委会", "140429208"]
