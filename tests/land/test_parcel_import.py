"""Importing parcels: what is written, what is refused, and that nothing is half-done."""

import asyncio
import io
import zipfile
from typing import Any

import psycopg
import pytest

from tests.land.village import document, feature, grid, ring, upload
from tests.people import COLLECTIVE_CODE, World

COUNT = """
    SELECT count(DISTINCT p.id), count(a.id) FROM parcel p
    LEFT JOIN parcel_area a ON a.org_id = p.org_id AND a.parcel_id = p.id
    WHERE right(p.code, 5) > '10000'
"""
BOUNDARY = {
    "type": "Polygon",
    "coordinates": [
        [[112.79, 36.79], [112.83, 36.79], [112.83, 36.83], [112.79, 36.83], [112.79, 36.79]]
    ],
}


def counts(owner: psycopg.Connection) -> tuple[int, int]:
    """Return the numbers of imported parcels and of their area statements."""
    row = owner.execute(COUNT).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def codes_of(answer: Any) -> set[str]:
    """Return the codes of the faults of a refusal."""
    assert answer.status_code == 422, answer.text
    return {fault["code"] for fault in answer.json()["faults"]}


async def test_dry_run_then_import_then_the_same_again(
    world: World, owner: psycopg.Connection
) -> None:
    """A dry run writes nothing, the import writes all, the same file changes nothing."""
    content = grid(world)
    dry = await upload(world, content, query="?dry_run=true")
    assert dry.status_code == 200
    assert (dry.json()["created"], dry.json()["dry_run"]) == (6, True)
    assert counts(owner) == (0, 0)
    done = (await upload(world, content)).json()
    assert (done["rows"], done["created"], done["updated"]) == (6, 6, 0)
    assert done["totals"]["contract_centimu"] == 7200
    assert counts(owner) == (6, 12)
    again = (await upload(world, content)).json()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 6)
    assert again["changes"] == []
    assert counts(owner) == (6, 12)


async def test_changes_are_named_field_by_field(world: World, owner: psycopg.Connection) -> None:
    """A new crop and polygon raise the version; a new area is a new row and the old one stays."""
    changed = feature(
        1, ring(0, -1), world.household_codes[0], ZZZW="谷子", HTMJM=11.5, DKMC="河滩"
    )
    dry = (await upload(world, document(changed), query="?dry_run=true")).json()
    assert [(c["field"], c["before"], c["after"]) for c in dry["changes"][:1]] == [
        ("crop", "玉米", "谷子")
    ]
    assert {c["field"] for c in dry["changes"]} == {"crop", "geometry", "contract_mu"}
    assert dry["missing"] == 5 + len(world.parcels)
    before = counts(owner)
    done = (await upload(world, document(changed))).json()
    assert (done["updated"], done["changes"]) == (1, dry["changes"])
    assert counts(owner) == (before[0], before[1] + 1)
    listed = (
        await world.call("clerk", "GET", "/v1/orgs/{org}/parcels?code_prefix=1404291002010010001")
    ).json()["items"][0]
    assert (listed["crop"], listed["contract_mu"], listed["version"]) == ("谷子", "11.50", 2)


def _bow_tie() -> list[list[float]]:
    square = ring(20)
    return [square[0], square[2], square[1], square[3], square[0]]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"DKBM": COLLECTIVE_CODE + "0009"}, "parcel-code-form"),
        ({"DKBM": "14042910020200" + "00009"}, "parcel-of-another-collective"),
        ({"CBFBM": "140429100202000001"}, "household-of-another-collective"),
        ({"CBFBM": COLLECTIVE_CODE + "0999"}, "household-unknown"),
        ({"CBHTBM": COLLECTIVE_CODE + "0002J"}, "contract-of-another-household"),
        ({"FBFBM": "14042910020200"}, "collective-differs"),
        ({"DKBM": COLLECTIVE_CODE + "10021"}, "parcel-code-repeated"),
        ({"DKBM": None}, "parcel-code-blank"),
        ({"HTMJM": -1}, "area-form"),
        ({"HTMJM": "十二"}, "area-form"),
        ({"DKMC": "长" * 101}, "text-too-long"),
    ],
)
async def test_bad_properties_are_named_and_nothing_is_written(
    world: World, owner: psycopg.Connection, bad: dict[str, Any], code: str
) -> None:
    """One bad feature among good ones refuses the file, with its row."""
    before = counts(owner)
    good = feature(21, ring(21), world.household_codes[0])
    wrong = feature(22, ring(22), world.household_codes[0])
    wrong["properties"] |= bad
    answer = await upload(world, document(good, wrong))
    assert codes_of(answer) == {code}
    assert answer.json()["faults"][0]["row"] == 2
    assert counts(owner) == before


