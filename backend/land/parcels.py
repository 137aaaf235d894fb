"""Importing a collective's parcels from a cadastral file: all or nothing."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text, update

from backend.core import geometry
from backend.core.area import Area, AreaKind
from backend.core.db import WriteSession
from backend.core.ids import new_id
from backend.core.intake import FeatureSet
from backend.land.cadastre import Cadastre, ParcelEntry, ParcelOptions, read_cadastre
from backend.land.models import Parcel, ParcelArea
from backend.land.placing import check_boundary, check_moves, check_overlaps, numbered
from backend.land.register import Register, polygon_key, read_register
from backend.parties.directory import collective_code_of
from backend.parties.reports import CHANGES_LISTED_MAX, Change, Findings, ImportReport


@dataclass(slots=True)
class _Plan:
    """Rows to write, and the differences a person reads."""

    org_id: int
    source: str
    findings: Findings
    created: list[dict[str, Any]] = field(default_factory=list)
    updated: list[dict[str, Any]] = field(default_factory=list)
    areas: list[dict[str, Any]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    totals: Counter[str] = field(default_factory=Counter)


async def import_parcels(
    session: WriteSession,
    *,
    org_id: int,
    features: FeatureSet,
    source: str,
    options: ParcelOptions | None = None,
    dry_run: bool = False,
) -> ImportReport:
    """Register the file's parcels with the collective ``org_id``; ``source`` goes to the areas.

    Parcels are known by code. A changed polygon raises the row's version, a changed area is a
    new row of its kind. Raises `ImportRefused` with every fault, `NotACollective`.
    """
    options = options or ParcelOptions()
    collective = await collective_code_of(session, org_id=org_id)
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('import-parcels', :org))"),
        {"org": org_id},
    )
    findings = Findings(warnings=list(features.notes))
    cadastre = await asyncio.to_thread(
        read_cadastre, features, collective_code=collective, options=options, findings=findings
    )
    register = await read_register(session, org_id)
    plan = _Plan(org_id=org_id, source=source, findings=findings)
    entries = await asyncio.to_thread(_settle, cadastre, register, collective, options, plan)
    for entry in entries:
        _compare(plan, register, entry)
    findings.settle(dry_run=dry_run)
    if not dry_run:
        await _write(session, plan)
    return _report(plan, register, entries, features, cadastre, dry_run=dry_run)


def _settle(
    cadastre: Cadastre,
    register: Register,
    collective: str,
    options: ParcelOptions,
    plan: _Plan,
) -> list[ParcelEntry]:
    """Give codes, compare polygons with each other and the boundary; return what is imported."""
    entries = numbered(cadastre.entries, register, collective, plan.findings)
    check_boundary(entries, register.boundary, plan.findings)
    check_moves(entries, register, plan.findings)
    left_out, counts = check_overlaps(entries, register, options, plan.findings)
    plan.totals.update(counts)
    return [entry for place, entry in enumerate(entries) if place not in left_out]


def _compare(plan: _Plan, register: Register, entry: ParcelEntry) -> None:
    """Add to the plan whatever the entry changes."""
    code = str(entry.code)
    household_id = register.households.get(entry.household_code or "")
    of_this_collective = (entry.household_code or "").startswith(code[:14])
    if household_id is None and of_this_collective:
        zh, en = (
            f"承包方 {entry.household_code} 未登记",
            f"{entry.household_code} is not registered",
        )
        plan.findings.wrong("household-unknown", zh, en, row=entry.row, subject=code)
    for kind, area in entry.areas.items():
        plan.totals[f"{kind}_centimu"] += area.centimu
    known = register.parcels.get(code)
    document = None if entry.polygon is None else geometry.polygon_to_geojson(entry.polygon)
    if known is None:
        parcel_id = new_id()
        plan.created.append(
            {
                "org_id": plan.org_id,
                "id": parcel_id,
                "code": code,
                "household_id": household_id,
                "name": entry.name or f"{int(code[14:])}号地",
                "crop": entry.crop,
                "block": entry.block,
            }
            | _placed(entry, document)
        )
        for kind, area in entry.areas.items():
            _state_area(plan, parcel_id, kind, area, entry)
        return
    if known.archived_on is not None:
        zh, en = "该地块编码已注销", "The parcel code has left the register"
        plan.findings.wrong("parcel-archived", zh, en, row=entry.row, subject=code)
    moved = document is not None and polygon_key(document) != polygon_key(known.polygon)
    _compare_facts(plan, register, known, entry, document if moved else None)
    for kind, area in entry.areas.items():
        before = register.areas.get(known.id, {}).get(kind)
        # A survey on record is not replaced by a figure of the same polygon.
        weaker = entry.computed and kind is AreaKind.SURVEYED and not moved and before is not None
        if before != area.centimu and not weaker:
            _state_area(plan, known.id, kind, area, entry)
            shown = None if before is None else str(Area(before))
            _note(plan, entry, f"{kind}_mu", shown, str(area))


def _compare_facts(
    plan: _Plan,
    register: Register,
    known: Parcel,
    entry: ParcelEntry,
    document: Mapping[str, Any] | None,
) -> None:
    """Plan the update of a registered parcel; ``document`` is its polygon if that changed."""
    holder = register.households.get(entry.household_code or "", known.household_id)
    before = {"name": known.name, "crop": known.crop, "block": known.block}
    after = {
        "name": entry.name or known.name,
        "crop": entry.crop or known.crop,
        "block": entry.block or known.block,
    }
    if before == after and holder == known.household_id and document is None:
        return
    kept = {name: getattr(known, name) for name in ("polygon", "polygon_m2", *_EDGES)}
    plan.updated.append(
        {
            "org_id": plan.org_id,
            "id": known.id,
            "household_id": holder,
            "row_version": known.row_version + 1,
        }
        | after
        | (kept if document is None else _placed(entry, document))
    )
    for name, value in after.items():
        if before[name] != value:
            _note(plan, entry, name, before[name], value)
    if holder != known.household_id:
        old = register.codes_by_id.get(known.household_id) if known.household_id else None
        _note(plan, entry, "household_code", old, entry.household_code)
    if document is not None:
        old_m2 = None if known.polygon_m2 is None else f"{known.polygon_m2:.1f} m²"
        _note(plan, entry, "geometry", old_m2, f"{entry.polygon_m2:.1f} m²")


_EDGES = ("min_lon", "min_lat", "max_lon", "max_lat")


def _placed(entry: ParcelEntry, document: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the polygon's columns, all None for a parcel without one."""
    edges = (None,) * 4 if entry.polygon is None else entry.polygon.bounds
    return {
        "polygon": document,
        "polygon_m2": entry.polygon_m2,
        **dict(zip(_EDGES, edges, strict=True)),
    }


