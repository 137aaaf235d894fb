"""One engine on one problem in a process of its own, with the figures of plan and process."""

import multiprocessing
import resource
import time
from multiprocessing.connection import Connection
from typing import Any

from dispatch import Problem, Stop, check, solve


def run(
    problem: Problem, engine: str, cpu_seconds: float, workers: int, seed: int
) -> dict[str, Any]:
    """Solve in a fresh process, so that peak memory is the engine's own."""
    processes = multiprocessing.get_context("spawn")
    ours, theirs = processes.Pipe(duplex=False)
    child = processes.Process(
        target=_solve, args=(problem, engine, cpu_seconds, workers, seed, theirs)
    )
    child.start()
    theirs.close()
    figures: dict[str, Any] = ours.recv()
    child.join()
    return figures


def _solve(
    problem: Problem, engine: str, cpu_seconds: float, workers: int, seed: int, out: Connection
) -> None:
    """Plan within the processor time, all processes together, and send the figures."""
    alone = workers == 1 or engine != "blocks"
    stop = (
        Stop(seconds=cpu_seconds, clock=time.process_time)
        if alone
        else Stop(seconds=cpu_seconds / workers)
    )
    began_s = time.perf_counter()
    plan = solve(problem, stop=stop, seed=seed, workers=1 if alone else workers, engine=engine)
    wall_s = time.perf_counter() - began_s
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    goal = plan.objective
    ordered = sum(job.weight for job in problem.jobs)
    drone_days = len({(route.drone_id, route.day) for route in plan.routes})
    out.send(
        {
            "cost": goal.cost,
            "plots": plan.totals.jobs,
            "plots_ordered": len(problem.jobs),
            "mu": plan.totals.area_centimu / 100,
            "weighted_mu": goal.weight_planned / 100,
            "weighted_percent": round(100 * goal.weight_planned / ordered, 2),
            "bound_percent": plan.bound.ratio_permille / 10,
            "bound_method": plan.bound.method,
            "mu_per_drone_day": round(plan.totals.area_centimu / 100 / max(1, drone_days), 1),
            "travel_h": round(goal.road_s / 3600, 2),
            "cpu_s": round(sum(one.ru_utime + one.ru_stime for one in usage), 1),
            "wall_s": round(wall_s, 1),
            "peak_rss_mb": round(max(one.ru_maxrss for one in usage) / 1024),
            "violations": len(check(problem, plan)),
        }
    )
