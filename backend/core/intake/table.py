"""Tables as a clerk sees them: header, numbered rows of clean text, faults by row and column."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from backend.core.errors import Fault
from backend.core.intake.limits import DEFAULT_LIMITS, FaultList, Limits, load, refusal
from backend.core.intake.sheets import Sheet, read_xlsx
from backend.core.intake.text import clean, looks_lost, read_csv, storable

TEXT_SUFFIXES = frozenset({".csv", ".txt", ".tsv"})


@dataclass(frozen=True, slots=True)
class Row:
    """One row; ``number`` is the spreadsheet's, so the first row under the header is 2."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One row by field name, as a `Columns` maps it; absent optional fields are missing."""

    number: int
    values: Mapping[str, str]


class Columns:
    """Which headers name which field: codes of NY/T 2539 and Chinese titles alike.

    ``fields`` maps a field to its accepted headers; ``required`` ones must occur. Case, spaces
    and the width of letters and brackets do not matter; units in brackets do.
    """

    def __init__(
        self, fields: Mapping[str, Sequence[str]], *, required: Collection[str] = ()
    ) -> None:
        self.fields = fields
        self.required = frozenset(required)
        self._field_of = {_key(name): key for key, names in fields.items() for name in names}

    def match(self, seen: Sequence[str]) -> dict[str, str]:
        """Return field → header as seen; headers that nobody asked for are left out.

        Raises BadInput naming each missing required column with the headers that were seen,
        and each field that two headers claim.
        """
        found: dict[str, str] = {}
        faults = FaultList(DEFAULT_LIMITS)
        for name in seen:
            key = self._field_of.get(_key(name))
            if key in found:
                zh, en = (
                    f"“{found[key]}”与“{name}”是同一项",
                    f"{found[key]} and {name} are one field",
                )
                faults.add("column-ambiguous", zh, en, field=name)
            elif key is not None:
                found[key] = name
        listed = "、".join(name for name in seen[:40] if name)
        for key in sorted(self.required - found.keys()):
            names = "／".join(self.fields[key])
            zh, en = f"缺少列 {names}；现有列：{listed}", f"No column {names}; seen: {listed}"
            faults.add("column-missing", zh, en, field=self.fields[key][0])
        faults.settle()
        return found


def _key(name: str) -> str:
    folded = clean(name).replace("（", "(").replace("）", ")")
    return "".join(folded.split()).upper()


