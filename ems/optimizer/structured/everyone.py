"""All agents and batteries of a district: passes over their lots, loads summed by group."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ems.optimizer.structured import inverses, layout, passes
from ems.optimizer.structured.layout import LANES
from ems.optimizer.structured.lots import Kept, Lots
from ems.optimizer.structured.parallel import Sweep, in_parallel
from ems.optimizer.structured.problem import Floats


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What a kW costs."""

    of_groups: Floats = field(repr=False)
    """Shape [G, T]."""
    of_stores: Floats = field(repr=False)
    """Charging and discharging in turn. Shape [1, 2 T]."""

    def __add__(self, other: "Prices") -> "Prices":
        return Prices(
            of_groups=self.of_groups + other.of_groups, of_stores=self.of_stores + other.of_stores
        )


@dataclass(frozen=True, kw_only=True)
class Moved:
    """Loads, kW."""

    of_groups: Floats = field(repr=False)
    """Shape [G, T]."""
    of_stores: Floats = field(repr=False)
    """Charging and discharging in turn. Shape [2 T]."""

    @classmethod
    def of(cls, of_groups: Floats, of_stores: Floats) -> "Moved":
        """Just so."""
        return cls(of_groups=of_groups, of_stores=of_stores)

    @property
    def net_of_stores(self) -> Floats:
        """Shape [T]."""
        net: Floats = self.of_stores[0::2] - self.of_stores[1::2]
        return net

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(
            of_groups=self.of_groups + other.of_groups, of_stores=self.of_stores + other.of_stores
        )

    def __mul__(self, share: float) -> "Moved":
        return Moved(of_groups=share * self.of_groups, of_stores=share * self.of_stores)


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """Loads that a prediction moves."""

    whole: Moved
    """Along all of it."""
    far: Moved
    """When each agent goes as far as it can."""
    of_products: Moved
    """What answers its second-order products at present prices."""
    of_centring: Moved
    """What answers a unit of centring at present prices."""


SUMS_MAX = 4
"""Sums of loads that a pass makes at most."""


