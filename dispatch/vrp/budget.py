"""How long a search may run: processor seconds of this process, or iterations, or both."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

Clock = Callable[[], float]


@dataclass(slots=True, kw_only=True)
class Budget:
    """What may be spent and what is spent; the first limit reached ends the search.

    With iterations alone nothing depends on a clock, so a seed gives the same answer every time.
    Seconds are of the processor, not of the wall: other programs on the machine cost us nothing.
    """

    cpu_seconds: float | None = None
    iterations: int | None = None
    clock: Clock = time.process_time
    began_s: float = field(init=False)
    spent: int = field(init=False, default=0)
    elsewhere_s: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        """Start the clock; raise ValueError when there is no limit at all."""
        if self.cpu_seconds is None and self.iterations is None:
            raise ValueError("a search needs a limit: cpu_seconds or iterations")
        self.began_s = self.clock()

    @property
    def used_s(self) -> float:
        """Return processor seconds since the start, those of helping processes included."""
        return self.clock() - self.began_s + self.elsewhere_s

    def progress(self) -> float:
        """Return the share that is spent: 0 at the start, 1 or more when it is time to stop."""
        share = 0.0
        if self.cpu_seconds is not None:
            share = self.used_s / self.cpu_seconds if self.cpu_seconds > 0 else 1.0
        if self.iterations is not None:
            share = max(share, self.spent / self.iterations if self.iterations > 0 else 1.0)
        return share