@dataclass(frozen=True, slots=True)
class Table:
    """A read table; ``notes`` are remarks that stopped nothing."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[Fault, ...] = ()

    def records(self, columns: Columns) -> Iterator[Record]:
        """Yield the rows by field; raises BadInput at once when a required column is missing."""
        places = {key: self.header.index(name) for key, name in columns.match(self.header).items()}
        return (
            Record(row.number, {key: row.cells[place] for key, place in places.items()})
            for row in self.rows
        )


def read_table(
    data: bytes | Path,
    filename: str,
    *,
    header_row: int = 1,
    sheet: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Table:
    """Read CSV or XLSX into text cells; only the suffix of ``filename`` is used.

    Rows above ``header_row`` (titles) and blank rows are skipped. Cells lose outer spaces and
    full-width digits. Raises BadInput with all faults: no or repeated header, cells beyond the
    header, missing cells in CSV, codes that a spreadsheet shortened, text no database holds.
    """
    content = load(data, limits)
    suffix = PurePath(filename).suffix.lower()
    if suffix in TEXT_SUFFIXES:
        return _assemble(_csv_sheet(content, limits), header_row, limits, strict=True)
    if suffix == ".xlsx":
        return _assemble(read_xlsx(content, limits, sheet), header_row, limits, strict=False)
    if suffix == ".xls":
        raise refusal("file-old-excel", "请另存为 .xlsx 后再导入", "Save the file as .xlsx first")
    raise refusal("file-type", "只能读取 CSV 或 XLSX 表格", "Only CSV and XLSX tables are read")


def _csv_sheet(content: bytes, limits: Limits) -> Sheet:
    records = enumerate(read_csv(content, limits), start=1)
    return Sheet((number, cells) for number, cells in records if cells)


def _assemble(sheet: Sheet, header_row: int, limits: Limits, *, strict: bool) -> Table:
    """Check header and rows; ``strict`` (CSV) also refuses rows with cells missing."""
    numbered = iter(sheet.rows)
    head = next((cells for number, cells in numbered if number == header_row), [])
    if not any(map(str.strip, head)):
        raise refusal("table-no-header", "表头行为空", "The header row is empty", row=header_row)
    faults = FaultList(limits)
    faults.extend(sheet.faults)
    header = _header(head, header_row, faults)
    rows = []
    for number, raw in numbered:
        cells = [clean(cell) for cell in raw]
        if any(cells):
            _check_row(cells, header, number, faults, strict=strict)
            padded = cells[: len(header)] + [""] * (len(header) - len(cells))
            rows.append(Row(number, tuple(padded)))
    faults.settle()
    return Table(header, tuple(rows), tuple(sheet.notes))


def _header(raw: list[str], number: int, faults: FaultList) -> tuple[str, ...]:
    """Clean the names and drop empty ones at the end; repeated ones are faults."""
    names = [clean(name) for name in raw]
    while names and not names[-1]:
        names.pop()
    seen: set[str] = set()
    for name in names:
        if name in seen:
            zh, en = "表头重复或中间有空列名", "A header is repeated or blank in between"
            faults.add("table-header-repeated", zh, en, row=number, field=name)
        if not storable(name) or not name:
            zh, en = "表头为空或含非法字符", "A header is blank or has illegal characters"
            faults.add("table-header-text", zh, en, row=number)
        seen.add(name)
    return tuple(names)


def _check_row(
    cells: list[str], header: tuple[str, ...], number: int, faults: FaultList, *, strict: bool
) -> None:
    if any(cells[len(header) :]):
        zh, en = "单元格多于表头", "The row has more cells than the header"
        faults.add("table-row-long", zh, en, row=number)
    if strict and len(cells) < len(header):
        zh, en = "单元格少于表头", "The row has fewer cells than the header"
        faults.add("table-row-short", zh, en, row=number)
    joined = "".join(cells)
    if "+" not in joined and storable(joined):
        return
    for name, cell in zip(header, cells, strict=False):
        if looks_lost(cell):
            zh, en = "编码被存为科学计数法，末位已丢失", "A code in scientific notation lost digits"
            faults.add("table-digits-lost", zh, en, row=number, field=name)
        elif not storable(cell):
            zh, en = "单元格含非法字符", "The cell has illegal characters"
            faults.add("table-text", zh, en, row=number, field=name)


LAND_FIELDS: Mapping[str, Sequence[str]] = {
    "parcel_code": ("DKBM", "地块编码", "地块代码", "承包地块编码"),
    "parcel_name": ("DKMC", "地块名称"),
    "household_code": ("CBFBM", "承包方编码", "承包方代码"),
    "household_name": ("CBFMC", "承包方名称", "承包方代表"),
    "collective_code": ("FBFBM", "发包方编码", "发包方代码"),
    "contract_code": ("CBHTBM", "承包合同编码", "合同编码", "合同代码"),
    "certificate_code": ("CBJYQZBM", "权证编码", "承包经营权证编码"),
    "contract_mu": ("HTMJM", "合同面积(亩)", "合同面积亩"),
    "contract_m2": ("HTMJ", "合同面积(平方米)", "合同面积(㎡)"),
    "surveyed_mu": ("SCMJM", "实测面积(亩)", "实测面积亩"),
    "surveyed_m2": ("SCMJ", "实测面积(平方米)", "实测面积(㎡)"),
    "crop": ("ZZZW", "种植作物", "作物"),
    "block": ("LPMC", "连片名称", "连片"),
}
"""Columns of parcel tables: NY/T 2539 names, where SCMJ and HTMJ are m² and …M are mu."""
