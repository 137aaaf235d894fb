"""Rules of two-tier trusteeship: stages, states, amounts and coverage. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from backend.core.errors import Fault
from backend.core.money import half_up
from backend.core.principal import Role


class Tier(StrEnum):
    """Which of the two contracts (层级)."""

    HOUSEHOLD_TO_COLLECTIVE = "household_to_collective"
    COLLECTIVE_TO_PROVIDER = "collective_to_provider"


class Stage(StrEnum):
    """A stage of production (环节): 耕、种、防、收、烘干、销."""

    TILL = "till"
    SOW = "sow"
    PROTECT = "protect"
    HARVEST = "harvest"
    DRY = "dry"
    SELL = "sell"


class State(StrEnum):
    """Where a contract stands (合同状态)."""

    DRAFT = "draft"
    OFFERED = "offered"
    SIGNED = "signed"
    IN_FORCE = "in_force"
    COMPLETED = "completed"
    TERMINATED = "terminated"


FULL_STAGES = frozenset({Stage.TILL, Stage.SOW, Stage.PROTECT, Stage.HARVEST})
"""What 全程托管 entrusts at least: 耕种防收 (山西省农业生产托管服务条例 art. 2)."""

TRANSITIONS: Mapping[tuple[State, State], frozenset[Role]] = {
    (State.DRAFT, State.OFFERED): frozenset({Role.CLERK, Role.DIRECTOR}),
    (State.OFFERED, State.SIGNED): frozenset({Role.DIRECTOR}),
    (State.SIGNED, State.IN_FORCE): frozenset({Role.DIRECTOR}),
    (State.IN_FORCE, State.COMPLETED): frozenset({Role.DIRECTOR}),
    (State.DRAFT, State.TERMINATED): frozenset({Role.CLERK, Role.DIRECTOR}),
    (State.OFFERED, State.TERMINATED): frozenset({Role.DIRECTOR}),
    (State.SIGNED, State.TERMINATED): frozenset({Role.DIRECTOR}),
    (State.IN_FORCE, State.TERMINATED): frozenset({Role.DIRECTOR}),
}
"""Allowed transitions, and who may make them in the collective."""


def may_become(state: State, wanted: State) -> bool:
    """Say whether the table of transitions knows this step."""
    return (state, wanted) in TRANSITIONS


def line_amount_fen(area_centimu: int, rounds: int, price_fen: int) -> int:
    """Return a line's amount: mu × rounds × fen a mu, rounded half up once (四舍五入)."""
    return half_up(area_centimu * rounds * price_fen, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """A wanted line with what the registers know about it.

    ``area_centimu`` is ``None`` when no area of the parcel is known, ``price_fen`` when no price
    of the item is in force; ``own`` says whether the parcel belongs to the contract's household.
    """

    row: int
    parcel_code: str
    stage: Stage | None
    unit: str | None
    area_centimu: int | None
    price_fen: int | None
    own: bool = True


def faults_of_lines(lines: Sequence[LineFacts]) -> list[Fault]:
    """Return every fault of a contract's lines."""
    faults: list[Fault] = []
    seen: set[tuple[str, Stage]] = set()
    for line in lines:
        faults += _line_faults(line)
        if line.stage is not None:
            key = (line.parcel_code, line.stage)
            if key in seen:
                faults.append(
                    _fault(line, "repeated", "地块环节重复", "The parcel's stage is repeated")
                )
            seen.add(key)
    return faults


def _line_faults(line: LineFacts) -> list[Fault]:
    faults = []
    if not line.own:
        faults.append(
            _fault(line, "foreign-parcel", "地块不属于该农户", "The parcel is not the household's")
        )
    if line.stage is None:
        faults.append(_fault(line, "unknown-item", "服务项目不存在", "No such service item"))
    elif line.price_fen is None:
        faults.append(
            _fault(line, "no-price", "该项目当日无有效价格", "The item has no price on that day")
        )
    if line.area_centimu is None:
        faults.append(
            _fault(line, "no-area", "地块没有合同或实测面积", "The parcel has no area on record")
        )
    if line.unit == "kg":
        faults.append(
            _fault(
                line,
                "unit",
                "按公斤计价的项目不能按亩托管",
                "An item priced by kg is not entrusted by mu",
            )
        )
    return faults


def full_mode_faults(stages_of: Mapping[str, frozenset[Stage]]) -> list[Fault]:
    """Return a fault for each parcel code that full trusteeship leaves without a stage."""
    return [
        Fault(
            code="not-full",
            zh=f"全程托管缺少环节：{'、'.join(sorted(FULL_STAGES - stages))}",
            en=f"Full trusteeship lacks the stages {', '.join(sorted(FULL_STAGES - stages))}",
            subject=code,
            field="lines",
        )
        for code, stages in stages_of.items()
        if FULL_STAGES - stages
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class TierLine:
    """A line as the coverage check needs it."""

    row: int
    parcel_id: UUID
    parcel_code: str
    stage: Stage
    rounds: int
    area_centimu: int
    price_fen: int


def coverage_faults(
    provider_lines: Sequence[TierLine], farmer_lines: Mapping[tuple[UUID, Stage], TierLine]
) -> list[Fault]:
    """Return where tier two goes beyond tier one of the same season.

    Each provider line needs a farmer line of the same parcel and stage in force, with no more mu
    and rounds and no higher price (price_B ≤ price_A, or the collective would pay from its own).
    """
    faults = []
    for line in provider_lines:
        covering = farmer_lines.get((line.parcel_id, line.stage))
        if covering is None:
            faults.append(
                _fault(
                    line,
                    "not-entrusted",
                    "农户未委托该地块该环节",
                    "No household has entrusted this parcel and stage",
                )
            )
            continue
        if line.area_centimu > covering.area_centimu:
            faults.append(
                _fault(
                    line,
                    "more-mu",
                    f"亩数 {line.area_centimu / 100:.2f} 超过农户委托的 "
                    f"{covering.area_centimu / 100:.2f}",
                    f"{line.area_centimu / 100:.2f} mu are more than the entrusted "
                    f"{covering.area_centimu / 100:.2f}",
                )
            )
        if line.rounds > covering.rounds:
            faults.append(
                _fault(line, "more-rounds", "次数超过农户委托", "More rounds than entrusted")
            )
        if line.price_fen > covering.price_fen:
            faults.append(
                _fault(
                    line,
                    "price-above",
                    "服务主体单价高于农户单价",
                    "The provider's price is above the farmer's",
                )
            )
    return faults


def _fault(line: LineFacts | TierLine, code: str, zh: str, en: str) -> Fault:
    return Fault(code=code, zh=zh, en=en, row=line.row, field="lines", subject=line.parcel_code)
