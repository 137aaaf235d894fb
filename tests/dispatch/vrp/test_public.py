"""Public instances: every family is read, solved and verified against the raw file."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pyvrp import Solution

from dispatch.vrp import Instance, listing, read_instance, solve, verify
from dispatch.vrp.anneal import true_cost
from dispatch.vrp.pieces import around, cut, paste
from dispatch.vrp.solver import Plan, plan_for
from dispatch.vrp.starts import only_loads, savings

SHARED = Path(os.environ.get("TGJ_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
FILES = SHARED / "vrp"

pytestmark = pytest.mark.skipif(
    not FILES.is_dir(), reason="the shared real data are not here; set TGJ_SHARED_DATA"
)

Rows = list[tuple[int, list[int]]]


def published(instance: Instance) -> Rows:
    """Return the routes of the .sol beside the file."""
    lines = instance.path.with_suffix(".sol").read_text().splitlines()
    routes = [line.partition(":")[2].split() for line in lines if line.startswith("Route")]
    return [(index, [int(one) for one in route]) for index, route in enumerate(routes) if route]


@pytest.mark.parametrize(
    ("name", "family", "rounding", "clients"),
    [
        ("X-n101-k25", "CVRP", "round", 100),
        ("RC2_10_1", "VRPTW", "dimacs", 1000),
        ("PR11A", "MDVRPTW", "exact", 360),
        ("PR21A", "MDVRPTW", "exact", 420),
        ("PC_RC2_10_1", "PCVRPTW", "dimacs", 1000),
        ("PC_C1_10_1", "PCVRPTW", "dimacs", 1000),
    ],
)
def test_families_read_and_published_costs_agree(
    name: str, family: str, rounding: str, clients: int
) -> None:
    """The verifier computes the published cost of the published routes, to the last unit."""
    instance = read_instance(FILES / f"{name}.vrp")
    assert (instance.family, instance.rounding) == (family, rounding)
    assert instance.data.num_clients == clients
    verdict = verify(instance.path, rounding, published(instance))
    assert verdict.faults == ()
    assert verdict.cost == instance.best_known()


@pytest.mark.parametrize("name", ["X-n101-k25", "PR11A"])
def test_answers_are_feasible_and_repeat(name: str) -> None:
    """A seed with an iteration budget gives a feasible answer, and the same one again."""
    instance = read_instance(FILES / f"{name}.vrp")
    rows = [listing(instance.data, solve(instance.data, iterations=700, seed=3)) for _ in range(2)]
    assert rows[0] == rows[1]
    assert verify(instance.path, instance.rounding, rows[0]).faults == ()


def test_prizes_are_weighed() -> None:
    """With prizes clients may be left out at a cost, and leaving out all of them bounds it."""
    instance = read_instance(FILES / "PC_C1_10_1.vrp")
    rows = listing(instance.data, solve(instance.data, iterations=600, seed=1))
    verdict = verify(instance.path, instance.rounding, rows)
    assert verdict.faults == ()
    assert sum(len(visits) for _, visits in rows) < instance.data.num_clients
    assert verdict.cost <= sum(client.prize for client in instance.data.clients())


def _long(rows: Rows) -> int:
    return max(range(len(rows)), key=lambda one: len(rows[one][1]))


def _swap_ends(rows: Rows) -> Rows:
    at = _long(rows)
    vehicle, visits = rows[at]
    return [*rows[:at], (vehicle, visits[::-1]), *rows[at + 1 :]]


def _join(rows: Rows) -> Rows:
    return [(rows[0][0], rows[0][1] + rows[1][1]), *rows[2:]]


@pytest.mark.parametrize(
    ("name", "fault", "sentence"),
    [
        ("X-n101-k25", lambda rows: [(rows[0][0], rows[0][1][1:]), *rows[1:]], "not visited"),
        (
            "X-n101-k25",
            lambda rows: [(rows[0][0], [*rows[0][1], rows[1][1][0]]), *rows[1:]],
            "2 times",
        ),
        ("X-n101-k25", _join, "carries"),
        ("X-n101-k25", lambda rows: [*rows, (99, [0])], "not a client"),
        ("X-n101-k25", lambda rows: [*rows, (99, [101])], "not a client"),
        ("X-n101-k25", lambda rows: [(100, rows[0][1]), *rows[1:]], "no vehicle 100"),
        ("X-n101-k25", lambda rows: [(rows[1][0], rows[0][1]), *rows[1:]], "drives 2 routes"),
        ("RC2_10_1", _swap_ends, "late at"),
        ("PR11A", _swap_ends, "late at"),
    ],
)
def test_broken_answers_are_caught(name: str, fault: Callable[[Rows], Rows], sentence: str) -> None:
    """Each fault put into published routes is named."""
    instance = read_instance(FILES / f"{name}.vrp")
    faults = verify(instance.path, instance.rounding, fault(published(instance))).faults
    assert any(sentence in one for one in faults), faults


def test_a_client_with_a_prize_may_be_left_out_at_its_price() -> None:
    """Leaving one out costs its prize and saves the detour; it is no fault."""
    instance = read_instance(FILES / "PC_C1_10_1.vrp")
    rows = published(instance)
    left = rows[0][1][0]
    verdict = verify(instance.path, instance.rounding, [(rows[0][0], rows[0][1][1:]), *rows[1:]])
    assert verdict.faults == ()
    prize = next(one.prize for one in instance.data.clients() if one.location == left)
    known = instance.best_known()
    assert known is not None
    assert known < verdict.cost <= known + prize


def test_pieces_go_back_without_a_scratch() -> None:
    """A piece cut out and put back unchanged leaves cost, routes and vehicles as they were."""
    instance = read_instance(FILES / "PR21A.vrp")
    whole = solve(instance.data, iterations=50, seed=1)
    routes, unvisited = around(instance.data, whole, middle=7, size=60)
    assert unvisited == []
    piece = cut(instance.data, whole, routes)
    assert 60 <= piece.data.num_clients < instance.data.num_clients
    back = paste(instance.data, whole, [piece], [piece.start])
    assert back == whole
    assert true_cost(instance.data, back) == true_cost(instance.data, whole)
    outside = true_cost(instance.data, whole) - true_cost(piece.data, piece.start)
    assert 0 < outside < true_cost(instance.data, whole)


def test_pieces_with_prizes_take_in_who_is_left_out() -> None:
    """Pieces of a problem with prizes may visit whom nobody visits; the whole stays feasible."""
    instance = read_instance(FILES / "PC_RC2_10_1.vrp")
    whole = solve(instance.data, iterations=300, seed=1)
    plan = replace(plan_for(instance.data, leg=145.0, tries=1e5), piece_share=0.9, piece_size=150)
    assert around(instance.data, whole, middle=3, size=150)[1]
    found = solve(instance.data, iterations=1_200, seed=1, plan=plan)
    rows = listing(instance.data, found)
    assert verify(instance.path, instance.rounding, rows).faults == ()


@pytest.mark.parametrize("workers", [1, 2])
def test_pieces_are_searched_apart(workers: int) -> None:
    """In pieces, by one process or two, answers are feasible, repeat and beat the start."""
    instance = read_instance(FILES / "PR21A.vrp")
    begin = true_cost(instance.data, solve(instance.data, iterations=0, seed=1))
    found = [
        solve(instance.data, iterations=900, seed=1, workers=workers, plan=_in_pieces(instance))
        for _ in range(2)
    ]
    assert found[0] == found[1]
    rows = listing(instance.data, found[0])
    verdict = verify(instance.path, instance.rounding, rows)
    assert verdict.faults == ()
    assert verdict.cost < begin


def _in_pieces(instance: Instance) -> Plan:
    """Return the usual plan, but half of it in small pieces."""
    plan = plan_for(instance.data, leg=10_000.0, tries=900)
    return replace(plan, piece_share=0.5, piece_size=80, piece_iterations=60)


def test_a_search_without_a_limit_is_refused() -> None:
    """Neither seconds nor iterations: the search would never end."""
    with pytest.raises(ValueError, match="needs a limit"):
        solve(read_instance(FILES / "X-n101-k25.vrp").data)


def test_savings_join_what_is_near() -> None:
    """Savings alone come within a tenth of the best known, and no vehicle is overloaded."""
    instance = read_instance(FILES / "X-n502-k39.vrp")
    assert only_loads(instance.data)
    found = Solution(instance.data, savings(instance.data))
    known = instance.best_known()
    assert known is not None
    assert found.is_feasible()
    assert true_cost(instance.data, found) < 1.1 * known
