"""Lines of one plot: where they run, what they wet, what they keep clear of."""

import math

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.coverage import Parts, cover, margin_choices
from dispatch.machines import default_machine
from dispatch.validation import InvalidProblem
from tests.dispatch.coverage.shapes import (
    box,
    holed,
    metres,
    plots,
    ring,
    slow_lines,
    to_metres,
    turned,
    wetted,
)

MACHINE = default_machine()
SWATH_M = 7.0
headings = st.integers(0, 17_999)


def test_a_square_is_flown_in_whole_swaths() -> None:
    """70 m by 70 m at 7 m and 6 m/s: ten lines of 70 m and nine turns of 4 s."""
    found = cover(((box(0, 0, 69.99, 70),),), MACHINE, 1000, heading_cdeg=0)
    assert (found.swaths, found.turns) == (10, 9)
    assert found.seconds == pytest.approx(10 * 70 / 6 + 9 * 4, rel=1e-4)
    assert found.treated_m2 == pytest.approx(69.99 * 70, rel=1e-4)
    assert found.missed_m2 + found.overspray_m2 < 1.0


def test_a_tenth_of_a_swath_may_stay_thin() -> None:
    """7.69 m is one strip, 7.71 m are two, each as wide as the other."""
    for width, swaths in ((7.69, 1), (7.71, 2)):
        found = cover(((box(0, 0, width, 60),),), MACHINE, 1000, heading_cdeg=0)
        assert found.swaths == swaths
        assert found.widths_m == pytest.approx([width / swaths] * swaths, rel=1e-5)


def test_a_narrow_strip_takes_one_line_and_sprays_its_neighbours() -> None:
    """A terrace 3 m wide and 100 m long: one line in the middle, 4 m by 100 m too much."""
    found = cover(((box(0, 0, 100, 3),),), MACHINE, 1000)
    assert (found.swaths, found.heading_cdeg) == (1, 9000)
    assert found.overspray_m2 == pytest.approx(400, rel=1e-3)


def test_the_pump_slows_a_high_dose() -> None:
    """At 10 L a mu the pump's 16 L a minute allow 2.54 m/s instead of 6."""
    plot = ((box(0, 0, 69.99, 70),),)
    seconds = cover(plot, MACHINE, 10_000, heading_cdeg=0).seconds
    speed = 16_000 / 60 / (10_000 / (2000 / 3) * 7)
    assert seconds == pytest.approx(700 / speed + 9 * 4, rel=1e-4)


def test_the_arms_of_a_u_are_flown_one_after_the_other() -> None:
    """Across its arms a U is three cells; the drone does not hop between the arms."""
    corners = [(0, 0), (80, 0), (80, 70), (50, 70), (50, 28), (30, 28), (30, 70), (0, 70)]
    found = cover(((ring(corners),),), MACHINE, 1000, heading_cdeg=9000)
    hops = [shapely.LineString(to_metres(way, ((ring(corners),),))).length for way in found.links]
    assert sum(hop > 20 for hop in hops) <= 2
    assert found.swaths == 4 + 6 + 6


def test_an_obstacle_is_flown_around() -> None:
    """A house of 20 m by 20 m in the middle: lines stop at it, ways between lines turn at it."""
    plot: Parts = ((box(0, 0, 100, 100),),)
    house = box(40, 40, 20, 20)
    found = cover(plot, MACHINE, 1000, obstacles=((house,),))
    body = shapely.Polygon(to_metres(house, plot)).buffer(-0.01)
    for way in (*found.lines, *found.links):
        assert not shapely.LineString(to_metres(way, plot)).intersects(body)
    assert found.area_m2 == pytest.approx(9600, rel=1e-4)
    assert found.missed_m2 < 0.005 * found.area_m2


def test_a_way_that_must_bend_is_counted_by_its_bends() -> None:
    """A wall between two lines costs the way around its end."""
    plot: Parts = ((box(0, 0, 14, 60),),)
    wall = box(6.9, -5, 0.2, 66)
    free = cover(plot, MACHINE, 1000, heading_cdeg=0)
    walled = cover(plot, MACHINE, 1000, heading_cdeg=0, obstacles=((wall,),))
    assert [len(way) for way in walled.links] == [4]
    assert walled.link_m == pytest.approx(0.2 + 2 * math.hypot(1, 3.4), rel=1e-3)
    assert free.seconds < walled.seconds < free.seconds + 0.1


def test_margins_trade_missed_ground_for_drift() -> None:
    """Each metre of margin leaves more of the plot dry and wets less beside it."""
    corners = [(0, 0), (120, 15), (150, 90), (60, 130), (-20, 70)]
    choices = margin_choices(((ring(corners),),), MACHINE, 1000)
    assert [one.margin_cm for one in choices] == [0, 100, 200, 300]
    missed = [one.missed_m2 for one in choices]
    drift = [one.overspray_m2 for one in choices]
    assert missed == sorted(missed)
    assert missed[-1] > missed[0] + 50
    assert drift == sorted(drift, reverse=True)


def test_a_plot_lost_to_its_margin_has_no_lines() -> None:
    """Three metres off both edges of a strip of 5 m leave nothing to spray."""
    found = cover(((box(0, 0, 100, 5),),), MACHINE, 1000, margin_cm=300)
    assert (found.swaths, found.turns, found.seconds, found.lines) == (0, 0, 0.0, ())
    assert found.missed_m2 == pytest.approx(found.area_m2)


