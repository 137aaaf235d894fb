"""The county as the files that a clerk would bring: villages, households and parcels.

The same county gives the same bytes. Cells of the workbook are all text, as codes and card
numbers must be; unknown values are empty.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import shapely
import xlsxwriter

from backend.cli.demo.rows import County, ParcelRow

VILLAGE_COLUMNS = ("code", "name", "streetCode", "provinceCode", "cityCode", "areaCode")
MEMBER_COLUMNS = (
    "承包方编码",
    "承包方名称",
    "成员姓名",
    "与户主关系",
    "证件号码",
    "出生日期",
    "联系电话",
    "收益权份额",
    "银行卡号",
    "开户行",
)
_CRS = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
_WRITTEN_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CountyFiles:
    """Where `write_files` put each import file."""

    villages: Path
    households: Path
    parcels: Path


def write_files(county: County, folder: Path) -> CountyFiles:
    """Write ``villages.csv``, ``households.xlsx`` and ``parcels.geojson``; make the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files = CountyFiles(
        folder / "villages.csv", folder / "households.xlsx", folder / "parcels.geojson"
    )
    files.villages.write_text(_villages(county), encoding="utf-8", newline="")
    _write_members(county, files.households)
    files.parcels.write_text(_parcels(county), encoding="utf-8", newline="")
    return files


def _villages(county: County) -> str:
    """Return the division table in the layout of the statistics bureau's public lists."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(VILLAGE_COLUMNS)
    for one in county.villages:
        code = one.code12
        table.writerow([code, f"{one.name}村委会", code[:9], code[:2], code[:4], code[:6]])
    return text.getvalue()


def _write_members(county: County, path: Path) -> None:
    """Write one row for each member, the household's code and name repeated on each."""
    book = xlsxwriter.Workbook(str(path), {"in_memory": True})
    book.set_properties({"created": _WRITTEN_AT})
    sheet = book.add_worksheet("家庭成员")
    text = book.add_format({"num_format": "@"})
    sheet.set_column(0, len(MEMBER_COLUMNS) - 1, 20, text)
    sheet.freeze_panes(1, 0)
    for row, cells in enumerate(_member_rows(county)):
        for column, cell in enumerate(cells):
            if cell:
                sheet.write_string(row, column, cell, text)
    book.close()


def _member_rows(county: County) -> Iterator[tuple[str, ...]]:
    """Yield the header and then each member's cells."""
    yield MEMBER_COLUMNS
    for home in county.households:
        for one in home.members:
            yield (
                home.code18,
                home.name,
                one.name,
                one.relation,
                one.id_number,
                one.birth.isoformat(),
                one.phone,
                one.share,
                one.card,
                one.bank,
            )


def _parcels(county: County) -> str:
    """Return the parcels as GeoJSON in CGCS2000 (EPSG:4490), one feature a line."""
    head = {"type": "FeatureCollection", "name": "DK", "crs": _CRS}
    opening = json.dumps(head, ensure_ascii=False)[:-1]
    features = ",\n".join(_feature(one) for one in county.parcels)
    return f'{opening}, "features": [\n{features}\n]}}\n'


def _feature(parcel: ParcelRow) -> str:
    """Return one feature; areas are in mu, and a terrace has no block name (null)."""
    document = {
        "type": "Feature",
        "properties": {
            "DKBM": parcel.code19,
            "CBFBM": parcel.household_code18,
            "DKMC": parcel.name,
            "HTMJM": parcel.contract_centimu / 100,
            "SCMJM": parcel.registered_centimu / 100,
            "ZZZW": parcel.crop,
            "LPMC": parcel.block,
        },
        "geometry": {
            "type": "Polygon",
            "coordinates": [shapely.get_coordinates(parcel.polygon).tolist()],
        },
    }
    return json.dumps(document, ensure_ascii=False)