async def test_self_crossing_polygon_is_refused_by_name_or_left_out(
    world: World, owner: psycopg.Connection
) -> None:
    """A bow-tie names its parcel; with leave_out the rest is imported and it is reported."""
    before = counts(owner)
    pair = document(
        feature(31, ring(31), world.household_codes[0]),
        feature(32, _bow_tie(), world.household_codes[0]),
    )
    answer = await upload(world, pair)
    assert codes_of(answer) == {"polygon-repair-changes-area"}
    assert answer.json()["faults"][0]["subject"].endswith("10032")
    assert counts(owner) == before
    left = (await upload(world, pair, query="?leave_out=true")).json()
    assert (left["created"], left["skipped"], left["totals"]["refused"]) == (1, 1, 1)
    assert "polygon-repair-changes-area" in {one["code"] for one in left["warnings"]}


async def test_slight_crossing_is_repaired_and_reported(world: World) -> None:
    """A spike of no area is mended; the report says so and the area stays."""
    spiked = ring(40)
    spiked.insert(2, [spiked[1][0] + 0.0002, spiked[1][1]])
    spiked.insert(3, spiked[1])
    done = await upload(world, document(feature(40, spiked, world.household_codes[0])))
    assert done.status_code == 200, done.text
    assert done.json()["totals"]["repaired"] == 1


async def test_duplicates_are_refused_and_overlaps_reported(world: World) -> None:
    """The same ground under another code is a fault; a strip of overlap is a remark."""
    twin = document(feature(51, ring(1), world.household_codes[0]))
    assert codes_of(await upload(world, twin)) == {"parcel-duplicate"}
    strip = document(
        feature(52, ring(52), world.household_codes[0]),
        feature(53, ring(53, shift=-0.0003), world.household_codes[0]),
    )
    strict = await upload(world, strip, query="?strict_overlaps=true")
    assert codes_of(strict) == {"parcel-overlap"}
    loose = (await upload(world, strip, query="?dry_run=true")).json()
    assert loose["totals"]["overlaps"] == 1
    (remark,) = [one for one in loose["warnings"] if one["code"] == "parcel-overlap"]
    assert "m²" in remark["message"]


async def test_codes_are_assigned_in_file_order_and_kept(world: World) -> None:
    """Parcels without a code get the next numbers; the same file again finds them."""
    content = document(feature(None, ring(60)), feature(None, ring(61)))
    first = (await upload(world, content, query="?assign_codes=true")).json()
    assert (first["created"], first["totals"]["without_household"]) == (2, 2)
    again = (await upload(world, content, query="?assign_codes=true")).json()
    assert (again["created"], again["unchanged"]) == (0, 2)
    path = f"/v1/orgs/{{org}}/parcels?code_prefix={COLLECTIVE_CODE}1004"
    listed = (await world.call("clerk", "GET", path)).json()["items"]
    assert [one["code"][-5:] for one in listed] == ["10040", "10041", "10042"]


async def test_parcel_outside_its_collective_says_by_how_much(world: World) -> None:
    """With a boundary on record a parcel beyond it is refused with the square metres."""
    path = "/v1/orgs/{org}/profile"
    tag = (await world.call("clerk", "GET", path)).headers["etag"]
    profile = dict.fromkeys(
        ["legal_representative", "address", "phone", "bank_name", "bank_account"]
    ) | {"boundary": BOUNDARY}
    assert (await world.call("clerk", "PUT", path, profile, If_Match=tag)).status_code == 200
    inside = await upload(world, document(feature(70, ring(10, 5), world.household_codes[0])))
    assert inside.status_code == 200, inside.text
    beyond = await upload(world, document(feature(71, ring(80), world.household_codes[0])))
    assert codes_of(beyond) == {"parcel-outside"}
    assert "8022 m²" in beyond.json()["faults"][0]["message"]


