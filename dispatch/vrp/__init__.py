"""Public routing problems, solved around PyVRP: reading, solving and verifying.

The spraying dispatcher does not need this package: it is how the same search is held against
instances that nobody here wrote. ``read_instance`` reads VRPLIB files (CVRP, VRPTW, MDVRPTW,
PCVRPTW), ``solve`` takes PyVRP's own ``ProblemData``, ``verify`` recomputes an answer from the
file without PyVRP.
"""

from dispatch.vrp.budget import Budget
from dispatch.vrp.reading import Instance, listing, read_instance
from dispatch.vrp.solver import solve
from dispatch.vrp.verify import Verdict, verify

__all__ = ["Budget", "Instance", "Verdict", "listing", "read_instance", "solve", "verify"]
