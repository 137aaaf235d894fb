"""Random shapes and random haste: sound flights pass, and one second less is caught."""

from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from shapely import affinity
from shapely.geometry import LineString, Point, Polygon, box

from dispatch.check import Code, check
from dispatch.machines import Machine
from dispatch.model import DAY_S, Crew, Drone, Job, MixPoint, Problem, Ring, Settings, Window
from dispatch.plan import Plan, TruckStopKind
from tests.dispatch.check.accounts import account
from tests.dispatch.check.faults import plus, stop, truck, visit
from tests.dispatch.check.flying import Unfit
from tests.dispatch.check.simulate import Mix, Shift, Simulator, Site
from tests.dispatch.check.village import FROZEN, PLAN, PROBLEM, at

SHAPES = (
    box(0, 0, 1, 1),
    Polygon([(0, 0), (1, 0), (0.3, 1)]),
    Polygon([(0, 0), (1, 0), (1, 1), (0.5, 0.3), (0, 1)]),
    Polygon(box(0, 0, 1, 1).exterior.coords, [box(0.3, 0.2, 0.5, 0.6).exterior.coords]),
    Point(0.5, 0.5).buffer(0.5, quad_segs=3),
    LineString([(0, 0), (0.6, 0.1), (1, 0.8)]).buffer(0.07),
)


@dataclass(frozen=True)
class Draft:
    """What Hypothesis draws of one plot: shape, size in metres, turn, place."""

    shapes: tuple[int, ...]
    wide_m: int
    high_m: int
    turn: int
    x_m: int
    y_m: int


def _ring(shape: Polygon, ring: int) -> Ring:
    """Return a ring of a shape in degrees."""
    rings = [shape.exterior, *shape.interiors]
    return tuple(at(x, y) for x, y in rings[ring].coords)


def _job(number: int, draft: Draft, product: str) -> Job:
    """Return the plot of a draft; several shapes stand beside each other."""
    parts = []
    for beside, one in enumerate(draft.shapes):
        grown = affinity.scale(SHAPES[one], draft.wide_m, draft.high_m, origin=(0, 0))
        turned = affinity.rotate(grown, draft.turn, origin=(0, 0))
        put = affinity.translate(turned, draft.x_m + 700 * beside, draft.y_m)
        parts.append(tuple(_ring(put, ring) for ring in range(1 + len(put.interiors))))
    # Registered areas differ from surveyed ones: spraying follows the polygon, liquid the register.
    return Job(
        job_id=f"P{number}",
        order_id="O",
        area_centimu=100 + draft.wide_m * draft.high_m // 5,
        access=at(draft.x_m, draft.y_m),
        parts=tuple(parts),
        product=product,
        liquid_ml_per_mu=600 + 100 * draft.turn % 3000,
    )


DRAFTS = st.builds(
    Draft,
    shapes=st.lists(st.integers(0, len(SHAPES) - 1), max_size=2).map(tuple),
    wide_m=st.integers(8, 400),
    high_m=st.integers(8, 400),
    turn=st.integers(0, 359),
    x_m=st.integers(-500, 500),
    y_m=st.integers(-500, 500),
)
MACHINES = st.builds(
    Machine,
    model=st.just("drawn"),
    tank_ml=st.integers(8_000, 60_000),
    swath_cm=st.integers(250, 1_100),
    speed_cm_per_s=st.integers(250, 1_388),
    transit_cm_per_s=st.integers(500, 1_388),
    flow_ml_per_min=st.integers(3_000, 24_000),
    turn_s=st.integers(0, 9),
    battery_s=st.integers(500, 1_500),
    battery_swap_s=st.integers(0, 300),
    refill_s=st.integers(0, 300),
)


@st.composite
def flown(draw: st.DrawFn) -> tuple[Problem, Plan]:
    """Return a problem of a crew with two drones and one block after another, and its plan."""
    blocks = draw(
        st.lists(
            st.tuples(st.lists(DRAFTS, min_size=1, max_size=4), st.sampled_from("xyz")),
            min_size=1,
            max_size=3,
        )
    )
    jobs: list[Job] = []
    steps: list[Site | Mix] = []
    for number, (drafts, product) in enumerate(blocks):
        fresh = [
            _job(len(jobs) + n, replace(one, x_m=one.x_m + 2500 * number), product)
            for n, one in enumerate(drafts)
        ]
        names = tuple(one.job_id for one in fresh)
        both = {"D0": names[::2], "D1": names[1::2]}
        flights = {drone_id: mine for drone_id, mine in both.items() if mine}
        steps += [Mix("M")] if draw(st.booleans()) else []
        steps.append(
            Site(f"S{number}", fresh[draw(st.integers(0, len(fresh) - 1))].access, flights)
        )
        jobs += fresh
    problem = Problem(
        day=date(2026, 7, 20),
        jobs=tuple(jobs),
        drones=tuple(
            Drone(
                drone_id=name,
                crew_id="C",
                registration="R",
                insured_until=date(2026, 7, 20),
                area_cap_centimu=10_000_000,
                machine=draw(MACHINES),
            )
            for name in ("D0", "D1")
        ),
        crews=(
            Crew(
                crew_id="C",
                home=at(draw(st.integers(-9000, 9000)), draw(st.integers(-9000, 9000))),
                shift_start_s=0,
                shift_end_s=DAY_S,
                pilots=2,
                water_ml=draw(st.sampled_from([None, 5_000_000])),
            ),
        ),
        windows=(Window(start_s=draw(st.integers(0, 20_000)), end_s=DAY_S),),
        mix_points=(MixPoint(point_id="M", place=at(300, -3000), fill_s=300),),
        settings=Settings(compatible=(("x", "y"),), clean_s=draw(st.integers(0, 900))),
    )
    simulator = Simulator(problem, hair_s=2e-4)
    try:
        simulator.fly(Shift("C", 0, tuple(steps)))
    except Unfit:
        assume(False)
    return problem, simulator.plan({})