class Everyone:
    """All lots, and their passes."""

    def __init__(self, agents: list[Lots], stores: Lots) -> None:
        self.agents = agents
        self.stores = stores
        self.all = [*agents, stores]
        shapes = [(lots.starts.size - 1, lots.steps) for lots in self.all]
        self._room = [np.empty((SUMS_MAX, *shape, LANES)) for shape in shapes]
        self._inverses = [np.empty((groups, steps, steps)) for groups, steps in shapes[1:]]

    def advance(self, prices: Prices, aim: float) -> tuple[Moved, Moved]:
        """Go each agent's length and factor; power, and the prediction's loads at `prices`."""
        power, free = self._swept(passes.advance, 2, prices, aim)
        return power, free

    def foresee(self, rise: Prices) -> Foreseen:
        """The prediction under a `rise` of prices."""
        whole, far, of_products, of_centring = self._swept(passes.foresee, 4, rise)
        return Foreseen(whole=whole, far=far, of_products=of_products, of_centring=of_centring)

    def correct(self, prices: Prices, aim: float, share: float) -> tuple[Moved, Moved]:
        """The direction under final `prices`: loads whole, and when each goes its own length."""
        whole, far = self._swept(passes.correct, 2, prices, aim, share)
        return whole, far

    def inverses(self) -> tuple[Floats, Floats]:
        """Sums of inverse Hessians: of groups [G, T, T], of the stores' net power [T, T]."""
        of_groups, of_stores = self._inverses
        for result in self._inverses:
            result[:] = 0.0
        for lots in self.all:
            result = of_stores if lots is self.stores else of_groups
            given = (lots.memory, lots.starts, result, lots.states, LANES)
            in_parallel(inverses.add_inverses, lots.spans(of_groups=True), *given)
        signed = of_stores[0, :, 0::2] - of_stores[0, :, 1::2]
        return of_groups, signed[0::2] - signed[1::2]

    def cost_and_bound(self) -> tuple[float, float]:
        """What agents cost by themselves, and add to the bound, EUR."""
        own = sum(float(lots.total(layout.OWN_COST).sum()) + lots.fixed_eur for lots in self.all)
        bound = sum(float(lots.total(layout.BOUND).sum()) + lots.fixed_eur for lots in self.all)
        return own, bound

    def products(self) -> float:
        """The sum of all products, EUR."""
        return sum(float(lots.total(layout.PRODUCTS).sum()) for lots in self.all)

    def take_foreseen_lengths(self) -> None:
        """Lengths to the first bound along the prediction."""
        for lots in self.all:
            np.divide(1.0, np.maximum(lots.total(layout.FALL), 1.0), out=lots.length)

    def least_lengths(self) -> tuple[Floats, float]:
        """The shortest length in each group [G], and of stores."""
        least = np.ones(self.agents[0].starts.size - 1)
        for lots in self.agents:
            np.minimum.at(least, lots.group, lots.length.min(axis=1))
        return least, float(self.stores.length.min(initial=1.0))

    def left(self, kept: Floats, added: Floats) -> float:
        """What would be left of all products along the prediction, EUR; see `blend`."""
        products, by_length, second, by_second, by_square = self.left_by_group().T
        left = (1.0 - added) * products - kept * by_length
        left += added**2 * second + 2.0 * kept * added * by_second + kept**2 * by_square
        of_stores = _products_by_length(self.stores).sum(axis=0)
        return float(left.sum() + of_stores[0] - of_stores[1] + of_stores[4])

    def left_by_group(self) -> Floats:
        """Lengths and products of each group's agents, as `_products_by_length`. Shape [G, 5]."""
        sums = np.zeros((self.agents[0].starts.size - 1, 5))
        for lots in self.agents:
            np.add.at(sums, lots.group, _products_by_length(lots))
        return sums

    def blend(self, kept: Floats, added: Floats) -> None:
        """Of own lengths take the part `kept`, and add `added`. Shape [G] each."""
        for lots in self.agents:
            lots.length[:] = kept[lots.group, None] * lots.length + added[lots.group, None]

    def go_together(self, length: float) -> None:
        """All go the same `length`."""
        for lots in self.all:
            lots.length[:] = length

    def keep(self, what: str) -> list[Kept]:
        """A copy of the present `controls` or `multipliers`."""
        return [Kept.of(lots, what) for lots in self.all]

    def by_kind(self, kept: list[Kept], read: Callable[[Kept], Floats]) -> tuple[Floats, ...]:
        """What `read` finds in an iterate that was kept, by the problem's kinds. Shape [T, n]."""
        found = {
            kind: of_fleet[:, columns]
            for lots, of_fleet in zip(self.agents, map(read, kept), strict=False)
            for kind, columns in lots.source
        }
        return tuple(found[kind] for kind in sorted(found))

    def _swept(self, sweep: Sweep, count: int, prices: Prices, *of_pass: float) -> list[Moved]:
        """The pass `sweep` over all lots; its sums of loads, `count` of them."""
        loads = []
        for lots, room in zip(self.all, self._room, strict=True):
            price = prices.of_stores if lots is self.stores else prices.of_groups
            sums = room[:count]
            sums[:] = 0.0
            given = (lots.memory, price, *of_pass, sums, LANES)
            in_parallel(sweep, lots.spans(of_groups=False), *given)
            loads.append(sums.sum(axis=-1))
        agents = np.sum(loads[:-1], axis=0)
        return [Moved(of_groups=agents[k], of_stores=loads[-1][k, 0]) for k in range(count)]


def _products_by_length(lots: Lots) -> Floats:
    """Sums over each lot's agents: products, the same times length; second-order products, times
    length, times its square. Shape [lots, 5]."""
    length, products = lots.length, lots.total(layout.PRODUCTS)
    second = lots.total(layout.SECOND)
    parts = (products, length * products, second, length * second, length**2 * second)
    return np.stack([part.sum(axis=1) for part in parts], axis=1)
