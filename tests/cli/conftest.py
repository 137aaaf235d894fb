"""What the tests of imports share."""

import pytest

from backend.cli.demo import files
from backend.cli.demo.county import build_county
from tests.cli.test_importing import tgj


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> files.CountyFiles:
    """Two villages whose households are registered; their parcels wait in a file."""
    made = files.write_files(build_county(5, villages=2, parcels=60), tmp_path_factory.mktemp("c"))
    assert tgj(database_url, "villages", made.villages) == 0
    assert tgj(database_url, "households", made.households, "--no-sign-in") == 0
    return made
