"""A district whose agents are held elsewhere, in shares of whole groups; batteries stay here.

The interior point goes its steps as ever. Three times a step all holders are asked at once: to
advance, to foresee and to correct. How that travels is not known here: whoever carries questions
offers `Elsewhere` (`ems/scale` does it by Dask). Prices and loads are sums of the same numbers in
another order, so that the plan is the same to the gap.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from ems.optimizer.structured.beginning import Beginning
from ems.optimizer.structured.everyone import Everyone, Foreseen, Moved, Prices
from ems.optimizer.structured.holder import Directed, Holder
from ems.optimizer.structured.lots import Kept
from ems.optimizer.structured.problem import DistrictProblem, Floats
from ems.optimizer.structured.shares import Share, without_agents

T = TypeVar("T")


class Elsewhere(Protocol):
    """Carries questions to the holders of shares."""

    def ask(self, what: Callable[..., T], each: Sequence[tuple[Any, ...]]) -> Callable[[], list[T]]:
        """Ask every holder `what`, a method of `Holder`, with its own arguments.

        Returns:
            What waits for the answers, in the order of the shares.
        """


class SpreadBeginning(Beginning):
    """Agents of a district before their first iterate, in shares elsewhere."""

    def __init__(
        self, problem: DistrictProblem, shares: Sequence[Share], elsewhere: Elsewhere
    ) -> None:
        super().__init__(without_agents(problem))
        self._shares, self._elsewhere = shares, elsewhere
        self._counts = tuple(kind.count for kind in problem.agents)

    def demand(self) -> Floats:
        """What the agents of each group could draw together. Shape [G, T]."""
        answers = self._elsewhere.ask(Holder.demand, [() for _ in self._shares])
        demand = super().demand()
        for share, of_share in zip(self._shares, answers(), strict=True):
            demand[share.groups] = of_share
        return demand

    def first(self, share: Floats) -> Moved:
        """First loads, when agents take at most `share` [G, T] of what they can."""
        answers = self._elsewhere.ask(Holder.first, [(share[s.groups],) for s in self._shares])
        moved = super().first(share)
        for held, load in zip(self._shares, answers(), strict=True):
            moved.of_groups[held.groups] = load
        return moved

    def laid_out(self, prices: Prices, mu: float) -> tuple[Everyone, int]:
        """All of them at the first loads, products near `mu`; and how many products there are."""
        given = [(prices.of_groups[share.groups], mu) for share in self._shares]
        answers = self._elsewhere.ask(Holder.lay_out, given)
        here, pairs = super().laid_out(prices, mu)
        spread = SpreadEveryone(here, self._shares, self._elsewhere, self._counts)
        return spread, pairs + sum(answers())


class SpreadEveryone(Everyone):
    """Batteries here, agents in shares elsewhere."""

    def __init__(
        self,
        here: Everyone,
        shares: Sequence[Share],
        elsewhere: Elsewhere,
        counts: tuple[int, ...],
    ) -> None:
        super().__init__(here.agents, here.stores)
        self._shares, self._elsewhere, self._counts = shares, elsewhere, counts
        groups = here.agents[0].starts.size - 1
        self._blend = np.ones(groups), np.zeros(groups)
        self._to_keep: set[str] = set()

    def advance(self, prices: Prices, aim: float) -> tuple[Moved, Moved]:
        """Go each agent's length and factor; power, and the prediction's loads at `prices`."""
        kept, added = self._blend
        answers = self._elsewhere.ask(
            Holder.advance,
            [
                (kept[at], added[at], tuple(self._to_keep), prices.of_groups[at], aim)
                for at in (share.groups for share in self._shares)
            ],
        )
        self._to_keep.clear()
        moved = super().advance(prices, aim)
        self._advanced = answers()
        self._add_loads(moved, [advanced.loads for advanced in self._advanced])
        return moved

    def foresee(self, rise: Prices) -> Foreseen:
        """The prediction under a `rise` of prices."""
        given = [(rise.of_groups[share.groups],) for share in self._shares]
        answers = self._elsewhere.ask(Holder.foresee, given)
        seen = super().foresee(rise)
        moved = (seen.whole, seen.far, seen.of_products, seen.of_centring)
        self._add_directed(moved, answers())
        return seen

    def correct(self, prices: Prices, aim: float, share: float) -> tuple[Moved, Moved]:
        """The direction under final `prices`: loads whole, and when each goes its own length."""
        given = [(prices.of_groups[s.groups], aim, share) for s in self._shares]
        answers = self._elsewhere.ask(Holder.correct, given)
        moved = super().correct(prices, aim, share)
        self._add_directed(moved, answers())
        return moved

    def inverses(self) -> tuple[Floats, Floats]:
        """Sums of inverse Hessians: of groups [G, T, T], of the stores' net power [T, T]."""
        of_groups, of_stores = super().inverses()
        rows, columns = np.tril_indices(of_groups.shape[1])
        for share, advanced in zip(self._shares, self._advanced, strict=True):
            for group, triangle in zip(share.groups, advanced.triangles, strict=True):
                of_groups[group, rows, columns] = triangle
                of_groups[group, columns, rows] = triangle
        return of_groups, of_stores

    def cost_and_bound(self) -> tuple[float, float]:
        """What agents cost by themselves, and add to the bound, EUR."""
        own, bound = super().cost_and_bound()
        own += sum(advanced.own_eur for advanced in self._advanced)
        return own, bound + sum(advanced.bound_eur for advanced in self._advanced)

    def products(self) -> float:
        """The sum of all products, EUR."""
        return super().products() + sum(advanced.products_eur for advanced in self._advanced)

    def least_lengths(self) -> tuple[Floats, float]:
        """The shortest length in each group [G], and of stores."""
        least, of_stores = super().least_lengths()
        for share, directed in zip(self._shares, self._directed, strict=True):
            least[share.groups] = directed.least
        return least, of_stores

    def left_by_group(self) -> Floats:
        """Lengths and products of each group's agents. Shape [G, 5]."""
        sums = super().left_by_group()
        for share, directed in zip(self._shares, self._directed, strict=True):
            sums[share.groups] = directed.left
        return sums

    def blend(self, kept: Floats, added: Floats) -> None:
        """Of own lengths take the part `kept`, and add `added`. Shape [G] each."""
        self._blend = kept, added

    def go_together(self, length: float) -> None:
        """All go the same `length`."""
        super().go_together(length)
        kept, added = self._blend
        self._blend = np.zeros_like(kept), np.full_like(added, length)

    def keep(self, what: str) -> list[Kept]:
        """A copy of the present `controls` or `multipliers`; elsewhere only the last one stays."""
        self._to_keep.add(what)
        return super().keep(what)

    def by_kind(self, kept: list[Kept], read: Callable[[Kept], Floats]) -> tuple[Floats, ...]:
        """What `read` finds in what was kept last, by the problem's kinds. Shape [T, n]."""
        self._ask_all(Holder.keep, tuple(self._to_keep))
        self._to_keep.clear()
        answers = self._ask_all(Holder.by_kind, kept[-1].what, read)
        slots = self.agents[0].steps
        found = tuple(np.zeros((slots, count)) for count in self._counts)
        for share, of_share in zip(self._shares, answers, strict=True):
            for whole, columns, values in zip(found, share.columns, of_share, strict=True):
                whole[:, columns] = values
        return found

    def _ask_all(self, what: Callable[..., T], *given: Any) -> list[T]:
        return self._elsewhere.ask(what, [given for _ in self._shares])()

    def _add_directed(self, moved: Collection[Moved], answers: list[Directed]) -> None:
        self._directed = answers
        self._add_loads(moved, [directed.loads for directed in answers])

    def _add_loads(self, moved: Collection[Moved], loads: Sequence[tuple[Floats, ...]]) -> None:
        for share, of_share in zip(self._shares, loads, strict=True):
            for whole, load in zip(moved, of_share, strict=True):
                whole.of_groups[share.groups] = load
