"""Where a file's parcels lie: their numbers, the collective's boundary, and each other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from backend.core import geometry
from backend.core.geometry import Polygonal
from backend.land.cadastre import ParcelEntry, ParcelOptions
from backend.land.register import Register, polygon_key
from backend.land.rules import OVERLAP_M2_MIN, judge_pairs, tolerance_m2
from backend.parties.reports import Findings

_NUMBERS_MAX = 99_999
_MOVED_MIN = 3
_MOVED_M_MAX = 20.0
_M_PER_DEGREE = 111_200.0


def numbered(
    entries: Sequence[ParcelEntry], register: Register, collective: str, findings: Findings
) -> list[ParcelEntry]:
    """Give parcels without a code the one of the same polygon, else the next free number."""
    if all(entry.code is not None for entry in entries):
        return list(entries)
    taken = {entry.code for entry in entries if entry.code is not None}
    same = {
        polygon_key(parcel.polygon): code
        for code, parcel in register.parcels.items()
        if parcel.polygon is not None and code not in taken
    }
    used = [int(code[14:]) for code in (*register.parcels, *(c for c in taken if c))]
    number = max(used, default=0)
    answer = []
    for entry in entries:
        code = entry.code
        if code is None:
            shown = None if entry.polygon is None else geometry.polygon_to_geojson(entry.polygon)
            code = same.pop(polygon_key(shown), None) if shown else None
        if code is None:
            number += 1
            code = f"{collective}{number:05d}"
        answer.append(replace(entry, code=code))
    if number > _NUMBERS_MAX:
        zh, en = "五位地块编号已用完", "The five-digit parcel numbers are used up"
        findings.wrong("parcel-numbers-used-up", zh, en)
    return answer


def check_boundary(
    entries: Sequence[ParcelEntry], boundary: Polygonal | None, findings: Findings
) -> None:
    """Refuse parcels that lie outside the collective by more than the tolerance."""
    placed = [entry for entry in entries if entry.polygon is not None]
    if boundary is None:
        if placed:
            zh, en = "未登记村界，未检查是否越界", "No boundary is registered: it was not checked"
            findings.warn("boundary-unknown", zh, en)
        return
    shapely.prepare(boundary)
    for entry in placed:
        if entry.polygon is None or shapely.covers(boundary, entry.polygon):
            continue
        outside = shapely.difference(entry.polygon, boundary)
        if not isinstance(outside, Polygon | MultiPolygon):
            continue  # they differ by a line
        outside_m2 = float(geometry.areas_m2([outside])[0])
        if outside_m2 > tolerance_m2(entry.polygon_m2 or 0.0):
            zh = f"有 {outside_m2:.0f} m² 在本集体界外"
            en = f"{outside_m2:.0f} m² lie outside the collective"
            findings.wrong(
                "parcel-outside", zh, en, row=entry.row, field="geometry", subject=entry.code
            )


def check_moves(entries: Sequence[ParcelEntry], register: Register, findings: Findings) -> None:
    """Remark when registered parcels all move alike: the file's coordinates may be misnamed.

    GCJ-02 read as CGCS2000 lies some 500 m off, an old datum some 100 m.
    """
    pairs = [
        (
            _middle(entry.polygon.bounds),
            _middle((old.min_lon, old.min_lat, old.max_lon, old.max_lat)),
        )
        for entry in entries
        if entry.polygon is not None
        and (old := register.parcels.get(str(entry.code))) is not None
        and old.min_lon is not None
        and old.min_lat is not None
        and old.max_lon is not None
        and old.max_lat is not None
    ]
    if len(pairs) < _MOVED_MIN:
        return
    after, before = (np.array(side) for side in zip(*pairs, strict=True))
    degrees = np.median(after - before, axis=0)
    east_m = degrees[0] * _M_PER_DEGREE * np.cos(np.radians(before[0, 1]))
    moved_m = float(np.hypot(east_m, degrees[1] * _M_PER_DEGREE))
    if moved_m > _MOVED_M_MAX:
        zh = (
            f"{len(pairs)} 块已登记地块整体移动约 {moved_m:.0f} 米，"
            "请核对坐标系（如为 GCJ-02，用 --crs 注明）"
        )
        en = (
            f"{len(pairs)} registered parcels move by about {moved_m:.0f} m together: "
            "compare the coordinate system (if it is GCJ-02, say --crs GCJ-02)"
        )
        findings.warn("parcels-moved", zh, en)


def _middle(edges: Sequence[float]) -> tuple[float, float]:
    return (edges[0] + edges[2]) / 2, (edges[1] + edges[3]) / 2


def check_overlaps(
    entries: Sequence[ParcelEntry], register: Register, options: ParcelOptions, findings: Findings
) -> tuple[set[int], Counter[str]]:
    """Report overlaps and duplicates within the file and with registered parcels.

    Returns the places of entries that are left out because they repeat another's ground, and
    the counts of both.
    """
    places = [place for place, entry in enumerate(entries) if entry.polygon is not None]
    shapes = [entry.polygon for entry in entries if entry.polygon is not None]
    others = _neighbours(entries, shapes, register)
    labels: list[tuple[str, int | None]]
    labels = [(str(entries[place].code), entries[place].row) for place in places]
    labels += [(code, None) for code, _ in others]
    everything = [*shapes, *(shape for _, shape in others)]
    sizes_m2 = geometry.areas_m2(everything)
    # Two copies of a parcel smaller than the tolerance must still meet.
    floor_m2 = min(OVERLAP_M2_MIN, 0.9 * float(min(sizes_m2, default=OVERLAP_M2_MIN)))
    shared = geometry.overlaps(everything, tolerance_m2=floor_m2)
    left_out: set[int] = set()
    counts: Counter[str] = Counter()
    for pair in judge_pairs(shared, sizes_m2.tolist()):
        if pair.first >= len(shapes):
            continue  # both are registered already
        later = pair.second if pair.second < len(shapes) else pair.first
        earlier = pair.first if later == pair.second else pair.second
        entry, (other, row) = entries[places[later]], labels[earlier]
        kind = "duplicate" if pair.duplicate else "overlap"
        counts[f"{kind}s"] += 1
        how = "是同一块地" if pair.duplicate else "重叠"
        # A number that was given just now tells a clerk nothing: the row does.
        where_zh, where_en = ("", "") if row is None else (f"第 {row} 行的", f" of row {row}")
        zh = f"与{where_zh}地块 {other} {how}（{pair.shared_m2:.1f} m²）"
        en = f"It {'is the same ground as' if pair.duplicate else 'overlaps'} {other}{where_en}"
        refused = pair.duplicate or options.strict_overlaps
        if pair.duplicate and options.leave_out:
            left_out.add(places[later])
            refused = False
        (findings.wrong if refused else findings.warn)(
            f"parcel-{kind}",
            zh,
            f"{en} ({pair.shared_m2:.1f} m²)",
            row=entry.row,
            field="geometry",
            subject=entry.code,
        )
    return left_out, counts


def _neighbours(
    entries: Sequence[ParcelEntry], shapes: Sequence[Polygonal], register: Register
) -> list[tuple[str, Polygonal]]:
    """Return registered polygons near the file's that the file does not replace."""
    if not shapes:
        return []
    replaced = {entry.code for entry in entries if entry.polygon is not None}
    tree = shapely.STRtree(list(shapes))
    found = []
    for code, parcel in register.parcels.items():
        if code in replaced or parcel.polygon is None or parcel.archived_on is not None:
            continue
        shape = geometry.polygon_from_geojson(parcel.polygon)
        if tree.query(shape).size and shapely.is_valid(shape):
            found.append((code, shape))
    return found
