"""The views show every plot once, in words a dispatcher reads."""

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import shapely

from dispatch import Crew, Plan, Problem, Stop, Window, Zone, solve
from dispatch.model import DAY_S, InvalidProblem, MixPoint, ZoneKind
from dispatch.render import geojson, svg_gantt, svg_map
from dispatch.render.svg import colour, on, tone
from tests.dispatch.build import drone, job, place, square, village

SVG = "{http://www.w3.org/2000/svg}"
PROBLEM = village(
    drones=(drone(0, area_cap_centimu=8000), drone(1, area_cap_centimu=4000)),
    zones=(Zone(zone_id="鱼塘<1>", rings=(square(-300, 0, 50),), buffer_m=20),),
)
PLAN = solve(PROBLEM, stop=Stop(iterations=10))


def two_days() -> Problem:
    """Return a crew of two drones with little water, two days of two hours, both kinds of zones."""
    jobs = [job(number, number % 6 * 150.0, number // 6 * 130.0, mu=20.0) for number in range(30)]
    pieces = ((square(0, 900, 60),), (square(100, 900, 90), square(130, 930, 20)))
    jobs.append(job(30, 0, 900, mu=17.0, parts=pieces, priority=5))
    return Problem(
        day=PROBLEM.day,
        days=2,
        jobs=tuple(jobs),
        drones=(drone(0, crew_id="C<0>"), drone(1, crew_id="C<0>")),
        crews=(Crew(crew_id="C<0>", home=place(-600, -300), pilots=2, water_ml=200_000),),
        windows=tuple(
            Window(start_s=day * DAY_S + 6 * 3600, end_s=day * DAY_S + 8 * 3600) for day in (0, 1)
        ),
        mix_points=(MixPoint(point_id="M&1", place=place(400, -300), fill_s=300),),
        zones=(
            Zone(zone_id="鱼塘", rings=(square(1500, 0, 50),), buffer_m=20),
            Zone(zone_id="机场", rings=(square(1500, 900, 50),), kind=ZoneKind.NO_FLY),
        ),
    )


DAYS = two_days()
DAYS_PLAN = solve(DAYS, stop=Stop(iterations=1), engine="greedy")


def features_of(problem: Problem, plan: Plan, day: int | None = None) -> list[dict[str, Any]]:
    """Return the features of the GeoJSON view."""
    found: list[dict[str, Any]] = json.loads(geojson(problem, plan, day=day))["features"]
    return found


def kinds_of(problem: Problem, plan: Plan, day: int | None = None) -> list[str]:
    """Return the kind of each feature."""
    return [one["properties"]["kind"] for one in features_of(problem, plan, day)]


def test_geojson_holds_every_plot_once() -> None:
    """Planned plots, unassigned plots, zones, truck routes and launch sites are features."""
    features = json.loads(geojson(PROBLEM, PLAN))["features"]
    kinds = [one["properties"]["kind"] for one in features]
    seen = [one["properties"].get("job_id") for one in features]
    assert sorted(one for one in seen if one) == sorted(one.job_id for one in PROBLEM.jobs)
    assert kinds.count("truck_route") == len(PLAN.trucks)
    assert kinds.count("launch_site") == PLAN.totals.blocks
    assert kinds.count("unassigned") == len(PLAN.unassigned) > 0
    assert kinds.count("no_spray_zone") == 1


def test_geojson_shows_a_job_without_polygon_as_a_point() -> None:
    """The access point stands for a plot whose border nobody drew."""
    one = job(99, 0, 0, parts=(), access=place(5, 5))
    given = replace(PROBLEM, jobs=(one,))
    features = json.loads(geojson(given, solve(given, stop=Stop(iterations=1))))["features"]
    plot = next(row for row in features if row["properties"]["kind"] == "plot")
    assert plot["geometry"] == {"type": "Point", "coordinates": list(one.access)}


def test_the_map_has_a_shape_for_each_plot_and_a_legend() -> None:
    """Each plot is drawn in its drone's colour, unassigned ones hatched, with legend and scale."""
    root = ET.fromstring(svg_map(PROBLEM, PLAN))  # noqa: S314 - our own output
    titles = [one.text or "" for one in root.iter(f"{SVG}title")]
    for one in PROBLEM.jobs:
        assert sum(title.startswith(f"{one.job_id} ") for title in titles) == 1
    hatched = [one for one in root.iter(f"{SVG}path") if one.get("fill") == "url(#hatch)"]
    assert len(hatched) == len(PLAN.unassigned)
    words = " ".join(one.text or "" for one in root.iter(f"{SVG}text"))
    for word in ("飞防作业图", "D0", "D1", "未派", "运力不足", "机组驻地", "500 米", "北"):
        assert word in words


def test_the_gantt_has_a_bar_for_each_block() -> None:
    """Every block of the plan is one bar whose title gives its times and mu."""
    root = ET.fromstring(svg_gantt(PROBLEM, PLAN))  # noqa: S314 - our own output
    titles = [one.text or "" for one in root.iter(f"{SVG}title")]
    blocks = {visit.block_id for route in PLAN.routes for visit in route.stops}
    assert {title.split(" ")[0] for title in titles if "亩" in title} == blocks
    words = " ".join(one.text or "" for one in root.iter(f"{SVG}text"))
    for word in ("飞防作业时间表", "06:00", "转场", "架设", "不可作业时段"):
        assert word in words


def test_geojson_tells_days_and_kinds_apart() -> None:
    """Trucks, mixing points and both kinds of zones are there; one day shows only its own."""
    kinds = kinds_of(DAYS, DAYS_PLAN)
    assert kinds.count("truck_route") == len(DAYS_PLAN.trucks) == 2
    assert {"mix_point", "no_spray_zone", "no_fly_zone", "launch_site"} <= set(kinds)
    mix = next(
        one["properties"]
        for one in features_of(DAYS, DAYS_PLAN)
        if one["properties"]["kind"] == "mix_point"
    )
    fillings = [one for truck in DAYS_PLAN.trucks for one in truck.stops if one.kind == "mix"]
    assert len(mix["fillings"]) == len(fillings) > 0
    for day in (0, 1):
        plots = sum(len(route.stops) for route in DAYS_PLAN.routes if route.day == day)
        assert kinds_of(DAYS, DAYS_PLAN, day).count("plot") == plots > 0


def test_geojson_writes_parts_with_holes_by_the_right_hand_rule() -> None:
    """A plot of two parts, one with a hole, is a MultiPolygon whose outer rings turn left."""
    found = features_of(DAYS, DAYS_PLAN)
    plot = next(one for one in found if one["properties"].get("job_id") == "P30")
    shape = shapely.from_geojson(json.dumps(plot["geometry"]))
    assert isinstance(shape, shapely.MultiPolygon)
    assert [len(part.interiors) for part in shape.geoms] == [0, 1]
    assert all(part.exterior.is_ccw for part in shape.geoms)
    assert not any(hole.is_ccw for part in shape.geoms for hole in part.interiors)


def test_the_map_of_several_days_says_which_is_which() -> None:
    """The second day is paler and its trucks' lines are broken; one day alone needs neither."""
    both, second = svg_map(DAYS, DAYS_PLAN), svg_map(DAYS, DAYS_PLAN, day=1)
    for word in (
        "2026-07-20",
        "2026-07-21",
        "禁飞区",
        "禁喷区",
        "配药取水点",
        tone(colour(0), 0.6),
    ):
        assert word in both
    assert "stroke-dasharray" in both
    assert "stroke-dasharray" not in second
    assert "2026-07-21 周二" in second


def test_the_gantt_has_a_row_for_each_drone_and_day() -> None:
    """Two drones on two days are four rows; filling and the truck's way are bars in them."""
    root = ET.fromstring(svg_gantt(DAYS, DAYS_PLAN))  # noqa: S314 - our own output
    words = [one.text or "" for one in root.iter(f"{SVG}text")]
    assert sum(one in {"D0 (C<0>)", "D1 (C<0>)"} for one in words) == len(DAYS_PLAN.routes) == 4
    assert sum(one.startswith("第 ") for one in words) == 2
    titles = [one.text or "" for one in root.iter(f"{SVG}title")]
    assert any(one.startswith("M&1 配药取水") for one in titles)
    inside = [float(one.get("x", 0)) for one in root.iter(f"{SVG}rect")]
    assert min(inside) >= 0


def test_what_is_frozen_is_pale_and_now_is_a_line() -> None:
    """After a frozen first day the chart tells done from planned and shows the moment."""
    routes = tuple(route for route in DAYS_PLAN.routes if route.day == 0)
    trucks = tuple(truck for truck in DAYS_PLAN.trucks if truck.day == 0)
    now = replace(DAYS, now_s=DAY_S + 3600 * 7, frozen_routes=routes, frozen_trucks=trucks)
    chart = svg_gantt(now, DAYS_PLAN)
    assert "已完成或进行中" in chart
    assert tone(colour(0), 0.5) in chart
    assert "07:00" in chart
    frozen = [
        one["properties"]["frozen"]
        for one in features_of(now, DAYS_PLAN, 0)
        if one["properties"]["kind"] == "plot"
    ]
    assert frozen
    assert all(frozen)


def test_thirty_drones_have_thirty_colours_for_white_letters() -> None:
    """Colours do not repeat, and each is dark enough for the numbers on the bars."""
    colours = [colour(index) for index in range(30)]
    assert len(set(colours)) == 30
    assert {on(one) for one in colours} == {"#ffffff"}


def test_characters_that_xml_cannot_hold_do_not_break_the_pictures() -> None:
    """A control character in an id is shown as U+FFFD, and the SVG stays well-formed."""
    odd = replace(PROBLEM, jobs=(replace(PROBLEM.jobs[0], job_id="P\x01&<"),))
    plan = solve(odd, stop=Stop(iterations=1))
    for view in (svg_map, svg_gantt):
        ET.fromstring(view(odd, plan))  # noqa: S314 - our own output


def test_a_plan_of_another_problem_is_refused_by_name() -> None:
    """The error names the job that the problem does not have."""
    other = replace(PROBLEM, jobs=PROBLEM.jobs[:1])
    for view in (geojson, svg_map, svg_gantt):
        with pytest.raises(InvalidProblem, match="is not in the problem"):
            view(other, PLAN)
