"""The spraying dispatcher: an immutable problem in, a checked plan out; no web, no database."""

from dispatch.check import check
from dispatch.document import InvalidDocument
from dispatch.edit import Edited, move
from dispatch.engine import Engine, Progress, Stop
from dispatch.explain import Chance, Gain, Why, what_if, why, why_not
from dispatch.freeze import freeze
from dispatch.machines import Machine, catalogue, default_machine
from dispatch.model import (
    Crew,
    Drone,
    Job,
    MixPoint,
    Problem,
    Rest,
    Settings,
    Window,
    Zone,
    ZoneKind,
)
from dispatch.plan import (
    Bound,
    Cause,
    Objective,
    Parameters,
    Plan,
    Route,
    Totals,
    TruckRoute,
    TruckStop,
    TruckStopKind,
    Unassigned,
    Visit,
)
from dispatch.replan import Breakdown, Events, Rain, Slower, Urgent, replan
from dispatch.solver import solve
from dispatch.validation import InvalidProblem
from dispatch.violations import Code, Violation

__all__ = [
    "Bound",
    "Breakdown",
    "Cause",
    "Chance",
    "Code",
    "Crew",
    "Drone",
    "Edited",
    "Engine",
    "Events",
    "Gain",
    "InvalidDocument",
    "InvalidProblem",
    "Job",
    "Machine",
    "MixPoint",
    "Objective",
    "Parameters",
    "Plan",
    "Problem",
    "Progress",
    "Rain",
    "Rest",
    "Route",
    "Settings",
    "Slower",
    "Stop",
    "Totals",
    "TruckRoute",
    "TruckStop",
    "TruckStopKind",
    "Unassigned",
    "Urgent",
    "Violation",
    "Visit",
    "Why",
    "Window",
    "Zone",
    "ZoneKind",
    "catalogue",
    "check",
    "default_machine",
    "freeze",
    "move",
    "replan",
    "solve",
    "what_if",
    "why",
    "why_not",
]
