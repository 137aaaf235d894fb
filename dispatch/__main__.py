"""`python -m dispatch`: documents in, documents out, progress on the error stream."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType

from dispatch.bounds import upper_bound
from dispatch.causes import ruled_out
from dispatch.check import check
from dispatch.document import InvalidDocument
from dispatch.engine import Progress, Stop
from dispatch.engines import ENGINES
from dispatch.explain import CHANGES, what_if, why, why_not
from dispatch.fleet import Fleet
from dispatch.flown import mission_files, missions_of
from dispatch.model import Problem
from dispatch.plan import Plan
from dispatch.render import geojson, svg_gantt, svg_map
from dispatch.replan import STABILITY_S, Events, replan
from dispatch.schema import KINDS, schema_of
from dispatch.sheets import FontMissing, GlyphMissing, day_sheets
from dispatch.solver import solve
from dispatch.validation import InvalidProblem, require_int


def _budget(command: argparse.ArgumentParser, seconds: float) -> None:
    """Add what every search takes."""
    budget = command.add_mutually_exclusive_group()
    budget.add_argument("--seconds", type=float, help=f"wall-clock budget (default {seconds:g})")
    budget.add_argument("--iterations", type=int, help="search budget; repeatable anywhere")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--workers", type=int, default=1)
    command.set_defaults(default_seconds=seconds)


def _parser() -> argparse.ArgumentParser:
    """Return the commands with their options."""
    parser = argparse.ArgumentParser(prog="python -m dispatch", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    plan = commands.add_parser("plan", help="plan and write the plan document")
    plan.add_argument("problem", type=Path)
    plan.add_argument("--out", type=Path, help="write the plan here instead of standard output")
    plan.add_argument("--engine", choices=sorted(ENGINES), default="blocks")
    _budget(plan, 10.0)
    checking = commands.add_parser("check", help="list what a plan breaks; exit 1 if anything")
    again = commands.add_parser("replan", help="plan on from what happened (an events document)")
    explain = commands.add_parser("explain", help="why plots are left out, and what would help")
    bound = commands.add_parser("bound", help="how much no plan can exceed, and the ratio to it")
    render = commands.add_parser("render", help="draw a plan for people and map programs")
    for command in (checking, again, explain, bound, render):
        command.add_argument("problem", type=Path)
        command.add_argument("plan", type=Path)
    again.add_argument("events", type=Path)
    again.add_argument("--out", type=Path, help="write the new plan here")
    again.add_argument("--problem-out", type=Path, help="write the problem as it is now here")
    again.add_argument("--stability-s", type=int, default=STABILITY_S)
    _budget(again, 5.0)
    explain.add_argument("--job", help="with --drone: why is this job not on that drone?")
    explain.add_argument("--drone")
    explain.add_argument("--day", type=int, default=0, help="day of --drone, 0 is the first")
    explain.add_argument("--what-if", choices=sorted(CHANGES), help="what the change would bring")
    _budget(explain, 5.0)
    for command in (plan, render):
        command.add_argument("--geojson", type=Path, help="plots and routes for a map program")
        command.add_argument("--svg-map", type=Path, help="a map to look at")
        command.add_argument("--svg-gantt", type=Path, help="the drones' days to look at")
        command.add_argument("--sheets", type=Path, help="PDF: a day's sheet for each crew")
        command.add_argument("--missions", type=Path, help="folder for a drone's mission files")
        command.add_argument("--drone", help="whose missions")
        whole = "0 is the first; pictures show all days without it, sheets and missions the first"
        command.add_argument("--day", type=int, help=whole)
    schema = commands.add_parser("schema", help="print a document's JSON Schema")
    schema.add_argument("kind", choices=sorted(KINDS))
    return parser


def _tell(progress: Progress) -> None:
    """Print one line of progress."""
    line = (
        f"{progress.elapsed_ms / 1000:8.2f} s  {progress.phase:<8}"
        f"{progress.area_centimu / 100:12.2f} mu {progress.jobs:7d} jobs"
    )
    print(line, file=sys.stderr, flush=True)


def _stoppable(given: argparse.Namespace, search: Callable[[Stop], Plan]) -> Plan:
    """Run a search; the first Ctrl-C ends it with the best plan so far, the second the program."""
    pressed = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, before)
        print("已收到中断，保留目前最优方案 | keeping the best plan so far", file=sys.stderr)

    signal.signal(signal.SIGINT, interrupt)
    try:
        return search(replace(_stop(given), cancelled=pressed.is_set))
    finally:
        signal.signal(signal.SIGINT, before)


def _stop(given: argparse.Namespace) -> Stop:
    """Return the budget that was asked for."""
    if given.iterations is not None:
        return Stop(iterations=given.iterations)
    return Stop(seconds=given.default_seconds if given.seconds is None else given.seconds)


def _plan(given: argparse.Namespace) -> int:
    """Solve, write, check."""
    problem = _problem(given)
    plan = _stoppable(
        given,
        lambda stop: solve(
            problem,
            stop=stop,
            seed=given.seed,
            workers=given.workers,
            engine=given.engine,
            on_progress=_tell,
        ),
    )
    _put(given.out, plan.to_json())
    _draw(given, problem, plan)
    return _listing(problem, plan)


def _replan(given: argparse.Namespace) -> int:
    """Plan on from a moment; the problem as it is then is a document too."""
    problem, plan = _problem(given), _plan_of(given)
    events = Events.from_json(given.events.read_text(encoding="utf-8"))
    changed: list[Problem] = []

    def search(stop: Stop) -> Plan:
        now, fresh = replan(
            problem,
            plan,
            now_s=events.now_s,
            events=events.listed(),
            stop=stop,
            seed=given.seed,
            workers=given.workers,
            stability_s=given.stability_s,
            on_progress=_tell,
        )
        changed.append(now)
        return fresh

    fresh = _stoppable(given, search)
    if given.problem_out is not None:
        _put(given.problem_out, changed[0].to_json())
    _put(given.out, fresh.to_json())
    return _listing(changed[0], fresh)


def _explain(given: argparse.Namespace) -> int:
    """Print answers as JSON lines."""
    problem, plan = _problem(given), _plan_of(given)
    if given.what_if is not None:
        print(_line(asdict(what_if(problem, plan, given.what_if, stop=_stop(given)))))
        return 0
    if given.job is not None and given.drone is not None:
        edited = why_not(problem, plan, given.job, given.drone, given.day)
        answer = {
            "cost_s": edited.cost_s,
            "violations": [one.sentence() for one in edited.violations],
            "dropped": [asdict(one) for one in edited.dropped],
        }
        print(_line(answer))
        return 0
    for one in why(problem, plan):
        if given.job in {None, one.job_id}:
            print(_line(asdict(one)))
    return 0


def _bound(given: argparse.Namespace) -> int:
    """Print the bound of a problem and the plan's ratio to it."""
    problem, plan = _problem(given), _plan_of(given)
    fleet = Fleet(problem)
    bound = upper_bound(fleet, ruled_out(fleet), plan.objective.weight_planned)
    print(_line(asdict(bound)))
    return 0


