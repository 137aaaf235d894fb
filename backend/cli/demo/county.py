"""The demonstration county: villages, households, parcels and workers from one seed.

Modelled on Wuxiang: the villages' codes and names are public facts, the people and the land are
made up. The same arguments give the same county; nothing reads the clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from backend.cli.demo import blocks, people, terraces, terrain, territory
from backend.cli.demo.rows import (
    County,
    Crop,
    DroneBase,
    HouseholdRow,
    MemberRow,
    ParcelRow,
    Village,
    WorkerRow,
)
from backend.cli.demo.terrain import Floats, height
from backend.core.area import Area
from backend.core.errors import BadInput, Fault
from backend.core.geometry import areas_m2

__all__ = [
    "County",
    "DroneBase",
    "HouseholdRow",
    "MemberRow",
    "ParcelRow",
    "Village",
    "WorkerRow",
    "build_county",
    "height",
]

_MU_PER_PARCEL = 2.0
_HOUSEHOLDS_PER_PARCEL = 0.3
_WORKERS_PER_HOUSEHOLD = 2 / 15
_TERRACES_PART = 0.3
_PARCELS_PER_VILLAGE = (20, 500)
_M2_PER_MU = 2000 / 3
_BLOCK_NAMES = (
    *("河滩", "大坪", "南川", "东川", "长畛", "方地", "庙前"),
    *("桥头", "沙河", "官道", "柳林", "井沿", "西畛", "北坪"),
)
_TERRACE_NAMES = (
    *("后沟", "阳坡", "阴坡", "羊窑", "石嘴", "梁上"),
    *("垴上", "圪梁", "崖底", "小垴", "背坡", "寨疙瘩"),
)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A field on the plane before it has a code: its ring, place name, block and crop."""

    ring: Floats
    name: str
    block: str | None
    crop: Crop


def build_county(
    seed: int = 2026, *, villages: int = 12, parcels: int = 5_000, drones: int = 10
) -> County:
    """Return a county with exactly ``parcels`` parcels of 2 mu on average.

    Households are 3 for 10 parcels, workers 2 for 15 households. The area is met within 2 % from
    60 parcels on, within 6 % below. Raises `BadInput` when there are not 1 to 12 villages or not
    20 to 500 parcels for each.
    """
    _refuse_misfits(villages, parcels)
    rng = np.random.default_rng([seed, 0])
    weights = rng.uniform(0.75, 1.3, villages)
    parcel_counts = _share_out(parcels, weights)
    home_counts = _share_out(round(parcels * _HOUSEHOLDS_PER_PARCEL), weights)
    grounds = territory.grounds(seed, villages)
    facts = territory.names(villages)
    registry = people.Registry(np.random.default_rng([seed, 2]), sum(home_counts))
    rows: list[Village] = []
    homes: list[HouseholdRow] = []
    land: list[ParcelRow] = []
    workers: list[WorkerRow] = []
    for k in sorted(range(villages), key=facts.__getitem__):
        village = _village(facts[k], grounds[k])
        own = np.random.default_rng([seed, 3, k])
        settled = people.settle(own, registry, village.collective_code, len(homes), home_counts[k])
        wanted = max(2, round(home_counts[k] * _WORKERS_PER_HOUSEHOLD))
        workers += people.hire(own, registry, settled, wanted)
        pieces = _fields(np.random.default_rng([seed, 4, k]), grounds[k], parcel_counts[k])
        land += _parcels(own, village, settled, pieces)
        homes += settled
        rows.append(village)
    base = DroneBase(
        name=f"{rows[0].name}飞防基地",
        lonlat=rows[0].centre,
        drones=tuple(f"飞防{n:02d}号" for n in range(1, drones + 1)),
    )
    return County(seed, tuple(rows), tuple(homes), tuple(land), tuple(workers), base)


def _refuse_misfits(villages: int, parcels: int) -> None:
    """Raise `BadInput` for a county that the landscape cannot hold."""
    faults = []
    if not 1 <= villages <= len(terrain.SITES):
        limit = len(terrain.SITES)
        faults.append(
            Fault(
                code="village-count",
                zh=f"村数应在 1 到 {limit} 之间",
                en=f"The number of villages must lie between 1 and {limit}",
                field="villages",
            )
        )
    low, high = (villages * each for each in _PARCELS_PER_VILLAGE)
    if not faults and not low <= parcels <= high:
        faults.append(
            Fault(
                code="parcel-count",
                zh=f"{villages} 个村的地块数应在 {low} 到 {high} 之间",
                en=f"{villages} villages have between {low} and {high} parcels",
                field="parcels",
            )
        )
    if faults:
        raise BadInput(faults)


