"""The spraying dispatcher: an immutable problem in, a checked plan out; no web, no database."""

from dispatch.check import check
from dispatch.document import InvalidDocument
from dispatch.engine import Engine, Progress, Stop
from dispatch.machines import Machine, catalogue, default_machine
from dispatch.model import Crew, Drone, Job, Problem, Settings, Window, Zone
from dispatch.plan import (
    Bound,
    Cause,
    Objective,
    Parameters,
    Plan,
    Route,
    Totals,
    Unassigned,
    Visit,
)
from dispatch.solver import solve
from dispatch.validation import InvalidProblem
from dispatch.violations import Code, Violation

__all__ = [
    "Bound",
    "Cause",
    "Code",
    "Crew",
    "Drone",
    "Engine",
    "InvalidDocument",
    "InvalidProblem",
    "Job",
    "Machine",
    "Objective",
    "Parameters",
    "Plan",
    "Problem",
    "Progress",
    "Route",
    "Settings",
    "Stop",
    "Totals",
    "Unassigned",
    "Violation",
    "Visit",
    "Window",
    "Zone",
    "catalogue",
    "check",
    "default_machine",
    "solve",
]
