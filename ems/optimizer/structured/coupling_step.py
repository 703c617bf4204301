"""Directions of the coupling: their aims, their parts, the tip's system reduced."""

from dataclasses import dataclass, field

import numpy as np

from ems.optimizer.structured.problem import Floats


@dataclass(frozen=True, kw_only=True)
class CouplingAims:
    """Products that a step aims at."""

    capacity: Floats | float
    """Of slacks and prices of capacities. Shape [C + V, T]."""
    at_zero: Floats | float
    """Of the meter's pieces. Shape [K, T]."""
    at_most: Floats | float
    """Of the room left in them. Shape [K, T]."""
    below_peak: Floats | float
    """Of peak less import. Shape [T]."""
    excess: float
    """Of the peak's rise."""

    @classmethod
    def all_at(cls, mu: float) -> "CouplingAims":
        """The same for every pair."""
        return cls(capacity=mu, at_zero=mu, at_most=mu, below_peak=mu, excess=mu)

    def total(self) -> float:
        """Their sum, EUR."""
        parts = (self.capacity, self.at_zero, self.at_most, self.below_peak, self.excess)
        return float(sum(np.sum(part) for part in parts))

    def less(self, products: "CouplingAims") -> "CouplingAims":
        """These aims less what the direction's own products will add."""
        return CouplingAims(
            capacity=self.capacity - products.capacity,
            at_zero=self.at_zero - products.at_zero,
            at_most=self.at_most - products.at_most,
            below_peak=self.below_peak - products.below_peak,
            excess=self.excess - products.excess,
        )


@dataclass(frozen=True, kw_only=True)
class CouplingStep:
    """A direction of the coupling."""

    slack: Floats = field(repr=False)
    """Of what capacities have left. Shape [C + V, T]."""
    capacity: Floats = field(repr=False)
    """Of their prices. Shape [C + V, T]."""
    piece: Floats = field(repr=False)
    """Of the meter's pieces. Shape [K, T]."""
    at_zero: Floats = field(repr=False)
    """Of the multipliers of their zero. Shape [K, T]."""
    at_most: Floats = field(repr=False)
    """Of the multipliers of their width. Shape [K, T]."""
    electricity: Floats = field(repr=False)
    """Of the price of electricity. Shape [T]."""
    below_peak: Floats = field(repr=False)
    """Of peak less import. Shape [T]."""
    peak: Floats = field(repr=False)
    """Of the peak's price in each slot. Shape [T]."""
    excess: float
    """Of the peak."""
    kept: float
    """Of what is left of its price."""

    def products(self) -> CouplingAims:
        """The products of its parts, which a corrected step takes into account."""
        return CouplingAims(
            capacity=self.slack * self.capacity,
            at_zero=self.piece * self.at_zero,
            at_most=-self.piece * self.at_most,
            below_peak=self.below_peak * self.peak,
            excess=self.excess * self.kept,
        )


@dataclass(frozen=True, kw_only=True)
class TipReduced:
    """The tip's Newton system with pieces and peak eliminated.

    The tip's prices (rows above the capacities, then electricity) rise by what agents' loads and
    `rows` ask for, over the agents' inverses, `tip`, and edge edge' / corner on electricity.
    """

    tip: Floats = field(repr=False)
    """What does not reach from slot to slot. Shape [V + 1, V + 1, T]."""
    edge: Floats = field(repr=False)
    """How the peak answers the price of electricity. Shape [T]."""
    corner: float
    """The peak's own entry."""
    rows: Floats = field(repr=False)
    """What pieces and peak add to the right-hand side. Shape [V + 1, T]."""
    pieces: Floats = field(repr=False)
    """Pull on each piece. Shape [K, T]."""
    peak_pull: Floats = field(repr=False)
    """Rise of the peak's price in each slot while nothing else moves. Shape [T]."""
    peak_give: Floats = field(repr=False)
    """How it answers the peak. Shape [T]."""
    excess_pull: float
    """Pull on the peak."""


@dataclass(frozen=True, kw_only=True)
class Loads:
    """What the agents' controls add up to."""

    of_groups: Floats = field(repr=False)
    """kW. Shape [G, T]."""
    on_capacities: Floats = field(repr=False)
    """kW. Shape [C + V, T]."""
    net_kw: Floats = field(repr=False)
    """Net load less all sun, exchanges left out. Shape [T]."""
