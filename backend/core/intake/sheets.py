"""XLSX workbooks through openpyxl in read-only mode, every cell as exact text.

A number of more than 15 digits has lost its last digits in the spreadsheet already, so a code
stored as a number is a fault at its row and column, never a guess.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

from openpyxl import load_workbook

from backend.core.errors import BadInput, Fault
from backend.core.intake.limits import Limits, check_workbook, open_zip, refusal

_EXACT_BELOW = 10**15


@dataclass(slots=True)
class Sheet:
    """Rows that are not blank, by the number a spreadsheet shows, and faults of single cells."""

    rows: Iterable[tuple[int, list[str]]]
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)


def read_xlsx(content: bytes, limits: Limits, sheet: str | None) -> Sheet:
    """Read the named sheet or the first visible one; a note tells of other visible sheets.

    Dates come as ISO text, whole numbers without a point, TRUE and FALSE as such. Raises
    BadInput for hostile or broken workbooks and for a sheet name that does not exist.
    """
    with open_zip(content, limits) as archive:
        check_workbook(archive, limits)
    try:
        return _read(content, limits, sheet)
    except BadInput:
        raise
    except Exception as error:  # a broken part surfaces as any exception inside openpyxl
        raise refusal("xlsx-broken", "工作簿已损坏", "The workbook is broken") from error


def _read(content: bytes, limits: Limits, name: str | None) -> Sheet:
    book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    chosen = next((sheet for sheet in visible if name is None or sheet.title == name), None)
    if chosen is None:
        zh, en = "没有可读取的工作表", "There is no such visible sheet"
        raise refusal("xlsx-sheet", zh, en)
    rows: list[tuple[int, list[str]]] = []
    answer = Sheet(rows)
    if name is None and len(visible) > 1:
        zh = f"只读取了第一个工作表，另有 {len(visible) - 1} 个未读"
        en = f"Only the first sheet was read; {len(visible) - 1} more were not"
        answer.notes.append(Fault(code="xlsx-other-sheets", zh=zh, en=en))
    chosen.reset_dimensions()
    cells = 0
    for number, row in enumerate(chosen.iter_rows(), start=1):
        if not row:
            continue
        cells += len(row)
        if len(rows) >= limits.rows or cells > limits.cells or len(row) > limits.columns:
            raise refusal("table-too-large", "表格行或单元格过多", "Too many rows or cells")
        rows.append((number, list(_texts(row, number, answer.faults))))
    book.close()
    return answer


def _texts(row: tuple[Any, ...], number: int, faults: list[Fault]) -> Iterator[str]:
    for cell in row:
        value = cell.value
        if isinstance(value, str) and cell.data_type != "e":
            yield value
            continue
        text, wrong = _text(value)
        if wrong:
            code, zh, en = wrong
            faults.append(
                Fault(code=code, zh=zh, en=en, row=number, field=f"{cell.column_letter}{number}")
            )
        yield text


def _text(value: object) -> tuple[str, tuple[str, str, str] | None]:
    """Return the text of a value that is not text, or what is wrong with it."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).upper(), None
    if isinstance(value, int | float):
        if not abs(value) < _EXACT_BELOW:
            zh = "超过 15 位的编码被存为数字，末位已丢失，请改为文本格式重新录入"
            en = "A code over 15 digits was stored as a number and lost digits; enter it as text"
            return "", ("xlsx-digits-lost", zh, en)
        return (str(int(value)) if value == int(value) else repr(value)), None
    if isinstance(value, datetime):
        whole_day = value.time() == time()
        return (value.date().isoformat() if whole_day else value.isoformat(sep=" ")), None
    if isinstance(value, date | time):
        return value.isoformat(), None
    return "", ("xlsx-error-cell", "单元格为错误值", "The cell holds an error or unusual value")
