"""The day goes otherwise, and the plan goes on from what is done."""

from concurrent.futures import Executor
from dataclasses import replace

import pytest

from dispatch import (
    Breakdown,
    Cause,
    Events,
    InvalidDocument,
    InvalidProblem,
    Plan,
    Problem,
    Rain,
    Slower,
    Stop,
    Urgent,
    Window,
    check,
    freeze,
    replan,
    solve,
)
from dispatch.search import improve
from tests.dispatch.build import AFTERNOON, job, problem

NOW_S = 8 * 3600
QUICK = Stop(iterations=4)


def valley() -> Problem:
    """Return a valley that fills both drones' mornings and part of the afternoon."""
    jobs = [job(n, 90.0 * (n % 12), 90.0 * (n // 12), mu=9.0) for n in range(96)]
    return problem(jobs)


PROBLEM = valley()
PLAN = solve(PROBLEM, stop=QUICK)


def finished(plan: Plan, now_s: int) -> dict[str, tuple[str, int]]:
    """Return the jobs that are done by a moment, with drone and finish."""
    return {
        visit.job_id: (route.drone_id, visit.finish_s)
        for route in plan.routes
        for visit in route.stops
        if visit.finish_s <= now_s
    }


def where(plan: Plan) -> dict[str, str]:
    """Return which drone has which job."""
    return {visit.job_id: route.drone_id for route in plan.routes for visit in route.stops}


def test_what_is_done_stays_whatever_happens() -> None:
    """After a breakdown everything finished is in the new plan, on its drone, at its time."""
    changed, again = replan(
        PROBLEM, PLAN, now_s=NOW_S, events=[Breakdown(drone_id="D0")], stop=QUICK
    )
    assert check(changed, again) == ()
    done = finished(PLAN, NOW_S)
    assert len(done) > 10
    assert finished(again, NOW_S) == done
    later = [
        visit
        for route in again.routes
        if route.drone_id == "D0"
        for visit in route.stops
        if visit.finish_s > NOW_S
    ]
    assert later == []


def test_the_other_crews_keep_their_plots() -> None:
    """Nine tenths of what the other drone had to do is still its own after a breakdown."""
    _, again = replan(PROBLEM, PLAN, now_s=NOW_S, events=[Breakdown(drone_id="D0")], stop=QUICK)
    before = {one for one, drone_id in where(PLAN).items() if drone_id == "D1"}
    after = {one for one, drone_id in where(again).items() if drone_id == "D1"}
    assert len(before & after) >= 0.9 * len(before)
    assert len(after) > len(before)


def test_urgent_plots_come_in_and_others_give_way() -> None:
    """Five urgent plots on a full day are all planned."""
    full = problem(
        [job(n, 90.0 * (n % 12), 90.0 * (n // 12), mu=9.0) for n in range(96)],
        windows=(Window(start_s=6 * 3600, end_s=8 * 3600 + 1800),),
    )
    plan = solve(full, stop=QUICK)
    assert plan.unassigned
    urgent = tuple(replace(job(200 + n, 1200.0, 90.0 * n, mu=6.0), priority=100) for n in range(5))
    changed, again = replan(
        full, plan, now_s=7 * 3600, events=[Urgent(jobs=urgent)], stop=Stop(iterations=0)
    )
    assert check(changed, again) == ()
    assert {one.job_id for one in urgent} <= set(where(again))


def test_rain_moves_the_rest_to_the_afternoon() -> None:
    """With rain from eight o'clock nothing starts before the sky clears at three."""
    changed, again = replan(
        PROBLEM, PLAN, now_s=NOW_S, events=[Rain(windows=(AFTERNOON,))], stop=QUICK
    )
    assert check(changed, again) == ()
    starts = [visit.start_s for route in again.routes for visit in route.stops]
    assert all(one < NOW_S or one >= AFTERNOON.start_s for one in starts)
    assert any(one >= AFTERNOON.start_s for one in starts)


def test_a_slower_crew_gets_less_to_do() -> None:
    """At half the speed the crew's later visits take longer, and the plan knows."""
    changed, again = replan(
        PROBLEM, PLAN, now_s=NOW_S, events=[Slower(crew_id="C0", percent=50)], stop=QUICK
    )
    assert check(changed, again) == ()
    counts = [
        sum(visit.start_s > NOW_S for visit in route.stops)
        for plan in (PLAN, again)
        for route in plan.routes
        if route.drone_id == "D0"
    ]
    assert counts[1] <= counts[0]
    assert again.totals.jobs <= PLAN.totals.jobs


def test_workers_of_a_replan_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers are started for a replan that asks for two, and the plan is sound."""
    asked: list[int] = []
    real = improve._pool

    def counted(count: int) -> Executor:
        asked.append(count)
        return real(count)

    monkeypatch.setattr(improve, "_pool", counted)
    changed, again = replan(
        PROBLEM, PLAN, now_s=NOW_S, events=[Breakdown(drone_id="D0")], stop=QUICK, workers=2
    )
    assert asked == [2]
    assert check(changed, again) == ()


def test_a_replan_can_follow_a_replan() -> None:
    """A second event works on the first one's problem and plan."""
    first = replan(PROBLEM, PLAN, now_s=NOW_S, events=[Breakdown(drone_id="D0")], stop=QUICK)
    extra = Urgent(jobs=(job(300, 500, 400, mu=3.0, priority=50),))
    changed, again = replan(*first, now_s=9 * 3600, events=[extra], stop=QUICK)
    assert check(changed, again) == ()
    assert finished(again, NOW_S) == finished(PLAN, NOW_S)
    assert "P300" in where(again)


def test_frozen_sites_end_when_their_last_drone_has_landed() -> None:
    """A truck's frozen day holds the sites it has reached, and no other."""
    routes, trucks = freeze(PROBLEM, PLAN, now_s=NOW_S)
    names = {visit.block_id for route in routes for visit in route.stops}
    for truck in trucks:
        assert {stop.name for stop in truck.stops} <= names
        assert all(stop.arrive_s <= NOW_S for stop in truck.stops)


def test_events_are_a_document_and_nonsense_is_refused() -> None:
    """Events survive the round trip; unknown drones and crews and past moments are named."""
    events = Events(now_s=NOW_S, rain=Rain(windows=(AFTERNOON,)), urgent=(job(9, 0, 0),))
    assert Events.from_json(events.to_json()) == events
    assert len(events.listed()) == 2
    with pytest.raises(InvalidDocument):
        Events.from_json('{"schema": "dispatch.events", "version": 2}')
    for event, subject in (
        (Breakdown(drone_id="D9"), "D9"),
        (Slower(crew_id="C9", percent=50), "C9"),
    ):
        with pytest.raises(InvalidProblem) as caught:
            replan(PROBLEM, PLAN, now_s=NOW_S, events=[event], stop=QUICK)
        assert caught.value.subject == subject
    later = replace(PROBLEM, now_s=9 * 3600)
    with pytest.raises(InvalidProblem):
        replan(later, PLAN, now_s=NOW_S, events=[], stop=QUICK)


def test_nobody_left_is_said_so() -> None:
    """When both drones break down the rest is unavailable, not unskilled."""
    events = [Breakdown(drone_id="D0"), Breakdown(drone_id="D1")]
    changed, again = replan(PROBLEM, PLAN, now_s=NOW_S, events=events, stop=QUICK)
    assert check(changed, again) == ()
    assert {row.cause for row in again.unassigned} == {Cause.UNAVAILABLE}
