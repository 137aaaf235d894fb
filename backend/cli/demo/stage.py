"""What every act of the demonstration needs: the database, the clock, the county, a narrator."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from backend.cli.demo.rows import County
from backend.core.audit import Command
from backend.core.clock import SteppedClock
from backend.core.crypto import Sealer
from backend.core.db import PLATFORM_ORG_ID, Database, Scope, WriteSession
from backend.core.settings import Settings

SEASON = "2026"
SPRAY_DAY = date(2026, 7, 2)
SALE_DAY = date(2026, 10, 8)
RENT_DAY = date(2026, 10, 12)
WAGE_DAY = date(2026, 10, 24)
YEAR_END = date(2026, 12, 31)
DIVIDEND_DAY = date(2027, 1, 8)
_NOBODY = UUID(int=0)
PASSWORD = "tianguanjia-demo"  # noqa: S105 -- printed for whoever looks at the demo


@dataclass(frozen=True, slots=True, kw_only=True)
class Collective:
    """A collective of the county with its staff."""

    org_id: int
    code: str
    name: str
    clerk: UUID
    director: UUID
    accountant: UUID
    cashier: UUID


@dataclass(slots=True, kw_only=True)
class Stage:
    """The scene that the acts share; figures for the last line are kept in ``told``."""

    settings: Settings
    database: Database
    clock: SteppedClock
    sealer: Sealer
    county: County
    out: Path
    console: Console
    collectives: list[Collective] = field(default_factory=list)
    provider: int = 0
    dispatcher: UUID = _NOBODY
    provider_director: UUID = _NOBODY
    farmer_phone: str = ""
    told: dict[str, object] = field(default_factory=dict)
    sums: Counter[str] = field(default_factory=Counter)

    @asynccontextmanager
    async def acting(
        self, action: str, org_id: int = PLATFORM_ORG_ID, user: UUID | None = None
    ) -> AsyncIterator[WriteSession]:
        """Open the unit of work of one command, as a member of staff would."""
        scope = Scope(org_id=org_id, user_id=user)
        async with self.database.write(scope, Command(action=action)) as session:
            yield session

    def say(self, zh: str, en: str) -> None:
        """Tell one line in both languages."""
        self.console.print(f"[bold]{zh}[/bold]  [dim]{en}[/dim]")

    @contextmanager
    def bar(self, label: str, total: int) -> Iterator[Callable[[], None]]:
        """Show the progress of an act over ``total`` steps."""
        progress = Progress(
            TextColumn("  {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
        )
        with progress:
            task = progress.add_task(label, total=total)
            yield lambda: progress.advance(task)
