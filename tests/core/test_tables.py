"""Tables: encodings, delimiters, exact codes, ragged rows and header names."""

import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook

from backend.core.errors import BadInput
from backend.core.intake import LAND_FIELDS, Columns, Limits, read_table

CODE = "1404291002430000017"


def workbook(rows: Sequence[Sequence[object]], *, more: int = 0) -> bytes:
    """Write a workbook with these rows on its first sheet and ``more`` further sheets."""
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    for number in range(more):
        book.create_sheet(f"more{number}")
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def fault_codes(data: bytes, filename: str, **options: object) -> list[tuple[str, int | None]]:
    """Return code and row of every fault of a file that must be refused."""
    with pytest.raises(BadInput) as caught:
        read_table(data, filename, **options)  # type: ignore[arg-type]  # passed through
    return [(fault.code, fault.row) for fault in caught.value.faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_reads_in_every_encoding_and_delimiter(encoding: str, delimiter: str) -> None:
    text = f"地块编码{delimiter}名称\r\n{CODE}{delimiter}“东坡，上”\r\n"
    table = read_table(text.encode(encoding), "dk.CSV")
    assert table.header == ("地块编码", "名称")
    assert table.rows[0].cells == (CODE, "“东坡，上”")
    assert table.rows[0].number == 2


def test_rows_keep_the_number_a_spreadsheet_shows() -> None:
    """A blank line counts, a cell of two lines counts once, titles above the header are skipped."""
    text = '武乡县地块表,\nDKBM,DKMC\n\n1,"a\nb"\n2,c\n'
    table = read_table(text.encode(), "a.csv", header_row=2)
    assert [(row.number, row.cells) for row in table.rows] == [(4, ("1", "a\nb")), (5, ("2", "c"))]


def test_spaces_and_full_width_digits_are_normalised_and_names_are_not() -> None:
    text = "编码,名称\n　１４０４２９Ｊ　 ,王（小）明，\u00a0\n"
    table = read_table(text.encode(), "a.csv")
    assert table.rows[0].cells == ("140429J", "王（小）明，")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,a\n1,2\n", [("table-header-repeated", 1)]),
        ("a,,c\n1,2,3\n", [("table-header-text", 1)]),
        (",,\n1,2,3\n", [("table-no-header", 1)]),
        ("a,b\n1,2,3\n1\n1,2\n", [("table-row-long", 2), ("table-row-short", 3)]),
        ("a,b\n1,1.40429E+18\n", [("table-digits-lost", 2)]),
        ('a,b\n1,2\n"1,2\n', [("csv-broken", 3)]),
        ('a,b\n"x"y,2\n', [("csv-broken", 2)]),
        ("", [("file-empty", None)]),
        (" \r\n\n", [("file-empty", None)]),
    ],
)
def test_malformed_csv_is_named_by_row(text: str, expected: list[tuple[str, int]]) -> None:
    assert fault_codes(text.encode(), "a.csv") == expected


def test_binary_and_broken_text_are_refused() -> None:
    assert fault_codes(b"a,b\n1,\x00\n", "a.csv") == [("text-encoding", None)]
    assert fault_codes(b"a,b\n1,\xff\xff\n", "a.csv") == [("text-encoding", None)]
    assert fault_codes(b"\xef\xbb\xbfa\n\xff\n", "a.csv") == [("text-encoding", None)]


@pytest.mark.parametrize(
    ("name", "code"), [("a.xls", "file-old-excel"), ("a.pdf", "file-type"), ("", "file-type")]
)
def test_other_kinds_of_file_are_refused(name: str, code: str) -> None:
    assert fault_codes(b"x", name) == [(code, None)]


