"""What an import answers: counts, differences, remarks; or everything that is wrong."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, ParamSpec, TypeVar

from backend.core.errors import BadInput, Fault

FAULTS_LISTED_MAX = 1_000
CHANGES_LISTED_MAX = 1_000

P = ParamSpec("P")
T = TypeVar("T")


class ImportRefused(BadInput):
    """An import found faults: the first thousand are listed, all are counted."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super(BadInput, self).__init__(faults=faults[:FAULTS_LISTED_MAX], count=len(faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of one registered thing that the file states differently.

    Identity and account numbers are masked; ``None`` stands for nothing on record.
    """

    row: int | None
    subject: str
    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did, or in a dry run would do.

    ``created``, ``updated`` and ``unchanged`` count villages, households or parcels;
    ``missing`` those of the register that the file does not name, which stay as they are.
    ``totals`` holds further counts by name, areas among them in centimu. ``faults`` is filled
    in a dry run only: without one they raise `ImportRefused`. Lists are cut at a thousand.
    """

    kind: Literal["villages", "households", "parcels"]
    source: str
    dry_run: bool
    rows: int
    created: int
    updated: int
    unchanged: int
    skipped: int
    missing: int
    totals: Mapping[str, int]
    changes: tuple[Change, ...]
    warnings: tuple[Fault, ...]
    faults: tuple[Fault, ...]


@dataclass(slots=True)
class Findings:
    """Gathers faults and warnings while a file is checked."""

    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def wrong(
        self,
        code: str,
        zh: str,
        en: str,
        *,
        row: int | None = None,
        field: str | None = None,
        subject: str | None = None,
    ) -> None:
        """Keep what stops the import."""
        self.faults.append(Fault(code=code, zh=zh, en=en, row=row, field=field, subject=subject))

    def warn(
        self,
        code: str,
        zh: str,
        en: str,
        *,
        row: int | None = None,
        field: str | None = None,
        subject: str | None = None,
    ) -> None:
        """Keep a remark that stops nothing."""
        self.warnings.append(Fault(code=code, zh=zh, en=en, row=row, field=field, subject=subject))

    def warn_of_all(self, code: str, rows: Sequence[int], zh: str, en: str) -> None:
        """Keep one remark for many rows, at the first of them; none when there are no rows.

        ``zh`` and ``en`` have a place ``{count}`` for the number of rows.
        """
        if rows:
            count = len(rows)
            first = ("；本行为第一处", "; this row is the first") if count > 1 else ("", "")
            zh, en = zh.format(count=count) + first[0], en.format(count=count) + first[1]
            self.warn(code, zh, en, row=rows[0])

    def tried(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Return what ``read`` returns, or keep the faults of its `BadInput` and return None."""
        try:
            return read(*args, **kwargs)
        except BadInput as error:
            self.faults.extend(error.faults)
            return None

    def settle(self, *, dry_run: bool) -> None:
        """Raise `ImportRefused` when there are faults, unless this is a dry run."""
        if self.faults and not dry_run:
            raise ImportRefused(self.in_order(self.faults))

    @staticmethod
    def in_order(faults: Iterable[Fault]) -> list[Fault]:
        """Return faults by row; those of the whole file come first."""
        return sorted(faults, key=lambda fault: fault.row or 0)

    def listed(self, faults: Iterable[Fault]) -> tuple[Fault, ...]:
        """Return the first thousand in row order and, if there are more, how many."""
        ordered = self.in_order(faults)
        rest = len(ordered) - FAULTS_LISTED_MAX
        if rest <= 0:
            return tuple(ordered)
        zh, en = f"另有 {rest} 条未列出", f"{rest} more are not listed"
        return (*ordered[:FAULTS_LISTED_MAX], Fault(code="more-not-listed", zh=zh, en=en))
