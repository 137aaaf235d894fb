"""An import's report on the terminal: Chinese first, English on the second line."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from backend.core.area import Area
from backend.core.errors import DomainError, Fault
from backend.parties.reports import ImportReport

_KINDS = {
    "villages": ("行政区划", "divisions"),
    "households": ("农户", "households"),
    "parcels": ("地块", "parcels"),
}
_LISTED_MAX = 50
_PLAIN_COLUMNS = 120
_MAY_BE_LEFT_OUT = frozenset(
    {
        "parcel-duplicate",
        "polygon-collapsed",
        "polygon-invalid",
        "polygon-not-finite",
        "polygon-repair-changes-area",
        "polygon-too-large",
    }
)
_CENTIMU = {
    "registered_centimu": ("确权面积", "registered"),
    "contract_centimu": ("合同面积", "contract"),
    "surveyed_centimu": ("实测面积", "surveyed"),
}


def print_reports(reports: Mapping[str, ImportReport]) -> None:
    """Print the totals of all collectives, then differences, faults and remarks."""
    console = _console(sys.stdout)
    first = next(iter(reports.values()))
    zh, en = _KINDS[first.kind]
    sums = {
        name: sum(getattr(report, name) for report in reports.values())
        for name in ("rows", "created", "updated", "unchanged", "skipped", "missing")
    }
    trial = _trial(reports.values()) if first.dry_run else ("", "")
    console.print(
        f"{trial[0]}读取 {sums['rows']} 行；{zh}新增 {sums['created']}，修改 {sums['updated']}，"
        f"未变 {sums['unchanged']}，跳过 {sums['skipped']}，文件中没有 {sums['missing']}\n"
        f"{trial[1]}{sums['rows']} rows; {en}: {sums['created']} created, "
        f"{sums['updated']} updated, {sums['unchanged']} unchanged, {sums['skipped']} skipped, "
        f"{sums['missing']} not in the file"
    )
    for name, (area_zh, area_en) in _CENTIMU.items():
        total = sum(report.totals.get(name, 0) for report in reports.values())
        if total:
            console.print(f"{area_zh}合计 {Area(total)} 亩 / {area_en} {Area(total)} mu")
    changes = [change for report in reports.values() for change in report.changes]
    for change in changes[:_LISTED_MAX]:
        console.print(
            f"  {change.subject} {change.field}：{change.before or '—'} → {change.after or '—'}",
            markup=False,
        )
    faults = [fault for report in reports.values() for fault in report.faults]
    _print_faults(console, "错误 / faults", faults)
    _print_advice(console, faults)
    _print_faults(console, "提示 / remarks", [f for r in reports.values() for f in r.warnings])


def _console(stream: TextIO) -> Console:
    """Make a console that does not break lines at 80 columns in a file or a pipe."""
    width = None if stream.isatty() else _PLAIN_COLUMNS
    return Console(file=stream, width=width, highlight=False, soft_wrap=True)


def _trial(reports: Iterable[ImportReport]) -> tuple[str, str]:
    """Return what a dry run ends with: whether the file would be taken."""
    count = sum(len(report.faults) for report in reports)
    if not count:
        return "预演，未写入。", "Dry run, nothing written. "
    return (
        f"预演，未写入。有 {count} 处错误，正式导入会被拒绝。",
        f"Dry run, nothing written. With its {count} faults the file would be refused. ",
    )


def _print_advice(console: Console, faults: Sequence[Fault]) -> None:
    """Say what helps when all that is wrong are parcels that may be left out."""
    if faults and all(fault.code in _MAY_BE_LEFT_OUT for fault in faults):
        console.print(
            "可以修改文件，或加 --leave-out 跳过这些地块导入其余部分\n"
            "Mend the file, or leave these parcels out with --leave-out",
            markup=False,
        )


def print_refusal(refused: DomainError) -> None:
    """Print why nothing was written, with every fault that is listed, on stderr."""
    console = _console(sys.stderr)
    console.print(f"{refused.sentence('zh')}\n{refused.sentence('en')}", markup=False)
    _print_faults(console, "错误 / faults", refused.faults)
    _print_advice(console, refused.faults)


def _print_faults(console: Console, title: str, faults: Sequence[Fault]) -> None:
    """Print a table: row, field, parcel or household, and what is wrong in both languages.

    What several collectives' parts share, as a missing boundary, is said once.
    """
    faults = list(dict.fromkeys(faults))
    if not faults:
        return
    table = Table(title=f"{title}: {len(faults)}", title_justify="left", show_lines=False)
    for heading in ("行 row", "字段 field", "对象 subject", "说明 what"):
        table.add_column(heading, overflow="fold")
    for fault in faults[:_LISTED_MAX]:
        table.add_row(
            str(fault.row or ""),
            escape(fault.field or ""),
            escape(fault.subject or ""),
            escape(f"{fault.zh}\n{fault.en}"),
        )
    console.print(table)
    if len(faults) > _LISTED_MAX:
        rest = len(faults) - _LISTED_MAX
        console.print(f"另有 {rest} 条未显示 / {rest} more are not shown")
