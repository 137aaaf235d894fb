"""Fair shares between collectives, as the search sees them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from dispatch.crewday import DayFlight
from dispatch.fleet import Fleet


class Fairness:
    """What each collective ordered, what is done already, and what some flights leave it short."""

    def __init__(self, fleet: Fleet) -> None:
        self.share_permille = fleet.problem.settings.fair_share_permille
        self._ordered: dict[str, int] = defaultdict(int)
        self._done: dict[str, int] = defaultdict(int)
        still_open = {plot.index for plot in fleet.open_plots}
        for plot in fleet.plots:
            self._ordered[plot.job.collective_id] += plot.weight
            if plot.index not in still_open:
                self._done[plot.job.collective_id] += plot.weight

    def short(self, flights: Sequence[DayFlight]) -> Mapping[str, int]:
        """Return the weight that each collective below its fair share lacks."""
        if self.share_permille == 0:
            return {}
        planned = defaultdict(int, self._done)
        for flight in flights:
            for one in flight.visits:
                planned[one.plot.job.collective_id] += one.plot.weight
        lacks = {
            one: self.share_permille * ordered // 1000 - planned[one]
            for one, ordered in self._ordered.items()
        }
        return {one: weight for one, weight in lacks.items() if weight > 0}
