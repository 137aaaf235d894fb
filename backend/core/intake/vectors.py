"""GeoPackage and zipped Shapefile through pyogrio, after checks of their binary headers.

Files are written to a private folder under fixed names, so no name from an upload reaches GDAL
and no virtual file system (zip, network) is used.
"""

import codecs
import re
import sqlite3
import struct
from contextlib import closing
from functools import lru_cache
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
from shapely.geometry import MultiPolygon, Polygon

from backend.core.errors import BadInput
from backend.core.intake.documents import RawFeature, RawFile, value_of
from backend.core.intake.limits import FaultList, Limits, chunks, open_zip, refusal

_SQLITE_STEPS_MAX = 200
"""Progress callbacks of 100,000 virtual machine steps each, about a second in all."""

_POLYGON_SHAPES = frozenset({0, 5, 15, 25})
_CODE_PAGES = {"65001": "utf-8", "936": "gb18030", "cp936": "gb18030", "gbk": "gb18030"}
_SHAPE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


@lru_cache(maxsize=1)
def _close_network() -> None:
    """Let no driver of this process fetch anything over HTTP or load SQLite extensions."""
    pyogrio.set_gdal_config_options(
        {
            "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
            "GDAL_HTTP_MAX_RETRY": "0",
            "OGR_SQLITE_PRAGMA": "trusted_schema=0",
            "SHAPE_RESTORE_SHX": "NO",
        }
    )


def read_gpkg(content: bytes, limits: Limits, layer: str | None) -> RawFile:
    """Read one layer of a GeoPackage; views and computed columns are refused, they run SQL."""
    if content[:16] != b"SQLite format 3\0":
        raise refusal("gpkg-broken", "不是 GPKG 文件", "This is not a GeoPackage")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "data.gpkg"
        path.write_bytes(content)
        layers = _check_sqlite(path, limits)
        return _read(path, _one_layer(layers, layer), limits, driver="GPKG")


def _check_sqlite(path: Path, limits: Limits) -> list[str]:
    """Return the vector layers after looking at the schema with a bounded SQLite."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as base:
            left = iter(range(_SQLITE_STEPS_MAX))
            base.set_progress_handler(lambda: next(left, None) is None, 100_000)
            base.execute("PRAGMA trusted_schema=0")
            schema = base.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
            _check_schema(schema)
            if base.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise refusal("gpkg-broken", "GPKG 已损坏", "The GeoPackage is broken")
            names = base.execute(
                "SELECT table_name FROM gpkg_contents WHERE data_type = 'features'"
            ).fetchall()
            tables = {name for kind, name, _ in schema if kind == "table"}
            layers = [str(name) for (name,) in names if name in tables]
            for name in layers:
                quoted = name.replace('"', '""')
                count = base.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0]  # noqa: S608
                if count > limits.rows:
                    raise refusal("table-too-large", "要素过多", "There are too many features")
    except (sqlite3.Error, UnicodeDecodeError, ValueError) as error:
        raise refusal("gpkg-broken", "GPKG 已损坏", "The GeoPackage is broken") from error
    return layers


def _check_schema(schema: list[tuple[Any, ...]]) -> None:
    for kind, _, sql in schema:
        text = str(sql or "")
        virtual = re.match(r"\s*CREATE\s+VIRTUAL\b", text, re.IGNORECASE)
        rtree = re.search(r"\bUSING\s+[\"']?rtree\b", text, re.IGNORECASE)
        computed = re.search(r"\bAS\s*\(", text, re.IGNORECASE) and kind == "table"
        if kind == "view" or computed or (virtual and not rtree):
            zh, en = "GPKG 含视图或计算列，请导出为普通图层", "It has views or computed columns"
            raise refusal("gpkg-view", zh, en)


def _one_layer(layers: list[str], wanted: str | None) -> str:
    """Choose the wanted layer, or the only one; else BadInput listing what there is."""
    if wanted in layers:
        return str(wanted)
    if wanted is None and len(layers) == 1:
        return layers[0]
    listed = "、".join(sorted(layers)[:20])
    zh, en = f"请指定图层，现有：{listed}", f"Name one layer of: {listed}"
    raise refusal("layer-unclear", zh, en, field="layer")


def read_shapefile(content: bytes, limits: Limits, layer: str | None) -> RawFile:
    """Read one Shapefile of a zip; text is UTF-8 or GBK as its bytes show, whatever .cpg says."""
    with open_zip(content, limits) as archive, TemporaryDirectory() as folder:
        stems: dict[str, dict[str, str]] = {}
        for name in archive.namelist():
            pure = PurePosixPath(name.replace("\\", "/"))
            if pure.suffix.lower() in _SHAPE_PARTS and "__MACOSX" not in pure.parts:
                stems.setdefault(pure.stem, {}).setdefault(pure.suffix.lower(), name)
        shapes = [stem for stem, parts in stems.items() if ".shp" in parts]
        parts = stems[_one_layer(shapes, layer)]
        for suffix in (".shx", ".dbf"):
            if suffix not in parts:
                zh, en = f"压缩包缺少 {suffix} 文件", f"The archive has no {suffix} file"
                raise refusal("shp-part-missing", zh, en, field=suffix)
        _unpack(archive, parts, Path(folder), limits)
        return _read_shape(Path(folder), limits)


def _unpack(archive: ZipFile, parts: dict[str, str], folder: Path, limits: Limits) -> None:
    """Write the parts under fixed names; the table's header is judged before the rest."""
    for suffix, name in parts.items():
        size = archive.getinfo(name).file_size
        with (folder / f"data{suffix}").open("wb") as target:
            for number, chunk in enumerate(chunks(archive, name)):
                if number == 0 and suffix == ".dbf":
                    _check_dbf(chunk, size, limits)
                target.write(chunk)


