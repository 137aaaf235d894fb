"""The default engine: blocks, routed by PyVRP, flown plot by plot, then mended."""

from collections.abc import Sequence

from dispatch.blocks import Block, make_blocks
from dispatch.engine import Context
from dispatch.flight import Flight
from dispatch.repair import fly_all, mend
from dispatch.routing import route_blocks


class Blocks:
    """Contiguous single-product blocks; the randomness is PyVRP's, from the run's seed."""

    name = "blocks"

    def solve(self, context: Context) -> list[Flight]:
        """Return the flights of the best block routes found, with the leftovers worked in."""
        fleet = context.fleet
        if not fleet.crews:
            return []
        drone = fleet.crews[0][0]
        blocks = make_blocks(
            fleet.problem, drone, fleet.open_plots, fleet.spray_caches_s[drone.machine]
        )
        routes = route_blocks(context, blocks)
        flights = [self._fly(context, index, route) for index, route in enumerate(routes)]
        context.report("routed", flights)
        flights = mend(context, flights)
        context.report("mended", flights)
        return flights

    def _fly(self, context: Context, index: int, route: Sequence[Block]) -> Flight:
        """Fly one drone's blocks; plots that do not fit are skipped for the repair."""
        flight = context.fleet.flight(*context.fleet.crews[index])
        fly_all(flight, [block.plots for block in route])
        return flight
