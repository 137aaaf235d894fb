"""Money as integer fen (分): rounding half up (四舍五入), exact splits, strict yuan text.

Nothing here accepts a float or a Decimal: an amount either is a whole number of fen or is
a `fractions.Fraction` on its way to `half_up`. Imports no web and no database.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from backend.core.errors import BadInput, Fault, RuleBroken

FEN_MAX = 2**63 - 1
"""Largest amount in fen, by magnitude, that a BIGINT column holds."""

_YUAN = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]{1,2})?")

_YUAN_MISTAKES = [
    (re.compile(pattern), what)
    for pattern, what in [
        (r"\A\s*\Z", ("money-blank", "金额为空", "The amount is blank")),
        (
            r"\A-?[0-9]+\.[0-9]{3,}\Z",
            ("money-third-decimal", "金额超过两位小数", "The amount has more than two decimals"),
        ),
        (
            r"[0-9][,，][0-9]",
            ("money-separator", "金额不得使用千分位逗号", "The amount has a thousands separator"),
        ),
        (r"[¥￥元$]", ("money-sign", "金额不得带货币符号", "The amount has a currency sign")),
        (
            r"\A-?[0-9.]+[eE][-+]?[0-9]+\Z",
            ("money-exponent", "金额不得使用科学计数法", "The amount is in scientific notation"),
        ),
        (
            r"\A-?0[0-9]+(\.[0-9]{1,2})?\Z",
            ("money-leading-zero", "金额有多余的前导零", "The amount has a leading zero"),
        ),
        (
            r"",
            ("money-not-a-number", "金额不是数字", "The amount is not a number such as 1234.50"),
        ),
    ]
]
"""What is wrong with a text that is not `_YUAN`, first match first; the last matches all."""


class NothingToSplitBy(RuleBroken):
    """All weights of a pool are zero, so no share can be computed."""

    zh = "分配权重合计为零，无法分配"
    en = "The weights add up to zero; there is nothing to split by"


class NegativeWeight(RuleBroken):
    """A weight of a pool is below zero."""

    zh = "分配对象 {key} 的权重为负数"
    en = "The weight of {key} is negative"


class RepeatedShareKey(RuleBroken):
    """Two weights carry one key, so ties between them could not be broken stably."""

    zh = "分配对象 {key} 重复出现"
    en = "{key} occurs more than once among the weights"


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in integer fen; red (negative) amounts are allowed, floats are a TypeError."""

    fen: int

    def __post_init__(self) -> None:
        if type(self.fen) is not int:
            raise TypeError("Money takes a whole number of fen")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.fen + other.fen)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.fen - other.fen)

    def __neg__(self) -> "Money":
        return Money(-self.fen)

    def __str__(self) -> str:
        return yuan(self.fen)

    @staticmethod
    def sum(amounts: Iterable["Money"]) -> "Money":
        """Return the total of any number of amounts; of none it is zero fen."""
        return Money(sum(amount.fen for amount in amounts))


@dataclass(frozen=True, slots=True)
class Share:
    """One line of a split pool, with what an auditor needs to recompute it.

    ``quotient`` is the exact part of the pool in fen before rounding, ``adjustment`` is
    ``fen - quotient``: less than one fen either way, and zero in sum over the pool.
    """

    key: str
    fen: int
    quotient: Fraction
    adjustment: Fraction


def half_up(numerator: int, denominator: int) -> int:
    """Divide and round 四舍五入: a half goes away from zero, for negatives by magnitude.

    Raises ZeroDivisionError when the denominator is zero.
    """
    negative = (numerator < 0) != (denominator < 0)
    magnitude = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
    return -magnitude if negative else magnitude


def split(total_fen: int, weights: Sequence[tuple[str, Fraction | int]]) -> list[Share]:
    """Split a pool by largest remainder; the shares sum to ``total_fen`` exactly.

    The answer keeps the order of ``weights``. Equal remainders are served by ascending key
    (承包方编码 for households), so the order of the input never moves a fen. A negative pool
    is split by magnitude: it mirrors the positive one. A zero weight never receives a fen.
    Raises NothingToSplitBy, NegativeWeight or RepeatedShareKey.
    """
    _check_weights(weights)
    weight_total = sum((Fraction(weight) for _, weight in weights), Fraction(0))
    if weight_total == 0:
        raise NothingToSplitBy
    sign = -1 if total_fen < 0 else 1
    pool = abs(total_fen)
    quotients = {key: pool * Fraction(weight) / weight_total for key, weight in weights}
    floors = {key: quotient.__floor__() for key, quotient in quotients.items()}
    left = pool - sum(floors.values())
    by_remainder = sorted(quotients, key=lambda key: (floors[key] - quotients[key], key))
    for key in by_remainder[:left]:
        floors[key] += 1
    return [
        Share(key, sign * floors[key], sign * quotients[key], sign * (floors[key] - quotients[key]))
        for key, _ in weights
    ]


def _check_weights(weights: Sequence[tuple[str, Fraction | int]]) -> None:
    for key, weight in weights:
        if weight < 0:
            raise NegativeWeight(key=key)
    for key, times in Counter(key for key, _ in weights).items():
        if times > 1:
            raise RepeatedShareKey(key=key)


def yuan(fen: int) -> str:
    """Write fen as yuan with two decimals and no separators: ``123450`` is ``"1234.50"``."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def parse_yuan(text: str, *, row: int | None = None, field: str | None = None) -> int:
    """Read yuan written in ASCII digits with at most two decimals, and return fen.

    Raises BadInput with one fault that names what is wrong (blank, separators, a currency
    sign, a third decimal, too large …) and never repeats the text, which may be anything.
    """
    code, zh, en = _yuan_fault(text)
    if code:
        raise BadInput([Fault(code=code, zh=zh, en=en, row=row, field=field)])
    whole, _, decimals = text.lstrip("-").partition(".")
    fen = int(whole) * 100 + int(decimals.ljust(2, "0"))
    return -fen if text.startswith("-") else fen


def _yuan_fault(text: str) -> tuple[str, str, str]:
    """Return code, Chinese and English of the first thing wrong; three blanks when right."""
    if not _YUAN.fullmatch(text):
        return next(what for pattern, what in _YUAN_MISTAKES if pattern.search(text))
    if len(text) > 20 or int(text.lstrip("-").partition(".")[0]) * 100 + 99 > FEN_MAX:
        return "money-too-large", "金额过大", "The amount is too large"
    return "", "", ""
