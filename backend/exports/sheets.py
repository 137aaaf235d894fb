"""Workbooks (xlsx): codes are text cells, amounts are numbers in yuan, nothing is a formula."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import xlsxwriter

Kind = Literal["text", "code", "date", "yuan", "number"]
_OPTIONS = {
    # A text that begins with "=" stays a text, an address stays an address.
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "in_memory": True,
    "constant_memory": False,
    "default_date_format": "yyyy-mm-dd",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its heading, how its cells are written, and its width in characters.

    ``yuan`` cells are given in fen.
    """

    title: str
    kind: Kind = "text"
    width: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet: a title line, a heading that stays in view, and rows as wide as the columns."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """Return the bytes of an xlsx file; the same rows give the same cells."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, _OPTIONS)
    formats = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "head": book.add_format(
            {"bold": True, "bg_color": "#E8F0E4", "border": 1, "text_wrap": True}
        ),
        "text": book.add_format({}),
        "code": book.add_format({"num_format": "@"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "yuan": book.add_format({"num_format": "#,##0.00;[Red]-#,##0.00"}),
        "number": book.add_format({"num_format": "0"}),
    }
    for sheet in sheets:
        _write(book.add_worksheet(sheet.name), sheet, formats)
    book.close()
    return buffer.getvalue()


def _write(worksheet: Any, sheet: Sheet, formats: dict[str, Any]) -> None:
    worksheet.write_string(0, 0, sheet.title, formats["title"])
    for place, column in enumerate(sheet.columns):
        worksheet.set_column(place, place, column.width)
        worksheet.write_string(1, place, column.title, formats["head"])
    last = 1
    for last, row in enumerate(sheet.rows, start=2):
        for place, (column, value) in enumerate(zip(sheet.columns, row, strict=True)):
            _cell(worksheet, last, place, column.kind, value, formats[column.kind])
    worksheet.freeze_panes(2, 0)
    worksheet.autofilter(1, 0, last, len(sheet.columns) - 1)
    worksheet.set_landscape()
    worksheet.set_paper(9)
    worksheet.fit_to_pages(1, 0)
    worksheet.repeat_rows(1)


def _cell(worksheet: Any, row: int, place: int, kind: Kind, value: Any, style: Any) -> None:
    if value is None:
        worksheet.write_blank(row, place, None, style)
    elif kind == "yuan":
        worksheet.write_number(row, place, int(value) / 100, style)
    elif kind == "number":
        worksheet.write_number(row, place, int(value), style)
    elif kind == "date" and isinstance(value, date):
        worksheet.write_datetime(row, place, value, style)
    else:
        worksheet.write_string(row, place, str(value), style)
