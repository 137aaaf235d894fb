"""The default engine: lots, dealt by an assignment, improved neighbourhood by neighbourhood."""

from dispatch.engine import Context
from dispatch.lots import make_lots
from dispatch.search.assign import wishes
from dispatch.search.construct import deal
from dispatch.search.draft import Draft
from dispatch.search.improve import improve
from dispatch.search.net import Net

_SHARE = 0.93
"""Part of the budget for the search; mending and writing the plan take the rest."""


class Blocks:
    """Anytime: a sound draft at once, better every round; its randomness is the kernel's."""

    name = "blocks"

    def solve(self, context: Context) -> Draft:
        """Return the best draft found within the budget."""
        net = Net(context.fleet, make_lots(context.fleet, context.plots))
        draft = deal(context, net, wishes(net, context.seed))
        draft.calibrate()
        context.report("dealt", [leg.flight for leg in draft.legs])
        improve(context, draft, share=_SHARE)
        return draft
