"""What the tests of spraying share."""

import pytest_asyncio

from backend.core.clock import SteppedClock
from tests.operations.season import Season
from tests.people import World


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def season(world: World, clock: SteppedClock) -> Season:
    """A village with spraying on its menu and a provider with two drones."""
    opened = Season(world, clock)
    await opened.open()
    return opened
