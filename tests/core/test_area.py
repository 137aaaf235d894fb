"""Area: centimu against square metres at 2000/3 exactly, and strict mu text."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.area import Area, AreaKind
from backend.core.errors import BadInput


def test_one_mu_is_two_thousand_thirds() -> None:
    assert Area(100).m2() == Fraction(2000, 3)
    assert Area.from_m2(10_000) == Area(1500)
    assert Area.from_m2(Fraction(2000, 3)) == Area(100)


def test_from_m2_rounds_half_up_exactly() -> None:
    """Half a centimu is 10/3 m²: the fraction rounds up, the float just below it does not."""
    assert Area.from_m2(Fraction(10, 3)) == Area(1)
    assert Area.from_m2(3.333) == Area(0)
    assert Area.from_m2(Fraction(-10, 3)) == Area(-1)


@given(st.integers(-(10**12), 10**12))
def test_area_round_trips_through_m2(centimu: int) -> None:
    assert Area.from_m2(Area(centimu).m2()) == Area(centimu)


@given(st.integers(0, 10**12))
def test_area_round_trips_through_text(centimu: int) -> None:
    assert Area.parse(str(Area(centimu))) == Area(centimu)


@given(st.floats(0, 1e9))
def test_rounding_to_centimu_is_within_half_of_one(m2: float) -> None:
    assert abs(Area.from_m2(m2).m2() - Fraction(m2)) <= Fraction(10, 3)


@pytest.mark.parametrize("m2", [float("nan"), float("inf"), float("-inf")])
def test_non_finite_m2_is_refused(m2: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Area.from_m2(m2)


def test_areas_compute_and_never_take_a_float() -> None:
    assert Area(150) + Area(50) - Area(300) == Area(-100)
    assert str(Area(-1234)) == "-12.34"
    assert Area.sum([Area(1), Area(2)]) == Area(3)
    assert Area(1) < Area(2)
    with pytest.raises(TypeError):
        Area(1.0)  # type: ignore[arg-type]  # the guard is for untyped callers
    with pytest.raises(AttributeError):
        Area(1) + 1  # type: ignore[operator]  # the guard is for untyped callers


def test_extra_decimals_are_rounded_only_when_asked() -> None:
    assert Area.parse("1.2350", rounding=True) == Area(124)
    assert Area.parse("1.2349", rounding=True) == Area(123)
    assert Area.parse("3") == Area(300)
    assert Area.parse("3.5") == Area(350)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "area-blank"),
        ("1.234", "area-third-decimal"),
        ("-1", "area-negative"),
        ("1,000", "area-separator"),
        ("3亩", "area-unit"),
        ("１", "area-not-a-number"),
        ("1.", "area-not-a-number"),
        ("NaN", "area-not-a-number"),
        ("9" * 18, "area-too-large"),
        ("1." + "0" * 5000, "area-too-large"),
    ],
)
def test_area_text_fault_is_named(text: str, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        Area.parse(text, row=3, field="HTMJM")
    (fault,) = caught.value.faults
    assert (fault.code, fault.row, fault.field) == (code, 3, "HTMJM")


def test_kinds_are_the_seven_of_the_trade() -> None:
    assert {kind.value for kind in AreaKind} == {
        "registered", "contract", "surveyed", "flown", "effective", "accepted", "ordered",
    }  # fmt: skip
