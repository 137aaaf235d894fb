"""Questions about a plan are answered by trying."""

import pytest

from dispatch import (
    Cause,
    Crew,
    InvalidProblem,
    Stop,
    Window,
    check,
    move,
    solve,
    what_if,
    why,
    why_not,
)
from tests.dispatch.build import drone, job, place, problem

QUICK = Stop(iterations=4)
FULL = problem(
    [job(n, 90.0 * (n % 10), 90.0 * (n // 10), mu=9.0, priority=n % 2) for n in range(60)],
    windows=(Window(start_s=6 * 3600, end_s=8 * 3600),),
)
PLAN = solve(FULL, stop=QUICK)


def test_every_job_left_out_has_one_cause_and_its_nearest_chance() -> None:
    """A full morning leaves plots for lack of time; each would push out others of some weight."""
    answers = why(FULL, PLAN)
    assert [one.job_id for one in answers] == [row.job_id for row in PLAN.unassigned]
    assert {one.cause for one in answers} == {Cause.NO_TIME}
    for one in answers:
        assert one.tried > 0
        assert one.chance is None or (one.chance.weight_lost > 0 and one.chance.displaced)
    assert any(one.chance is not None for one in answers)


def test_an_impossible_job_is_not_tried() -> None:
    """Where nobody has the skill there is nothing to try."""
    given = problem([job(0, 0, 0), job(1, 40, 0, skills=("slope",))])
    (answer,) = why(given, solve(given, stop=QUICK))
    assert (answer.cause, answer.tried, answer.chance) == (Cause.NO_SKILL, 0, None)


def test_one_more_drone_brings_more_than_one_more_hour_and_neither_less_than_nothing() -> None:
    """Two hours with two drones: a third drone adds about half, an hour about half too."""
    names = ("one_more_drone", "one_more_hour")
    gains = {name: what_if(FULL, PLAN, name, stop=QUICK) for name in names}
    assert all(gain.area_centimu > 0 for gain in gains.values())
    assert all(gain.weight >= gain.area_centimu for gain in gains.values())
    nothing = what_if(FULL, PLAN, "later_deadline", stop=QUICK)
    assert nothing.area_centimu == 0
    with pytest.raises(InvalidProblem):
        what_if(FULL, PLAN, "more_luck", stop=QUICK)


def test_a_move_that_fits_breaks_nothing() -> None:
    """On a half-empty morning a plot goes to the other drone and nothing else changes hands."""
    given = problem([job(n, 90.0 * n, 0, mu=9.0) for n in range(8)])
    plan = solve(given, stop=QUICK)
    moved = plan.routes[0].stops[0].job_id
    other = "D1" if plan.routes[0].drone_id == "D0" else "D0"
    edited = move(given, plan, moved, drone_id=other)
    assert (edited.violations, edited.dropped) == ((), ())
    found = {v.job_id: r.drone_id for r in edited.plan.routes for v in r.stops}
    assert found[moved] == other
    assert len(found) == 8
    assert check(given, edited.plan) == ()
    assert edited.cost_s == edited.plan.objective.cost - plan.objective.cost


def test_a_move_onto_a_full_drone_says_what_it_breaks() -> None:
    """The plan is flown as wished, with its violations, and a sound one would drop others."""
    left_out = PLAN.unassigned[0].job_id
    drone_id = PLAN.routes[0].drone_id
    edited = why_not(FULL, PLAN, left_out, drone_id)
    assert edited.violations
    assert edited.dropped
    assert any(v.job_id == left_out for r in edited.plan.routes for v in r.stops)


def test_a_move_before_a_neighbour_lands_there() -> None:
    """The stop comes directly before the one that was named."""
    given = problem([job(n, 90.0 * n, 0, mu=9.0) for n in range(8)], drones=(drone(0),))
    plan = solve(given, stop=QUICK)
    order = [visit.job_id for visit in plan.routes[0].stops]
    edited = move(given, plan, order[6], drone_id="D0", before=order[1])
    now = [visit.job_id for visit in edited.plan.routes[0].stops]
    assert now.index(order[6]) + 1 == now.index(order[1])


def test_impossible_moves_are_refused_by_name() -> None:
    """Unknown jobs, drones that do not work and strange neighbours are named."""
    crews = (
        Crew(crew_id="C0", home=place(0, 0)),
        Crew(crew_id="C1", home=place(0, 0), days_off=(0,)),
    )
    given = problem([job(0, 0, 0)], crews=crews)
    plan = solve(given, stop=QUICK)
    for wanted, target, neighbour in (("P9", "D0", None), ("P0", "D1", None), ("P0", "D0", "P7")):
        with pytest.raises(InvalidProblem):
            move(given, plan, wanted, drone_id=target, before=neighbour)
