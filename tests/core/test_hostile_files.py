"""Hostile files: each becomes one named fault within 1 s and 150 MB.

Each case runs in a forked child; the kernel counts its peak memory and its processor seconds,
which neighbours on a shared machine do not lengthen.
"""

import json
import os
import pickle
import sqlite3
import stat
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely
from openpyxl import Workbook
from shapely.geometry import box

from backend.core.errors import BadInput
from backend.core.intake import read_features, read_table

MEMORY_BYTES_MAX = 150 << 20
SECONDS_MAX = 1.0
Member = tuple[str | zipfile.ZipInfo, bytes]


def measured(read: Callable[[], object]) -> tuple[list[str], float, int]:
    """Run a reader in a child; return its fault codes, processor seconds and added peak bytes."""
    inlet, outlet = os.pipe()
    pid = os.fork()
    if pid == 0:
        before = kernel_bytes("VmRSS")
        try:
            read()
            answer: list[str] = []
        except BadInput as error:
            answer = sorted({fault.code for fault in error.faults})
        except BaseException as error:  # noqa: BLE001 - the parent must hear of any traceback
            answer = [f"traceback {type(error).__name__}: {error}"]
        os.write(outlet, pickle.dumps((answer, kernel_bytes("VmHWM") - before)))
        os._exit(0)
    os.close(outlet)
    with os.fdopen(inlet, "rb") as stream:
        codes, peak_bytes = pickle.loads(stream.read())  # noqa: S301 - our own child wrote it
    usage = os.wait4(pid, 0)[2]
    return codes, usage.ru_utime + usage.ru_stime, peak_bytes


