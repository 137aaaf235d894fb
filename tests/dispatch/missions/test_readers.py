"""Mission files read back by readers that others wrote: counts and coordinates are compared.

MAVSDK imports both MAVLink formats and carries them over a loopback socket to its own mission
server; pymavlink loads the text file; fastkml checks the OGC schema; npm's isoxml reads TASKDATA.
"""

import importlib
import json
import math
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatch.coverage import Point
from dispatch.missions import Mission, Servo, to_kml, to_plan, to_taskdata, to_waypoints
from dispatch.missions.items import items_of
from dispatch.missions.taskdata import rate_of
from tests.dispatch.coverage.shapes import SHARED
from tests.dispatch.missions.flights import day, house_mission

PLANS = SHARED / "drone" / "plans"
ISOXML_VERSION = "1.11.2"
READ_ISOXML = """
const { ISOXMLManager } = require("isoxml");
const manager = new ISOXMLManager();
const text = require("fs").readFileSync(process.argv[2], "utf-8");
manager.parseISOXMLFile(text, "text/xml").then(() => {
  const root = manager.rootElement.attributes;
  const point = (p) => [p.attributes.PointEast, p.attributes.PointNorth];
  console.log(JSON.stringify({
    warnings: manager.getWarnings(),
    products: (root.Product || []).map((p) => p.attributes.ProductDesignator),
    fields: root.Partfield.map((f) => ({
      name: f.attributes.PartfieldDesignator,
      area: f.attributes.PartfieldArea,
      boundary: f.toGeoJSON().coordinates,
      lines: f.attributes.GuidanceGroup[0].attributes.GuidancePattern.map(
        (g) => g.attributes.LineString[0].attributes.Point.map(point)),
    })),
    tasks: root.Task.map((t) => ({
      name: t.attributes.TaskDesignator,
      field: t.attributes.PartfieldIdRef.entity.attributes.PartfieldDesignator,
      rates: t.attributes.TreatmentZone[0].attributes.ProcessDataVariable.map((v) => [
        v.attributes.ProcessDataDDI, v.attributes.ProcessDataValue,
        v.attributes.ProductIdRef.entity.attributes.ProductDesignator]),
      litres: t.attributes.ProductAllocation.map((p) => p.attributes.QuantityValue),
    })),
  }));
}).catch((error) => { console.error(error); process.exit(1); });
"""


class Link:
    """A ground station and an autopilot's mission server, joined over loopback."""

    def __init__(self) -> None:
        mavsdk = importlib.import_module("mavsdk")
        raw = importlib.import_module("mavsdk.plugins.mission_raw")
        server = importlib.import_module("mavsdk.plugins.mission_raw_server")
        kinds, make = mavsdk.ComponentType, mavsdk.Configuration.create_with_component_type
        self.ends = [mavsdk.Mavsdk(make(k)) for k in (kinds.GROUND_STATION, kinds.AUTOPILOT)]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.ends[0].add_any_connection(f"udpin://127.0.0.1:{port}")
        self.ends[1].add_any_connection(f"udpout://127.0.0.1:{port}")
        self.server = server.MissionRawServer(self.ends[1].server_component(0))
        self.arrived = threading.Event()
        self.received: list[Any] = []
        self.server.subscribe_incoming_mission(self._take)
        system = self.ends[0].first_autopilot(20.0)
        assert system is not None, "the autopilot's heartbeat did not arrive"
        self.mission = raw.MissionRaw(system)
        self.error: type[Exception] = raw.MissionRawError

    def _take(self, _result: Any, plan: Any, _data: Any = None) -> None:
        self.received = list(plan.mission_items)
        self.arrived.set()

    def carry(self, items: list[Any]) -> tuple[list[Any], list[Any]]:
        """Upload items; return what the server got and what can be downloaded again."""
        self.arrived.clear()
        self.mission.upload_mission(items)
        assert self.arrived.wait(20.0), "the mission server heard nothing"
        return self.received, list(self.mission.download_mission())

    def close(self) -> None:
        """Stop both ends."""
        for end in self.ends:
            end.destroy()


