"""Payouts' rules: pure functions over numbers and days."""

import json
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from backend.core.money import half_up
from backend.payouts.errors import (
    ChartNotSupported,
    NothingToDistribute,
    PeriodUnsound,
    PoolBeyondDistributable,
    ResolutionInFuture,
    TooFewVotes,
    VotesUnsound,
)

Kind = Literal["rent", "wage", "dividend"]


class Transferee(StrEnum):
    """Who farms transferred land, which decides how its rent is booked."""

    COLLECTIVE = "collective"
    """The collective: rent is its expense."""
    OPERATOR = "operator"
    """Somebody else: the rent passes through (代收代付)."""


NEW_ACCOUNT_NEEDED = frozenset(
    {"account_not_found", "name_mismatch", "closed", "wrong_bank", "format"}
)
"""Failures that the same account would meet again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Codes of the accounts that payouts book to in one chart."""

    bank: str
    rent_expense: str
    rent_collected: str
    rent_payable: str
    seasonal_cost: str
    seasonal_payable: str
    staff_cost: str
    staff_payable: str
    dividend_payable: str
    reserve: str
    undistributed: str
    appropriated_reserve: str
    appropriated_members: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The members' vote on a distribution: ``votes_total`` counts all who may vote."""

    votes_for: int
    votes_total: int
    held_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A year's distribution in fen, in the order of 农村集体经济组织法 art. 42."""

    net_fen: int
    opening_fen: int
    transfers_fen: int
    reserve_fen: int
    distributable_fen: int
    pool_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeLimits:
    """Ages in whole years: refused under, minor under, elder from."""

    refused_under_years: int
    minor_under_years: int
    elder_from_years: int


def accounts_of(chart_id: str | None) -> Accounts:
    """Return the accounts of a chart; raise `ChartNotSupported` for one without payouts."""
    charts = _data("accounts.json")
    if chart_id not in charts:
        raise ChartNotSupported
    return Accounts(**charts[chart_id])


def notice_days(kind: str, day: date) -> int:
    """Return the fewest days of public notice in force on ``day``."""
    rules = [rule for rule in _data("notice.json") if rule["kind"] == kind]
    return int(_in_force(rules, day)["days"])


def age_limits(day: date) -> AgeLimits:
    """Return the age limits in force on ``day``."""
    rule = _in_force(_data("labour.json"), day)
    return AgeLimits(**{name: rule[name] for name in AgeLimits.__dataclass_fields__})


def age_on(born_on: date, day: date) -> int:
    """Return the age in whole years; who was born on 29 February ages on 1 March."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def work_amount(quantity_milli: int, rate_fen: int) -> int:
    """Return thousandths of a unit × fen a unit in fen, rounded half up once."""
    return half_up(quantity_milli * rate_fen, 1000)


def year_days(covers_from: date, covers_to: date) -> int:
    """Return the days of the year that begins on ``covers_from``: 365, or 366 over a 29 February.

    Raises `PeriodUnsound` when ``covers_to`` lies outside that year.
    """
    if covers_from.year > 9998:
        raise PeriodUnsound
    leap_day = (covers_from.month, covers_from.day) == (2, 29)
    begin = date(covers_from.year, 3, 1) if leap_day else covers_from
    next_year = begin.replace(year=begin.year + 1)
    if not covers_from <= covers_to < next_year:
        raise PeriodUnsound
    return (next_year - covers_from).days


def check_resolution(resolution: Resolution, today: date) -> None:
    """Raise `TooFewVotes` under two thirds of all (art. 28), or what is wrong with the vote."""
    if resolution.votes_for > resolution.votes_total:
        raise VotesUnsound
    if 3 * resolution.votes_for < 2 * resolution.votes_total:
        raise TooFewVotes(votes_for=resolution.votes_for, votes_total=resolution.votes_total)
    if resolution.held_on > today:
        raise ResolutionInFuture(held_on=resolution.held_on)


def distribution(
    *,
    net_fen: int,
    opening_fen: int,
    transfers_fen: int,
    reserve_permille: int,
    pool_fen: int | None = None,
) -> Distribution:
    """Return what may be shared out: losses first, then the reserve, then the members (art. 42).

    The reserve is taken from the year's profit after earlier losses, rounded half up; profit
    that was undistributed before gave its reserve in its own year. ``pool_fen`` is what the
    members resolved to share, all of it by default. Raises `NothingToDistribute` and
    `PoolBeyondDistributable` with the numbers.
    """
    available_fen = net_fen + opening_fen + transfers_fen
    base_fen = max(0, min(net_fen, available_fen))
    reserve_fen = half_up(base_fen * reserve_permille, 1000)
    distributable_fen = available_fen - reserve_fen
    if distributable_fen <= 0:
        raise NothingToDistribute(
            net_fen=net_fen,
            opening_fen=opening_fen,
            transfers_fen=transfers_fen,
            reserve_fen=reserve_fen,
            distributable_fen=distributable_fen,
        )
    pool = distributable_fen if pool_fen is None else pool_fen
    if pool > distributable_fen:
        raise PoolBeyondDistributable(pool_fen=pool, distributable_fen=distributable_fen)
    return Distribution(
        net_fen=net_fen,
        opening_fen=opening_fen,
        transfers_fen=transfers_fen,
        reserve_fen=reserve_fen,
        distributable_fen=distributable_fen,
        pool_fen=pool,
    )


def _in_force(rules: list[dict[str, Any]], day: date) -> dict[str, Any]:
    """Return the newest rule that began by ``day``; before all of them, the oldest."""
    begun = [rule for rule in rules if date.fromisoformat(rule["from"]) <= day] or rules[:1]
    return max(begun, key=lambda rule: str(rule["from"]))


@cache
def _data(name: str) -> Any:
    return json.loads(files("backend.payouts").joinpath("data", name).read_text(encoding="utf-8"))