def kernel_bytes(name: str) -> int:
    """Return a memory figure of this process as the kernel counts it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def archive(*members: Member, packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Zip members as given, with names that no honest tool would write."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", packing) as target:
        for name, content in members:
            target.writestr(name, content, compress_type=packing)
    return stream.getvalue()


def workbook_with(part: str, content: bytes) -> bytes:
    """Replace one part of a small honest workbook."""
    book = Workbook()
    book.worksheets[0].append(["DKBM"])
    stream = BytesIO()
    book.save(stream)
    with zipfile.ZipFile(stream) as source:
        members = {name: source.read(name) for name in source.namelist()}
    return archive(*(members | {part: content}).items())


def sheet(body: bytes, start: bytes = b"") -> bytes:
    """Replace the sheet of a workbook by one with this body."""
    xml = start + b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    return workbook_with(
        "xl/worksheets/sheet1.xml", xml + b"<sheetData>" + body + b"</sheetData></worksheet>"
    )


def link() -> zipfile.ZipInfo:
    """Make a member that is a symbolic link."""
    info = zipfile.ZipInfo("dk.shp")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def gpkg(*statements: str) -> bytes:
    """Write an honest GeoPackage and then run SQL on it."""
    path = Path(os.environ["TGJ_HOSTILE_FOLDER"]) / "dk.gpkg"
    path.unlink(missing_ok=True)
    write(path, "GPKG")
    base = sqlite3.connect(path)
    for statement in statements:
        base.execute(statement)
    base.commit()
    base.close()
    return path.read_bytes()


def shapefile(**changed: Callable[[bytes], bytes]) -> bytes:
    """Write an honest Shapefile and change the bytes of some parts."""
    folder = Path(os.environ["TGJ_HOSTILE_FOLDER"])
    write(folder / "dk.shp", "ESRI Shapefile")
    same: Callable[[bytes], bytes] = bytes
    return archive(
        *[
            (path.name, changed.get(path.suffix[1:], same)(path.read_bytes()))
            for path in sorted(folder.glob("dk.*"))
            if path.suffix != ".gpkg"
        ]
    )


def write(path: Path, driver: str) -> None:
    """Write three square fields with GDAL."""
    shapes = [box(112.8 + at / 100, 36.8, 112.805 + at / 100, 36.805) for at in range(3)]
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(shapes, dtype=object)),
        [np.array(["a", "b", "c"], dtype=object)],
        ["DKBM"],
        geometry_type="Polygon",
        driver=driver,
        crs="EPSG:4490",
    )


def collection(ring: str) -> bytes:
    """Write one GeoJSON feature around the text of a ring."""
    shape = '{"type":"Polygon","coordinates":[' + ring + "]}"
    feature = '{"type":"Feature","properties":{},"geometry":' + shape + "}"
    return ('{"type":"FeatureCollection","features":[' + feature + "]}").encode()


def overlapping() -> bytes:
    """Point two directory entries at the same bytes, as overlap bombs do."""
    data = bytearray(archive(("a.shp", b"x" * 90), ("b.shp", b"x" * 90)))
    second = data.rfind(b"PK\x01\x02")
    first = data.find(b"PK\x01\x02")
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    return bytes(data)


def huge() -> bytes:
    """Declare 600 MB in a member whose stored bytes would allow it by ratio."""
    data = bytearray(archive(("dk.shp", os.urandom(7 << 20)), packing=zipfile.ZIP_STORED))
    entry = data.find(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 600 << 20)
    return bytes(data)


def encrypted() -> bytes:
    """Set the encryption flag of the only member."""
    data = bytearray(archive(("dk.shp", b"x")))
    data[data.find(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def understated() -> bytes:
    """Declare fewer bytes in the directory than the member unpacks to."""
    data = bytearray(archive(("dk.shp", b"\0" * 900_000), ("dk.shx", b""), ("dk.dbf", b"")))
    entry = data.find(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 200)
    return bytes(data)


BOMB = b"\0" * (40 << 20)
DOCTYPE = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
CELLS = b"<row>" + b"<c><v>1</v></c>" * 1000 + b"</row>"
RECURSIVE = (
    "CREATE VIEW dk AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n) "
    "SELECT x AS fid, NULL AS geom FROM n"
)
NEARLY_A_CHUNK = b"<!--" + os.urandom(524_280).hex().encode() + b"-->"
KML_HEAD = b'<?xml version="1.0" encoding="UTF-8"?>'

MAPS: list[tuple[str, str, Callable[[], bytes], str]] = [
    ("ratio bomb", "a.zip", lambda: archive(("dk.shp", BOMB)), "zip-ratio"),
    ("unpacked size", "a.zip", huge, "zip-unpacked"),
    ("members", "a.zip", lambda: archive(*[(f"{n}", b"") for n in range(10_001)]), "zip-members"),
    ("traversal", "a.zip", lambda: archive(("../../dk.shp", b"x")), "zip-path"),
    ("backslashes", "a.zip", lambda: archive(("..\\dk.shp", b"x")), "zip-path"),
    ("absolute", "a.zip", lambda: archive(("/etc/dk.shp", b"x")), "zip-path"),
    ("drive letter", "a.zip", lambda: archive(("C:dk.shp", b"x")), "zip-path"),
    ("symbolic link", "a.zip", lambda: archive((link(), b"/etc/passwd")), "zip-link"),
    ("lzma", "a.zip", lambda: archive(("dk.shp", b"x"), packing=zipfile.ZIP_LZMA), "zip-packing"),
    ("encrypted", "a.zip", encrypted, "zip-encrypted"),
    ("overlap", "a.zip", overlapping, "zip-overlap"),
    ("understated size", "a.zip", understated, "zip-broken"),
    ("cut zip", "a.zip", lambda: archive(("dk.shp", b"x" * 99))[:-30], "zip-broken"),
    ("no zip", "a.zip", lambda: b"hello", "zip-broken"),
    ("no shapes", "a.zip", lambda: archive(("a.txt", b"x")), "layer-unclear"),
    ("blank parts", "a.zip", lambda: shapefile(dbf=lambda _: b"\0" * 99), "shp-broken"),
    ("dbf rows", "a.zip", lambda: shapefile(dbf=lambda b: b[:4] + b"\xff" * 4 + b[8:]),
     "shp-broken"),
    ("shx aliases", "a.zip", lambda: shapefile(shx=lambda b: b + b[100:108] * 9999), "shp-broken"),
    ("shp of zeros", "a.zip", lambda: shapefile(shp=lambda b: b"\0" * len(b)), "shp-broken"),
    ("shp of points", "a.zip", lambda: shapefile(shp=lambda b: b[:32] + b"\1" + b[33:]),
     "shp-not-polygon"),
    ("shp NaN", "a.zip", lambda: shapefile(
        shp=lambda b: b[:172] + struct.pack("<d", float("nan")) + b[180:]), "feature-not-finite"),
    ("sqlite of noise", "a.gpkg", lambda: b"SQLite format 3\0" + b"\xff" * 9000, "gpkg-broken"),
    ("no sqlite", "a.gpkg", lambda: b"<OGRVRTDataSource/>", "gpkg-broken"),
    ("endless view", "a.gpkg", lambda: gpkg("ALTER TABLE dk RENAME TO d2", RECURSIVE), "gpkg-view"),
    ("computed column", "a.gpkg", lambda: gpkg(
        "ALTER TABLE dk ADD COLUMN z AS (hex(zeroblob(500000000)))"), "gpkg-view"),
    ("foreign module", "a.gpkg", lambda: gpkg("CREATE VIRTUAL TABLE t USING fts5(x)"), "gpkg-view"),
    ("cut gpkg", "a.gpkg", lambda: gpkg()[:20_000], "gpkg-broken"),
    ("vrt as kml", "a.kml", lambda: b"<OGRVRTDataSource></OGRVRTDataSource>", "kml-root"),
    ("kml entities", "a.kml", lambda: KML_HEAD + DOCTYPE + b"<kml>&b;</kml>", "xml-doctype"),
    ("kml utf-16", "a.kml", lambda: "<kml/>".encode("utf-16"), "xml-encoding"),
    ("kml utf-7", "a.kml", lambda: b'<?xml version="1.0" encoding="UTF-7"?><kml/>', "xml-encoding"),
    ("kml depth", "a.kml", lambda: b"<kml>" + b"<Folder>" * 99_999, "kml-depth"),
    ("kml text", "a.kml", lambda: b"<kml><name>" + b"1 " * 6_000_000, "kml-text"),
    ("kml cut", "a.kml", lambda: b"<kml><Placemark>", "kml-broken"),
    ("json depth", "a.geojson", lambda: b"[" * 200_000, "geojson-syntax"),
    ("json values", "a.geojson", lambda: b"[" + b"0," * 4_000_000 + b"0]", "geojson-too-large"),
    ("json digits", "a.geojson", lambda: collection("[[1" + "0" * 9999 + ",1]]"), "geojson-syntax"),
    ("json NaN", "a.geojson", lambda: collection("[[NaN,1]]"), "geojson-syntax"),
    ("json 1e999", "a.geojson", lambda: collection("[[1e999,1]]"), "geojson-not-finite"),
    ("json vertices", "a.geojson", lambda: collection("[" + "[1,1]," * 200_000 + "[1,1]]"),
     "geojson-vertices"),
    ("json surrogate", "a.geojson", lambda: json.dumps({
        "type": "Feature", "properties": {"n": "\ud800"}, "geometry": None}).encode(),
     "feature-text"),
    ("json array", "a.geojson", lambda: b"[]", "geojson-document"),
    ("json crs", "a.geojson", lambda: b'{"type":"FeatureCollection","features":[],"crs":1}',
     "geojson-crs"),
    ("json bytes", "a.geojson", lambda: b"\xff\xfe{}", "geojson-encoding"),
    ("wkt NaN", "a.csv", lambda: b'wkt\n"POLYGON((0 0,nan 1,1 1,0 0))"\n', "feature-not-finite"),
    ("wkt depth", "a.csv", lambda: b'wkt\n"' + b"GEOMETRYCOLLECTION(" * 20_000 + b'"\n',
     "wkt-broken"),
]  # fmt: skip

TABLES: list[tuple[str, str, Callable[[], bytes], str]] = [
    ("xlsx bomb", "a.xlsx", lambda: sheet(b" " * (40 << 20)), "zip-ratio"),
    ("xlsx doctype", "a.xlsx", lambda: sheet(b"", DOCTYPE), "xml-doctype"),
    ("late doctype", "a.xlsx", lambda: sheet(b"", NEARLY_A_CHUNK + DOCTYPE),
     "xml-doctype"),
    ("xlsx utf-16", "a.xlsx", lambda: workbook_with(
        "xl/workbook.xml", "<workbook/>".encode("utf-16")), "xml-encoding"),
    ("shared strings", "a.xlsx", lambda: workbook_with(
        "xl/sharedStrings.xml",
        b"<sst>" + os.urandom(1 << 19).hex().encode() + b"<si><t>a</t></si>" * 1_100_000),
     "xlsx-too-large"),
    ("xlsx cells", "a.xlsx", lambda: sheet(os.urandom(1 << 19).hex().encode() + CELLS * 2200),
     "xlsx-too-large"),
    ("wide rows", "a.xlsx", lambda: sheet(b'<row><c r="XFD1"><v>1</v></c></row>'),
     "table-too-large"),
    ("far row", "a.xlsx", lambda: sheet(b'<row r="1048576"><c><v>1</v></c></row>'),
     "table-no-header"),
    ("cut sheet", "a.xlsx", lambda: sheet(b"<row><c>"), "xlsx-broken"),
    ("infinite cell", "a.xlsx", lambda: sheet(
        b'<row><c t="inlineStr"><is><t>a</t></is></c></row><row><c><v>1E999</v></c></row>'),
     "xlsx-digits-lost"),
    ("csv cells", "a.csv", lambda: b"a,b\n" + b",\n" * 1_100_000, "table-too-large"),
    ("csv commas", "a.csv", lambda: b"," * (20 << 20), "csv-line"),
    ("csv cell", "a.csv", lambda: b'a\n"' + b"xxxxxx\n" * 700_000, "csv-broken"),
    ("csv rows", "a.csv", lambda: b"a\n" * 1_000_001, "table-too-large"),
    ("csv zeros", "a.csv", lambda: b"\0" * (8 << 20), "text-encoding"),
    ("csv noise", "a.csv", lambda: bytes(range(1, 256)) * 40_000, "text-encoding"),
    ("too large", "a.csv", lambda: b"a" * ((64 << 20) + 1), "file-too-large"),
]  # fmt: skip

CASES = [(read_features, case) for case in MAPS] + [(read_table, case) for case in TABLES]


@pytest.mark.parametrize(("reader", "case"), CASES, ids=[case[0] for _, case in CASES])
def test_hostile_file_is_one_named_fault_within_bounds(
    reader: Callable[[bytes, str], Any],
    case: tuple[str, str, Callable[[], bytes], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every file is refused by the check meant for it, without a traceback, cheaply."""
    _, filename, build, expected = case
    monkeypatch.setenv("TGJ_HOSTILE_FOLDER", str(tmp_path))
    data = build()
    codes, seconds, peak_bytes = measured(lambda: reader(data, filename))
    assert codes == [expected]
    assert seconds < SECONDS_MAX
    assert peak_bytes < MEMORY_BYTES_MAX


def test_measuring_notices_memory_and_success() -> None:
    """The instrument itself: 200 MB taken are seen, and an honest file yields no codes."""
    codes, _, peak_bytes = measured(lambda: bytearray(os.urandom(1 << 20) * 200))
    assert codes == []
    assert peak_bytes > MEMORY_BYTES_MAX


@pytest.mark.parametrize("kind", ["a.zip", "a.gpkg"])
def test_honest_twins_of_the_hostile_files_are_read(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The builders make good files when nothing is changed, so a refusal is about the change."""
    monkeypatch.setenv("TGJ_HOSTILE_FOLDER", str(tmp_path))
    data = shapefile() if kind == "a.zip" else gpkg()
    assert len(read_features(data, kind).features) == 3
