"""The search: a good start, then annealing on the whole.

Cutting the whole into pieces was expected to pay from 1,000 customers on. It does not, on one core,
up to 6,000: what PyVRP copies in each iteration costs less than what pieces cannot exchange, so
pieces are for several processes at once only. docs/dispatch-vrp.md has the figures.
"""

import math
from dataclasses import dataclass

import numpy as np
import pyvrp
from numpy.typing import NDArray
from pyvrp import RandomNumberGenerator, Solution

from dispatch.vrp.anneal import Cooling, Engine, Found, Tuning, true_cost
from dispatch.vrp.budget import Budget
from dispatch.vrp.pieces import Piece, around, cut, divisible, paste, visited
from dispatch.vrp.starts import only_loads, start
from dispatch.vrp.workers import Task, pool_of

PIECES_FROM = 1_000
"""Clients from which on several workers have pieces enough to search at once."""

_TRIES_PER_S = 2_500
"""Iterations of the search in a second of one core of 2020s servers; only its scale matters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to search a problem; every number was measured, see docs/dispatch-vrp.md."""

    tuning: Tuning
    heat: Cooling
    load_penalty: float
    time_penalty: float
    piece_size: int
    piece_share: float
    piece_iterations: int


def plan_for(data: pyvrp.ProblemData, leg: float, tries: float, workers: int = 1) -> Plan:
    """Return the plan for a problem whose legs are about ``leg`` long and who has so many tries.

    The more tries there are for each client, the hotter it pays to begin. With prizes a client left
    out costs no more than its prize, and the heat of a leg's length would leave most of them out.
    """
    loads = [max([*one.delivery, *one.pickup], default=0) for one in data.clients()]
    load = max(1.0, float(np.mean(loads))) if loads else 1.0
    prizes = any(not one.required for one in data.clients())
    timed = not only_loads(data)
    heat = min(1.0, max(0.2, 0.13 * math.sqrt(tries / max(1, data.num_clients))))
    heat *= 0.17 if prizes else 1.0
    apart = workers > 1 and data.num_clients >= PIECES_FROM and divisible(data)
    return Plan(
        tuning=Tuning(neighbours=50 if prizes else 40 if timed else 20),
        heat=Cooling(heat * leg, 0.01 * heat * leg),
        load_penalty=max(1.0, 4 * leg / load),
        time_penalty=20.0 if timed else 1.0,
        piece_size=400,
        piece_share=0.85 if apart else 0.0,
        piece_iterations=400,
    )


def solve(
    data: pyvrp.ProblemData,
    *,
    cpu_seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 0,
    workers: int = 1,
    plan: Plan | None = None,
) -> Solution:
    """Return the best routes found within processor seconds or iterations, whichever ends first.

    With ``iterations`` alone the answer depends on the seed, the workers and nothing else. The
    seconds of several workers are added up: two of them take half the time of the wall, and find
    a little less in it than one does in the same seconds. Below ``PIECES_FROM`` clients one works.
    """
    budget = Budget(cpu_seconds=cpu_seconds, iterations=iterations)
    rng = RandomNumberGenerator(seed=seed)
    begin = start(data, rng)
    if plan is None:
        tries = min(iterations or math.inf, _TRIES_PER_S * (cpu_seconds or math.inf))
        plan = plan_for(data, _leg(data), tries, workers)
    penalties = (
        [plan.load_penalty] * data.num_load_dimensions,
        plan.time_penalty,
        plan.time_penalty,
    )
    engine = Engine(data, penalties, plan.tuning, seed)
    polished = engine.polish(begin)
    # With low prizes and far clients serving nobody can be better than the first routes.
    firsts = (engine.mend(polished), polished, begin, Solution(data, []))
    best = min(firsts, key=lambda one: true_cost(data, one))
    found = Found(best, polished, best, penalties)
    if plan.piece_share:
        found = _in_pieces(data, found, plan, budget, seed, workers)
    return engine.anneal(found.current, found.best, budget, plan.heat).best


def _leg(data: pyvrp.ProblemData) -> float:
    """Return the usual distance to one of the ten nearest clients: what a leg costs."""
    places = np.array([one.location for one in data.clients()], dtype=np.int64)
    if len(places) < 2:
        return 1.0
    matrix = data.distance_matrix(0)
    some = places[:: max(1, len(places) // 500)]
    near = min(10, len(places) - 1)
    return max(
        1.0, float(np.mean([np.partition(matrix[one, places], near)[1 : near + 1] for one in some]))
    )


def _in_pieces(
    data: pyvrp.ProblemData, found: Found, plan: Plan, budget: Budget, seed: int, workers: int
) -> Found:
    """Anneal piece after piece, the temperature falling over all of them together.

    With several workers each round takes as many disjoint pieces, in processes of their own.
    """
    chance = np.random.default_rng(seed)
    # A piece cannot mend what only another piece has room for: pieces start from sound ground, and
    # with fresh penalties, which would otherwise grow without end over many short searches.
    current = best = found.best
    age = np.zeros(data.num_clients, dtype=np.int64)
    turn = 0
    with pool_of(workers) as pool:
        while budget.progress() < plan.piece_share:
            turn += 1
            pieces = _choose(data, current, plan, age, chance, workers)
            if not pieces:
                break
            for piece in pieces:
                age[list(piece.clients)] = turn
            heat = plan.heat(budget.progress())
            tasks = [
                Task(piece, plan.tuning, found.penalties, heat, plan.piece_iterations, number)
                for piece, number in zip(
                    pieces, chance.integers(2**31, size=len(pieces)).tolist(), strict=True
                )
            ]
            done = pool(tasks)
            budget.spent += sum(one.iterations for one in done)
            budget.elsewhere_s += sum(one.cpu_s for one in done)
            current = paste(data, current, pieces, [one.found for one in done])
            if true_cost(data, current) < true_cost(data, best):
                best = current
    return Found(best, current, current, found.penalties)


def _choose(
    data: pyvrp.ProblemData,
    whole: Solution,
    plan: Plan,
    age: NDArray[np.int64],
    chance: np.random.Generator,
    count: int,
) -> list[Piece]:
    """Return disjoint pieces around the clients that have waited longest."""
    taken: set[int] = set()
    spoken: set[int] = set()
    waiting = age.copy()
    chosen = []
    all_routes = whole.routes()
    for _ in range(count):
        oldest = np.flatnonzero(waiting == waiting.min())
        middle = int(oldest[chance.integers(len(oldest))])
        age[middle] = waiting[middle] = waiting.max() + 1
        routes, near = around(data, whole, middle, plan.piece_size, taken)
        if not routes:
            break
        left = [one for one in near if one not in spoken]
        taken.update(routes)
        spoken.update(left)
        chosen.append((routes, left))
        for number in routes:
            waiting[visited(all_routes[number])] = waiting.max()
    return [cut(data, whole, routes, left, sharing=len(chosen)) for routes, left in chosen]
