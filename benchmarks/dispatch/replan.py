"""Re-dispatch: a drone lost and urgent plots at eight, one JSON line a figure.

``python -m benchmarks.dispatch.replan`` plans a county, lets the day begin, and compares
quick replans with a patient one of the same moment.
"""

import argparse
import json
import time
from dataclasses import replace

from benchmarks.dispatch.families import county
from dispatch import Breakdown, Plan, Problem, Stop, Urgent, check, replan, solve
from dispatch.land import Job
from dispatch.replan import Event

NOW_S = 8 * 3600


def main() -> None:
    """Print how fast, how good and how steady replans are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plots", type=int, default=1000)
    parser.add_argument("--urgent", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plan-seconds", type=float, default=40.0)
    parser.add_argument("--patient-seconds", type=float, default=60.0)
    given = parser.parse_args()
    problem = county("frag", given.plots, given.seed)
    plan = solve(problem, stop=_cpu(given.plan_seconds), seed=given.seed)
    urgent = _urgent(problem, plan, given.urgent)
    events: list[Event] = [Breakdown(drone_id="D01"), Urgent(jobs=urgent)]
    _, patient = replan(
        problem,
        plan,
        now_s=NOW_S,
        events=events,
        stop=_cpu(given.patient_seconds),
        stability_s=0,
    )
    for seconds in (0.8, 4.5):
        began_s, cpu_s = time.perf_counter(), time.process_time()
        changed, quick = replan(problem, plan, now_s=NOW_S, events=events, stop=_cpu(seconds))
        took = (time.perf_counter() - began_s, time.process_time() - cpu_s)
        _say(seconds, "wall_s", round(took[0], 2))
        _say(seconds, "cpu_s", round(took[1], 2))
        _say(seconds, "violations", len(check(changed, quick)))
        planned = _places(quick)
        _say(seconds, "urgent_planned", sum(job.job_id in planned for job in urgent))
        share = quick.objective.weight_planned / patient.objective.weight_planned
        _say(seconds, "weight_to_patient", round(share, 4))
        _say(seconds, "kept_on_their_drone", round(_kept(plan, quick), 4))


def _cpu(seconds: float) -> Stop:
    """Return a budget of this process's own seconds."""
    return Stop(seconds=seconds, clock=time.process_time)


def _urgent(problem: Problem, plan: Plan, count: int) -> tuple[Job, ...]:
    """Return urgent copies of plots that the plan left out or has late, spread over the county."""
    rows = [row.job_id for row in plan.unassigned] or [job.job_id for job in problem.jobs]
    step = max(1, len(rows) // count)
    chosen = set(rows[::step][:count])
    return tuple(
        replace(job, job_id=f"U{job.job_id}", priority=100, latest_s=problem.days * 86_400)
        for job in problem.jobs
        if job.job_id in chosen
    )


def _places(plan: Plan) -> dict[str, tuple[str, int]]:
    return {
        visit.job_id: (route.drone_id, route.day) for route in plan.routes for visit in route.stops
    }


def _kept(before: Plan, after: Plan) -> float:
    """Return the share of plots of working drones, not yet begun, that stay where they were."""
    late = [
        (visit.job_id, (route.drone_id, route.day))
        for route in before.routes
        if route.drone_id != "D01"
        for visit in route.stops
        if visit.start_s > NOW_S
    ]
    now = _places(after)
    return sum(now.get(job_id) == place for job_id, place in late) / max(1, len(late))


def _say(seconds: float, figure: str, value: object) -> None:
    print(json.dumps({"replan_s": seconds, "figure": figure, "value": value}), flush=True)


if __name__ == "__main__":
    main()
