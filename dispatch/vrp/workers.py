"""Annealing of pieces, here or in several processes at once."""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from pyvrp import Solution

from dispatch.vrp.anneal import Engine, Penalties, Tuning
from dispatch.vrp.budget import Budget
from dispatch.vrp.pieces import Piece


@dataclass(frozen=True, slots=True)
class Task:
    """A piece to anneal at one temperature for some iterations."""

    piece: Piece
    tuning: Tuning
    penalties: Penalties
    heat: float
    iterations: int
    seed: int


@dataclass(frozen=True, slots=True)
class Done:
    """What was found for a piece, the iterations made, and the processor seconds of a helper."""

    found: Solution
    iterations: int
    cpu_s: float


Run = Callable[[Sequence[Task]], list[Done]]


def anneal_piece(task: Task) -> Done:
    """Return where a piece's search last stood on feasible ground."""
    budget = Budget(iterations=task.iterations)
    tuning = replace(task.tuning, updates=100)
    engine = Engine(task.piece.data, task.penalties, tuning, task.seed)
    start = task.piece.start
    found = engine.anneal(start, start, budget, lambda _: task.heat)
    return Done(found.sound, budget.spent, 0.0)


def _anneal_away(task: Task) -> Done:
    """Anneal a piece in a helper, whose processor time our own clock does not see."""
    began_s = time.process_time()
    done = anneal_piece(task)
    return replace(done, cpu_s=time.process_time() - began_s)


@contextmanager
def pool_of(workers: int) -> Iterator[Run]:
    """Yield what runs tasks, in the order given: this process alone, or some helpers."""
    if workers <= 1:
        yield lambda tasks: [anneal_piece(one) for one in tasks]
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=workers, mp_context=context) as pool:
        yield lambda tasks: list(pool.map(_anneal_away, tasks))