def _state_area(
    plan: _Plan, parcel_id: UUID, kind: AreaKind, area: Area, entry: ParcelEntry
) -> None:
    computed = entry.computed and kind is AreaKind.SURVEYED
    plan.areas.append(
        {
            "org_id": plan.org_id,
            "id": new_id(),
            "parcel_id": parcel_id,
            "kind": str(kind),
            "area_centimu": area.centimu,
            "source": f"{plan.source}（按图形计算）" if computed else plan.source,
        }
    )


def _note(
    plan: _Plan, entry: ParcelEntry, name: str, before: str | None, after: str | None
) -> None:
    code = str(entry.code)
    plan.touched.add(code)
    plan.changes.append(Change(row=entry.row, subject=code, field=name, before=before, after=after))


async def _write(session: WriteSession, plan: _Plan) -> None:
    """Write the plan in three statements."""
    if plan.created:
        await session.execute(insert(Parcel), plan.created)
    if plan.updated:
        await session.execute(update(Parcel), plan.updated)
    if plan.areas:
        await session.execute(insert(ParcelArea), plan.areas)


def _report(
    plan: _Plan,
    register: Register,
    entries: Sequence[ParcelEntry],
    features: FeatureSet,
    cadastre: Cadastre,
    *,
    dry_run: bool,
) -> ImportReport:
    named = {entry.code for entry in entries}
    totals = {
        "registered_centimu": 0,
        "contract_centimu": 0,
        "surveyed_centimu": 0,
        "overlaps": 0,
        "duplicates": 0,
        "repaired": cadastre.repaired,
        "refused": cadastre.refused,
        "without_household": sum(entry.household_code is None for entry in entries),
        "survey_difference_ppm": cadastre.survey_difference_ppm,
    } | plan.totals
    return ImportReport(
        kind="parcels",
        source=plan.source,
        dry_run=dry_run,
        rows=len(features.features),
        created=len(plan.created),
        updated=len(plan.touched),
        unchanged=len(entries) - len(plan.created) - len(plan.touched),
        skipped=len(features.features) - len(entries),
        missing=sum(
            parcel.archived_on is None and code not in named
            for code, parcel in register.parcels.items()
        ),
        totals=totals,
        changes=tuple(plan.changes[:CHANGES_LISTED_MAX]),
        warnings=plan.findings.listed(plan.findings.warnings),
        faults=plan.findings.listed(plan.findings.faults),
    )
