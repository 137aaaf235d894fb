"""Area of farm land as integer centimu (0.01 亩), exact against square metres.

One mu is 2000/3 m² by definition, not the 666.67 that contracts print; so a centimu is 20/3 m²
and both directions are fractions without error. Imports no web and no database.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from backend.core.errors import BadInput, Fault
from backend.core.money import half_up

M2_PER_CENTIMU = Fraction(20, 3)
"""Square metres in 0.01 mu, exactly."""

CENTIMU_MAX = 2**63 - 1
"""Largest area in centimu that a BIGINT column holds."""

_MU = re.compile(r"(0|[1-9][0-9]*)(?:\.([0-9]+))?")

_MU_MISTAKES = [
    (re.compile(pattern), what)
    for pattern, what in [
        (r"\A\s*\Z", ("area-blank", "面积为空", "The area is blank")),
        (r"\A-[0-9.]+\Z", ("area-negative", "面积为负数", "The area is negative")),
        (
            r"[0-9][,，][0-9]",
            ("area-separator", "面积不得使用千分位逗号", "The area has a thousands separator"),
        ),
        (
            r"[亩㎡米顷]|m2|mu",
            ("area-unit", "面积不得带单位，应为亩数", "The area has a unit; write plain mu"),
        ),
        (r"", ("area-not-a-number", "面积不是数字", "The area is not a number such as 12.34")),
    ]
]
"""What is wrong with a text that is not `_MU`, first match first; the last matches all."""


class AreaKind(StrEnum):
    """Which of a parcel's areas a number is; two kinds are never compared without saying so."""

    REGISTERED = "registered"
    """确权面积, on the land register."""
    CONTRACT = "contract"
    """合同面积, in the contracting or trusteeship contract."""
    SURVEYED = "surveyed"
    """实测面积, computed from the boundary."""
    FLOWN = "flown"
    """飞行面积, the union of a drone's swaths."""
    EFFECTIVE = "effective"
    """有效作业面积, what was flown inside the parcel."""
    ACCEPTED = "accepted"
    """验收面积, what the acceptance recognised."""
    ORDERED = "ordered"
    """下单面积, what the work order asked for."""


@dataclass(frozen=True, slots=True, order=True)
class Area:
    """An area in integer centimu; a difference of two areas may be negative."""

    centimu: int

    def __post_init__(self) -> None:
        if type(self.centimu) is not int:
            raise TypeError("Area takes a whole number of centimu")

    def __add__(self, other: "Area") -> "Area":
        return Area(self.centimu + other.centimu)

    def __sub__(self, other: "Area") -> "Area":
        return Area(self.centimu - other.centimu)

    def __str__(self) -> str:
        sign = "-" if self.centimu < 0 else ""
        return f"{sign}{abs(self.centimu) // 100}.{abs(self.centimu) % 100:02d}"

    @staticmethod
    def sum(areas: Iterable["Area"]) -> "Area":
        """Return the total of any number of areas; of none it is zero."""
        return Area(sum(area.centimu for area in areas))

    @staticmethod
    def from_m2(m2: Fraction | float) -> "Area":
        """Round square metres half up to centimu; a float is taken at its exact binary value.

        Raises ValueError when the float is NaN or infinite.
        """
        if not math.isfinite(m2):
            raise ValueError("an area in m² must be finite")
        centimu = Fraction(m2) / M2_PER_CENTIMU
        return Area(half_up(centimu.numerator, centimu.denominator))

    def m2(self) -> Fraction:
        """Return the exact square metres: ``Area(100).m2()`` is 2000/3."""
        return self.centimu * M2_PER_CENTIMU

    @staticmethod
    def parse(
        text: str, *, rounding: bool = False, row: int | None = None, field: str | None = None
    ) -> "Area":
        """Read mu such as ``"12.34"`` in ASCII digits without a sign.

        More than two decimals are refused unless ``rounding`` asks for half up, as for surveyed
        areas with four decimals. Raises BadInput with one fault that does not repeat the text.
        """
        match = _MU.fullmatch(text)
        code, zh, en = _mu_fault(text, match, rounding=rounding)
        if code or match is None:
            raise BadInput([Fault(code=code, zh=zh, en=en, row=row, field=field)])
        decimals = match[2] or ""
        return Area(half_up(int(match[1] + decimals) * 100, 10 ** len(decimals)))


def _mu_fault(text: str, match: re.Match[str] | None, *, rounding: bool) -> tuple[str, str, str]:
    """Return code, Chinese and English of what is wrong; three blanks when nothing is."""
    if match is None:
        return next(what for pattern, what in _MU_MISTAKES if pattern.search(text))
    if len(text) > 40 or int(match[1]) * 100 + 100 > CENTIMU_MAX:
        return "area-too-large", "面积过大", "The area is too large"
    if len(match[2] or "") > 2 and not rounding:
        return "area-third-decimal", "面积超过两位小数", "The area has more than two decimals"
    return "", "", ""
