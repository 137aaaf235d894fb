"""The one door where the service meets the dispatcher: facts in, problem; plan out, stops.

Whatever keeps a processor busy for seconds runs in a process of its own (`child`, `asking`).
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
from backend.operations.planning.asking import (
    CHANGES,
    Change,
    Documents,
    Gained,
    LeftOut,
    Move,
    Moved,
    Question,
    WhatIf,
    WhyLeftOut,
    answer_in_child,
)
from backend.operations.planning.child import NOT_BEGUN, Rest, replan_in_child, solve_in_child
from backend.operations.planning.comparing import Comparison, Place, Sums, compare
from backend.operations.planning.problem import (
    Wish,
    area_of,
    job_key,
    models,
    problem_for,
    refusal_of_mix_point,
    refusal_of_zone,
)
from backend.operations.planning.weather import (
    Outlook,
    areas_of,
    areas_of_problem,
    kinds_of,
    outlook,
    place_of,
)

__all__ = [
    "CHANGES",
    "NOT_BEGUN",
    "Change",
    "Comparison",
    "Documents",
    "Gained",
    "LeftOut",
    "Move",
    "Moved",
    "Names",
    "Outlook",
    "Place",
    "Question",
    "Rest",
    "Solved",
    "StopRow",
    "Sums",
    "View",
    "WhatIf",
    "WhyLeftOut",
    "Wish",
    "answer_in_child",
    "area_of",
    "areas_of",
    "areas_of_problem",
    "compare",
    "job_key",
    "kinds_of",
    "left_out",
    "models",
    "outlook",
    "picture",
    "place_of",
    "problem_for",
    "refusal_of_mix_point",
    "refusal_of_zone",
    "replan_in_child",
    "solve_in_child",
    "stop_rows",
]
