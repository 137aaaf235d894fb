"""The baseline a careful dispatcher works by hand: whoever is free takes what earns most."""

from dispatch.engine import Context
from dispatch.lots import make_lots
from dispatch.search.construct import deal
from dispatch.search.draft import Draft
from dispatch.search.net import Net


class Greedy:
    """Lots dealt one by one; no search, no randomness."""

    name = "greedy"

    def solve(self, context: Context) -> Draft:
        """Return the dealt draft."""
        net = Net(context.fleet, make_lots(context.fleet, context.plots))
        return deal(context, net)