_QUIET = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@_QUIET
@given(flown())
def test_a_sound_plan_is_never_refused(both: tuple[Problem, Plan]) -> None:
    """Whatever the shapes, machines and products: whole seconds rounded up are enough."""
    problem, plan = both
    assert [one.sentence() for one in check(problem, plan)] == []


@_QUIET
@given(flown(), st.integers(1, 120), st.data())
def test_a_second_less_at_a_tight_place_is_caught(
    both: tuple[Problem, Plan], seconds: int, data: st.DataObject
) -> None:
    """No arrival, filling, finish, landing or return can come sooner."""
    problem, plan = both
    (day,) = plan.trucks
    less = plus(-seconds)
    spoilt: list[tuple[Plan, Code]] = [(truck(plan, "C", 0, return_s=less), Code.TRAVEL_TIME)]
    one = data.draw(st.sampled_from(day.stops))
    mixing = one.kind is TruckStopKind.MIX
    if mixing and sum(each.name == one.name for each in day.stops) == 1:
        spoilt.append((stop(plan, one.name, leave_s=less), Code.FILL_TIME))
    if not mixing:
        spoilt.append((stop(plan, one.name, leave_s=less), Code.LANDING))
        spoilt.append((stop(plan, one.name, arrive_s=less), Code.TRAVEL_TIME))
    row = data.draw(st.sampled_from([row for each in plan.routes for row in each.stops]))
    spoilt.append((visit(plan, row.job_id, finish_s=less), Code.WORK_TIME))
    spoilt.append((visit(plan, row.job_id, start_s=plus(seconds)), Code.WORK_TIME))
    for worse, code in spoilt:
        assert code in {found.code for found in check(problem, account(problem, worse))}, code


WORDS = st.sampled_from(["", "A1", "S1", "D0", "C0", "M1", "nobody"])
NUMBERS = st.integers(-3, 3) | st.integers(-100_000, 300_000)


def _garbled(data: st.DataObject, row: Any) -> Any:
    """Return a dataclass with one plain field replaced by something of its type."""
    plain = [one.name for one in fields(row) if isinstance(getattr(row, one.name), int | str)]
    name = data.draw(st.sampled_from(plain))
    old = getattr(row, name)
    kind = type(old)
    if issubclass(kind, StrEnum):
        return replace(row, **{name: data.draw(st.sampled_from(list(kind)))})
    return replace(row, **{name: data.draw(NUMBERS if kind is int else WORDS)})


def _shuffled(data: st.DataObject, rows: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return rows with one of them dropped, repeated or garbled, on its own or in its stops."""
    if not rows:
        return rows
    at_ = data.draw(st.integers(0, len(rows) - 1))
    one = rows[at_]
    if hasattr(one, "stops") and data.draw(st.booleans()):
        new = [replace(one, stops=_shuffled(data, one.stops))]
    else:
        new = data.draw(st.sampled_from([[], [one, one], [_garbled(data, one)]]))
    return (*rows[:at_], *new, *rows[at_ + 1 :])


@settings(_QUIET, max_examples=150)
@given(st.data(), st.sampled_from([PROBLEM, FROZEN]))
def test_no_plan_is_too_wrong_to_be_checked(data: st.DataObject, problem: Problem) -> None:
    """Whatever a well-typed plan says, it is judged, and every violation can be read."""
    plan = PLAN
    for _ in range(data.draw(st.integers(1, 6))):
        part = data.draw(st.sampled_from(["routes", "trucks", "unassigned"]))
        rows: Any = {part: _shuffled(data, getattr(plan, part))}
        plan = replace(plan, **rows)
    for found in check(problem, plan):
        assert found.sentence()
        assert found.sentence("zh")
        assert found.amount >= 0