@pytest.fixture(scope="module")
def link() -> Iterator[Link]:
    """One pair of MAVSDK ends for all tests here."""
    joined = Link()
    yield joined
    joined.close()


def compare(mission: Mission, read: list[Any]) -> None:
    """Require commands, parameters, places to 1e-7 degrees and heights to be those written."""
    expected = items_of(mission)
    assert [one.command for one in read] == [one.command for one in expected]
    for ours, theirs in zip(expected, read, strict=True):
        assert theirs.autocontinue == 1
        assert (theirs.param1, theirs.param2, theirs.param3) == pytest.approx(
            ours.parameters[:3], rel=1e-6
        )
        if ours.place is None:
            assert (theirs.frame, theirs.x, theirs.y) == (2, 0, 0)
            continue
        assert theirs.frame == 3
        assert theirs.param4 == 0 or math.isnan(theirs.param4)
        assert (theirs.x, theirs.y) == pytest.approx(
            (ours.place[1] * 1e7, ours.place[0] * 1e7), abs=1.01
        )
        assert theirs.z == pytest.approx(ours.height_m)


@pytest.mark.parametrize("servo", [None, Servo(channel=5)])
def test_mavsdk_reads_the_plan_and_a_mission_server_takes_it(
    link: Link, servo: Servo | None
) -> None:
    """What is imported, uploaded, received and downloaded is what was planned."""
    flight = house_mission(servo)
    data = link.mission.import_qgroundcontrol_mission_from_string(to_plan(flight))
    compare(flight, data.mission_items)
    assert len(data.geofence_items) == 1
    for items in link.carry(data.mission_items):
        compare(flight, items)


def test_mavsdk_reads_the_waypoints_and_a_mission_server_takes_them(link: Link) -> None:
    """Row 0 is home; the rest is the mission, for each flight of the day."""
    for flight in day():
        data = link.mission.import_mission_planner_mission_from_string(to_waypoints(flight))
        home = data.mission_items[0]
        assert (home.command, home.x) == (16, pytest.approx(flight.launch[1] * 1e7, abs=1.01))
        compare(flight, data.mission_items[1:])
    received, _ = link.carry(data.mission_items)
    compare(flight, received[1:])


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared real data are not here; set TGJ_SHARED_DATA"
)
def test_the_importer_refuses_what_is_wrong(link: Link) -> None:
    """The same reader turns down the deliberately wrong samples, so its yes means something."""
    for name in ("wrong_overall_version", "wrong_mission_version", "without_mission"):
        path = PLANS / f"qgroundcontrol_sample_{name}.plan"
        with pytest.raises(link.error):
            link.mission.import_qgroundcontrol_mission(str(path))


def test_pymavlink_loads_the_waypoints(tmp_path: Path) -> None:
    """The loader of MAVProxy counts the same rows and places."""
    loader = importlib.import_module("pymavlink.mavwp").MAVWPLoader()
    flight = house_mission()
    path = tmp_path / "flight.waypoints"
    path.write_text(to_waypoints(flight), encoding="utf-8")
    items = items_of(flight)
    assert loader.load(str(path)) == len(items) + 1
    for number, item in enumerate(items, 1):
        row = loader.wp(number)
        assert row.command == item.command
        if item.place is not None:
            assert (row.y, row.x) == pytest.approx(item.place, abs=1e-8)
            assert row.z == pytest.approx(item.height_m)


