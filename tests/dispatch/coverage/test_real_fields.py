"""Real fields: every valid one gets a plan that covers it, every invalid one a clear refusal."""

import math

import numpy as np
import pytest
import shapely

from dispatch.coverage import cover, sweep_many
from dispatch.machines import default_machine
from dispatch.physics import EARTH_RADIUS_M
from dispatch.validation import InvalidProblem
from tests.dispatch.coverage.shapes import CAWA, MALI, SHARED, parts_of, real

pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared real data are not here; set TGJ_SHARED_DATA"
)
MACHINE = default_machine()
SMALL = ["1_vietnam_areas.gpkg", "4_cambodia_areas.gpkg"]


@pytest.mark.parametrize("name", [*SMALL, MALI])
def test_smallholder_fields_are_covered(name: str) -> None:
    """Every valid field is wetted to 99.5 %, in no less than its area takes in a straight line."""
    fields = [parts_of(one) for one in real(name) if one is not None and shapely.is_valid(one)]
    sweeps = sweep_many(fields, MACHINE, [1000] * len(fields))
    for parts, sweep in zip(fields, sweeps, strict=True):
        plan = cover(parts, MACHINE, 1000)
        assert plan.seconds == pytest.approx(sweep.seconds, abs=1e-6)
        assert plan.treated_m2 >= 0.995 * plan.area_m2
        assert plan.seconds >= plan.area_m2 / max(plan.widths_m) / 6


def test_the_invalid_malian_fields_are_refused() -> None:
    """Fourteen of 74 cross themselves or have no area: each is refused with the reason."""
    bad = [one for one in real(MALI) if not shapely.is_valid(one)]
    for one in bad:
        with pytest.raises(InvalidProblem, match=r"self-intersecting or empty|closed rings") as no:
            sweep_many([parts_of(one)], MACHINE, [1000])
        assert no.value.subject == "plot 0"
    assert len(bad) == 14


def test_central_asian_fields_are_all_timed() -> None:
    """Eight thousand fields in one call; their planes' areas are those of the sphere."""
    fields = [parts_of(one) for one in real(CAWA) if shapely.is_valid(one)]
    sweeps = sweep_many(fields, MACHINE, [1000] * len(fields))
    assert len(sweeps) == 8431
    assert all(math.isfinite(one.seconds) and one.swaths > 0 for one in sweeps)
    rng = np.random.default_rng(1)
    for index in rng.permutation(len(fields))[:25].tolist():
        plan = cover(fields[index], MACHINE, 1000)
        assert plan.seconds == pytest.approx(sweeps[index].seconds, abs=1e-6)
        assert plan.missed_m2 <= 0.005 * plan.area_m2
        middle = math.radians(plan.plane.lat)
        scale = EARTH_RADIUS_M * math.pi / 180
        assert plan.plane.x_m == pytest.approx(scale * math.cos(middle))
