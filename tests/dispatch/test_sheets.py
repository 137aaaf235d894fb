"""The day's sheet and the mission files say what the plan says, whatever the names are."""

import json
import math
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dispatch import Crew, Plan, Problem, Stop, Window, Zone, check, solve
from dispatch.flown import file_name, mission_files, missions_of
from dispatch.model import DAY_S, InvalidProblem, MixPoint
from dispatch.render.svg import clock
from dispatch.sheets import (
    FontMissing,
    GlyphMissing,
    SheetCode,
    day_sheets,
    find_font,
    plan_hash,
)
from dispatch.sheets.fonts import Font
from tests.dispatch.build import DAY, drone, job, place, square

ODD = ("#let x", "*粗* _i_", "[方]", "$x$", "\\n", '"引\'号"', "<a>&@b", "//c", "`d`", "= e ~")
"""Job ids full of what typst, XML, shells and file systems mind."""


def fields(**facts: object) -> Problem:
    """Return two days: a crew of two drones with little water, and one of a single drone."""
    jobs = [
        job(number, number % 6 * 150.0, number // 6 * 130.0, mu=20.0, job_id=f"{name}·{number}")
        for number, name in enumerate(ODD * 2)
    ]
    jobs.append(job(90, 3000, 0, mu=6.0, parts=(), product="水稻 A#2"))
    base = Problem(
        day=DAY,
        days=2,
        jobs=tuple(jobs),
        drones=(drone(0), drone(1, crew_id="C0"), drone(2, crew_id="机组 [2]*")),
        crews=(
            Crew(crew_id="C0", home=place(-600, -300), pilots=2, water_ml=150_000),
            Crew(crew_id="机组 [2]*", home=place(3000, -400)),
        ),
        windows=tuple(
            Window(start_s=day * DAY_S + 6 * 3600, end_s=day * DAY_S + 7 * 3600) for day in (0, 1)
        ),
        mix_points=(MixPoint(point_id="泵站#1", place=place(400, -300), fill_s=300),),
        zones=(Zone(zone_id="鱼塘$1", rings=(square(120, 20, 20),), buffer_m=2),),
    )
    return replace(base, **facts)  # type: ignore[arg-type]


PROBLEM = fields()
PLAN = replace(
    solve(PROBLEM, stop=Stop(iterations=1), engine="greedy"), forecast="qweather 07-19 20:00"
)


@pytest.fixture(scope="module")
def font() -> Font:
    """Return the machine's Chinese font; the build server must have one."""
    try:
        return find_font()
    except FontMissing as error:
        if "TGJ_CI" in os.environ:
            raise
        pytest.skip(str(error))


def pages_of(pdf: bytes, folder: Path) -> list[str]:
    """Return the text of each page without spaces and line breaks."""
    tool = shutil.which("pdftotext")
    if tool is None and "TGJ_CI" not in os.environ:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    path = folder / "sheet.pdf"
    path.write_bytes(pdf)
    command = [tool or "pdftotext", "-enc", "UTF-8", "-layout", str(path), "-"]
    said = subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 - fixed
    return [packed(page) for page in said.decode().split("\f")[:-1]]


def packed(words: str) -> str:
    """Return words without spaces, as a table's cells may break them."""
    return "".join(words.replace("\u200b", "").split())


def test_the_plan_behind_these_tests_is_sound() -> None:
    """It has mixing points, two drones on a truck, a square for a plot and two days."""
    assert check(PROBLEM, PLAN) == ()
    assert any(stop.kind == "mix" for truck in PLAN.trucks for stop in truck.stops)
    assert {route.drone_id for route in PLAN.routes if route.day == 0} >= {"D0", "D1"}
    assert {"P90"} <= {visit.job_id for route in PLAN.routes for visit in route.stops}


def test_each_crew_has_a_sheet_with_its_stops_and_limits(font: Font, tmp_path: Path) -> None:
    """Every plot, stop and time of a crew's day is printed, and nothing of the other crew's."""
    pages = pages_of(day_sheets(PROBLEM, PLAN), tmp_path)
    assert sum("飞防作业单" in page for page in pages) == 2
    first = "".join(page for page in pages if "机组[2]*" not in page)
    routes = [route for route in PLAN.routes if route.day == 0 and route.drone_id != "D2"]
    for visit in (visit for route in routes for visit in route.stops):
        assert packed(visit.job_id) in first
    others = {v.job_id for one in PLAN.routes if one.drone_id == "D2" for v in one.stops}
    assert not any(packed(job_id) in first for job_id in others)
    truck = next(one for one in PLAN.trucks if (one.crew_id, one.day) == ("C0", 0))
    for instant_s in (truck.depart_s, truck.return_s, *[one.arrive_s for one in truck.stops]):
        assert clock(instant_s) in first
    for words in (
        "泵站#1",
        "加满",
        "2026-07-20周一",
        "UAS-TEST-1",
        "第六十二条第八项",
        "qweather07-1920:00",
        "06:00–07:00",
        plan_hash(PLAN),
        "飞手",
        "第1/1页",
    ):
        assert words in first, words


def test_the_second_day_has_its_own_date_and_plots(font: Font, tmp_path: Path) -> None:
    """Clock times are those of the day, not seconds from the plan's first midnight."""
    said = "".join(pages_of(day_sheets(PROBLEM, PLAN, day=1), tmp_path))
    both = said + "".join(pages_of(day_sheets(PROBLEM, PLAN), tmp_path))
    assert "禁喷区鱼塘$1（缓冲2米）" in both
    assert "2026-07-21周二" in said
    assert "2026-07-20" not in said
    for route in PLAN.routes:
        if route.day == 1:
            assert all(packed(visit.job_id) in said for visit in route.stops)
    assert "30:" not in said


def test_the_same_plan_prints_the_same_bytes(font: Font) -> None:
    """A sheet printed again is the same file; one of a changed plan is another."""
    assert day_sheets(PROBLEM, PLAN) == day_sheets(PROBLEM, PLAN)
    assert day_sheets(PROBLEM, replace(PLAN, forecast="other")) != day_sheets(PROBLEM, PLAN)


def test_a_long_day_goes_on_overleaf(font: Font, tmp_path: Path) -> None:
    """Two hundred plots with long names need several pages, numbered for each crew."""
    jobs = [
        job(
            number, number % 25 * 12.0, number // 25 * 12.0, mu=0.1, job_id="长" * 150 + str(number)
        )
        for number in range(200)
    ]
    many = fields(jobs=tuple(jobs))
    pages = pages_of(day_sheets(many, solve(many, stop=Stop(iterations=1))), tmp_path)
    own = [page for page in pages if re.search(r"C0第\d+/\d+页$", page)]
    assert len(pages) > len(own) > 2
    for number, page in enumerate(own, 1):
        assert page.endswith(f"C0第{number}/{len(own)}页")


def test_a_character_without_a_glyph_is_refused_with_its_job(font: Font) -> None:
    """A control character, a lone surrogate and a script the font lacks are named, not printed."""
    for character in ("\x07", "\ud800", "\u1234", "\n"):
        odd = fields(jobs=(job(1, 0, 0, job_id=f"地块{character}"),))
        plan = solve(odd, stop=Stop(iterations=1), engine="greedy")
        with pytest.raises(GlyphMissing) as caught:
            day_sheets(odd, plan)
        assert (caught.value.character, caught.value.subject) == (character, f"地块{character}")
        assert f"U+{ord(character):04X}" in caught.value.zh
        caught.value.en.encode()


def test_a_machine_without_the_font_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Both languages name the folder, the package and the variable; a broken file is no font."""
    (tmp_path / "NotoSansCJK-Regular.ttc").write_bytes(b"no font")
    monkeypatch.setenv("TGJ_FONT_DIR", str(tmp_path))
    with pytest.raises(FontMissing) as caught:
        day_sheets(PROBLEM, PLAN)
    for said in (caught.value.zh, caught.value.en):
        assert str(tmp_path) in said
        assert "fonts-noto-cjk" in said
        assert "TGJ_FONT_DIR" in said


def test_a_day_without_work_has_no_sheet() -> None:
    """A day outside the plan and a day off for all are refused."""
    with pytest.raises(InvalidProblem, match="integer from 0 to 1"):
        day_sheets(PROBLEM, PLAN, day=2)
    idle = replace(PLAN, routes=(), trucks=())
    with pytest.raises(InvalidProblem, match="has no crew at work"):
        day_sheets(PROBLEM, idle)


def test_a_sheets_code_reads_back() -> None:
    """The QR code holds ASCII only and gives plan, day and any crew id again."""
    code = SheetCode(plan_hash(PLAN), DAY, "机组 [2]*:#")
    assert code.text().isascii()
    assert SheetCode.from_text(code.text() + "\n") == code
    assert len(plan_hash(PLAN)) == 16
    assert plan_hash(PLAN) == plan_hash(Plan.from_json(PLAN.to_json()))
    for other in ("tgj-sheet:2:a:2026-07-20:C", "http://example.org", ""):
        with pytest.raises(ValueError, match=r"code of version|unpack"):
            SheetCode.from_text(other)


def test_importing_the_dispatcher_loads_no_typesetting() -> None:
    """`import dispatch` and its command line work where typst, segno and fontTools are missing."""
    names = "('typst', 'segno', 'fontTools')"
    program = f"import sys, dispatch.__main__; print([n for n in {names} if n in sys.modules])"
    command = [sys.executable, "-c", program]
    assert subprocess.check_output(command, text=True) == "[]\n"  # noqa: S603 - our own module


def test_a_drones_missions_are_its_visits_in_order() -> None:
    """Each visit is flown along its heading from its truck's place, and together the dose fits."""
    route = next(one for one in PLAN.routes if (one.drone_id, one.day) == ("D1", 0))
    truck = next(one for one in PLAN.trucks if (one.crew_id, one.day) == ("C0", 0))
    places = {stop.name: stop.place for stop in truck.stops}
    flown = missions_of(PROBLEM, PLAN, "D1", 0)
    assert list(dict.fromkeys(one.plot_id for one in flown)) == [v.job_id for v in route.stops]
    for visit in route.stops:
        own = [one for one in flown if one.plot_id == visit.job_id]
        assert {one.launch for one in own} == {places[visit.block_id]}
        assert {one.height_cm for one in own} == {PROBLEM.settings.height_cm}
        assert sum(one.liquid_ml for one in own) == pytest.approx(visit.liquid_ml, abs=len(own))
        (x0, y0), (x1, y1) = own[0].lines[0]
        east = (x1 - x0) * math.cos(math.radians(y0))
        heading = math.degrees(math.atan2(east, y1 - y0)) % 180
        assert (heading - visit.heading_cdeg / 100 + 90) % 180 == pytest.approx(90, abs=0.1)


def test_a_plot_without_polygon_is_flown_as_a_square() -> None:
    """Its area is the job's, and its middle is the access point."""
    drone_id, day = next(
        (route.drone_id, route.day)
        for route in PLAN.routes
        if any(visit.job_id == "P90" for visit in route.stops)
    )
    flown = [one for one in missions_of(PROBLEM, PLAN, drone_id, day) if one.plot_id == "P90"]
    assert flown[0].area_m2 == pytest.approx(6 * 2000 / 3, rel=1e-3)
    ring = flown[0].parts[0][0]
    middle = [sum(point[axis] for point in ring[:-1]) / 4 for axis in (0, 1)]
    assert middle == pytest.approx(place(3000, 0), abs=1e-9)


def test_a_drone_that_stays_at_home_has_no_missions() -> None:
    """The error names the drone."""
    with pytest.raises(InvalidProblem, match="nothing to fly") as caught:
        missions_of(PROBLEM, PLAN, "D9", 0)
    assert caught.value.subject == "D9"


def test_mission_files_have_safe_names_that_differ() -> None:
    """Whatever a job is called, its files stay in the folder and none overwrites another."""
    flown = missions_of(PROBLEM, PLAN, "D0", 0)
    files = mission_files(flown)
    assert len(files) == 2 * len(flown) + 2
    assert len({name.casefold() for name in files}) == len(files)
    for name in files:
        assert Path(name).name == name
        assert re.fullmatch(r"[\w.-]+", name)
        assert len(name.encode()) < 200
    plan = json.loads(next(text for name, text in files.items() if name.endswith(".plan")))
    assert plan["fileType"] == "Plan"
    assert files["TASKDATA.XML"].startswith(b"<?xml")


@pytest.mark.parametrize("words", ["../../etc/passwd", "CON", "..", "a" * 200, "\x00\n", "地/块"])
def test_any_id_becomes_a_piece_of_a_file_name(words: str) -> None:
    """No separator, no control character, no leading dot, and not too long."""
    piece = file_name(words)
    assert re.fullmatch(r"[\w-][\w.-]{0,39}", piece)
