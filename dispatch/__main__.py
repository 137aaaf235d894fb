"""`python -m dispatch plan|check`: documents in, documents out, progress on the error stream."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from dispatch.check import check
from dispatch.document import InvalidDocument
from dispatch.engine import Progress, Stop
from dispatch.model import Problem
from dispatch.plan import Plan
from dispatch.render import geojson, svg_gantt, svg_map
from dispatch.solver import ENGINES, solve
from dispatch.validation import InvalidProblem


def _parser() -> argparse.ArgumentParser:
    """Return the two commands with their options."""
    parser = argparse.ArgumentParser(prog="python -m dispatch", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    plan = commands.add_parser("plan", help="plan a day and write the plan document")
    plan.add_argument("problem", type=Path)
    plan.add_argument("--out", type=Path, help="write the plan here instead of standard output")
    budget = plan.add_mutually_exclusive_group()
    budget.add_argument("--seconds", type=float, help="wall-clock budget (default 10)")
    budget.add_argument("--iterations", type=int, help="search budget; repeatable anywhere")
    plan.add_argument("--seed", type=int, default=0)
    plan.add_argument("--workers", type=int, default=1)
    plan.add_argument("--engine", choices=sorted(ENGINES), default="blocks")
    plan.add_argument("--geojson", type=Path, help="write plots and routes for a map program")
    plan.add_argument("--svg-map", type=Path, help="write a map to look at")
    plan.add_argument("--svg-gantt", type=Path, help="write the day of each drone to look at")
    checking = commands.add_parser("check", help="list what a plan breaks; exit 1 if anything")
    checking.add_argument("problem", type=Path)
    checking.add_argument("plan", type=Path)
    return parser


def _tell(progress: Progress) -> None:
    """Print one line of progress."""
    line = (
        f"{progress.elapsed_ms / 1000:8.2f} s  {progress.phase:<8}"
        f"{progress.area_centimu / 100:12.2f} mu {progress.jobs:7d} jobs"
    )
    print(line, file=sys.stderr, flush=True)


def _plan(arguments: argparse.Namespace) -> int:
    """Solve, check, and write; the first Ctrl-C ends the search, the second the program."""
    problem = Problem.from_json(arguments.problem.read_text(encoding="utf-8"))
    seconds = arguments.seconds
    if seconds is None and arguments.iterations is None:
        seconds = 10.0
    pressed = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, before)
        print("已收到中断，保留目前最优方案 | keeping the best plan so far", file=sys.stderr)

    signal.signal(signal.SIGINT, interrupt)
    try:
        plan = solve(
            problem,
            stop=Stop(seconds=seconds, iterations=arguments.iterations, cancelled=pressed.is_set),
            seed=arguments.seed,
            workers=arguments.workers,
            engine=arguments.engine,
            on_progress=_tell,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    _write(arguments, problem, plan)
    return _listing(problem, plan)


def _write(arguments: argparse.Namespace, problem: Problem, plan: Plan) -> None:
    """Write the plan and the pictures that were asked for."""
    if arguments.out is None:
        print(plan.to_json())
    else:
        arguments.out.write_text(plan.to_json() + "\n", encoding="utf-8")
    views = (
        (arguments.geojson, geojson),
        (arguments.svg_map, svg_map),
        (arguments.svg_gantt, svg_gantt),
    )
    for path, view in views:
        if path is not None:
            path.write_text(view(problem, plan), encoding="utf-8")


def _listing(problem: Problem, plan: Plan) -> int:
    """List violations on the error stream and return the exit code."""
    found = check(problem, plan)
    for violation in found:
        print(violation.sentence(), file=sys.stderr)
    print(f"违例 violations: {len(found)}", file=sys.stderr)
    return 1 if found else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 is well, 1 a plan with violations, 2 input that cannot be used."""
    given = _parser().parse_args(arguments)
    try:
        if given.command == "plan":
            return _plan(given)
        problem = Problem.from_json(given.problem.read_text(encoding="utf-8"))
        return _listing(problem, Plan.from_json(given.plan.read_text(encoding="utf-8")))
    except (InvalidDocument, InvalidProblem) as error:
        print(f"{error.zh} | {error.en}", file=sys.stderr)
    except (OSError, UnicodeDecodeError) as error:
        print(f"无法读写 | cannot read or write: {error}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