def _render(given: argparse.Namespace) -> int:
    """Draw what was asked for."""
    _draw(given, _problem(given), _plan_of(given))
    return 0


def _draw(given: argparse.Namespace, problem: Problem, plan: Plan) -> None:
    """Write the pictures, sheets and missions that were asked for."""
    if given.day is not None:
        require_int(given.day, "--day", "day", 0, problem.days - 1)
    views = ((given.geojson, geojson), (given.svg_map, svg_map), (given.svg_gantt, svg_gantt))
    for path, view in views:
        if path is not None:
            path.write_text(view(problem, plan, day=given.day), encoding="utf-8")
    if given.sheets is not None:
        given.sheets.write_bytes(day_sheets(problem, plan, day=given.day or 0))
    if given.missions is not None:
        flown = missions_of(problem, plan, given.drone, given.day or 0)
        given.missions.mkdir(parents=True, exist_ok=True)
        for name, content in mission_files(flown).items():
            (given.missions / name).write_bytes(content)


def _check(given: argparse.Namespace) -> int:
    return _listing(_problem(given), _plan_of(given))


def _schema(given: argparse.Namespace) -> int:
    print(json.dumps(schema_of(given.kind), ensure_ascii=False, indent=1))
    return 0


def _listing(problem: Problem, plan: Plan) -> int:
    """List violations on the error stream and return the exit code."""
    found = check(problem, plan)
    for violation in found:
        print(violation.sentence(), file=sys.stderr)
    print(f"违例 violations: {len(found)}", file=sys.stderr)
    return 1 if found else 0


def _problem(given: argparse.Namespace) -> Problem:
    return Problem.from_json(given.problem.read_text(encoding="utf-8"))


def _plan_of(given: argparse.Namespace) -> Plan:
    return Plan.from_json(given.plan.read_text(encoding="utf-8"))


def _put(path: Path | None, text: str) -> None:
    """Write a document to a file, or to standard output."""
    if path is None:
        print(text)
    else:
        path.write_text(text + "\n", encoding="utf-8")


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "plan": _plan,
    "check": _check,
    "replan": _replan,
    "explain": _explain,
    "bound": _bound,
    "render": _render,
    "schema": _schema,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 is well, 1 a plan with violations, 2 input that cannot be used."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if getattr(given, "missions", None) is not None and given.drone is None:
        parser.error("--missions 须同时给出 --drone | --missions needs --drone")
    try:
        return _COMMANDS[given.command](given)
    except (InvalidDocument, InvalidProblem, FontMissing, GlyphMissing) as error:
        print(f"{error.zh} | {error.en}", file=sys.stderr)
    except (OSError, UnicodeDecodeError) as error:
        print(f"无法读写 | cannot read or write: {error}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
