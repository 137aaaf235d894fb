"""Ways of making a plan, for use and for comparison, all behind `dispatch.engine.Engine`."""

from collections.abc import Callable

from dispatch.engine import Engine
from dispatch.engines.blocks import Blocks
from dispatch.engines.greedy import Greedy
from dispatch.engines.ortools_routing import OrTools
from dispatch.engines.plain import Plain, Warm

ENGINES: dict[str, Callable[[], Engine]] = {
    "blocks": Blocks,
    "pyvrp": Plain,
    "pyvrp-warm": Warm,
    "ortools": OrTools,
    "greedy": Greedy,
}

__all__ = ["ENGINES"]
