"""A fleet in lots, as the compiled passes sweep it: its memory, and the way in and out.

`layout.py` says where numbers stand. A lot holds agents of one group only, so that its loads and
prices are the group's.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ems.optimizer.structured import layout
from ems.optimizer.structured.barrier import Agency
from ems.optimizer.structured.fleet import Fleet
from ems.optimizer.structured.layout import LANES
from ems.optimizer.structured.parallel import even_spans
from ems.optimizer.structured.problem import Floats, Indices
from ems.optimizer.structured.wish import Wish

Memory = tuple[Floats, Floats, Floats, Indices, Floats, Floats, Indices]
"""Rows [lots, S, ROW], constants [lots, CONSTANTS], gains [lots, period, 2 LANES], group [lots],
length [lots, LANES], totals [lots, TOTALS], and the steps backwards [S]."""


LOTS_IN_PART_MIN = 100
"""A part has so many lots at least: threads cost some tens of microseconds."""


@dataclass(frozen=True, kw_only=True)
class Lots:
    """A fleet's iterate in lots."""

    steps: int
    """S, how many steps."""
    source: tuple[tuple[int, Indices], ...] = field(repr=False)
    """Kinds of the problem whose agents are here, and their places among these."""
    states: tuple[int, ...]
    """As long as an agent's state."""
    lot: Indices = field(repr=False)
    """Lot of each agent. Shape [n]."""
    lane: Indices = field(repr=False)
    """Its place there. Shape [n]."""
    starts: Indices = field(repr=False)
    """First lot of each group, and the end of the last. Shape [groups + 1]."""
    memory: Memory = field(repr=False)
    """What the passes sweep."""
    fixed_eur: float
    """Cost that no control changes, EUR."""

    @classmethod
    def of(cls, agency: Agency) -> "Lots":
        """The iterate `agency` laid out."""
        fleet = agency.fleet
        count = np.diff(fleet.starts)
        lots = -(-count // LANES)
        starts = np.concatenate([[0], np.cumsum(lots)])
        within = np.arange(fleet.count) - np.repeat(fleet.starts[:-1], count)
        total = int(starts[-1])
        period = fleet.gain.shape[0]
        made = cls(
            steps=fleet.steps,
            source=fleet.source,
            states=(0,) * fleet.states,
            lot=np.repeat(starts[:-1], count) + within // LANES,
            lane=within % LANES,
            starts=starts,
            memory=(
                np.zeros((total, fleet.steps, layout.ROW)),
                np.zeros((total, layout.CONSTANTS)),
                np.zeros((total, period, 2 * LANES)),
                np.repeat(np.arange(lots.size), lots),
                np.zeros((total, LANES)),
                np.zeros((total, layout.TOTALS)),
                np.arange(fleet.steps)[::-1].copy(),
            ),
            fixed_eur=_fixed_eur(fleet),
        )
        made._lay_out(agency)
        return made

    @property
    def count(self) -> int:
        """How many lots."""
        return int(self.group.size)

    @property
    def group(self) -> Indices:
        """Group of each lot. Shape [lots]."""
        return self.memory[3]

    @property
    def length(self) -> Floats:
        """How far each agent goes. Shape [lots, LANES]."""
        return self.memory[4]

    def spans(self, *, of_groups: bool) -> list[tuple[int, int]]:
        """Parts that may be swept at once: of lots, or of groups; no group is in two."""
        even = [0, *(last for _, last in even_spans(self.count, LOTS_IN_PART_MIN))]
        ends = np.searchsorted(self.starts, even)
        ends = ends if of_groups else self.starts[ends]
        return [(int(first), int(last)) for first, last in pairwise(ends)]

    def field(self, offset: int) -> Floats:
        """One field of all rows, a view. Shape [lots, S, LANES]."""
        result: Floats = self.memory[0][:, :, offset : offset + LANES]
        return result

    def of_agents(self, values: Floats) -> Floats:
        """`values` [lots, S, LANES] by agent. Shape [S, n]."""
        result: Floats = values[self.lot, :, self.lane].T
        return result

    def total(self, offset: int) -> Floats:
        """One of the totals. Shape [lots, LANES]."""
        result: Floats = self.memory[5][:, offset : offset + LANES]
        return result

    def _lay_out(self, agency: Agency) -> None:
        fleet = agency.fleet
        self._put(layout.MOST, fleet.greatest)
        self._put(layout.LOW, fleet.low - fleet.free)
        self._put(layout.HIGH, fleet.high - fleet.free)
        self._put(layout.LOW_PRICE, fleet.low_price)
        self._put(layout.HIGH_PRICE, fleet.high_price)
        self._put(layout.COST, fleet.cost - fleet.curvature * fleet.reference)
        self.field(layout.CONTROL)[:] = 1.0
        self.field(layout.LOW_SLACK)[:] = 1.0
        self.field(layout.HIGH_SLACK)[:] = 1.0
        self._put(layout.CONTROL, smaller(agency.control, agency.room))
        self._put(layout.AT_ZERO, agency.at_zero)
        self._put(layout.AT_MOST, agency.at_most)
        self._put(layout.STATE, agency.state - fleet.free)
        self._put_wish(layout.LOW_SLACK, layout.LOW_PRESSED, agency.low, agency.state)
        self._put_wish(layout.HIGH_SLACK, layout.HIGH_PRESSED, agency.high, agency.state)
        _, constants, gains, *_ = self.memory
        for i in range(fleet.states):
            for j in range(fleet.states):
                at = (layout.A00, layout.A01, layout.A10, layout.A11)[2 * i + j]
                constants[self.lot, at + self.lane] = fleet.transfer[i, j]
            at = (layout.END_VALUE, layout.END_VALUE_2)[i]
            constants[self.lot, at + self.lane] = fleet.end_value[i]
            gains[self.lot, :, i * LANES + self.lane] = fleet.gain[:, i].T
        constants[self.lot, layout.CURVATURE + self.lane] = fleet.curvature

    def _put(self, offset: int, values: Floats) -> None:
        self.memory[0][self.lot, :, offset + self.lane] = values.T

    def _put_wish(self, slack: int, pressed: int, wish: Wish, state: Floats) -> None:
        ahead = wish.sign * (state - wish.limit)
        self._put(slack, np.where(ahead > 0, wish.missed, wish.reached))
        self._put(pressed, smaller(wish.pressed, wish.spared))


def smaller(one: Floats, other: Floats) -> Floats:
    """`one`, or minus the `other` where that is smaller."""
    return np.where(one < other, one, -other)


def _fixed_eur(fleet: Fleet) -> float:
    held = 0.5 * (fleet.curvature * fleet.reference**2).sum()
    return float(held - (fleet.end_value * fleet.free_end).sum())


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Fields of an iterate, copied."""

    lots: Lots
    """Whose."""
    what: str
    """Which: `controls` or `multipliers`."""
    fields: dict[int, Floats] = field(repr=False)
    """By offset. Shape [lots, S, LANES] each."""

    @classmethod
    def of(cls, lots: Lots, what: str) -> "Kept":
        """The present `controls` or `multipliers`."""
        offsets = {
            "controls": (layout.CONTROL,),
            "multipliers": (layout.LOW_PRESSED, layout.HIGH_PRESSED),
        }[what]
        fields = {offset: lots.field(offset).copy() for offset in offsets}
        return cls(lots=lots, what=what, fields=fields)

    def power(self) -> Floats:
        """Controls, zero where there is no choice. Shape [S, n]."""
        kept, most = self.fields[layout.CONTROL], self.lots.field(layout.MOST)
        power = np.where(most > 0, np.where(kept > 0, kept, most + kept), 0.0)
        return self.lots.of_agents(power)

    def below(self) -> Floats:
        """Multipliers of the wish to be above. Shape [S, n]."""
        return self._pressed(layout.LOW_PRICE, layout.LOW_PRESSED)

    def above(self) -> Floats:
        """Multipliers of the wish to be below. Shape [S, n]."""
        return self._pressed(layout.HIGH_PRICE, layout.HIGH_PRESSED)

    def _pressed(self, price: int, pressed: int) -> Floats:
        kept = self.fields[pressed]
        return self.lots.of_agents(np.where(kept > 0, kept, self.lots.field(price) + kept))
