"""The rules of spraying, computed by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.ids import new_id
from backend.operations import rules
from backend.operations.defaults import day_defaults
from backend.operations.rules import Grounding, JobState, OrderState, Papers, PlanState

DAY = date(2026, 7, 20)


@pytest.mark.parametrize(
    ("flown", "ordered", "permille", "accepted"),
    [
        (200, 200, 30, 200),
        (194, 200, 30, 200),  # 194 × 1.03 = 199.82, half up 200
        (190, 200, 30, 196),  # 195.7
        (150, 200, 0, 150),
        (260, 200, 30, 200),
        (0, 200, 30, 0),
    ],
)
def test_accepted_by_rule(flown: int, ordered: int, permille: int, accepted: int) -> None:
    """min(flown × (1 + tolerance), contract area)."""
    assert rules.accepted_by_rule(flown, ordered, permille) == accepted


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 200))
def test_the_rule_never_passes_the_contract(flown: int, ordered: int, permille: int) -> None:
    """What the rule accepts is within the contract, and needs no reason."""
    accepted = rules.accepted_by_rule(flown, ordered, permille)
    assert 0 <= accepted <= ordered
    facts = {"flown_centimu": flown, "ordered_centimu": ordered, "permille": permille}
    assert not rules.acceptance_needs_reason(accepted, **facts)


def test_a_reason_is_needed_beyond_the_tolerance() -> None:
    """Three per cent of 3.50 mu is 0.105, half up 0.11."""
    facts = {"flown_centimu": 350, "ordered_centimu": 350, "permille": 30}
    assert not rules.acceptance_needs_reason(339, **facts)
    assert rules.acceptance_needs_reason(338, **facts)
    assert not rules.report_needs_reason(361, 350, 30)
    assert rules.report_needs_reason(362, 350, 30)


def test_who_stays_on_the_ground() -> None:
    """Each paper is good to its last day; the first cause in order is told."""
    fit = Papers(
        state="ready",
        registration_no="UAS1",
        insured_until=DAY,
        certificate_until=DAY,
        busy=False,
    )
    yesterday = date(2026, 7, 19)
    assert rules.grounding(fit, DAY) is None
    for papers, cause in (
        (replace(fit, state="retired"), Grounding.RETIRED),
        (replace(fit, state="broken", busy=True), Grounding.BROKEN),
        (replace(fit, registration_no=""), Grounding.UNREGISTERED),
        (replace(fit, insured_until=yesterday), Grounding.UNINSURED),
        (replace(fit, certificate_until=yesterday), Grounding.CERTIFICATE),
        (replace(fit, busy=True), Grounding.BUSY),
        (replace(fit, pilot_taken=True), Grounding.NO_PILOT),
    ):
        assert rules.grounding(papers, DAY) is cause


def test_a_window_of_days() -> None:
    """Spans are cut to the day in Shanghai, inwards to whole seconds."""
    whole = (datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC))
    assert rules.span_of_days(DAY, 1, *whole) == (0, 86_400)
    morning = datetime(2026, 7, 19, 22, 0, 0, 500_000, tzinfo=UTC)
    evening = datetime(2026, 7, 20, 12, 0, 0, 500_000, tzinfo=UTC)
    assert rules.span_of_days(DAY, 1, morning, evening) == (6 * 3600 + 1, 20 * 3600)
    assert rules.span_of_days(DAY, 1, evening, morning) is None
    assert rules.span_of_days(date(2026, 7, 22), 1, morning, evening) is None
    assert rules.span_of_days(date(2026, 7, 19), 2, morning, evening) == (108_001, 158_400)
    assert rules.local_instant(DAY, 6 * 3600) == datetime(2026, 7, 19, 22, tzinfo=UTC)


def test_transitions_lead_somewhere() -> None:
    """Every state is reached from the first one, and the job's steps are the order's."""
    for table, first in (
        (set(rules.ORDER_TRANSITIONS), OrderState.DRAFT),
        (set(rules.PLAN_TRANSITIONS), PlanState.QUEUED),
    ):
        reached = {first}
        for _ in table:
            reached |= {after for before, after in table if before in reached}
        assert reached == set(type(first))
    for (before, _), order_state in rules.JOB_TRANSITIONS.items():
        was = OrderState.RELEASED if before is JobState.RECEIVED else OrderState(before.value)
        assert (was, order_state) in rules.ORDER_TRANSITIONS


def test_numbers_and_defaults() -> None:
    """Numbers made at the same moment differ; the defaults are two windows around noon."""
    numbers = {rules.order_number("2026", "14042910020100", new_id()) for _ in range(500)}
    assert len(numbers) == 500
    windows = [(one["start"], one["end"]) for one in day_defaults()["windows"]]
    assert windows == [("05:30", "11:30"), ("15:00", "20:00")]