@pytest.mark.parametrize("boundaries_only", [False, True])
def test_kml_is_valid_and_holds_every_line(boundaries_only: bool) -> None:  # noqa: FBT001
    """It passes the OGC schema; fastkml reads as many lines, at the places they were planned."""
    fastkml = importlib.import_module("fastkml")
    etree = importlib.import_module("lxml.etree")
    flights = day()
    text = to_kml(flights, boundaries_only=boundaries_only)
    schema = importlib.import_module("fastkml.validator").get_schema_parser()
    schema.assertValid(etree.fromstring(text.encode()))
    document = next(iter(fastkml.KML.from_string(text).features))
    if boundaries_only:
        assert [mark.name for mark in document.features] == sorted({o.plot_id for o in flights})
        return
    for folder, flight in zip(document.features, flights, strict=True):
        assert folder.name == flight.name
        drawn = [
            [(x, y) for x, y, _ in mark.geometry.coords]
            for mark in folder.features
            if mark.style_url.url == "#spray"
        ]
        assert len(drawn) == len(flight.lines)
        for read, line in zip(drawn, flight.lines, strict=True):
            assert_places(read, line)


def assert_places(read: Any, planned: tuple[Point, ...], within: float = 1.1e-8) -> None:
    """Compare points one by one."""
    assert len(read) == len(planned)
    for here, there in zip(read, planned, strict=True):
        assert tuple(here) == pytest.approx(there, abs=within)


@pytest.fixture(scope="module")
def isoxml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with npm's isoxml; skipped where npm or the package cannot be had, save in CI."""
    npm, must = shutil.which("npm"), bool(os.environ.get("TGJ_CI"))
    if npm is None and not must:
        pytest.skip("npm is not installed here")
    assert npm is not None, "CI needs npm for the ISOXML reader"
    folder = tmp_path_factory.mktemp("isoxml")
    (folder / "package.json").write_text('{"name": "reader", "private": true}', encoding="utf-8")
    (folder / "read.js").write_text(READ_ISOXML, encoding="utf-8")
    command = [npm, "install", "--no-audit", "--no-fund", "--silent", f"isoxml@{ISOXML_VERSION}"]
    done = run(command, folder)
    if done.returncode and not must:
        pytest.skip("npm could not install isoxml here")
    assert done.returncode == 0, done.stderr
    return folder


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run node or npm in a folder and keep what it says."""
    return subprocess.run(  # noqa: S603 - both come from the machine's own PATH
        command, check=False, cwd=folder, capture_output=True, text=True, timeout=240
    )


def read_isoxml(folder: Path, path: Path) -> dict[str, Any]:
    """Return what npm's isoxml finds in a TASKDATA.XML."""
    node = shutil.which("node")
    assert node is not None
    command = [node, "read.js", str(path)]
    done = run(command, folder)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_isoxml_reads_the_day_without_a_warning(isoxml: Path) -> None:
    """Three fields with holes and parts, their lines, rates, products and litres come back."""
    flights = day()
    path = isoxml / "TASKDATA.XML"
    path.write_bytes(to_taskdata(flights))
    found = read_isoxml(isoxml, path)
    assert found["warnings"] == []
    assert found["products"] == sorted({one.product for one in flights})
    plots = list(dict.fromkeys(one.plot_id for one in flights))
    assert [one["name"] for one in found["fields"]] == plots
    for field, task, plot_id in zip(found["fields"], found["tasks"], plots, strict=True):
        mine = [one for one in flights if one.plot_id == plot_id]
        assert field["area"] == round(mine[0].area_m2)
        assert len(field["boundary"]) == len(mine[0].parts)
        for polygon, part in zip(field["boundary"], mine[0].parts, strict=True):
            assert len(polygon) == len(part)
            for read, ring in zip(polygon, part, strict=True):
                assert_places(read, ring, 1.1e-9)
        lines = [line for one in mine for line in one.lines]
        assert len(field["lines"]) == len(lines)
        for read, line in zip(field["lines"], lines, strict=True):
            assert_places(read, line, 1.1e-9)
        assert task["name"] == task["field"] == plot_id
        rate = rate_of(mine[0].liquid_ml_per_mu)
        assert task["rates"] == [["0001", rate, mine[0].product]]
        assert task["litres"] == [sum(one.liquid_ml for one in mine)]
