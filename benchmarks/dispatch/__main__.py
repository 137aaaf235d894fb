"""The dispatcher beside its peers at equal processor time, one JSON line a figure.

``python -m benchmarks.dispatch --family frag --plots 1000 --cpu-seconds 60`` plans one made-up
county with every engine, each in a process of its own. ``--plots`` also takes a GeoJSON file of
real plots.
"""

import argparse
import json
from pathlib import Path

from benchmarks.dispatch.families import FAMILIES, county
from benchmarks.dispatch.real import county_of
from benchmarks.dispatch.run import run


def main() -> None:
    """Run the engines in turn and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", choices=sorted(FAMILIES), default="frag")
    parser.add_argument("--plots", default="1000", help="how many, or a GeoJSON file")
    parser.add_argument("--cpu-seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--engines", default="blocks,pyvrp,pyvrp-warm,ortools")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.plots.isdigit():
        problem = county(given.family, int(given.plots), given.seed)
    else:
        problem = county_of(Path(given.plots), given.seed)
    costs: dict[str, int] = {}
    for engine in given.engines.split(","):
        figures = run(problem, engine, given.cpu_seconds, given.workers, given.seed)
        costs[engine] = figures["cost"]
        for name, value in figures.items():
            _say(given, engine, name, value)
    if "pyvrp" in costs:
        for engine, cost in costs.items():
            _say(given, engine, "cost_to_pyvrp", round(cost / costs["pyvrp"], 4))


def _say(given: argparse.Namespace, engine: str, figure: str, value: object) -> None:
    """Print one figure as a JSON line that says how it was made."""
    head = {"family": given.family, "plots": given.plots, "seed": given.seed, "engine": engine}
    print(json.dumps({**head, "figure": figure, "value": value}), flush=True)


if __name__ == "__main__":
    main()
