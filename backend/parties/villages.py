"""Villages from the statistics bureau's lists: divisions, and one collective for each village.

Divisions and the directory of organisations are shared tables, so this runs for the platform or
a county bureau. Everything is keyed by code: names are not unique (武乡 has two 松庄村).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import insert, text, update
from sqlmodel import col, select

from backend.core.codes import RegionCode
from backend.core.db import WriteSession
from backend.core.intake import Columns, Table
from backend.parties.models import Organisation, Region
from backend.parties.reports import CHANGES_LISTED_MAX, Change, Findings, ImportReport

COLUMNS = Columns(
    {
        "code": ("code", "区划代码", "统计用区划代码", "村代码", "行政区划代码"),
        "name": ("name", "名称", "村名称", "行政区划名称"),
        "town": ("streetCode", "乡镇代码", "街道代码"),
        "county": ("areaCode", "县代码", "区县代码"),
    },
    required=["code", "name"],
)
_OFFICE = re.compile(r"(?:社区)?居(?:民委员|委)会$|村(?:民委员|委)会$")
_NAME_LENGTH_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Division:
    """A division that the file names, or one above it known by code only (``name`` None)."""

    row: int | None
    code: str
    name: str | None

    @property
    def parent(self) -> str | None:
        """Return the code of the division above; a county has none here."""
        return self.code[:-3] if len(self.code) > 6 else None


def collective_name(village: str) -> str:
    """Return the collective's name for a village's: the office's name gives way to 合作社.

    松庄村村委会 and 松庄村委会 give 松庄村股份经济合作社; 和平社区居委会 gives
    和平社区股份经济合作社.
    """
    office = _OFFICE.search(village)
    place = village[: office.start()] if office else village
    if office and office.group().startswith("村") and not place.endswith("村"):
        place += "村"
    if office and office.group().startswith("社区"):
        place += "社区"
    return f"{place}股份经济合作社"


async def import_villages(
    session: WriteSession,
    *,
    table: Table,
    source: str,
    within: str | None = None,
    dry_run: bool = False,
) -> ImportReport:
    """Register divisions of 6, 9 and 12 digits and a collective (code and ``00``) per village.

    ``within`` is the division that the caller is competent for. Statistical zones (虚拟) are
    divisions without a collective and count as skipped. Raises `ImportRefused`.
    """
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('import-villages', 0))")
    )
    findings = Findings(warnings=list(table.notes))
    divisions = _read(table, within, findings)
    known = await _known(session, divisions)
    findings.settle(dry_run=dry_run)
    new = [one for one in divisions.values() if one.code not in known]
    renamed = [
        one
        for one in divisions.values()
        if one.name is not None and known.get(one.code, one.name) != one.name
    ]
    zones = [one for one in divisions.values() if "虚拟" in (one.name or "")]
    for zone in zones:
        zh, en = "统计虚拟区，不设集体经济组织", "A statistical zone has no collective"
        findings.warn("village-virtual", zh, en, row=zone.row, subject=zone.code)
    collectives = await _new_collectives(session, divisions, zones)
    if not dry_run:
        await _write(session, new, renamed, collectives, source)
    named = [one for one in divisions.values() if one.row is not None]
    created = sum(one.row is not None for one in new)
    return ImportReport(
        kind="villages",
        source=source,
        dry_run=dry_run,
        rows=len(table.rows),
        created=created,
        updated=len(renamed),
        unchanged=len(named) - created - len(renamed),
        skipped=len(zones),
        missing=0,
        totals={"collectives_created": len(collectives), "regions_created": len(new)},
        changes=tuple(
            Change(row=o.row, subject=o.code, field="name", before=known[o.code], after=o.name)
            for o in renamed[:CHANGES_LISTED_MAX]
        ),
        warnings=findings.listed(findings.warnings),
        faults=findings.listed(findings.faults),
    )


def _read(table: Table, within: str | None, findings: Findings) -> dict[str, _Division]:
    """Return the file's divisions by code, with those above that it does not name itself."""
    found: dict[str, _Division] = {}
    for record in table.records(COLUMNS):
        row, values = record.number, record.values
        code = findings.tried(RegionCode, values["code"], row=row, field="code")
        if code is None:
            continue
        name = values["name"]
        if not name or len(name) > _NAME_LENGTH_MAX:
            zh, en = "名称为空或过长", "The name is blank or too long"
            findings.wrong("village-name", zh, en, row=row, field="name", subject=code)
        if code in found:
            zh = f"区划代码与第 {found[code].row} 行重复"
            en = f"The code occurs in row {found[code].row} already"
            findings.wrong("village-repeated", zh, en, row=row, field="code", subject=code)
        if within is not None and not code.startswith(within):
            zh, en = f"不在 {within} 辖区内", f"It is not within {within}"
            findings.wrong("village-elsewhere", zh, en, row=row, field="code", subject=code)
        _check_parents(code, values, row, findings)
        found[code] = _Division(row=row, code=str(code), name=name)
    for below in list(found):
        for above in (below[:9], below[:6]):
            found.setdefault(above, _Division(row=None, code=above, name=None))
    return found


def _check_parents(
    code: RegionCode, values: Mapping[str, str], row: int, findings: Findings
) -> None:
    """Compare the town's and county's code, where the file has them, with the code itself."""
    for name, length in (("town", 9), ("county", 6)):
        stated = values.get(name, "")
        if stated and len(code) > length and stated != code[:length]:
            zh, en = "与区划代码的前几位不一致", "It does not agree with the code's first digits"
            findings.wrong("village-parent", zh, en, row=row, field=name, subject=code)


async def _known(session: WriteSession, divisions: Mapping[str, _Division]) -> dict[str, str]:
    rows = await session.execute(
        select(Region.code, Region.name).where(col(Region.code).in_(list(divisions)))
    )
    return {row.code: row.name for row in rows}


async def _new_collectives(
    session: WriteSession, divisions: Mapping[str, _Division], zones: list[_Division]
) -> list[dict[str, str]]:
    """Return the rows of collectives that are not in the directory yet."""
    skipped = {zone.code for zone in zones}
    wanted = {
        f"{one.code}00": one
        for one in divisions.values()
        if len(one.code) == 12 and one.code not in skipped
    }
    there = await session.scalars(
        select(Organisation.code).where(col(Organisation.code).in_(list(wanted)))
    )
    registered = set(there)
    return [
        {
            "kind": "collective",
            "code": code,
            "name": collective_name(one.name or ""),
            "region_code": one.code,
        }
        for code, one in wanted.items()
        if code not in registered
    ]


async def _write(
    session: WriteSession,
    new: list[_Division],
    renamed: list[_Division],
    collectives: list[dict[str, str]],
    source: str,
) -> None:
    """Insert and rename; a division known by code only is named by its code until a file does."""
    if new:
        await session.execute(
            insert(Region),
            [
                {
                    "code": one.code,
                    "name": one.name or one.code,
                    "parent_code": one.parent,
                    "source": source,
                }
                for one in new
            ],
        )
    for one in renamed:
        await session.execute(
            update(Region).where(col(Region.code) == one.code).values(name=one.name, source=source)
        )
    if collectives:
        await session.execute(insert(Organisation), collectives)
