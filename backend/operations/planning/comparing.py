"""Two plans side by side: what each costs, and which plots they treat otherwise."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import dispatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """A plan in figures: ``cost`` and its parts in seconds, weights, area in 0.01 mu."""

    cost: int
    parts: dict[str, int]
    area_centimu: int
    plots: int
    left_out: int
    bound_permille: int
    engine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a plan has a plot: on which drone, on which day."""

    drone: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What differs between two plans; plots by `job_key`."""

    one: Sums
    other: Sums
    only_one: tuple[str, ...]
    only_other: tuple[str, ...]
    moved: tuple[tuple[str, Place, Place], ...]


def compare(one: Mapping[str, Any], other: Mapping[str, Any]) -> Comparison:
    """Compare two stored plans; they may be of different days."""
    plans = [dispatch.Plan.from_json(json.dumps(document)) for document in (one, other)]
    here, there = (_places(plan) for plan in plans)
    return Comparison(
        one=_sums(plans[0]),
        other=_sums(plans[1]),
        only_one=tuple(sorted(here.keys() - there.keys())),
        only_other=tuple(sorted(there.keys() - here.keys())),
        moved=tuple(
            (plot, here[plot], there[plot])
            for plot in sorted(here.keys() & there.keys())
            if here[plot] != there[plot]
        ),
    )


def _places(plan: dispatch.Plan) -> dict[str, Place]:
    return {
        stop.job_id: Place(drone=route.drone_id, day=plan.day + timedelta(days=route.day))
        for route in plan.routes
        for stop in route.stops
    }


def _sums(plan: dispatch.Plan) -> Sums:
    return Sums(
        cost=plan.objective.cost,
        parts=asdict(plan.objective),
        area_centimu=plan.totals.area_centimu,
        plots=plan.totals.jobs,
        left_out=len(plan.unassigned),
        bound_permille=plan.bound.ratio_permille,
        engine=plan.parameters.engine,
    )