@settings(deadline=None)
@given(plots, headings)
def test_lines_are_those_of_a_slow_cut(parts: Parts, heading_cdeg: int) -> None:
    """Strip by strip with plain intersections gives the same pieces and the same length."""
    expected = slow_lines(metres(parts)[0], heading_cdeg, SWATH_M)
    found = cover(parts, MACHINE, 1000, heading_cdeg=heading_cdeg)
    assert found.swaths == len(expected)
    assert found.line_m == pytest.approx(sum(far - near for _, near, far in expected), abs=0.02)


@settings(deadline=None)
@given(st.one_of(plots, holed()), headings, st.sampled_from([0, 0, 50, 150]))
def test_no_plan_is_shorter_than_its_area(parts: Parts, heading_cdeg: int, margin_cm: int) -> None:
    """Strips as many as the width needs, each at least as long as its area: n area / W."""
    ground = metres(parts)[0].buffer(-margin_cm / 100, join_style="mitre", mitre_limit=2.0)
    found = cover(parts, MACHINE, 1000, heading_cdeg=heading_cdeg, margin_cm=margin_cm)
    if ground.is_empty:
        assert not found.lines
        return
    low, _, high, _ = turned(ground, heading_cdeg).bounds
    count = max(1, math.ceil((high - low) / SWATH_M - 0.1 - 1e-9))
    assert found.line_m >= count * ground.area / (high - low) * (1 - 1e-5) - 0.01


@settings(max_examples=60, deadline=None)
@given(st.one_of(plots, holed()), st.sampled_from([0, 50, 100]))
def test_lines_wet_the_plot_inside_its_margin(parts: Parts, margin_cm: int) -> None:
    """At least 99.5 % of the plot without its margin lies within half a width of a line."""
    found = cover(parts, MACHINE, 1000, margin_cm=margin_cm)
    plot = metres(parts)[0]
    wet = wetted(found, parts, SWATH_M)
    inside = plot.buffer(-margin_cm / 100, join_style="mitre", mitre_limit=2.0)
    assert shapely.intersection(wet, inside, grid_size=1e-4).area >= 0.995 * inside.area
    treated = shapely.intersection(wet, plot, grid_size=1e-4).area
    assert found.treated_m2 == pytest.approx(treated, rel=1e-3, abs=0.5)
    assert found.overspray_m2 == pytest.approx(wet.area - treated, rel=2e-3, abs=1.0)
    assert found.treated_m2 + found.missed_m2 == pytest.approx(plot.area, rel=2e-5, abs=0.01)


@settings(max_examples=60, deadline=None)
@given(holed(), headings)
def test_nothing_is_flown_through_a_hole(parts: Parts, heading_cdeg: int) -> None:
    """Neither lines nor the ways between them enter a hole, however it stands in the strips."""
    found = cover(parts, MACHINE, 1000, heading_cdeg=heading_cdeg)
    for hole in parts[0][1:]:
        body = shapely.Polygon(to_metres(hole, parts)).buffer(-0.01)
        for way in (*found.lines, *found.links):
            assert not shapely.LineString(to_metres(way, parts)).intersects(body)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ((), "empty"),
        (((((0.0, 0.0), (1.0, 0.0), (0.0, 0.0)),),), "closed"),
        (((box(0, 0, 10, 10)[:-1],),), "closed"),
        (((ring([(0, 0), (50, 50), (50, 0), (0, 50)]),),), "self-intersecting"),
        (((ring([(0, 0), (50, 0), (100, 0)]),),), "self-intersecting or empty"),
        (((((float("nan"), 0.0), (1.0, 0.0), (1.0, 1.0), (float("nan"), 0.0)),),), "closed"),
        (((((0.0, 0.0), (0.0, 91.0), (0.1, 0.0), (0.0, 0.0)),),), "longitude, latitude"),
        (((((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)),),), "spans more than"),
    ],
)
def test_impossible_plots_are_refused_by_name(parts: Parts, reason: str) -> None:
    """The error names the plot, the field and the reason in both languages."""
    with pytest.raises(InvalidProblem, match=reason) as refused:
        cover(parts, MACHINE, 1000)
    assert (refused.value.subject, refused.value.field) == ("plot", "parts")
    assert refused.value.zh


def test_impossible_settings_are_refused() -> None:
    """A heading of half a turn, a negative margin, no liquid, a crossed obstacle."""
    plot: Parts = ((box(0, 0, 50, 50),),)
    with pytest.raises(InvalidProblem, match="heading_cdeg"):
        cover(plot, MACHINE, 1000, heading_cdeg=18_000)
    with pytest.raises(InvalidProblem, match="margin_cm"):
        cover(plot, MACHINE, 1000, margin_cm=-1)
    with pytest.raises(InvalidProblem, match="liquid_ml_per_mu"):
        cover(plot, MACHINE, 0)
    with pytest.raises(InvalidProblem, match="obstacle 0"):
        cover(
            plot,
            MACHINE,
            1000,
            obstacles=((ring([(0, 0), (9, 9), (9, 0), (0, 9)]),),),
        )
