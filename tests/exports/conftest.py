"""Fixtures of the tests of exports."""

import pytest

from backend.core.clock import SteppedClock
from tests.payouts.paying import Village
from tests.people import World


@pytest.fixture(scope="module")
def village(world: World, clock: SteppedClock) -> Village:
    """The world with the steps of payouts."""
    return Village(world=world, clock=clock)
