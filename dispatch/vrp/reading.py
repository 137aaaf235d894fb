"""Reading VRPLIB files the way each family's best known costs were computed."""

from dataclasses import dataclass
from pathlib import Path

import pyvrp
import vrplib  # type: ignore[import-untyped]

ROUNDING = {"CVRP": "round", "VRPTW": "dimacs", "PCVRPTW": "dimacs", "MDVRPTW": "exact"}
"""PyVRP's name of the rounding that each family's published costs use: nearest integer (Uchoa et
al.; Arnold et al.), ten times and cut off (the DIMACS challenge), thousand times and rounded."""

SCALE = {"round": 1, "dimacs": 10, "exact": 1000}
"""What a rounding multiplies distances by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A file, its family (``TYPE``), its rounding, and PyVRP's form of it."""

    path: Path
    family: str
    rounding: str
    data: pyvrp.ProblemData

    def best_known(self) -> int | None:
        """Return the cost of the ``.sol`` beside the file in our integers; None without one.

        Some publish DIMACS costs unscaled with one decimal (28122.6), some scaled (245391): only
        a number with decimals is scaled.
        """
        beside = self.path.with_suffix(".sol")
        if not beside.is_file():
            return None
        for line in reversed(beside.read_text().splitlines()):
            words = line.replace(":", " ").split()
            if len(words) == 2 and words[0].lower() == "cost":
                cost = float(words[1])
                return round(cost if cost.is_integer() else cost * SCALE[self.rounding])
        return None


def read_instance(path: Path) -> Instance:
    """Read a VRPLIB file; raise ValueError for a family whose rounding is not settled."""
    family = str(
        vrplib.read_instance(str(path), compute_edge_weights=False).get("type", "")
    ).strip()
    if family not in ROUNDING:
        raise ValueError(f"{path.name}: a problem of type {family!r} is not one of {[*ROUNDING]}")
    rounding = ROUNDING[family]
    return Instance(
        path=path, family=family, rounding=rounding, data=pyvrp.read(path, round_func=rounding)
    )


def listing(data: pyvrp.ProblemData, found: pyvrp.Solution) -> list[tuple[int, list[int]]]:
    """Return routes as VRPLIB writes them: the file's vehicle, and locations numbered from 0.

    Vehicles of one type are alike; each route takes the type's next one.
    """
    free = [
        [int(one) for one in kind.name.split(",")] if kind.name else [index] * kind.num_available
        for index, kind in enumerate(data.vehicle_types())
    ]
    taken = [0] * len(free)
    routes = []
    for route in found.routes():
        kind = route.vehicle_type()
        vehicle = free[kind][taken[kind]]
        taken[kind] += 1
        visits = [data.client(one.idx).location for one in route.schedule() if one.is_client()]
        routes.append((vehicle, visits))
    return routes
