"""Real field maps through the import: areas against their own records, repairs by name."""

import os
from pathlib import Path

import psycopg
import pytest

from backend.core.audit import Command
from backend.core.intake import read_features
from backend.land.cadastre import ParcelOptions
from backend.land.parcels import import_parcels
from backend.parties.reports import ImportRefused, ImportReport
from tests.people import World

SHARED = Path(os.environ.get("TGJ_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared real data are not here; set TGJ_SHARED_DATA"
)
CAWA = "cawa_central_asia_8435_fields.gpkg"
MALI = "mali_segou_74_fields_14_invalid.geojson"


async def run(world: World, name: str, options: ParcelOptions) -> ImportReport:
    """Import one of the field maps into the test village."""
    path = SHARED / "fields" / name
    features = read_features(path, name)
    command = Command(action="import_parcels")
    async with world.database.write(world.scope(), command) as session:
        return await import_parcels(
            session, org_id=world.collective, features=features, source=name, options=options
        )


async def test_malian_lines_are_refused_by_row_and_the_rest_can_come_in(world: World) -> None:
    """Ten are mended; four are lines, which refuse the file or are left out."""
    with pytest.raises(ImportRefused) as refused:
        await run(world, MALI, ParcelOptions(assign_codes=True))
    assert [(f.row, f.code) for f in refused.value.faults] == [
        (row, "polygon-collapsed") for row in (23, 49, 67, 74)
    ]
    report = await run(world, MALI, ParcelOptions(assign_codes=True, leave_out=True))
    assert (report.created, report.skipped, report.totals["repaired"]) == (70, 4, 10)
    assert report.totals["overlaps"] == 13


@pytest.mark.parametrize("name", ["1_vietnam_areas.gpkg", "4_cambodia_areas.gpkg"])
async def test_smallholder_fields_in_utm_come_in_whole(world: World, name: str) -> None:
    """A hundred fields each, projected in the file, in degrees in the register."""
    report = await run(world, name, ParcelOptions(assign_codes=True))
    assert (report.created, report.totals["overlaps"], report.faults) == (100, 0, ())


async def test_central_asian_fields_agree_with_their_recorded_areas(
    world: World, owner: psycopg.Connection
) -> None:
    """All 8,435 are read, four are named as mended, no area is off by 0.3 %; again is no change.

    The file holds 126 pairs that are one ground, which are left out by name.
    """
    options = ParcelOptions(assign_codes=True, area_field="area", leave_out=True)
    report = await run(world, CAWA, options)
    assert (report.rows, report.created, report.skipped) == (8435, 8318, 117)
    assert report.totals["duplicates"] == 126
    assert report.totals["survey_difference_ppm"] < 3000
    assert "survey-differs" not in {fault.code for fault in report.warnings}
    mended = [fault.row for fault in report.warnings if fault.code == "polygon-repaired"]
    assert mended == [2128, 2866, 4048, 4050]
    row = owner.execute(
        "SELECT count(*), max(abs(a.area_centimu * 20 / 3.0 / p.polygon_m2 - 1))"
        " FROM parcel p JOIN parcel_area a ON a.parcel_id = p.id AND a.kind = 'surveyed'"
        " WHERE p.polygon_m2 > 2500"
    ).fetchone()
    assert row is not None
    assert row[0] > 8000
    assert row[1] < 0.003
    again = await run(world, CAWA, options)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 8318)
