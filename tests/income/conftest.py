"""Fixtures of the tests of a farmer's income."""

import pytest
import pytest_asyncio

from backend.core.clock import SteppedClock
from tests.operations.season import Season
from tests.payouts.paying import Village
from tests.people import World


@pytest.fixture(scope="module")
def village(world: World, clock: SteppedClock) -> Village:
    """The world with the steps of payouts."""
    return Village(world=world, clock=clock)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def season(world: World, clock: SteppedClock) -> Season:
    """The world with a menu and a fleet."""
    opened = Season(world, clock)
    await opened.open()
    return opened
