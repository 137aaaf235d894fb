"""The views show every plot once, in words a dispatcher reads."""

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

from dispatch import Stop, Zone, solve
from dispatch.render import geojson, svg_gantt, svg_map
from tests.dispatch.build import drone, job, place, square, village

SVG = "{http://www.w3.org/2000/svg}"
PROBLEM = village(
    drones=(drone(0, area_cap_centimu=8000), drone(1, area_cap_centimu=4000)),
    zones=(Zone(zone_id="鱼塘<1>", rings=(square(-300, 0, 50),), buffer_m=20),),
)
PLAN = solve(PROBLEM, stop=Stop(iterations=50))


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
