"""What a file may cost, checked before any library opens it: bytes, ratio, members, rows.

Ten megabytes of XLSX can cost a reader a minute and a gigabyte, and a zip may name files outside
its folder; so archives are judged by their directory and XML by a plain scan first.
"""

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

from backend.core.errors import BadInput, Fault

_CHUNK_BYTES = 1 << 20
_RATIO_FROM_BYTES = 1 << 20
"""Members under 1 MiB may be blank-padded tables that pack better than any ratio."""

_TAIL_BYTES = 512
_XML_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)")
_BARE_FORMULA = re.compile(rb"(?:</f>|<f\b[^<>]*/>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for one file; the defaults keep a hostile one near 1 s and 150 MB."""

    file_bytes: int = 64 << 20
    unpacked_bytes: int = 512 << 20
    ratio: int = 100
    members: int = 10_000
    rows: int = 1_000_000
    cells: int = 1_000_000
    columns: int = 702
    """As far as column ZZ of a sheet."""
    cell_characters: int = 4_000_000
    xml_bytes: int = 128 << 20
    xml_tags: int = 1_000_000
    """About 250,000 cells of a workbook: openpyxl is slow, larger tables come as CSV."""
    json_values: int = 3_000_000
    vertices: int = 2_000_000
    faults: int = 100
    """Reading stops after so many faults: a clerk will not fix more in one go."""


DEFAULT_LIMITS = Limits()


def refusal(
    code: str, zh: str, en: str, *, row: int | None = None, field: str | None = None
) -> BadInput:
    """Make the error for a file with one fault."""
    return BadInput([Fault(code=code, zh=zh, en=en, row=row, field=field)])


class FaultList:
    """Gathers faults over a file and raises BadInput with all, or at the limit."""

    def __init__(self, limits: Limits) -> None:
        self._faults: list[Fault] = []
        self._limit = limits.faults

    def add(
        self, code: str, zh: str, en: str, *, row: int | None = None, field: str | None = None
    ) -> None:
        """Keep one fault; raises BadInput when the limit is reached."""
        self.extend([Fault(code=code, zh=zh, en=en, row=row, field=field)])

    def extend(self, faults: "list[Fault] | tuple[Fault, ...]") -> None:
        """Keep several faults; raises BadInput when the limit is reached."""
        self._faults.extend(faults)
        if len(self._faults) >= self._limit:
            raise BadInput(self._faults[: self._limit])

    def settle(self) -> None:
        """Raise BadInput if anything was kept."""
        if self._faults:
            raise BadInput(self._faults)


def load(data: bytes | Path, limits: Limits) -> bytes:
    """Return the bytes of an upload or file that is neither empty nor over the limit."""
    size = data.stat().st_size if isinstance(data, Path) else len(data)
    if size > limits.file_bytes:
        megabytes = limits.file_bytes >> 20
        raise refusal("file-too-large", f"文件超过 {megabytes} MB", f"Over {megabytes} MB")
    content = data.read_bytes() if isinstance(data, Path) else data
    if len(content) < _CHUNK_BYTES and not content.strip(b"\xef\xbb\xbf \t\r\n"):
        raise refusal("file-empty", "文件为空", "The file is empty")
    return content


def open_zip(content: bytes, limits: Limits) -> zipfile.ZipFile:
    """Open an archive whose directory keeps all limits; nothing is unpacked yet.

    Refuses too many members, names that leave the folder, links, encryption, unusual packing,
    members that share bytes (overlap bombs), and sizes or ratios over the limits. `zipfile`
    never yields more than the size declared here.
    """
    if content.count(b"PK\x01\x02") > limits.members:
        raise refusal("zip-members", "压缩包内文件过多", "The archive has too many members")
    try:
        archive = zipfile.ZipFile(BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise refusal("zip-broken", "压缩包已损坏", "The archive is broken") from error
    members = archive.infolist()
    for member in members:
        _check_member(member, limits)
    if len({member.filename for member in members}) != len(members):
        raise refusal("zip-repeated", "压缩包内文件重名", "A member occurs twice in the archive")
    if sum(member.file_size for member in members) > limits.unpacked_bytes:
        raise refusal("zip-unpacked", "解压后过大", "The archive unpacks to too much")
    ends = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < ends:
            raise refusal("zip-overlap", "压缩包结构异常", "Members of the archive overlap")
        ends = member.header_offset + 30 + member.compress_size
    return archive


def _check_member(member: zipfile.ZipInfo, limits: Limits) -> None:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in member.filename:
        raise refusal("zip-path", "压缩包内路径越界", "A member's path leaves the archive")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise refusal("zip-link", "压缩包内有符号链接", "The archive holds a symbolic link")
    if member.flag_bits & 0x1:
        raise refusal("zip-encrypted", "压缩包已加密", "The archive is encrypted")
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise refusal("zip-packing", "压缩方式不受支持", "Use plain deflate packing")
    over = member.file_size > limits.ratio * max(member.compress_size, 1)
    if over and member.file_size > _RATIO_FROM_BYTES:
        raise refusal("zip-ratio", "压缩比异常", "A member unpacks to suspiciously much")


def chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Yield a member's bytes by the megabyte; BadInput when it is damaged."""
    try:
        with archive.open(name) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                yield chunk
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise refusal("zip-broken", "压缩包已损坏", "The archive is broken") from error


def check_xml_start(start: bytes) -> None:
    """Refuse XML that is not UTF-8 from its first bytes: other encodings can hide a DOCTYPE."""
    start = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    encoding = _XML_ENCODING.match(start)
    named = encoding[1].lower() if encoding else b"utf-8"
    if not start.startswith(b"<") or b"\0" in start or named not in {b"utf-8", b"us-ascii"}:
        raise refusal("xml-encoding", "XML 必须为 UTF-8 编码", "The XML must be UTF-8")


def check_workbook(archive: zipfile.ZipFile, limits: Limits) -> None:
    """Scan the XML parts of a workbook for what would hurt: DOCTYPE, encoding, size, tags.

    Also refuses formulas that were never calculated, since they would read as blank cells.
    """
    parts = [m for m in archive.infolist() if m.filename.lower().endswith((".xml", ".rels"))]
    if sum(part.file_size for part in parts) > limits.xml_bytes:
        raise refusal("xlsx-too-large", "工作簿内容过大", "The workbook holds too much XML")
    tags = 0
    for part in parts:
        tail = b""
        for number, chunk in enumerate(chunks(archive, part.filename)):
            if number == 0:
                check_xml_start(chunk[:1000])
            tags += chunk.count(b"<")
            if tags > limits.xml_tags:
                zh, en = (
                    "工作簿单元格过多，请另存为 CSV",
                    "The workbook is too large; save it as CSV",
                )
                raise refusal("xlsx-too-large", zh, en)
            _check_part(tail + chunk, sheet="worksheets/" in part.filename)
            tail = chunk[-_TAIL_BYTES:]


def _check_part(text: bytes, *, sheet: bool) -> None:
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise refusal("xml-doctype", "XML 不得含 DOCTYPE", "The XML must have no DOCTYPE")
    if sheet and _BARE_FORMULA.search(text):
        zh, en = "工作表含未计算的公式，请在表格软件中另存", "A formula has no value; save it again"
        raise refusal("xlsx-formula", zh, en)
