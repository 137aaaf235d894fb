"""`tgj import villages|households|parcels FILE`: the files that offices bring.

A file may hold several collectives: each is checked first, and only when all are sound is each
written in a unit of work of its own tenant.
"""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import text

from backend.cli.database import running_database
from backend.cli.farmers import link_farmers
from backend.cli.import_report import print_refusal, print_reports
from backend.core.audit import Command
from backend.core.clock import Clock, SystemClock
from backend.core.crypto import Sealer
from backend.core.db import PLATFORM_ORG_ID, Database, Scope, WriteSession
from backend.core.errors import BadInput, DomainError, Fault
from backend.core.intake import DEFAULT_LIMITS, FeatureSet, Table, read_features, read_table
from backend.core.intake.limits import load
from backend.core.settings import Settings
from backend.land.cadastre import ParcelOptions, sets_by_collective
from backend.land.parcels import import_parcels
from backend.parties.households import import_households
from backend.parties.reports import ImportRefused, ImportReport
from backend.parties.rosters import contacts, tables_by_collective
from backend.parties.uploads import Upload, upload_of
from backend.parties.villages import import_villages

_CODE_LENGTH = 14


class _Part(Protocol):
    """Imports one collective's part of the file in a session of its tenant."""

    async def __call__(
        self, session: WriteSession, *, org_id: int, code: str, dry_run: bool
    ) -> ImportReport: ...


def add_parser(commands: Any) -> None:
    """Add the command to `tgj`."""
    command = commands.add_parser("import", help="导入文件 / import a file")
    kinds = command.add_subparsers(dest="kind", required=True, metavar="KIND")
    for kind, words in (
        ("villages", "村名录 / villages"),
        ("households", "农户与成员 / households and members"),
        ("parcels", "承包地块 / parcels"),
    ):
        one = kinds.add_parser(kind, help=words)
        one.add_argument("file", type=Path)
        one.add_argument("--dry-run", action="store_true", help="预演，不写入 / write nothing")
        if kind != "villages":
            one.add_argument("--org", help="发包方编码 14 位 / the collective's code")
        if kind == "households":
            one.add_argument(
                "--no-sign-in", action="store_true", help="不为农户开通登录 / make no farmer users"
            )
    _add_parcel_words(kinds.choices["parcels"])
    command.set_defaults(run=run)


