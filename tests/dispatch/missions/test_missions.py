"""Missions as values: the law's limits, the order of commands, the heights of every stretch."""

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from dispatch.coverage import cover
from dispatch.missions import Servo, mission, to_plan, to_taskdata, to_waypoints
from dispatch.missions.items import DO_SET_SERVO, DO_SPRAYER, WAYPOINT, items_of
from dispatch.missions.taskdata import rate_of
from dispatch.validation import InvalidProblem
from tests.dispatch.coverage.shapes import SHARED, ring
from tests.dispatch.missions.flights import HOUSE_PLOT, LAUNCH, MACHINE, day, house_mission


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("height_cm", 3001),
        ("height_cm", 0),
        ("transit_height_cm", 3001),
        ("speed_cm_per_s", 1389),
        ("transit_cm_per_s", 1389),
        ("launch", ring([(-2100, 0)])[0]),
        ("launch", (float("nan"), 0.0)),
    ],
)
def test_what_the_law_forbids_is_refused_with_its_article(field: str, value: object) -> None:
    """30 m, 50 km/h and 2,000 m: article 62(8) is named in both languages."""
    with pytest.raises(InvalidProblem) as refused:
        replace(house_mission(), **{field: value})  # type: ignore[arg-type]
    assert (refused.value.subject, refused.value.field) == ("石北村 012", field)
    assert "article 62(8)" in refused.value.en
    assert "第六十二条第八项" in refused.value.zh


def test_the_limits_themselves_are_allowed() -> None:
    """Exactly 30 m and 13.88 m/s may be flown."""
    one = replace(
        house_mission(),
        height_cm=3000,
        transit_height_cm=3000,
        speed_cm_per_s=1388,
        transit_cm_per_s=1388,
    )
    assert one.height_cm == 3000


def test_a_fast_machine_is_not_slowed_down_silently() -> None:
    """A machine that flies back at 15 m/s needs its sheet corrected, not a hidden limit."""
    fast = replace(MACHINE, transit_cm_per_s=1500)
    with pytest.raises(InvalidProblem, match="transit_cm_per_s"):
        mission(
            cover(HOUSE_PLOT, fast, 1000),
            HOUSE_PLOT,
            LAUNCH,
            fast,
            1000,
            plot_id="P",
            height_cm=300,
        )


@pytest.mark.parametrize("name", ["", "x" * 201, "tab\there", "\ud800"])
def test_names_that_no_file_can_hold_are_refused(name: str) -> None:
    """Empty, overlong and unprintable names stop before they reach XML or a text file."""
    with pytest.raises(InvalidProblem):
        replace(house_mission(), name=name)


def test_a_mission_without_lines_is_refused() -> None:
    """There is nothing to take off for."""
    with pytest.raises(InvalidProblem, match="no lines to fly"):
        replace(house_mission(), lines=(), links=())


@pytest.mark.parametrize("servo", [None, Servo(channel=9)])
def test_the_spray_is_on_along_lines_and_nowhere_else(servo: Servo | None) -> None:
    """Every line begins with on and ends with off; the flight begins and ends with off."""
    flight = house_mission(servo)
    command = DO_SPRAYER if servo is None else DO_SET_SERVO
    on, place, sprayed = False, LAUNCH, []
    for item in items_of(flight):
        if item.command == command:
            value = item.parameters[0] if servo is None else item.parameters[1]
            on = value in (1, 1900)
        elif item.place is not None:
            if on:
                sprayed.append((place, item.place))
                assert item.height_m == 3.0
            place = item.place
    assert sprayed == list(flight.lines)
    assert not on


def test_heights_stay_low_over_the_plot_and_legal_on_the_way() -> None:
    """10 m on the way out and back, 3 m over the plot, 0 m at the end, where it took off."""
    items = [item for item in items_of(house_mission()) if item.place is not None]
    assert [item.height_m for item in items[:2]] == [10.0, 10.0]
    assert [item.height_m for item in items[-3:]] == [10.0, 10.0, 0.0]
    assert {item.height_m for item in items[2:-3]} == {3.0}
    assert items[0].place == items[-1].place == LAUNCH


def test_sorties_are_missions_of_their_own() -> None:
    """The big plot's flights are numbered, and their litres make up the dose."""
    flights = [one for one in day() if one.plot_id == "石北村 014"]
    assert [one.name for one in flights] == [f"石北村 014/{n}" for n in (1, 2, 3)]
    expected = 180 * 120 / (2000 / 3) * 1000
    assert sum(one.liquid_ml for one in flights) == pytest.approx(expected, rel=1e-3)


def test_a_litre_a_mu_is_one_and_a_half_millilitres_a_square_metre() -> None:
    """1,000 ml on 666.67 m² are 1,500 mm³/m², in hundredths 150,000."""
    assert rate_of(1000) == 150_000


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared real data are not here; set TGJ_SHARED_DATA"
)
def test_a_plan_is_built_like_qgroundcontrols_own() -> None:
    """Ours has every key that the sample of QGroundControl has, of the same kind."""
    path = SHARED / "drone" / "plans" / "qgroundcontrol_sample.plan"
    sample = json.loads(path.read_text(encoding="utf-8"))
    ours = json.loads(to_plan(house_mission()))
    assert sample.keys() == ours.keys()
    assert sample["mission"].keys() <= ours["mission"].keys()
    for key in ("version", "fileType"):
        assert sample[key] == ours[key]
    theirs = next(one for one in sample["mission"]["items"] if one["command"] == WAYPOINT)
    mine = next(one for one in ours["mission"]["items"] if one["command"] == WAYPOINT)
    assert theirs.keys() == mine.keys()
    blanks = [[one is None for one in item["params"]] for item in (theirs, mine)]
    assert blanks[0] == blanks[1]


def test_files_are_the_same_every_time() -> None:
    """Nothing of the clock or of memory order gets into a file."""
    one, again = house_mission(), house_mission()
    assert to_plan(one) == to_plan(again)
    assert to_waypoints(one) == to_waypoints(again)
    assert to_taskdata(day()) == to_taskdata(day())


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared real data are not here; set TGJ_SHARED_DATA"
)
def test_task_data_are_built_like_a_real_file() -> None:
    """What a farm system's export has too stands in the same places, with the same keys.

    Left out are its own codes: the partfield's code B and the line's id F.
    """
    text = (SHARED / "isoxml" / "Partfields_TASKDATA.XML").read_text(encoding="utf-8-sig")
    theirs = ET.fromstring(text)  # noqa: S314 - a file kept with the tests
    ours = ET.fromstring(to_taskdata(day()))  # noqa: S314 - just made
    assert theirs.tag == ours.tag
    for path in ("PFD", "PFD/PLN", "PFD/PLN/LSG", "PFD/PLN/LSG/PNT", "TSK"):
        keys = [
            set.union(*(set(one.keys()) for one in root.findall(path))) for root in (theirs, ours)
        ]
        assert keys[0] - {"B", "F"} <= keys[1]
        assert ours.findall(path)
