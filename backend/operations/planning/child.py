"""What runs in a process of its own: building the problem, solving, checking, making stops."""

from dataclasses import asdict
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event

import dispatch
from backend.operations.facts import Snapshot
from backend.operations.planning.answers import Names, solved
from backend.operations.planning.problem import Wish, problem_for


def solve_in_child(snapshot: Snapshot, wish: Wish, out: Connection, finish: Event) -> None:
    """Solve and check; send ``("progress", …)`` on the way and ``("solved"|"refused", …)`` last."""

    def tell(progress: dispatch.Progress) -> None:
        out.send(("progress", asdict(progress)))

    try:
        problem = problem_for(snapshot, wish)
        plan = dispatch.solve(
            problem,
            stop=dispatch.Stop(seconds=wish.seconds, cancelled=finish.is_set),
            seed=wish.seed,
            workers=wish.workers,
            on_progress=tell,
        )
    except dispatch.InvalidProblem as error:
        out.send(("refused", error.zh))
        return
    out.send(("solved", solved(problem, plan, Names.of(snapshot))))
