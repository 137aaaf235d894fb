"""PyVRP's local search inside simulated annealing.

PyVRP accepts by late acceptance, which at 1,000 customers and a minute of one core is still far
from settled when the time is over, and opens with penalties near 50,000 that take it 30,000
iterations to bring down. Annealing knows how much time is left, and the penalties start where
they end up.
"""

import math
import warnings
from dataclasses import dataclass
from typing import Protocol

import pyvrp
from pyvrp import (
    CostEvaluator,
    PenaltyManager,
    PenaltyParams,
    RandomNumberGenerator,
    Solution,
)
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.search import (
    OPERATORS,
    LocalSearch,
    NeighbourhoodParams,
    PerturbationManager,
    PerturbationParams,
    compute_neighbours,
)

from dispatch.vrp.budget import Budget
from dispatch.vrp.starts import nearest, only_loads

MANY = 2_000
"""Clients from which on the sorting of all pairs by PyVRP takes a noticeable time."""

Penalties = tuple[list[float], float, float]
"""Cost of one unit too much: of load in each dimension, of lateness, of distance."""


class Heat(Protocol):
    """What a worse answer may cost more, on average, at a share of the time that is spent."""

    def __call__(self, progress: float) -> float:
        """Return the temperature in cost units."""
        ...


@dataclass(frozen=True, slots=True)
class Cooling:
    """A heat that falls from hot to cold, each equal stretch of the time by one factor."""

    hot: float
    cold: float

    def __call__(self, progress: float) -> float:
        """Return the temperature in cost units."""
        return float(self.hot * (self.cold / self.hot) ** min(1.0, max(0.0, progress)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What makes the search of one kind of problem good; measured, see docs/dispatch-vrp.md."""

    neighbours: int = 20
    perturbations: int = 25
    updates: int = 500


@dataclass(frozen=True, slots=True)
class Found:
    """The best feasible answer, where the search stands, where it last stood on sound ground.

    ``sound`` is the last accepted answer that is feasible: unlike ``best`` it keeps the disorder of
    the temperature, without which annealing piece by piece would only ever go downhill.
    """

    best: Solution
    current: Solution
    sound: Solution
    penalties: Penalties


class Engine:
    """PyVRP's local search of one problem, set up once, with penalties that adapt."""

    def __init__(
        self, data: pyvrp.ProblemData, penalties: Penalties, tuning: Tuning, seed: int
    ) -> None:
        self.data = data
        self.rng = RandomNumberGenerator(seed=seed)
        if data.num_clients >= MANY and only_loads(data):
            neighbours = nearest(data, tuning.neighbours)
        else:
            neighbours = compute_neighbours(
                data, NeighbourhoodParams(num_neighbours=tuning.neighbours)
            )
        self.search = LocalSearch(
            data,
            self.rng,
            neighbours,
            PerturbationManager(PerturbationParams(max_perturbations=tuning.perturbations)),
        )
        for operator in OPERATORS:
            if operator.supports(data):
                self.search.add_operator(operator(data))
        self.manager = PenaltyManager(
            penalties, PenaltyParams(solutions_between_updates=tuning.updates)
        )

    def polish(self, start: Solution) -> Solution:
        """Return a local optimum of all moves; required clients that are missing go in."""
        return self.search(start, self.manager.cost_evaluator(), exhaustive=True)

    def mend(self, start: Solution) -> Solution:
        """Return a local optimum in which every fault costs as much as it may: most have none."""
        return self.search(start, self.manager.max_cost_evaluator(), exhaustive=True)

    def anneal(self, start: Solution, best: Solution, budget: Budget, heat: Heat) -> Found:
        """Search from a start until the budget is spent; ``best`` is the answer to beat."""
        with warnings.catch_warnings():
            # A penalty at its maximum is no news: an answer with faults says so itself.
            warnings.simplefilter("ignore", PenaltyBoundWarning)
            return self._anneal(start, best, budget, heat)

    def _anneal(self, start: Solution, best: Solution, budget: Budget, heat: Heat) -> Found:
        current = sound = start
        evaluate = self.manager.cost_evaluator()
        least = evaluate.cost(best)
        while (progress := budget.progress()) < 1.0:
            budget.spent += 1
            evaluate = self.manager.cost_evaluator()
            tried = self.search(current, evaluate, exhaustive=False)
            self.manager.register(tried)
            if tried.is_feasible() and evaluate.cost(tried) < least:
                polished = (
                    self.search(tried, evaluate, exhaustive=True) if progress > 0.9 else tried
                )
                if polished.is_feasible() and evaluate.cost(polished) < evaluate.cost(tried):
                    tried = polished
                best, least = tried, evaluate.cost(tried)
            more = evaluate.penalised_cost(tried) - evaluate.penalised_cost(current)
            if more < 0 or more < -heat(progress) * math.log(self.rng.rand() + 1e-300):
                current = tried
                if tried.is_feasible():
                    sound = tried
        return Found(best, current, sound, self.manager.penalties())


def true_cost(data: pyvrp.ProblemData, found: Solution) -> int:
    """Return the cost of a feasible answer; a number above all others of one that is not."""
    return CostEvaluator([0.0] * data.num_load_dimensions, 0.0, 0.0).cost(found)
