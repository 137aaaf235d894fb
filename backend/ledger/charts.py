"""Charts of accounts from their dated data files (see ``data/README.md``)."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from backend.ledger.errors import UnknownChart

CHART_IDS = ("village_2023_14", "coop_2021_37")


@dataclass(frozen=True, slots=True)
class ChartAccount:
    """One account of a chart; ``parent_code`` is ``None`` for the first level."""

    code: str
    name: str
    account_class: str
    normal_side: str
    parent_code: str | None
    is_leaf: bool


@cache
def chart(chart_id: str) -> tuple[ChartAccount, ...]:
    """Return a chart with its proposed details, parents before children; raise `UnknownChart`."""
    if chart_id not in CHART_IDS:
        raise UnknownChart(chart_id=chart_id)
    rows = [*_rows(f"{chart_id}.csv"), *_rows(f"details_{chart_id}.csv")]
    codes = {row["code"] for row in rows}
    parents = {row["code"]: _parent(row["code"], codes) for row in rows}
    with_details = set(parents.values())
    return tuple(
        ChartAccount(
            code=row["code"],
            name=row["name"],
            account_class=row["class"],
            normal_side=row["normal_side"],
            parent_code=parents[row["code"]],
            is_leaf=row["code"] not in with_details,
        )
        for row in sorted(rows, key=lambda row: row["code"])
    )


def _parent(code: str, codes: set[str]) -> str | None:
    """Return the account above by the code pattern 3-2-2."""
    above = code[:-2]
    return above if above in codes else None


def _rows(name: str) -> list[dict[str, str]]:
    with files("backend.ledger").joinpath("data", name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
