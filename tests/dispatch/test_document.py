"""Documents survive the round trip, and bad ones are refused with the path of the fault."""

import json
from typing import Any

import pytest

from dispatch import InvalidDocument, Plan, Problem, Stop, Window, Zone, solve
from tests.dispatch.build import MORNING, square, village


def document() -> dict[str, Any]:
    """Return a good problem document as plain values."""
    loaded: dict[str, Any] = json.loads(village().to_json())
    return loaded


def test_a_problem_survives_the_round_trip() -> None:
    """Nothing of a problem is lost or changed by writing and reading it."""
    zone = Zone(zone_id="Z", rings=(square(900, 0, 50),), buffer_m=30, products=("wheat-mix",))
    windows = (MORNING, Window(start_s=60_000, end_s=70_000, products=("wheat-mix",)))
    given = village(zones=(zone,), windows=windows)
    assert Problem.from_json(given.to_json()) == given


def test_a_plan_survives_the_round_trip() -> None:
    """Nothing of a plan is lost or changed by writing and reading it."""
    plan = solve(village(), stop=Stop(iterations=5))
    assert Plan.from_json(plan.to_json()) == plan


def spoil(path: list[str | int], value: object) -> str:
    """Return the document with one value replaced; the key ``-`` deletes it."""
    made = document()
    spot: Any = made
    for key in path[:-1]:
        spot = spot[key]
    if value == "-":
        del spot[path[-1]]
    else:
        spot[path[-1]] = value
    return json.dumps(made)


BAD: dict[str, tuple[str, str]] = {
    "not JSON": ("{", "$ (line 1, column 2)"),
    "a list": ("[]", "$"),
    "a plan": (village().to_json().replace("dispatch.problem", "dispatch.plan"), "$.schema"),
    "a later version": (spoil(["version"], 3), "$.version"),
    "a boolean version": (spoil(["version"], value=True), "$.version"),
    "NaN": (spoil(["jobs", 0, "priority"], float("nan")), "$"),
    "infinite degree": (village().to_json().replace("112.8,", "1e999,", 1), "$.jobs[0].access[0]"),
    "key twice": ('{"day": 1, "day": 2}', "$"),
    "unknown field": (spoil(["jobs", 2, "colour"], "red"), "$.jobs[2].colour"),
    "missing field": (spoil(["jobs", 2, "product"], "-"), "$.jobs[2].product"),
    "text for number": (spoil(["jobs", 1, "area_centimu"], "5"), "$.jobs[1].area_centimu"),
    "float for integer": (spoil(["jobs", 1, "priority"], 1.0), "$.jobs[1].priority"),
    "boolean for integer": (spoil(["jobs", 1, "priority"], value=True), "$.jobs[1].priority"),
    "object for list": (spoil(["jobs"], {}), "$.jobs"),
    "one degree": (spoil(["jobs", 0, "access"], [1.0]), "$.jobs[0].access"),
    "not a day": (spoil(["day"], "2026-02-30"), "$.day"),
    "list for object": (spoil(["settings"], []), "$.settings"),
    "rule broken": (spoil(["drones", 1, "area_cap_centimu"], 0), "$.drones[1].area_cap_centimu"),
    "too deep": ("[" * 100_000, "$"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_document_is_refused_with_its_path(name: str) -> None:
    """The reader says where the fault is, in both languages."""
    text, path = BAD[name]
    with pytest.raises(InvalidDocument) as caught:
        Problem.from_json(text)
    assert caught.value.path == path
    assert caught.value.zh.startswith(path)
    assert caught.value.en.startswith(path)