def _share_out(total: int, weights: Floats) -> list[int]:
    """Split a count by weights so that the parts add up to it."""
    edges = np.round(np.cumsum(np.concatenate([[0.0], weights])) / weights.sum() * total)
    return [int(part) for part in np.diff(edges)]


def _village(facts: tuple[str, str, str], ground: territory.Ground) -> Village:
    """Return the village with its ground in degrees."""
    code, name, town = facts
    lon, lat = terrain.to_lonlat(ground.centre_m)
    boundary = shapely.transform(ground.boundary_m, terrain.to_lonlat)
    return Village(code, name, town, (float(lon), float(lat)), shapely.orient_polygons(boundary))


def _fields(rng: np.random.Generator, ground: territory.Ground, count: int) -> list[_Piece]:
    """Lay a village's terraces, then blocks for the rest of its area of 2 mu a parcel."""
    rings, flights = terraces.lay_terraces(rng, ground.boundary_m, round(count * _TERRACES_PART))
    on_slopes_m2 = float(sum(shapely.area(shapely.Polygon(ring)) for ring in rings))
    floor = blocks.Floor(
        axis=terrain.axis(ground.site.valley),
        s_m=ground.site.s_m,
        ground_m=ground.boundary_m.buffer(-6),
        obstacles=[ground.hamlet(), terrain.rivers().buffer(14)],
    )
    area_m2 = count * _MU_PER_PARCEL * _M2_PER_MU - on_slopes_m2
    laid = blocks.lay_blocks(rng, floor, area_m2, count - len(rings))
    pieces = []
    for name, block in zip(_place_names(rng, _BLOCK_NAMES, len(laid)), laid, strict=True):
        crop: Crop = "玉米" if rng.random() < 0.7 else "谷子"
        pieces += [_Piece(ring, name, f"{name}连片", crop) for ring in block]
    flight_names = _place_names(rng, _TERRACE_NAMES, max(flights, default=-1) + 1)
    millet = rng.random(len(flight_names)) < 0.75
    pieces += [
        _Piece(ring, flight_names[flight], None, "谷子" if millet[flight] else "玉米")
        for ring, flight in zip(rings, flights, strict=True)
    ]
    return pieces


def _place_names(rng: np.random.Generator, pool: Sequence[str], count: int) -> list[str]:
    """Return ``count`` different place names; a second round adds 二, a third 三."""
    shuffled = [pool[int(k)] for k in rng.permutation(len(pool))]
    return [
        shuffled[k % len(pool)] + ("", "二", "三", "四", "五")[k // len(pool)] for k in range(count)
    ]


def _parcels(
    rng: np.random.Generator,
    village: Village,
    homes: Sequence[HouseholdRow],
    pieces: Sequence[_Piece],
) -> list[ParcelRow]:
    """Give each piece its code and deal them to the households in shuffled rounds.

    The older contract area differs by about 2 % from the surveyed one, as paced areas do.
    """
    rings = [terrain.to_lonlat(piece.ring) for piece in pieces]
    polygons = shapely.orient_polygons(np.array([shapely.Polygon(ring) for ring in rings]))
    surveyed_m2 = areas_m2(list(polygons))
    rounds = -(-len(pieces) // len(homes))
    owners = np.concatenate([rng.permutation(len(homes)) for _ in range(rounds)])
    paced_mu = surveyed_m2 / _M2_PER_MU * rng.normal(1.0, 0.02, len(pieces))
    return [
        ParcelRow(
            code19=f"{village.collective_code}{k + 1:05d}",
            household_code18=homes[int(owners[k])].code18,
            name=piece.name,
            polygon=polygons[k],
            registered_centimu=Area.from_m2(float(surveyed_m2[k])).centimu,
            contract_centimu=max(10, round(float(paced_mu[k]) * 10) * 10),
            crop=piece.crop,
            block=piece.block,
        )
        for k, piece in enumerate(pieces)
    ]
