"""The one door where the service meets the dispatcher: facts in, problem; plan out, stops.

Whatever keeps a processor busy for seconds runs in a process of its own (`child`).
"""

from backend.operations.planning.answers import (
    Names,
    Solved,
    StopRow,
    View,
    left_out,
    picture,
    stop_rows,
)
from backend.operations.planning.child import solve_in_child
from backend.operations.planning.problem import Wish, job_key, models, problem_for

__all__ = [
    "Names",
    "Solved",
    "StopRow",
    "View",
    "Wish",
    "job_key",
    "left_out",
    "models",
    "picture",
    "problem_for",
    "solve_in_child",
    "stop_rows",
]
