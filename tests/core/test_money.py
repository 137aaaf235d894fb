"""Money: rounding, splitting and yuan text, against the vectors of the accounting facts."""

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.errors import BadInput
from backend.core.money import (
    FEN_MAX,
    Money,
    NegativeWeight,
    NothingToSplitBy,
    RepeatedShareKey,
    half_up,
    parse_yuan,
    split,
    yuan,
)

WEIGHTS = st.dictionaries(
    st.text(min_size=1, max_size=4),
    st.fractions(min_value=0, max_value=1000, max_denominator=1000),
    min_size=1,
    max_size=12,
).filter(lambda weights: sum(weights.values()) > 0)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [
        (5, 10, 1),
        (4, 10, 0),
        (15, 10, 2),
        (25, 10, 3),
        (-5, 10, -1),
        (-4, 10, 0),
        (-25, 10, -3),
        (5, -10, -1),
        (-25, -10, 3),
        (0, 7, 0),
        (1, 3, 0),
        (2, 3, 1),
    ],
)
def test_half_goes_away_from_zero(numerator: int, denominator: int, rounded: int) -> None:
    assert half_up(numerator, denominator) == rounded


def test_division_by_zero_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        half_up(1, 0)


@given(st.integers(), st.integers().filter(bool))
def test_half_up_is_within_half_and_symmetric(numerator: int, denominator: int) -> None:
    rounded = half_up(numerator, denominator)
    assert abs(rounded - Fraction(numerator, denominator)) <= Fraction(1, 2)
    assert half_up(-numerator, denominator) == -rounded


def test_published_split_vectors() -> None:
    """100.00 yuan by 3.3/3.3/3.4, and by 1/1/1 with keys b, a, c: the spare fen goes to a."""
    tenths = [("a", Fraction(33, 10)), ("b", Fraction(33, 10)), ("c", Fraction(34, 10))]
    assert [share.fen for share in split(10_000, tenths)] == [3300, 3300, 3400]
    thirds = split(10_000, [("b", 1), ("a", 1), ("c", 1)])
    assert [(share.key, share.fen) for share in thirds] == [("b", 3333), ("a", 3334), ("c", 3333)]
    assert thirds[1].quotient == Fraction(10_000, 3)
    assert thirds[1].adjustment == Fraction(2, 3)


@given(st.integers(-(10**12), 10**12), WEIGHTS)
def test_split_is_exact_fair_and_mirrored(total_fen: int, weights: dict[str, Fraction]) -> None:
    """Sums are exact, nobody is a whole fen off, nothing goes to weight zero, sign mirrors."""
    shares = split(total_fen, list(weights.items()))
    assert sum(share.fen for share in shares) == total_fen
    assert sum(share.adjustment for share in shares) == 0
    assert all(share.fen == share.quotient + share.adjustment for share in shares)
    assert all(abs(share.adjustment) < 1 for share in shares)
    assert all(share.fen == 0 for share in shares if weights[share.key] == 0)
    mirrored = split(-total_fen, list(weights.items()))
    assert [share.fen for share in mirrored] == [-share.fen for share in shares]


@given(st.integers(0, 10**9), WEIGHTS, st.randoms(use_true_random=False))
def test_split_does_not_depend_on_input_order(
    total_fen: int, weights: dict[str, Fraction], random: Random
) -> None:
    forward = {share.key: share.fen for share in split(total_fen, list(weights.items()))}
    shuffled = list(weights.items())
    random.shuffle(shuffled)
    assert {share.key: share.fen for share in split(total_fen, shuffled)} == forward


def test_split_refuses_what_cannot_be_shared() -> None:
    with pytest.raises(NothingToSplitBy):
        split(100, [("a", 0), ("b", Fraction(0))])
    with pytest.raises(NothingToSplitBy):
        split(0, [])
    with pytest.raises(NegativeWeight, match="b"):
        split(100, [("a", 3), ("b", -1)])
    with pytest.raises(RepeatedShareKey, match="a"):
        split(100, [("a", 3), ("a", 1)])


def test_money_computes_and_never_takes_a_float() -> None:
    assert Money(150) + Money(50) - Money(300) == -Money(100)
    assert Money.sum([Money(1), Money(2)]) == Money(3)
    assert Money.sum([]) == Money(0)
    assert Money(1) < Money(2)
    assert str(Money(-1234)) == "-12.34"
    for wrong in (1.0, True, "1"):
        with pytest.raises(TypeError):
            Money(wrong)  # type: ignore[arg-type]  # the guard is for untyped callers
    with pytest.raises(AttributeError):
        Money(1) + 1  # type: ignore[operator]  # the guard is for untyped callers


@given(st.integers(-(10**17), 10**17))
def test_yuan_text_round_trip(fen: int) -> None:
    assert parse_yuan(yuan(fen)) == fen


@pytest.mark.parametrize(
    ("text", "fen"), [("12.3", 1230), ("0", 0), ("0.07", 7), ("-5", -500), ("1234.50", 123450)]
)
def test_short_yuan_text_is_read(text: str, fen: int) -> None:
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "money-blank"),
        ("  ", "money-blank"),
        ("1.234", "money-third-decimal"),
        ("1,234.00", "money-separator"),
        ("¥5", "money-sign"),
        ("5元", "money-sign"),
        ("1e3", "money-exponent"),
        ("007", "money-leading-zero"),
        ("１２", "money-not-a-number"),
        ("5.", "money-not-a-number"),
        (".5", "money-not-a-number"),
        ("+5", "money-not-a-number"),
        (" 5", "money-not-a-number"),
        ("5\n", "money-not-a-number"),
        ("nan", "money-not-a-number"),
        (str(FEN_MAX), "money-too-large"),
        ("9" * 5000, "money-too-large"),
    ],
)
def test_yuan_text_fault_is_named(text: str, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_yuan(text, row=7, field="金额")
    (fault,) = caught.value.faults
    assert (fault.code, fault.row, fault.field) == (code, 7, "金额")
