"""What every engine gets and gives: a context with a clock in, a draft out."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from dispatch.causes import ruled_out
from dispatch.crewday import DayFlight
from dispatch.fleet import Fleet
from dispatch.model import Problem
from dispatch.physics import Plot
from dispatch.plan import Cause
from dispatch.validation import InvalidProblem

if TYPE_CHECKING:
    from dispatch.search.draft import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """When to stop: after ``seconds``, or after ``iterations`` of the search.

    An iteration stop gives the same plan on every machine (with one worker); an iteration is one
    neighbourhood solved anew. ``clock`` counts the seconds: the wall's, or with
    ``time.process_time`` the processor's. ``cancelled`` is asked all the time; once it says True
    the best plan so far is finished and returned.
    """

    seconds: float | None = None
    iterations: int | None = None
    cancelled: Callable[[], bool] | None = None
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        """Refuse a stop that never stops and negative budgets."""
        if (self.seconds is None) == (self.iterations is None):
            raise InvalidProblem(
                "stop", "seconds", "与 iterations 须恰好给一个", "or iterations: give exactly one"
            )
        budget = self.seconds if self.seconds is not None else self.iterations
        if budget is None or not 0 <= budget < 1e9:
            raise InvalidProblem("stop", "seconds", "须为非负数", "must not be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A word on how far the solver is: its phase, elapsed time and what is planned so far."""

    phase: str
    elapsed_ms: int
    area_centimu: int
    jobs: int


@dataclass(slots=True)
class Context:
    """The prepared problem, the budget and the seed of one run; ``out`` is what nobody can do."""

    fleet: Fleet
    out: dict[int, Cause]
    stop: Stop
    seed: int
    workers: int
    on_progress: Callable[[Progress], None] | None
    began_s: float

    @classmethod
    def open(
        cls,
        problem: Problem,
        stop: Stop,
        seed: int,
        workers: int = 1,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> "Context":
        """Start the clock and measure the problem."""
        began_s = stop.clock()
        fleet = Fleet(problem)
        return cls(fleet, ruled_out(fleet), stop, seed, workers, on_progress, began_s)

    @property
    def plots(self) -> list[Plot]:
        """The plots that somebody could spray."""
        return [plot for plot in self.fleet.open_plots if plot.index not in self.out]

    def elapsed_s(self) -> float:
        """Return seconds of the stop's clock since the run began."""
        return self.stop.clock() - self.began_s

    def cancelled(self) -> bool:
        """Tell whether the caller has asked to stop."""
        return self.stop.cancelled is not None and self.stop.cancelled()

    def over(self, share: float = 1.0) -> bool:
        """Tell whether this share of the time budget is used up or the caller has cancelled."""
        late = self.stop.seconds is not None and self.elapsed_s() >= share * self.stop.seconds
        return late or self.cancelled()

    def left_s(self, share: float = 1.0) -> float | None:
        """Return the seconds left of this share of the budget, None for an iteration stop."""
        if self.stop.seconds is None:
            return None
        return max(0.0, share * self.stop.seconds - self.elapsed_s())

    def report(self, phase: str, flights: Sequence[DayFlight]) -> None:
        """Tell the caller what the flights hold now."""
        if self.on_progress is None:
            return
        visits = [one for flight in flights for one in flight.visits]
        self.on_progress(
            Progress(
                phase=phase,
                elapsed_ms=round(self.elapsed_s() * 1000),
                area_centimu=sum(one.plot.job.area_centimu for one in visits),
                jobs=len(visits),
            )
        )


class Engine(Protocol):
    """A way of making a draft; `dispatch.solve` mends it, writes the plan and checks it."""

    name: str

    def solve(self, context: Context) -> "Draft":
        """Return each crew's day; every visit in it keeps every rule."""
        ...
