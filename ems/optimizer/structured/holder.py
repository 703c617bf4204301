"""Who holds a share of a district's agents: sweeps them as asked, and answers with sums by group.

Questions and answers are small: prices, loads and lengths of the groups here [g, T], and after each
step the Schur blocks [g, T, T], of which the lower triangles travel. Fleets and iterates stay.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np

from ems.optimizer.structured.beginning import Beginning
from ems.optimizer.structured.everyone import Everyone, Moved, Prices
from ems.optimizer.structured.lots import Kept
from ems.optimizer.structured.problem import DistrictProblem, Floats


@dataclass(frozen=True, kw_only=True)
class Advanced:
    """Where agents stand after they went along."""

    loads: tuple[Floats, Floats] = field(repr=False)
    """Their power, and the prediction's loads at present prices, kW. Shape [g, T] each."""
    triangles: Floats = field(repr=False)
    """Lower triangles of the sums of inverse Hessians. Shape [g, T (T + 1) / 2]."""
    own_eur: float
    """What they cost by themselves."""
    bound_eur: float
    """What they add to the bound."""
    products_eur: float
    """The sum of all products."""


@dataclass(frozen=True, kw_only=True)
class Directed:
    """What a direction of agents comes to."""

    loads: tuple[Floats, ...] = field(repr=False)
    """As the pass finds them, see `Everyone.foresee` and `correct`, kW. Shape [g, T] each."""
    least: Floats = field(repr=False)
    """The shortest of each group's own lengths. Shape [g]."""
    left: Floats = field(repr=False)
    """Lengths and products, see `Everyone.left_by_group`. Shape [g, 5]."""


class Holder:
    """The agents of one share."""

    def __init__(self, problem: DistrictProblem) -> None:
        self._no_flow = np.zeros((1, 2 * problem.slots))
        self._beginning = Beginning(problem)
        self._everyone: Everyone
        self._kept: dict[str, list[Kept]] = {}

    def demand(self) -> Floats:
        """What the agents of each group could draw together, kW. Shape [g, T]."""
        return self._beginning.demand()

    def first(self, share: Floats) -> Floats:
        """First loads, when agents take at most `share` [g, T] of what they can. Shape [g, T]."""
        return self._beginning.first(share).of_groups

    def lay_out(self, price: Floats, mu: float) -> int:
        """Begin at the first loads, products near `mu`; how many products there are."""
        self._everyone, pairs = self._beginning.laid_out(self._prices(price), mu)
        return pairs

    def advance(
        self, kept: Floats, added: Floats, keep: Collection[str], price: Floats, aim: float
    ) -> Advanced:
        """Keep what was asked to, blend own lengths with those given [g], go, and factor."""
        self.keep(keep)
        everyone = self._everyone
        everyone.blend(kept, added)
        power, free = everyone.advance(self._prices(price), aim)
        blocks, _ = everyone.inverses()
        own, bound = everyone.cost_and_bound()
        return Advanced(
            loads=(power.of_groups, free.of_groups),
            triangles=blocks[:, *np.tril_indices(blocks.shape[1])],
            own_eur=own,
            bound_eur=bound,
            products_eur=everyone.products(),
        )

    def foresee(self, rise: Floats) -> Directed:
        """The prediction under a `rise` of prices [g, T]."""
        seen = self._everyone.foresee(self._prices(rise))
        self._everyone.take_foreseen_lengths()
        return self._directed(seen.whole, seen.far, seen.of_products, seen.of_centring)

    def correct(self, price: Floats, aim: float, share: float) -> Directed:
        """The direction under the final `price` [g, T]."""
        return self._directed(*self._everyone.correct(self._prices(price), aim, share))

    def keep(self, what: Collection[str]) -> None:
        """Copy the present `controls`, `multipliers` or both; what was kept before is let go."""
        self._kept.update({each: self._everyone.keep(each) for each in what})

    def by_kind(self, what: str, read: Callable[[Kept], Floats]) -> tuple[Floats, ...]:
        """What `read` finds in what was kept, by kind. Shape [T, n here] each."""
        return self._everyone.by_kind(self._kept[what], read)

    def _directed(self, *moved: Moved) -> Directed:
        least, _ = self._everyone.least_lengths()
        left = self._everyone.left_by_group()
        return Directed(loads=tuple(each.of_groups for each in moved), least=least, left=left)

    def _prices(self, of_groups: Floats) -> Prices:
        return Prices(of_groups=of_groups, of_stores=self._no_flow)
