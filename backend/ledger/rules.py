"""Bookkeeping's rules: pure functions over lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from backend.core.errors import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a voucher: debit or credit, never both. Red lines are negative."""

    account_code: str
    summary: str
    debit_fen: int = 0
    credit_fen: int = 0
    party: str | None = None
    contract_id: UUID | None = None
    season: str | None = None
    stage: str | None = None

    def reversed(self, summary: str) -> "Line":
        """Return the red copy of this line (红字)."""
        return Line(
            account_code=self.account_code,
            summary=summary,
            debit_fen=-self.debit_fen,
            credit_fen=-self.credit_fen,
            party=self.party,
            contract_id=self.contract_id,
            season=self.season,
            stage=self.stage,
        )


def period_of(day: date) -> int:
    """Return the accounting month of a day as year × 100 + month."""
    return day.year * 100 + day.month


def is_period(period: int) -> bool:
    """Say whether a number is a month as year × 100 + month."""
    return 1 <= period % 100 <= 12 and 1949 <= period // 100 <= 9999


def faults_of(lines: Sequence[Line], leaves: frozenset[str]) -> list[Fault]:
    """Return every fault of a voucher's lines, not only the first.

    ``leaves`` are the codes that take postings. 会计基础工作规范 art. 51; debit = credit.
    """
    faults = []
    if len(lines) < 2:
        faults.append(_fault("too-few-lines", "至少两条分录", "At least two lines are needed", 1))
    for row, line in enumerate(lines, start=1):
        if line.account_code not in leaves:
            faults.append(
                _fault(
                    "unknown-account",
                    f"科目 {line.account_code} 不存在或不是末级科目",
                    f"The account {line.account_code} does not exist or has details",
                    row,
                    "account_code",
                )
            )
        if (line.debit_fen == 0) == (line.credit_fen == 0):
            faults.append(
                _fault(
                    "one-side",
                    "借方与贷方必须且只能填一个",
                    "Exactly one of debit and credit must be given",
                    row,
                )
            )
    debit_fen = sum(line.debit_fen for line in lines)
    credit_fen = sum(line.credit_fen for line in lines)
    if debit_fen != credit_fen:
        faults.append(
            _fault(
                "unbalanced",
                f"借方 {debit_fen} 分，贷方 {credit_fen} 分，相差 {debit_fen - credit_fen} 分",
                f"Debits are {debit_fen} fen, credits {credit_fen} fen, "
                f"{debit_fen - credit_fen} fen apart",
                len(lines) or 1,
            )
        )
    return faults


def _fault(code: str, zh: str, en: str, row: int, field: str | None = None) -> Fault:
    return Fault(code=code, zh=zh, en=en, row=row, field=field)


def organisation_party(org_id: int) -> str:
    """Return the auxiliary key of an organisation (单位往来)."""
    return f"org:{org_id}"
