"""`python -m dispatch` as a dispatcher types it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.dispatch_day import day_problem
from dispatch import Plan, Problem, check
from dispatch.__main__ import main
from tests.dispatch.build import village


def written(folder: Path) -> Path:
    """Write the village's problem document."""
    path = folder / "problem.json"
    path.write_text(village().to_json(), encoding="utf-8")
    return path


def test_plan_prints_a_sound_plan_and_its_progress(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The document goes to standard output, the progress to standard error."""
    assert main(["plan", str(written(tmp_path)), "--iterations", "20"]) == 0
    said = capsys.readouterr()
    plan = Plan.from_json(said.out)
    assert check(village(), plan) == ()
    assert "dealt" in said.err
    assert "violations: 0" in said.err


def test_check_lists_violations_and_exits_with_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plan with one wrong area is refused, and the listing names the job."""
    problem, out = written(tmp_path), tmp_path / "plan.json"
    given = ["plan", str(problem), "--iterations", "20", "--engine", "greedy", "--out", str(out)]
    assert main(given) == 0
    assert main(["check", str(problem), str(out)]) == 0
    document = json.loads(out.read_text(encoding="utf-8"))
    document["routes"][0]["stops"][0]["area_centimu"] += 5
    out.write_text(json.dumps(document), encoding="utf-8")
    capsys.readouterr()
    assert main(["check", str(problem), str(out)]) == 1
    listing = capsys.readouterr().err
    assert f"drone {document['routes'][0]['drone_id']}" in listing
    assert listing.startswith("area: ")
    assert document["routes"][0]["stops"][0]["job_id"] in listing


def test_unusable_input_exits_with_two_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing file and a bad document are told apart from a bad plan."""
    assert main(["plan", str(tmp_path / "nothing.json")]) == 2
    bad = tmp_path / "bad.json"
    bad.write_text('{"schema": "dispatch.problem", "version": 2}', encoding="utf-8")
    assert main(["plan", str(bad)]) == 2
    assert "$.day" in capsys.readouterr().err


def test_pictures_are_written(tmp_path: Path) -> None:
    """All three views are written beside the plan."""
    names = {"--geojson": "a.geojson", "--svg-map": "map.svg", "--svg-gantt": "gantt.svg"}
    views = [word for key, name in names.items() for word in (key, str(tmp_path / name))]
    assert main(["plan", str(written(tmp_path)), "--iterations", "5", *views]) == 0
    assert all((tmp_path / name).stat().st_size > 1000 for name in names.values())


def test_render_prints_sheets_and_missions_of_a_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The PDF, one drone's mission files, and one day's map are written from a plan document."""
    problem, plan = written(tmp_path), tmp_path / "plan.json"
    given = ["plan", str(problem), "--iterations", "1", "--engine", "greedy", "--out", str(plan)]
    assert main(given) == 0
    folder, drawing = tmp_path / "flights", ["render", str(problem), str(plan)]
    missions = ["--missions", str(folder), "--drone", "D0"]
    assert main([*drawing, *missions, "--day", "0", "--svg-map", str(tmp_path / "map.svg")]) == 0
    names = sorted(path.name for path in folder.iterdir())
    assert {"missions.kml", "TASKDATA.XML"} < set(names)
    assert sum(name.endswith(".plan") for name in names) == (len(names) - 2) // 2 > 0
    assert main([*drawing, *missions[:3], "D9"]) == 2
    assert main([*drawing, "--day", "1"]) == 2
    assert "0 至 0" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main([*drawing, *missions[:2]])
    sheets = tmp_path / "sheets.pdf"
    code = main([*drawing, "--sheets", str(sheets)])
    if code != 0 and "TGJ_CI" not in os.environ:
        assert "fonts-noto-cjk" in capsys.readouterr().err
        pytest.skip("no Chinese font on this machine")
    assert code == 0
    assert sheets.read_bytes().startswith(b"%PDF-")


def test_sheets_without_a_font_exit_with_two_and_say_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan is written all the same; only the paper is missing."""
    monkeypatch.setenv("TGJ_FONT_DIR", str(tmp_path))
    out = tmp_path / "plan.json"
    given = ["plan", str(written(tmp_path)), "--iterations", "1", "--engine", "greedy"]
    assert main([*given, "--out", str(out), "--sheets", str(tmp_path / "a.pdf")]) == 2
    assert "fonts-noto-cjk" in capsys.readouterr().err
    assert out.stat().st_size > 1000


@pytest.mark.skipif(os.name == "nt", reason="SIGINT to a child needs POSIX signals")
def test_an_interrupt_keeps_the_best_plan_so_far(tmp_path: Path) -> None:
    """Ctrl-C during a ten-minute search ends it at once with a sound plan on standard output."""
    problem = day_problem(mu=600, drones=2, seed=3, length_m=4000.0)
    path = tmp_path / "problem.json"
    path.write_text(problem.to_json(), encoding="utf-8")
    command = [sys.executable, "-m", "dispatch", "plan", str(path), "--seconds", "600"]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stderr is not None
        assert "dealt" in child.stderr.readline()
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=20)
    assert child.returncode == 0
    plan = Plan.from_json(out)
    assert check(Problem.from_json(path.read_text(encoding="utf-8")), plan) == ()
    assert plan.totals.jobs > 0
