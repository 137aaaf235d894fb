"""Time: instants are aware UTC, business days are dates in Asia/Shanghai, both from a `Clock`."""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """The only source of "now"; injected so that a season can be simulated and tests repeat."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...

    def today(self) -> date:
        """Return the business day (Asia/Shanghai)."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)

    def today(self) -> date:
        """Return today's date in Asia/Shanghai."""
        return self.now().astimezone(SHANGHAI).date()


class SteppedClock:
    """A clock that stands still until told to move: for tests and the demo's season."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            msg = "a clock starts at an aware instant"
            raise ValueError(msg)
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant at which the clock stands."""
        return self._now

    def today(self) -> date:
        """Return the business day of the instant at which the clock stands."""
        return self._now.astimezone(SHANGHAI).date()

    def advance(self, by: timedelta) -> None:
        """Move on by ``by``; never backwards."""
        if by < timedelta(0):
            msg = "a clock does not run backwards"
            raise ValueError(msg)
        self._now += by

    def set_to_morning(self, day: date, hour: int = 9) -> None:
        """Move on to ``hour`` o'clock of ``day`` in Shanghai."""
        self.advance(datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI) - self._now)


class RunningClock:
    """A clock set to an instant that runs on from there: the demo's API after its season."""

    def __init__(self, start: datetime) -> None:
        self._offset = start.astimezone(UTC) - datetime.now(UTC)

    def now(self) -> datetime:
        """Return the set instant plus the time that has passed since."""
        return datetime.now(UTC) + self._offset

    def today(self) -> date:
        """Return the business day of `now`."""
        return self.now().astimezone(SHANGHAI).date()
