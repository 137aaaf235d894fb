"""Text of a cell and CSV files: encoding and delimiter detection, spaces, full-width digits."""

import codecs
import csv
import io
import re
import string
from collections.abc import Iterator

from backend.core.intake.limits import Limits, refusal

_CHUNK_BYTES = 1 << 20
_SNIFF_BYTES = 1 << 16
_LINE_CHARACTERS_MAX = 8 << 20
_WIDE_OFFSET = ord("０") - ord("0")
_WIDE = {ord(plain) + _WIDE_OFFSET: plain for plain in string.digits + string.ascii_letters + ".-"}
_LOST = re.compile(r"[0-9](\.[0-9]+)?[eE]\+[0-9]{2,3}")


def clean(text: str) -> str:
    """Drop outer spaces (ideographic too) and make full-width digits and letters plain.

    Full-width brackets and commas stay: they belong to names.
    """
    return text.strip() if text.isascii() else text.translate(_WIDE).strip()


def storable(text: str) -> bool:
    """Tell whether a database can hold the text: no NUL and no lone surrogate."""
    return "\0" not in text and (text.isascii() or not re.search("[\ud800-\udfff]", text))


def looks_lost(text: str) -> bool:
    """Tell whether a spreadsheet wrote a long code as 1.40429E+18, losing its last digits."""
    return len(text) < 30 and bool(_LOST.fullmatch(text)) and int(re.split("[eE]", text)[1]) >= 11


def detect_encoding(content: bytes) -> str:
    """Return the codec of a text: by its mark, else UTF-8 if all of it is, else GB18030.

    Raises BadInput when neither reads it, or when it has NUL bytes like a binary file.
    """
    if content.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif b"\0" in content:
        candidates = []
    else:
        candidates = ["utf-8", "gb18030"]
    for name in candidates:
        if _decodes(content, name):
            return name
    raise refusal(
        "text-encoding", "文件不是 UTF-8 或 GBK 文本", "The file is not UTF-8 or GBK text"
    )


def _decodes(content: bytes, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        for start in range(0, len(content), _CHUNK_BYTES):
            decoder.decode(content[start : start + _CHUNK_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def read_csv(content: bytes, limits: Limits) -> Iterator[list[str]]:
    """Yield the records of a CSV text, a blank line as an empty list.

    So counting from 1 gives the row number that a spreadsheet shows. The delimiter is the
    commonest of comma, semicolon and tab in the first line. Raises BadInput at a bad quote.
    """
    if content.count(b"\n") > limits.rows:
        raise refusal("table-too-large", "表格行过多", "The table has too many lines")
    encoding = detect_encoding(content)
    csv.field_size_limit(limits.cell_characters)
    stream = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
    first = stream.read(_SNIFF_BYTES).partition("\n")[0]
    stream.seek(0)
    reader = csv.reader(_lines(stream), delimiter=_delimiter(first), strict=True)
    number, cells = 0, 0
    try:
        for record in reader:
            number += 1
            cells += len(record)
            if number > limits.rows or cells > limits.cells:
                raise refusal("table-too-large", "表格行或单元格过多", "Too many rows or cells")
            yield record
    except csv.Error as error:
        zh, en = "引号不配对或单元格过长", "A quote is not closed or a cell is too long"
        raise refusal("csv-broken", zh, en, row=number + 1) from error


def _lines(stream: io.TextIOWrapper) -> Iterator[str]:
    while line := stream.readline(_LINE_CHARACTERS_MAX):
        if len(line) == _LINE_CHARACTERS_MAX:
            raise refusal("csv-line", "一行过长", "A line is too long")
        yield line


def _delimiter(line: str) -> str:
    """Choose by count outside quotes; a comma when there is none of the three."""
    bare = re.sub(r'"[^"]*"', "", line)
    return max((",", ";", "\t"), key=bare.count)
