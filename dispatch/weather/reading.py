"""Weather stations' CSV: hourly rows with wind in m/s, rain in mm, temperature in °C."""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from dispatch.validation import InvalidProblem, require
from dispatch.weather.series import SHANGHAI, Forecast, Hour

_NUMBER = re.compile(r"[-+]?\d{1,7}(\.\d{1,20})?([eE][-+]?\d{1,2})?")
_BLANK = {"", "NA", "NaN", "null", "-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StationColumns:
    """Which column of a station's file holds what.

    The time is one ISO 8601 column ``time`` (Beijing time unless it has an offset) or the four
    columns ``parts`` (year, month, day, hour). ``gust_m_per_s`` and ``humidity_percent`` may be
    empty: the station has none.
    """

    wind_m_per_s: str
    rain_mm: str
    temperature_c: str
    gust_m_per_s: str = ""
    humidity_percent: str = ""
    time: str = ""
    parts: tuple[str, str, str, str] | None = None


PRSA_COLUMNS = StationColumns(
    wind_m_per_s="WSPM",
    rain_mm="RAIN",
    temperature_c="TEMP",
    parts=("year", "month", "day", "hour"),
)
"""The UCI Beijing Multi-Site Air-Quality files (hourly, m/s, mm, °C)."""

CHINESE_COLUMNS = StationColumns(
    time="时间",
    wind_m_per_s="风速(m/s)",
    rain_mm="降水量(mm)",
    temperature_c="气温(℃)",
    gust_m_per_s="阵风(m/s)",
    humidity_percent="相对湿度(%)",
)
"""Our own layout for a station's export; units stand in the header."""


def _scaled(cell: str, factor: int, row: int, column: str) -> int | None:
    """Return a cell times ``factor``, rounded half up; None for a blank."""
    text = cell.strip()
    if text in _BLANK:
        return None
    fits = _NUMBER.fullmatch(text) is not None
    require(fits, f"row {row}", column, f"不是数字：{text[:20]}", f"is no number: {text[:20]}")
    return int((Decimal(text) * factor).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _start(cells: Mapping[str, str], columns: StationColumns, row: int) -> datetime:
    """Return the start of a row's hour."""
    try:
        if columns.parts is None:
            at = datetime.fromisoformat(cells[columns.time].strip())
            return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)
        year, month, day, hour = (int(cells[name]) for name in columns.parts)
        return datetime(year, month, day, hour, tzinfo=SHANGHAI)
    except ValueError as error:
        name = columns.time if columns.parts is None else "/".join(columns.parts)
        raise InvalidProblem(f"row {row}", name, "不是有效时间", "is no time") from error


def read_station(
    lines: Iterable[str],
    *,
    area_id: str,
    source: str,
    issued_at: datetime,
    columns: StationColumns = PRSA_COLUMNS,
) -> Forecast:
    """Read a station's CSV; ``lines`` is an open text file or any iterable of its lines.

    A row whose wind, rain or temperature is blank (or NA) is a missing hour, left out; every other
    row becomes an hour. Raises `InvalidProblem` naming the row (1 = the header) and column of an
    absent column, a ragged row, a bad number or time, and of values that no weather has; repeated
    and disordered hours are refused by `Forecast`.
    """
    rows = csv.reader(lines)
    header = [name.strip().lstrip("\ufeff") for name in next(rows, [])]
    times = columns.parts or (columns.time,)
    needed = (*times, columns.wind_m_per_s, columns.rain_mm, columns.temperature_c)
    for name in (*needed, columns.gust_m_per_s, columns.humidity_percent):
        found = not name or header.count(name) == 1
        require(found, "row 1", name, "缺少该列或重复", "is absent or repeated")
    hours: list[Hour] = []
    for row, values in enumerate(rows, start=2):
        if not values:
            continue
        whole = len(values) == len(header)
        require(whole, f"row {row}", "row", "列数与表头不符", "has not as many cells as the header")
        cells = dict(zip(header, values, strict=True))
        made = _hour(cells, columns, row)
        if made is not None:
            hours.append(made)
    return Forecast(area_id=area_id, source=source, issued_at=issued_at, hours=tuple(hours))


def _hour(cells: Mapping[str, str], columns: StationColumns, row: int) -> Hour | None:
    """Return a row's hour, None when a compulsory value is blank."""
    start = _start(cells, columns, row)

    def read(name: str, factor: int) -> int | None:
        return _scaled(cells[name], factor, row, name) if name else None

    wind = read(columns.wind_m_per_s, 100)
    rain = read(columns.rain_mm, 1000)
    temperature = read(columns.temperature_c, 100)
    if wind is None or rain is None or temperature is None:
        return None
    try:
        return Hour(
            start=start,
            wind_cm_per_s=wind,
            rain_um=rain,
            temperature_cdeg=temperature,
            gust_cm_per_s=read(columns.gust_m_per_s, 100),
            humidity_permille=read(columns.humidity_percent, 10),
        )
    except InvalidProblem as error:
        if error.subject.startswith("row "):
            raise
        zh, en = "不可能的数值", "is no value that weather has"
        raise InvalidProblem(f"row {row} ({error.subject})", error.field, zh, en) from error