def _add_parcel_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("--crs", help="坐标系，如 EPSG:4490、GCJ-02 / coordinate system")
    command.add_argument("--layer", help="图层 / layer")
    command.add_argument("--assign-codes", action="store_true", help="自动编地块号")
    command.add_argument("--area-field", help="实测面积字段 / property with the surveyed area")
    command.add_argument("--area-unit", choices=("mu", "m2"), default="m2")
    command.add_argument("--strict-overlaps", action="store_true", help="重叠视为错误")
    command.add_argument(
        "--leave-out", action="store_true", help="跳过无法修复和重复的地块 / skip unsound parcels"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Import the file and print a report; 0 when it is sound, 1 when anything was refused."""
    try:
        upload = upload_of(_content(arguments.file), arguments.file.name)
    except BadInput as refused:
        print_refusal(refused)
        return 1
    with running_database(settings) as url:
        return asyncio.run(_run(arguments, settings, upload, url))


def _content(path: Path) -> bytes:
    """Return a file's bytes; raise `BadInput` when it cannot be read, is empty or too large."""
    zh, en = "不是普通文件", "it is not a regular file"
    try:
        if path.is_file():
            return load(path, DEFAULT_LIMITS)
        if path.is_dir():
            zh, en = "这是文件夹，请指定其中的文件", "it is a folder; name a file in it"
        elif not path.exists():
            zh, en = "文件不存在，请核对路径", "it does not exist; compare the path"
    except PermissionError:
        zh, en = "没有读取权限", "you may not read it"
    except OSError as error:
        zh, en = f"系统报错 {error.errno}", str(error.strerror)
    zh, en = f"无法读取文件：{zh}", f"The file cannot be read: {en}"
    raise BadInput([Fault(code="file-unreadable", zh=zh, en=en, subject=str(path))])


async def _run(arguments: argparse.Namespace, settings: Settings, upload: Upload, url: str) -> int:
    database = await Database.open(url, connections=2)
    try:
        job = ImportJob(database, Sealer(settings.master_key), SystemClock(), arguments, upload)
        reports = await job.run()
    except DomainError as refused:
        print_refusal(refused)
        return 1
    finally:
        await database.close()
    print_reports(reports)
    return 1 if any(report.faults for report in reports.values()) else 0


@dataclass(frozen=True, slots=True)
class ImportJob:
    """One file on its way into the database."""

    database: Database
    sealer: Sealer
    clock: Clock
    arguments: argparse.Namespace
    upload: Upload

    async def run(self) -> dict[str, ImportReport]:
        """Import, and return a report for each collective's code (or ``""`` for villages)."""
        if self.arguments.kind == "villages":
            return {"": await self._villages()}
        if self.arguments.kind == "households":
            return await self._households()
        return await self._parcels()

    async def _villages(self) -> ImportReport:
        table = read_table(self.upload.content, self.upload.filename)
        async with self._writing(PLATFORM_ORG_ID) as session:
            return await import_villages(
                session,
                table=table,
                source=self.upload.source,
                dry_run=self.arguments.dry_run,
            )

    async def _households(self) -> dict[str, ImportReport]:
        table = read_table(self.upload.content, self.upload.filename)
        parts: Mapping[str, Table] = (
            {self.arguments.org: table} if self.arguments.org else tables_by_collective(table)
        )

        async def part(
            session: WriteSession, *, org_id: int, code: str, dry_run: bool
        ) -> ImportReport:
            report = await import_households(
                session,
                self.sealer,
                org_id=org_id,
                table=parts[code],
                source=self.upload.source,
                clock=self.clock,
                dry_run=dry_run,
            )
            if not dry_run and not self.arguments.no_sign_in:
                await link_farmers(
                    session, self.sealer, org_id=org_id, contacts=contacts(parts[code])
                )
            return report

        return await self._each(list(parts), part)

    async def _parcels(self) -> dict[str, ImportReport]:
        words = self.arguments
        features = read_features(
            self.upload.content, self.upload.filename, crs=words.crs, layer=words.layer
        )
        parts: Mapping[str, FeatureSet] = (
            {words.org: features} if words.org else sets_by_collective(features)
        )
        options = ParcelOptions(
            assign_codes=words.assign_codes,
            area_field=words.area_field,
            area_unit=words.area_unit,
            strict_overlaps=words.strict_overlaps,
            leave_out=words.leave_out,
        )

        async def part(
            session: WriteSession, *, org_id: int, code: str, dry_run: bool
        ) -> ImportReport:
            return await import_parcels(
                session,
                org_id=org_id,
                features=parts[code],
                source=self.upload.source,
                options=options,
                dry_run=dry_run,
            )

        return await self._each(list(parts), part)

    async def _each(self, codes: Sequence[str], part: _Part) -> dict[str, ImportReport]:
        """Check every collective's part, then write every part; nothing is written on a fault."""
        orgs = await self._organisations(codes)
        with Progress(console=Console(stderr=True), transient=True) as progress:
            if len(orgs) == 1 and not self.arguments.dry_run:
                return await self._pass(orgs, part, progress, dry_run=False)
            checked = await self._pass(orgs, part, progress, dry_run=True)
            faults = [fault for report in checked.values() for fault in report.faults]
            if self.arguments.dry_run:
                return checked
            if faults:
                raise ImportRefused(faults)
            return await self._pass(orgs, part, progress, dry_run=False)

    async def _pass(
        self, orgs: Mapping[str, int], part: _Part, progress: Progress, *, dry_run: bool
    ) -> dict[str, ImportReport]:
        bar = progress.add_task("核对 / checking" if dry_run else "写入 / writing", total=len(orgs))
        reports = {}
        for code, org_id in orgs.items():
            async with self._writing(org_id, dry_run=dry_run) as session:
                reports[code] = await part(session, org_id=org_id, code=code, dry_run=dry_run)
            progress.advance(bar)
        return reports

    async def _organisations(self, codes: Sequence[str]) -> dict[str, int]:
        """Return each collective's number; raise `BadInput` for those not in the directory."""
        async with self.database.read(Scope(org_id=PLATFORM_ORG_ID)) as session:
            rows = await session.execute(
                text("SELECT code, id FROM organisation WHERE code = ANY (CAST(:codes AS text[]))"),
                {"codes": list(codes)},
            )
            known = {row.code: row.id for row in rows}
        faults = [_unknown(code) for code in codes if code not in known]
        if faults:
            raise BadInput(faults)
        return {code: known[code] for code in codes}

    def _writing(self, org_id: int, *, dry_run: bool = False) -> Any:
        action = f"import_{self.arguments.kind}"
        details = {"source": self.upload.source, "dry_run": dry_run or self.arguments.dry_run}
        return self.database.write(
            Scope(org_id=org_id), Command(action=action, subject="cli", details=details)
        )


def _unknown(code: str) -> Fault:
    """Say which collective is not registered, or that the file does not tell."""
    if not code:
        zh = "文件中没有编码，无法判断所属集体，请用 --org 指定"
        en = "Rows have no code that tells their collective; name it with --org"
        return Fault(code="collective-unclear", zh=zh, en=en, field="--org")
    if len(code) != _CODE_LENGTH:
        zh = "集体编码应为 14 位：12 位村代码后加两位组号（无组为 00）"
        en = "A collective's code has 14 digits: the village's 12 and a group's two (none: 00)"
        return Fault(code="collective-form", zh=zh, en=en, field="--org", subject=code)
    zh = "该集体经济组织未登记，请先导入村名录（tgj import villages）"
    en = "The collective is not registered; import the villages first"
    return Fault(code="collective-unknown", zh=zh, en=en, field="--org", subject=code)