def test_table_limits_hold() -> None:
    lines = "a,b\n" + "1,2\n" * 20
    assert fault_codes(lines.encode(), "a.csv", limits=Limits(rows=10))[0][0] == "table-too-large"
    assert fault_codes(lines.encode(), "a.csv", limits=Limits(cells=10))[0][0] == "table-too-large"
    assert fault_codes(lines.encode(), "a.csv", limits=Limits(file_bytes=10)) == [
        ("file-too-large", None)
    ]
    short = ("a,b\n" + "1\n" * 500).encode()
    assert len(fault_codes(short, "a.csv", limits=Limits(faults=7))) == 7
    sheet = workbook([["a"]] + [["1"]] * 20)
    assert fault_codes(sheet, "a.xlsx", limits=Limits(rows=10))[0][0] == "table-too-large"


def test_xlsx_cells_become_exact_text(tmp_path: Path) -> None:
    """Text codes, dates, whole and broken numbers, truth values; a path works like bytes."""
    rows: list[list[object]] = [
        ["地块编码", "日期", "时刻", "亩", "份", "是"],
        [CODE + " ", date(2026, 4, 5), datetime(2026, 4, 5, 6, 7), 3.25, 4, True],  # noqa: DTZ001
        [],
        [CODE, None, None, 2.0],
    ]
    path = tmp_path / "dk.xlsx"
    path.write_bytes(workbook(rows))
    table = read_table(path, path.name)
    assert table.rows[0].cells == (CODE, "2026-04-05", "2026-04-05 06:07:00", "3.25", "4", "TRUE")
    assert table.rows[1].number == 4
    assert table.rows[1].cells == (CODE, "", "", "2", "", "")


@pytest.mark.parametrize("value", [1404291002430000017, 1.4042910024300001e18, 1e15, -1e16])
def test_code_stored_as_a_number_is_a_fault_at_its_cell(value: float) -> None:
    data = workbook([["编码"], ["ok"], [value]])
    with pytest.raises(BadInput) as caught:
        read_table(data, "a.xlsx")
    (fault,) = caught.value.faults
    assert (fault.code, fault.row, fault.field) == ("xlsx-digits-lost", 3, "A3")


def test_error_cells_and_uncalculated_formulas_are_refused() -> None:
    assert fault_codes(workbook([["a"], ["#N/A"]]), "a.xlsx") == [("xlsx-error-cell", 2)]
    assert fault_codes(workbook([["a"], ["=1+1"]]), "a.xlsx") == [("xlsx-formula", None)]


def test_sheet_is_chosen_by_name_and_others_are_noted() -> None:
    data = workbook([["a"], ["1"]], more=2)
    assert [note.code for note in read_table(data, "a.xlsx").notes] == ["xlsx-other-sheets"]
    assert not read_table(data, "a.xlsx", sheet="Sheet").notes
    assert fault_codes(data, "a.xlsx", sheet="none") == [("xlsx-sheet", None)]


def test_archive_that_is_no_workbook_is_refused() -> None:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "x")
    assert fault_codes(stream.getvalue(), "a.xlsx") == [("xlsx-broken", None)]
    assert fault_codes(b"PK\x03\x04 not really", "a.xlsx") == [("zip-broken", None)]


LAND = Columns(LAND_FIELDS, required=["parcel_code", "household_code"])


def test_official_and_chinese_headers_bind_to_fields() -> None:
    text = f"dkbm,承包方编码,实测面积（亩）,备注\n{CODE},140429100243000007,1.20,x\n"
    (record,) = read_table(text.encode(), "a.csv").records(LAND)
    assert record.number == 2
    assert dict(record.values) == {
        "parcel_code": CODE,
        "household_code": "140429100243000007",
        "surveyed_mu": "1.20",
    }


def test_missing_column_lists_what_was_seen() -> None:
    with pytest.raises(BadInput) as caught:
        read_table("DKBM,备注\n1,2\n".encode(), "a.csv").records(LAND)
    (fault,) = caught.value.faults
    assert fault.code == "column-missing"
    assert fault.field == "CBFBM"
    assert "DKBM、备注" in fault.zh


def test_two_headers_of_one_field_are_refused() -> None:
    with pytest.raises(BadInput) as caught:
        LAND.match(["DKBM", "地块编码", "CBFBM"])
    assert [fault.code for fault in caught.value.faults] == ["column-ambiguous"]