@pytest.mark.parametrize(
    ("content", "name", "query", "code"),
    [
        (document(feature(1, [[4e5, 4e6], [4.1e5, 4e6], [4.1e5, 4.1e6], [4e5, 4e6]]), crs=None),
         "a.geojson", "", "ambiguous-crs"),
        (document(feature(1, ring(0))), "a.geojson", "?crs=MARS:2000", "unknown-crs"),
        (document(feature(1, ring(0)), crs="EPSG:99999"), "a.geojson", "", "unknown-crs"),
        (b'{"type": "FeatureCollection", "features": [NaN]}', "a.geojson", "", "bad-input"),
        (b"", "a.geojson", "", "bad-input"),
        (b"MZ\x00", "a.exe", "", "bad-input"),
        (document(feature(1, ring(0))), "a.geojson", "?area_field=nope", "bad-input"),
    ],
)  # fmt: skip
async def test_unreadable_files_are_refused(
    world: World, content: bytes, name: str, query: str, code: str
) -> None:
    """Unknown systems, NaN, nothing and foreign formats are each named."""
    answer = await upload(world, content, name=name, query=query)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_zip_bomb_is_refused_before_it_opens(world: World) -> None:
    """Two hundred megabytes of zeros in a small zip are judged by the directory."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in ("shp", "shx", "dbf"):
            archive.writestr(f"a.{part}", bytes(70 << 20))
    answer = await upload(world, packed.getvalue(), name="a.zip")
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["code"] == "zip-ratio"


async def test_gbk_attributes_without_cpg_are_read(world: World, tmp_path: Any) -> None:
    """Chinese names in GBK, no .cpg beside them, arrive as they were typed."""
    import numpy as np  # noqa: PLC0415 - only this test writes a Shapefile
    import pyogrio.raw  # noqa: PLC0415
    import shapely  # noqa: PLC0415

    shape = shapely.Polygon(ring(15, 9))
    pyogrio.raw.write(
        str(tmp_path / "dk.shp"),
        geometry=np.array([shapely.to_wkb(shape)], dtype=object),
        field_data=[
            np.array([COLLECTIVE_CODE + "10090"], dtype=object),
            np.array(["后沟"], dtype=object),
        ],
        fields=["DKBM", "DKMC"],
        geometry_type="Polygon",
        crs="EPSG:4490",
        encoding="GBK",
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part in ("shp", "shx", "dbf", "prj"):
            archive.write(tmp_path / f"dk.{part}", f"dk.{part}")
    done = await upload(world, packed.getvalue(), name="dk.zip")
    assert done.status_code == 200, done.text
    path = f"/v1/orgs/{{org}}/parcels?code_prefix={COLLECTIVE_CODE}10090"
    listed = (await world.call("clerk", "GET", path)).json()["items"]
    assert listed[0]["name"] == "后沟"


async def test_two_hundred_megabytes_are_refused_before_they_are_read(world: World) -> None:
    """The length alone is enough: the body generator is asked for almost nothing."""
    sent = 0

    async def body() -> Any:
        nonlocal sent
        for _ in range(200):
            sent += 1
            yield bytes(1 << 20)

    headers = world.headers("clerk") | {
        "Content-Length": str(200 << 20),
        "Content-Type": "multipart/form-data; boundary=x",
    }
    answer = await world.client.post(
        f"/v1/orgs/{world.collective}/imports/parcels", content=body(), headers=headers
    )
    assert answer.status_code == 413
    assert sent <= 1


async def test_one_key_imports_once(world: World, owner: psycopg.Connection) -> None:
    """A file sent again under its key is answered with the first answer's bytes, not imported.

    Another file under that key is refused, though the form around it is alike.
    """
    headers = world.headers("clerk")

    async def send(**properties: str) -> Any:
        content = document(feature(190, ring(0, 11), world.household_codes[0], **properties))
        return await world.client.post(
            f"/v1/orgs/{world.collective}/imports/parcels",
            files={"file": ("dk.geojson", content)},
            headers=headers,
        )

    before = counts(owner)
    first, again, other = await send(), await send(), await send(ZZZW="谷子")
    assert (first.status_code, first.json()["created"]) == (200, 1)
    assert "idempotent-replayed" not in first.headers
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert counts(owner) == (before[0] + 1, before[1] + 2)


async def test_two_clerks_with_one_file_make_one_set(
    world: World, owner: psycopg.Connection
) -> None:
    """The second import waits for the first and then finds everything registered."""
    before = counts(owner)
    content = document(
        *(feature(200 + k, ring(k, 12), world.household_codes[0]) for k in range(20))
    )
    answers = await asyncio.gather(upload(world, content), upload(world, content))
    assert [one.status_code for one in answers] == [200, 200]
    assert sorted(one.json()["created"] for one in answers) == [0, 20]
    assert counts(owner)[0] == before[0] + 20


async def test_only_the_clerk_of_the_collective_imports(world: World) -> None:
    """Another role is refused, another collective's staff see nothing."""
    assert (await upload(world, grid(world), user="cashier")).status_code == 403
    assert (await upload(world, grid(world), user="neighbour_director")).status_code == 404
