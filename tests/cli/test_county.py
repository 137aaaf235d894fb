"""The demonstration county: true facts, sound land, made-up people."""

import csv
import os
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely

from backend.cli.demo import blocks, terrain, territory
from backend.cli.demo.county import County, build_county, height
from backend.cli.demo.people import AS_OF
from backend.core import codes
from backend.core.area import Area
from backend.core.errors import BadInput

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("TGJ_SHARED_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="module")
def county() -> County:
    """Build the full county of the demonstration once."""
    return build_county()


@pytest.fixture(scope="module")
def small() -> County:
    """Build two villages with sixty parcels."""
    return build_county(5, villages=2, parcels=60)


def _mu(county: County) -> np.ndarray:
    return np.array([one.registered_centimu for one in county.parcels]) / 100


def _on_terrace(county: County) -> np.ndarray:
    return np.array([one.block is None for one in county.parcels])


def _polygons(county: County) -> np.ndarray:
    return np.array([one.polygon for one in county.parcels])


def test_villages_are_real_ones(county: County) -> None:
    """Codes and names are the statistics bureau's, in the right towns."""
    path = SHARED / "admin" / "villages_wuxiang_140429.csv"
    if not path.exists():
        pytest.skip(f"the public division list is not at {path}")
    with path.open(encoding="utf-8-sig", newline="") as handle:
        real = {row["code"]: row["name"] for row in csv.DictReader(handle)}
    streets = (SHARED / "admin" / "streets_shanxi_14.csv").read_text("utf-8-sig").splitlines()
    towns = {row["code"]: row["name"] for row in csv.DictReader(streets)}
    for village in county.villages:
        assert real[village.code12] == village.name + "村委会"
        assert towns[village.code12[:9]] == village.town


def test_two_villages_have_the_same_name(small: County) -> None:
    """Even the smallest county has both 松庄村, told apart by code only."""
    assert [village.name for village in small.villages] == ["松庄村", "松庄村"]
    assert len({village.collective_code for village in small.villages}) == 2


def test_the_county_has_the_promised_size(county: County) -> None:
    """Twelve collectives, 1,500 households, 5,000 parcels, 10,000 mu within 2 %, 10 drones."""
    assert len(county.villages) == 12
    assert len(county.households) == 1500
    assert len(county.parcels) == 5000
    assert len(county.drones_base.drones) == 10
    assert 190 <= len(county.workers) <= 210
    assert _mu(county).sum() == pytest.approx(10_000, rel=0.02)
    assert 0.10 <= _mu(county)[_on_terrace(county)].sum() / _mu(county).sum() <= 0.14


@pytest.mark.parametrize(("seed", "villages", "each"), [(2, 6, 500), (77, 4, 420)])
def test_other_seeds_make_sound_counties_too(seed: int, villages: int, each: int) -> None:
    """A densest and a usual county keep count, area, parcels apart, and off the rivers."""
    parcels = villages * each
    other = build_county(seed, villages=villages, parcels=parcels)
    assert len(other.parcels) == parcels
    assert _mu(other).sum() == pytest.approx(2 * parcels, rel=0.02)
    assert _overlapping(_polygons(other)) == []
    on_plane = shapely.transform(_polygons(other), terrain.to_plane)
    assert shapely.distance(on_plane, terrain.rivers()).min() > 12


def _overlapping(polygons: np.ndarray) -> list[tuple[int, int]]:
    first, second = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    return [(int(a), int(b)) for a, b in zip(first, second, strict=True) if a < b]


def test_parcels_are_simple_and_apart(county: County) -> None:
    """Every parcel is one valid polygon without holes; no two touch; corners have 7 decimals."""
    polygons = _polygons(county)
    assert shapely.is_valid(polygons).all()
    assert (shapely.get_num_interior_rings(polygons) == 0).all()
    assert shapely.is_ccw(shapely.get_exterior_ring(polygons)).all()
    assert _overlapping(polygons) == []
    corners = shapely.get_coordinates(polygons)
    assert np.array_equal(corners, np.round(corners, 7))


def test_parcels_lie_in_their_collective(county: County) -> None:
    """The first 14 digits of a parcel name the boundary that contains it; boundaries are apart."""
    boundaries = {one.collective_code: one.boundary for one in county.villages}
    holders = [boundaries[one.code19[:14]] for one in county.parcels]
    assert shapely.contains(holders, _polygons(county)).all()
    assert _overlapping(np.array(list(boundaries.values()))) == []


def test_fields_keep_off_rivers_and_houses(county: County) -> None:
    """No parcel comes nearer than 12 m to a river or 100 m to the middle of a village."""
    on_plane = shapely.transform(_polygons(county), terrain.to_plane)
    assert shapely.distance(on_plane, terrain.rivers()).min() > 12
    for village in county.villages:
        centre = shapely.Point(terrain.to_plane(np.array(village.centre)))
        assert shapely.distance(on_plane, centre).min() > 100


def test_villages_stand_apart_along_valleys(county: County) -> None:
    """Each village has its nearest neighbour 1.5-4 km away and lies inside its own boundary."""
    centres = terrain.to_plane(np.array([one.centre for one in county.villages]))
    away = np.hypot(*(centres[:, None] - centres[None]).transpose(2, 0, 1))
    nearest = np.where(away == 0, np.inf, away).min(axis=1)
    assert nearest.min() >= 1_500
    assert nearest.max() <= 4_000
    for village, centre in zip(county.villages, centres, strict=True):
        assert village.boundary.contains(shapely.Point(village.centre))
        assert terrain.rivers().distance(shapely.Point(centre)) < 400


def test_blocks_and_terraces_have_their_sizes(county: County) -> None:
    """Blocks have 30-150 mu in strips of 0.8-4 mu and one crop; terraces 0.3-1.5 mu."""
    mu, on_terrace = _mu(county), _on_terrace(county)
    assert mu[on_terrace].min() >= 0.3
    assert mu[on_terrace].max() <= 1.5
    assert mu[~on_terrace].min() >= 0.8
    assert mu[~on_terrace].max() <= 4.1
    sizes: Counter[tuple[str, str]] = Counter()
    crops: dict[tuple[str, str], set[str]] = {}
    for parcel, area_mu in zip(county.parcels, mu, strict=True):
        if parcel.block is not None:
            key = parcel.code19[:14], parcel.block
            sizes[key] += area_mu
            crops.setdefault(key, set()).add(parcel.crop)
    assert min(sizes.values()) >= 30
    assert max(sizes.values()) <= 150
    assert all(len(kinds) == 1 for kinds in crops.values())
    assert {parcel.crop for parcel in county.parcels} == {"玉米", "谷子"}


def test_a_block_is_contiguous(county: County) -> None:
    """Strips of one block leave bunds and tracks only: grown by 2.5 m they are one piece."""
    rings: dict[tuple[str, str], list[shapely.Polygon]] = {}
    for parcel in county.parcels:
        if parcel.block is not None:
            on_plane = shapely.transform(parcel.polygon, terrain.to_plane)
            rings.setdefault((parcel.code19[:14], parcel.block), []).append(on_plane)
    for strips in rings.values():
        assert shapely.union_all(shapely.buffer(strips, 2.5)).geom_type == "Polygon"


def test_registered_area_is_the_ellipsoid_s(county: County) -> None:
    """The registered area agrees with the geodesic area of the polygon to 0.01 mu."""
    ellipsoid = pyproj.Geod(ellps="GRS80")
    for parcel in county.parcels[::7]:
        area_m2 = ellipsoid.geometry_area_perimeter(parcel.polygon)[0]
        assert abs(parcel.registered_centimu - Area.from_m2(area_m2).centimu) <= 1
        assert abs(parcel.contract_centimu / parcel.registered_centimu - 1) < 0.25


def test_rivers_run_below_their_slopes() -> None:
    """From each river the ground rises on both sides; downstream it falls along the river."""
    for valley in range(4):
        line = terrain.axis(valley)
        s = np.arange(1_200.0, 5_000.0, 100.0)
        bed = terrain.height_xy_m(line.place(s, np.zeros_like(s)))
        assert (np.diff(bed) > 0).all()
        for side in (-1, 1):
            slope = terrain.height_xy_m(line.place(s, np.full_like(s, side * 600.0)))
            assert (slope > bed + 30).mean() > 0.8


def test_height_of_a_place_in_degrees(county: County) -> None:
    """Villages stand at 850-1,100 m, as Wuxiang's valleys do, and below the nearby crests."""
    for village in county.villages:
        lon, lat = village.centre
        assert 112.8 < lon < 113.1
        assert 36.75 < lat < 36.95
        here = height(lon, lat)
        assert 850 < here < 1_100
        crest = max(height(x, y) for x, y in village.boundary.exterior.coords)
        assert crest > here + 60


def test_terraces_follow_contours(county: County) -> None:
    """Each long edge of a terrace keeps its height within a metre and a half."""
    for parcel in county.parcels:
        if parcel.block is None:
            ring = np.array(parcel.polygon.exterior.coords)[:-1]
            heights = np.sort(terrain.height_xy_m(terrain.to_plane(ring)))
            half = len(ring) // 2
            assert np.ptp(heights[:half]) < 1.5
            assert np.ptp(heights[half:]) < 1.5


def test_codes_agree(county: County) -> None:
    """Parcel, household and contract codes are well formed, unique and of one collective."""
    homes = {one.code18: one for one in county.households}
    assert len(homes) == len(county.households)
    assert len({one.code19 for one in county.parcels}) == len(county.parcels)
    for parcel in county.parcels:
        home = homes[parcel.household_code18]
        faults = codes.disagreements(
            collective=codes.CollectiveCode(parcel.code19[:14]),
            household=codes.HouseholdCode(home.code18),
            parcel=codes.ParcelCode(parcel.code19),
            contract=codes.ContractCode(home.contract_code),
        )
        assert faults == []


def test_rows_are_in_code_order(county: County) -> None:
    """Villages, households and parcels come in the order of their codes."""
    for series in (
        [one.code12 for one in county.villages],
        [one.code18 for one in county.households],
        [one.code19 for one in county.parcels],
    ):
        assert all(a < b for a, b in pairwise(series))


def test_every_household_has_land_in_several_places(county: County) -> None:
    """Land is dealt fairly: two to five parcels each, so a block has many households."""
    held = Counter(one.household_code18 for one in county.parcels)
    assert set(held) == {one.code18 for one in county.households}
    assert min(held.values()) >= 2
    assert max(held.values()) <= 5


def test_households_have_a_head_and_plausible_kin(county: County) -> None:
    """Two to five members; one head who comes first; children younger and parents older."""
    for home in county.households:
        relations = [one.relation for one in home.members]
        head = home.members[0]
        assert 2 <= len(home.members) <= 5
        assert relations.count("户主") == 1
        assert head.relation == "户主"
        assert head.name == home.name
        for one in home.members:
            years = (one.birth - head.birth).days / 365.25
            if one.relation in {"子", "女", "孙子", "孙女"}:
                assert years > 18
            if one.relation in {"父", "母"}:
                assert years < -18
            assert one.birth < AS_OF


def test_identity_numbers_are_sound_and_nobody_s(county: County) -> None:
    """Numbers check, are unique, carry the unassigned area 990000, the birth and the sex."""
    members = [one for home in county.households for one in home.members]
    assert len({one.id_number for one in members}) == len(members)
    for one in members:
        assert one.id_number.startswith(f"990000{one.birth:%Y%m%d}")
        assert codes.id_faults(one.id_number, today=AS_OF) == []
        if one.relation in {"妻", "女", "母", "儿媳", "孙女"}:
            assert int(one.id_number[16]) % 2 == 0
        if one.relation in {"子", "父", "孙子"}:
            assert int(one.id_number[16]) % 2 == 1


def test_phones_and_shares(county: County) -> None:
    """Phones are unique and in the made-up range; shares are 1, or 0.5 for some not heads."""
    members = [one for home in county.households for one in home.members]
    phones = [one.phone for one in members if one.phone]
    assert len(set(phones)) == len(phones) > 3_000
    assert all(phone.startswith("1990000") and not codes.mobile_faults(phone) for phone in phones)
    shares = Counter(one.share for one in members)
    assert set(shares) == {"1", "0.5"}
    assert 100 < shares["0.5"] < 400
    assert all(home.members[0].share == "1" for home in county.households)


def test_some_cards_are_missing_or_wrong(county: County) -> None:
    """One household in a hundred has no card, one in two hundred a head's card that fails Luhn."""
    cards = [one.card for home in county.households for one in home.members if one.card]
    heads = [home.members[0] for home in county.households]
    assert len(set(cards)) == len(cards)
    assert all(card.startswith("629999") and len(card) == 19 for card in cards)
    assert sum(not any(one.card for one in home.members) for home in county.households) == 15
    assert sum(not head.card for head in heads) == 15
    assert sum(not codes.luhn(head.card) for head in heads if head.card) == 8
    assert sum(not codes.luhn(card) for card in cards) == 8
    assert all(
        bool(one.card) == bool(one.bank) for home in county.households for one in home.members
    )


def test_workers_are_members_of_working_age(county: County) -> None:
    """Workers are members aged 18-66 with a card, paid on four bases; each village has foremen."""
    homes = {one.code18: one for one in county.households}
    for worker in county.workers:
        home = homes[worker.household_code18]
        (member,) = [one for one in home.members if one.id_number == worker.id_number]
        assert member.name == worker.name
        assert date(1959, 1, 1) <= member.birth <= date(2008, 1, 1)
        assert bool(member.card) == bool(home.members[0].card)
        assert worker.rate_fen > 0
    assert {one.basis for one in county.workers} == {"day", "hour", "mu", "piece"}
    led = {one.household_code18[:14] for one in county.workers if one.foreman}
    assert led == {one.collective_code for one in county.villages}


def test_another_seed_differs_in_everything_but_the_facts(small: County) -> None:
    """Other people and other fields on the same landscape in the same villages."""
    other = build_county(6, villages=2, parcels=60)
    assert [one.code12 for one in other.villages] == [one.code12 for one in small.villages]
    assert {one.name for one in other.households} != {one.name for one in small.households}
    assert not shapely.equals(_polygons(other), _polygons(small)).any()


@pytest.mark.parametrize(
    ("villages", "parcels", "field"),
    [(0, 60, "villages"), (13, 5_000, "villages"), (2, 39, "parcels"), (2, 1_001, "parcels")],
)
def test_misfits_are_refused_by_name(villages: int, parcels: int, field: str) -> None:
    """Counts that the landscape cannot hold are named, not cut down."""
    with pytest.raises(BadInput) as refused:
        build_county(villages=villages, parcels=parcels)
    assert [fault.field for fault in refused.value.faults] == [field]


def test_a_full_valley_floor_is_said() -> None:
    """Ten times the land of a village does not fit on its valley floor."""
    (ground,) = territory.grounds(1, 1)
    floor = blocks.Floor(terrain.axis(0), ground.site.s_m, ground.boundary_m, [ground.hamlet()])
    with pytest.raises(blocks.FloorFull):
        blocks.lay_blocks(np.random.default_rng(1), floor, 8_000 * 2000 / 3, 3_200)
