"""What every engine gets and gives: a context with a clock in, flights out."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from dispatch.fleet import Fleet
from dispatch.flight import Flight
from dispatch.validation import InvalidProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """When to stop: after wall-clock ``seconds``, or after ``iterations`` of the search.

    An iteration stop gives the same plan on every machine (with one worker). ``cancelled`` is asked
    all the time; once it says True the best plan so far is finished and returned.
    """

    seconds: float | None = None
    iterations: int | None = None
    cancelled: Callable[[], bool] | None = None

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
    """The prepared problem, the budget and the seed of one run."""

    fleet: Fleet
    stop: Stop
    seed: int
    workers: int = 1
    on_progress: Callable[[Progress], None] | None = None
    began_s: float = field(default_factory=time.monotonic)

    def elapsed_s(self) -> float:
        """Return wall-clock seconds since the run began."""
        return time.monotonic() - self.began_s

    def cancelled(self) -> bool:
        """Tell whether the caller has asked to stop."""
        return self.stop.cancelled is not None and self.stop.cancelled()

    def over(self, share: float = 1.0) -> bool:
        """Tell whether this share of the time budget is used up or the caller has cancelled."""
        late = self.stop.seconds is not None and self.elapsed_s() >= share * self.stop.seconds
        return late or self.cancelled()

    def report(self, phase: str, flights: list[Flight]) -> None:
        """Tell the caller what the flights hold now."""
        if self.on_progress is None:
            return
        self.on_progress(
            Progress(
                phase=phase,
                elapsed_ms=round(self.elapsed_s() * 1000),
                area_centimu=sum(p.job.area_centimu for one in flights for p in one.plots),
                jobs=sum(len(flight.plots) for flight in flights),
            )
        )


class Engine(Protocol):
    """A way of making flights; `dispatch.solve` turns them into a plan and keeps the best."""

    name: str

    def solve(self, context: Context) -> list[Flight]:
        """Return one flight for each able drone; every visit in them keeps every rule."""
        ...