def _check_dbf(start: bytes, size: int, limits: Limits) -> None:
    records, header, width = struct.unpack("<IHH", start[4:12]) if len(start) > 32 else (0, 0, 0)
    if not width or header < 33 or abs(size - header - records * width) > 1:
        raise refusal("shp-broken", "DBF 文件长度与表头不符", "The DBF is not as long as it says")
    if records > limits.rows:
        raise refusal("table-too-large", "要素过多", "There are too many features")


def _read_shape(folder: Path, limits: Limits) -> RawFile:
    shp, shx = folder / "data.shp", folder / "data.shx"
    with shp.open("rb") as stream:
        start = stream.read(100)
    if len(start) < 100 or start[:4] != b"\0\0\x27\x0a":
        raise refusal("shp-broken", "不是 Shapefile", "This is not a Shapefile")
    if struct.unpack("<i", start[32:36])[0] not in _POLYGON_SHAPES:
        raise refusal("shp-not-polygon", "图层不是面图层", "The layer does not hold polygons")
    index = np.frombuffer(shx.read_bytes()[100:][: (shx.stat().st_size - 100) // 8 * 8], ">i4")
    lengths = index[1::2].astype(np.int64)
    if (lengths < 0).any() or int((2 * lengths + 8).sum()) + 100 > shp.stat().st_size:
        raise refusal("shp-broken", "SHX 索引与图形不符", "The SHX does not fit the shapes")
    encoding = _dbf_encoding(folder)
    answer = _read(shp, "data", limits, driver="ESRI Shapefile", encoding=encoding)
    prj = folder / "data.prj"
    if prj.exists() and prj.stat().st_size <= 1 << 16:
        answer.declared = prj.read_bytes().decode("utf-8", "replace").strip("\ufeff \r\n\t") or None
    return answer


def _dbf_encoding(folder: Path) -> str:
    """Try the encoding that .cpg names, then UTF-8, then GB18030, on all text of the table."""
    body = (folder / "data.dbf").read_bytes()
    header = struct.unpack("<H", body[8:10])[0]
    names = b"\n".join(body[at : at + 11].split(b"\0")[0] for at in range(32, header - 1, 32))
    text = names + body[header:].rstrip(b"\x1a")
    cpg = folder / "data.cpg"
    said = cpg.read_bytes()[:40].decode("ascii", "ignore").strip().lower() if cpg.exists() else ""
    said = said.removeprefix("ansi ")
    candidates = [_CODE_PAGES.get(said, said), "utf-8", "gb18030"]
    for name in candidates:
        try:
            codec = codecs.lookup(name).name
            text.decode(codec)
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
        return "GB18030" if codec == "gb18030" else codec
    zh, en = (
        "属性表编码不是 UTF-8 或 GBK，请附 .cpg 文件",
        "The table is not UTF-8 or GBK; add a .cpg",
    )
    raise refusal("shp-encoding", zh, en)


def _check_driver(found: str, expected: str) -> None:
    if found != expected:
        raise refusal("file-type", "文件内容与扩展名不符", "The content is another format")


def _read(
    path: Path, layer: str, limits: Limits, *, driver: str, encoding: str | None = None
) -> RawFile:
    """Read one layer with pyogrio; whatever GDAL dislikes becomes one fault."""
    _close_network()
    try:
        info = pyogrio.read_info(path, layer=layer, encoding=encoding)
        _check_driver(info["driver"], driver)
        meta, _, shapes, columns = pyogrio.raw.read(
            path, layer=layer, encoding=encoding, force_2d=True, datetime_as_string=True
        )
        with np.errstate(invalid="ignore"):
            geometries = shapely.from_wkb(shapes)
    except BadInput:
        raise
    except Exception as error:  # GDAL, GEOS and decoding errors share no base class
        raise refusal("map-broken", "地图文件已损坏", "The map file is broken") from error
    answer = RawFile(declared=info["crs"])
    faults = FaultList(limits)
    names = [str(name) for name in meta["fields"]]
    plain = [column.tolist() for column in columns]
    for at, geometry in enumerate(geometries):
        number = at + 1
        if geometry is not None and not isinstance(geometry, Polygon | MultiPolygon):
            zh, en = "不是面要素", "The geometry is not a polygon"
            faults.add("feature-not-polygon", zh, en, row=number, field="geometry")
            continue
        values = {
            name: value_of(column[at], number, name, faults)
            for name, column in zip(names, plain, strict=True)
        }
        answer.features.append(RawFeature(number, geometry, values))
    faults.settle()
    return answer
