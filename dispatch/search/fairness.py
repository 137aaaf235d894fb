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

    def targets(self) -> Mapping[str, int]:
        """Return the weight that each collective's fair share asks for beyond what is done."""
        if self.share_permille == 0:
            return {}
        return {
            one: self.share_permille * ordered // 1000 - self._done[one]
            for one, ordered in self._ordered.items()
        }

    def lacking(self, flights: Sequence[DayFlight]) -> int:
        """Return the weight that all collectives together lack to their fair shares."""
        targets = self.targets()
        if not targets:
            return 0
        planned: dict[str, int] = defaultdict(int)
        for flight in flights:
            for one in flight.visits:
                planned[one.plot.job.collective_id] += one.plot.weight
        return sum(max(0, target - planned[one]) for one, target in targets.items())
