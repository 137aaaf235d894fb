"""What the demonstration county is made of: frozen rows without behaviour of their own.

Codes follow GB/T 35958: collective 14 digits, household 18, parcel 19, contract 18 and ``J``.
Coordinates are CGCS2000 longitude and latitude in degrees; all people are made up.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import shapely

Crop = Literal["玉米", "谷子"]
PayBasis = Literal["day", "hour", "mu", "piece"]


@dataclass(frozen=True, slots=True)
class Village:
    """A village (村) and the ground of its collective; ``name`` is without 村委会."""

    code12: str
    name: str
    town: str
    centre: tuple[float, float]
    boundary: shapely.Polygon

    @property
    def collective_code(self) -> str:
        """Return the contract-issuing party's code (发包方编码): the village and group 00."""
        return self.code12 + "00"


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member of a household (家庭成员); texts are as a clerk would type them, "" when unknown.

    ``share`` is the member's income-right share (收益权份额) as decimal text.
    """

    name: str
    relation: str
    id_number: str
    birth: date
    phone: str
    share: str
    card: str
    bank: str


@dataclass(frozen=True, slots=True)
class HouseholdRow:
    """A contracting household (承包方); the first member is its head (户主)."""

    code18: str
    name: str
    members: tuple[MemberRow, ...]

    @property
    def contract_code(self) -> str:
        """Return the code of its household contract (家庭承包, letter J)."""
        return self.code18 + "J"


@dataclass(frozen=True, slots=True)
class ParcelRow:
    """A contracted parcel (承包地块) with its land in consolidated blocks (连片) or on terraces.

    ``registered_centimu`` is the surveyed area of the register and agrees with the polygon;
    ``contract_centimu`` is the older one of the contract, to tenths of a mu. ``block`` is None
    for a terrace.
    """

    code19: str
    household_code18: str
    name: str
    polygon: shapely.Polygon
    registered_centimu: int
    contract_centimu: int
    crop: Crop
    block: str | None


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A member who works for wages: paid ``rate_fen`` for each day, hour, mu or piece (件)."""

    id_number: str
    name: str
    household_code18: str
    basis: PayBasis
    rate_fen: int
    foreman: bool


@dataclass(frozen=True, slots=True)
class DroneBase:
    """Where the provider keeps its spraying drones overnight, with the drones' own numbers."""

    name: str
    lonlat: tuple[float, float]
    drones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class County:
    """The whole county; every tuple is in code order."""

    seed: int
    villages: tuple[Village, ...]
    households: tuple[HouseholdRow, ...]
    parcels: tuple[ParcelRow, ...]
    workers: tuple[WorkerRow, ...]
    drones_base: DroneBase
