"""Public routing instances: our search, plain PyVRP and OR-Tools' routing in equal CPU time.

``python -m benchmarks.vrp FILE --seconds S [--engine ours|pyvrp|ortools|all] [--seed N]`` prints
one JSON line for each engine. Every engine runs in a process of its own, so that the peak of
memory is its own; reading the file is not counted, everything after it is. Costs and feasibility
come from ``dispatch.vrp.verify``, which reads the raw file and knows no engine.
"""

import argparse
import json
import multiprocessing
import resource
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import pyvrp

from benchmarks.vrp_ortools import solve_ortools
from dispatch.vrp import Instance, listing, read_instance, solve, verify

Rows = list[tuple[int, list[int]]]


@dataclass
class Until:
    """Stops PyVRP after processor seconds of this process."""

    cpu_seconds: float
    began_s: float = field(default_factory=time.process_time)

    def __call__(self, best_cost: float) -> bool:
        """Tell whether the time is over."""
        del best_cost
        return time.process_time() - self.began_s >= self.cpu_seconds


def ours(instance: Instance, seconds: float, seed: int, workers: int) -> Rows:
    """Solve with the package under test."""
    found = solve(instance.data, cpu_seconds=seconds, seed=seed, workers=workers)
    return listing(instance.data, found)


def plain(instance: Instance, seconds: float, seed: int, workers: int) -> Rows:
    """Solve with PyVRP and its defaults."""
    del workers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pyvrp.solve(instance.data, Until(seconds), seed=seed, collect_stats=False)
    return listing(instance.data, found.best)


ENGINES: dict[str, Callable[[Instance, float, int, int], Rows]] = {
    "ours": ours,
    "pyvrp": plain,
    "ortools": solve_ortools,
}


def _spent_s() -> float:
    """Return processor seconds of this process and of the helpers it has ended."""
    helpers = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + helpers.ru_utime + helpers.ru_stime


def _measure(
    pipe: Connection, path: Path, engine: str, seconds: float, seed: int, workers: int
) -> None:
    """Run one engine in this process and send routes, CPU seconds and peak memory."""
    instance = read_instance(path)
    before = _spent_s()
    rows = ENGINES[engine](instance, seconds, seed, workers)
    cpu_s = _spent_s() - before
    peak = max(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    pipe.send((rows, cpu_s, peak / 1024))
    pipe.close()


def figure(path: Path, engine: str, seconds: float, seed: int, workers: int) -> dict[str, object]:
    """Return one engine's figures on one file."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(
        target=_measure, args=(there, path, engine, seconds, seed, workers), daemon=False
    )
    child.start()
    there.close()
    line: dict[str, object] = {"figure": "vrp", "instance": path.stem, "engine": engine}
    line |= {"seconds": seconds, "seed": seed, "workers": workers if engine == "ours" else 1}
    try:
        rows, cpu_s, peak_mb = here.recv()
    except EOFError:
        child.join()
        return line | {"cost": None, "feasible": False, "faults": ["the engine ended by itself"]}
    child.join()
    instance = read_instance(path)
    verdict = verify(path, instance.rounding, rows)
    known = instance.best_known()
    gap = None if known is None else round(100 * (verdict.cost / known - 1), 3)
    return line | {
        "cost": verdict.cost if verdict.feasible else None,
        "best_known": known,
        "gap_percent": gap if verdict.feasible else None,
        "cpu_seconds": round(cpu_s, 2),
        "peak_rss_mb": round(peak_mb),
        "feasible": verdict.feasible,
        "faults": list(verdict.faults[:5]),
    }


def main() -> None:
    """Print one JSON line for each engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0, help="CPU seconds of each engine")
    parser.add_argument("--engine", choices=[*ENGINES, "all"], default="all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes of our own engine")
    chosen = parser.parse_args()
    for engine in ENGINES if chosen.engine == "all" else [chosen.engine]:
        line = figure(chosen.file, engine, chosen.seconds, chosen.seed, chosen.workers)
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
