"""Rules of land without database or web: overlaps, tolerances, and transfers' states and terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from backend.core.errors import Fault

OVERLAP_M2_MIN = 5.0
OVERLAP_SHARE_MIN = 0.005
DUPLICATE_SHARE_MIN = 0.95
SURVEY_SHARE_MAX = 0.003
"""A stated surveyed area may differ so much from its own polygon before it is remarked on."""

CLAUSES = ("grade", "rights_and_duties", "payment", "compensation", "breach")
"""What 土地承包法 art. 40 asks for beside the columns.

质量等级, 权利义务, 价款支付方式, 征收补偿的归属, 违约责任, in this order.
"""


def tolerance_m2(area_m2: float) -> float:
    """Return how much of a polygon may lie on a neighbour or outside before it is reported."""
    return max(OVERLAP_M2_MIN, OVERLAP_SHARE_MIN * area_m2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two polygons, by their place in the list that was compared, and the ground they share."""

    first: int
    second: int
    shared_m2: float
    duplicate: bool


def judge_pairs(shared: Sequence[tuple[int, int, float]], sizes_m2: Sequence[float]) -> list[Pair]:
    """Return the pairs that overlap beyond tolerance; mark those that are one and the same ground.

    A duplicate shares 95 % or more of its union (intersection over union).
    """
    found = []
    for first, second, shared_m2 in shared:
        a_m2, b_m2 = sizes_m2[first], sizes_m2[second]
        duplicate = shared_m2 >= DUPLICATE_SHARE_MIN * (a_m2 + b_m2 - shared_m2)
        if duplicate or shared_m2 > tolerance_m2(min(a_m2, b_m2)):
            found.append(Pair(first=first, second=second, shared_m2=shared_m2, duplicate=duplicate))
    return found


class TransferState(StrEnum):
    """Where a transfer of the operating right stands (流转合同状态)."""

    DRAFT = "draft"
    """草稿"""
    IN_FORCE = "in_force"
    """生效"""
    ENDED = "ended"
    """到期终止"""
    TERMINATED = "terminated"
    """提前解除"""


ALLOWED: Mapping[TransferState, frozenset[TransferState]] = {
    TransferState.DRAFT: frozenset({TransferState.IN_FORCE}),
    TransferState.IN_FORCE: frozenset({TransferState.ENDED, TransferState.TERMINATED}),
    TransferState.ENDED: frozenset(),
    TransferState.TERMINATED: frozenset(),
}


def may_become(state: str, wanted: TransferState) -> bool:
    """Tell whether a transfer in ``state`` may go to ``wanted``."""
    return wanted in ALLOWED[TransferState(state)]


def closing_state(ends_on: date, last_day: date) -> TransferState:
    """Return how a transfer closes whose last day in force is ``last_day``."""
    return TransferState.ENDED if last_day >= ends_on else TransferState.TERMINATED


def term_faults(
    *,
    starts_on: date,
    ends_on: date,
    right_ends_on: date | None,
    rent_fen_per_mu: int,
    clauses: Mapping[str, str],
    subject: str | None = None,
) -> list[Fault]:
    """Return what a transfer's terms break of 土地承包法 art. 38 and 40, all at once."""
    wrong: list[tuple[str, str, str, str]] = []
    if ends_on <= starts_on:
        wrong.append(
            ("transfer-term", "ends_on", "终止日应晚于起始日", "It must end after it starts")
        )
    if right_ends_on is not None and ends_on > right_ends_on:
        zh = "流转期限超过承包期的剩余期限（土地承包法第三十八条）"
        en = "The term passes the end of the household's own contract (art. 38)"
        wrong.append(("transfer-beyond-right", "ends_on", zh, en))
    if rent_fen_per_mu <= 0:
        zh, en = "租金应大于零", "The rent must be above zero"
        wrong.append(("transfer-rent", "rent_fen_per_mu", zh, en))
    for name in CLAUSES:
        if not clauses.get(name, "").strip():
            zh, en = "缺少该条款（土地承包法第四十条）", "The clause is missing (art. 40)"
            wrong.append(("transfer-clause", f"clauses.{name}", zh, en))
    return [
        Fault(code=code, zh=zh, en=en, field=field, subject=subject)
        for code, field, zh, en in wrong
    ]
