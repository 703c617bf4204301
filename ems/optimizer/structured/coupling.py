"""What joins the agents: capacities, rows above them, pieces and the peak, with their pairs.

Capacities and rows leave slack = limit - load, with prices; pieces lie between zero and their width
and close the meter's balance; the net load stays below the peak. Slacks and the meter's segments
follow from the loads after each step, so that every iterate is feasible. Directions come from
`coupling_newton.py`.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ems.optimizer.structured.coupling_step import CouplingStep, Loads
from ems.optimizer.structured.feasible import balanced, filled, within_rows
from ems.optimizer.structured.pieces import Pieces, pieces
from ems.optimizer.structured.problem import DistrictProblem, Floats

SLACK_SHARE_MIN = 1e-9
"""Slacks of capacities are never less than this share of the capacity."""
PEAK_SHARE_MIN = 0.1
"""Least distance of an import from the peak, as a share of what the step itself leaves."""
ROW_SHARE_MIN = 0.1
"""Least slack of a row with exchanges, as a share of what the step itself leaves."""


@dataclass(kw_only=True)
class Coupling:
    """The coupling's iterate."""

    problem: DistrictProblem
    """Whose."""
    pieces: Pieces
    """What pieces there are."""
    limit_kw: Floats = field(repr=False)
    """Of capacities, then of the rows above. Shape [C + V, T]."""
    slack: Floats = field(repr=False)
    """kW left. Shape [C + V, T]."""
    capacity: Floats = field(repr=False)
    """Price of a kW of capacity during a slot, EUR. Shape [C + V, T]."""
    piece: Floats = field(repr=False)
    """kW in each piece; one where it is missing. Shape [K, T]."""
    at_zero: Floats = field(repr=False)
    """Multipliers of their zero. Shape [K, T]."""
    at_most: Floats = field(repr=False)
    """Multipliers of their width. Shape [K, T]."""
    electricity: Floats = field(repr=False)
    """Price of a kW at the meter during a slot, EUR. Shape [T]."""
    peak: Floats = field(repr=False)
    """Price of the net load in the peak's name, EUR/kW. Shape [T]."""
    excess_kw: float
    """Peak above the least one."""
    kept: float
    """What is left of the peak's price."""

    @classmethod
    def centred(cls, problem: DistrictProblem, loads: Loads, mu: float) -> "Coupling":
        """Products near `mu` at the given loads."""
        parts, price = pieces(problem), problem.meter.peak_eur_per_kw
        ones = np.ones_like(parts.width_kw)
        at = cls(
            problem=problem,
            pieces=parts,
            limit_kw=np.concatenate([problem.groups.capacity_kw, problem.groups.upper_kw]),
            slack=np.empty_like(loads.on_capacities),
            capacity=np.empty_like(loads.on_capacities),
            piece=np.minimum(0.05 * np.where(parts.width_kw > 0, parts.width_kw, 20.0), 1.0),
            at_zero=ones,
            at_most=ones,
            electricity=problem.slot_h * problem.meter.buy_eur_per_kwh,
            peak=np.full(problem.slots, 0.5 * price / problem.slots),
            excess_kw=0.0,
            kept=0.5 * price,
        )
        at._leave_slack(loads, floor=0.3 * np.maximum(at.limit_kw, 1.0)[at.capacities :])
        at.capacity = mu / at.slack
        at.piece = filled(at.piece, parts, at.balance(loads))
        at._rederive(loads, ones)
        at.excess_kw = max(-float(at.below_peak.min()), 0.0) + 0.1 * abs(at.net_kw).max() + 1.0
        at._agree(mu)
        return at

    def _agree(self, mu: float) -> None:
        """Give pieces the multipliers near `mu` that their costs ask for."""
        gradient = self.reduced_cost()
        spread = 4.0 * mu * mu / (self.piece * self.room)
        larger = 0.5 * (np.abs(gradient) + np.sqrt(gradient**2 + spread))
        smaller = 0.25 * spread / larger
        self.at_zero = np.where(gradient > 0, larger, smaller) * self.is_open
        self.at_most = np.where(gradient > 0, smaller, larger) * self.is_open

    @property
    def capacities(self) -> int:
        """How many capacities there are; the rows above follow."""
        return int(self.problem.groups.capacity_kw.shape[0])

    @property
    def has_peak(self) -> bool:
        """Whether the highest import is paid for."""
        return self.problem.meter.peak_eur_per_kw > 0

    @property
    def is_open(self) -> Floats:
        """One where a piece exists. Shape [K, T]."""
        return (self.pieces.width_kw > 0).astype(np.float64)

    @property
    def room(self) -> Floats:
        """What a piece can still take. Shape [K, T]."""
        return np.where(self.pieces.width_kw > 0, self.pieces.width_kw - self.piece, 1.0)

    @property
    def net_kw(self) -> Floats:
        """Net load by the segments. Shape [T]."""
        segments = slice(self.pieces.segments)
        filled_kw = (self.piece * self.is_open)[segments].sum(axis=0)
        net: Floats = self.pieces.least_kw + filled_kw
        return net

    @property
    def below_peak(self) -> Floats:
        """Peak less net load and its margin. Shape [T]."""
        meter = self.problem.meter
        margin = meter.peak_spreads * meter.spread_kw
        below: Floats = meter.peak_kw_min + self.excess_kw - self.net_kw - margin
        return below

    @property
    def pairs(self) -> int:
        """How many products there are."""
        peak = (self.problem.slots + 1) * self.has_peak
        return self.slack.size + 2 * int(self.is_open.sum()) + peak

    def complementarity(self) -> float:
        """The sum of all products, EUR."""
        total = np.vdot(self.slack, self.capacity) + np.vdot(self.piece, self.at_zero)
        total += np.vdot(self.room, self.at_most)
        if self.has_peak:
            total += np.vdot(self.below_peak, self.peak) + self.excess_kw * self.kept
        return float(total)

    @property
    def on_capacity(self) -> Floats:
        """Slack over price: the capacities' diagonal. Shape [C + V, T]."""
        return self.slack / self.capacity

    @property
    def curtailed_kw(self) -> Floats:
        """Sun not taken. Shape [T]."""
        sun: Floats = self.problem.meter.sun_kw
        return np.where(sun > 0, np.clip(self.piece[self.pieces.curtailed], 0.0, sun), 0.0)

    @property
    def exchanged_kw(self) -> Floats:
        """Power of each exchange. Shape [X, T]."""
        exchanges = self.pieces.exchanges
        return (self.piece * self.is_open)[exchanges]

    def reduced_cost(self) -> Floats:
        """What a kW of each piece costs by its own price and those of what it counts in. [K, T]."""
        cost = self.pieces.price_eur + self.pieces.on_meter * self.electricity
        cost[: self.pieces.segments] += self.peak
        upper = self.capacity[self.capacities :]
        cost[self.pieces.exchanges] += np.einsum("xvt,vt->xt", self.pieces.on_upper, upper)
        result: Floats = cost
        return result

    @property
    def hessian(self) -> Floats:
        """Of the pieces. Shape [K, T]; one where there is none."""
        hessian: Floats = self.at_zero / self.piece + self.at_most / self.room
        return np.where(self.is_open > 0, hessian, 1.0)

    def balance(self, loads: Loads) -> Floats:
        """Loads and pieces less the least net load, which should be nothing. Shape [T]."""
        moved = (self.pieces.on_meter * self.piece * self.is_open).sum(axis=0)
        balance: Floats = loads.net_kw + moved - self.pieces.least_kw
        return balance

    @property
    def has_exchange(self) -> NDArray[np.bool_]:
        """Whether exchanges count in each capacity (never) or row above. Shape [C + V]."""
        in_row = (self.pieces.on_upper != 0).any(axis=(0, 2))
        return np.concatenate([np.zeros(self.capacities, dtype=np.bool_), in_row])

    def advance(self, step: CouplingStep, length: float, loads: Loads) -> float:
        """Go `length` along; slacks and segments follow from the `loads` reached.

        Returns:
            What it costs to raise the peak above, and to take exchanges back from, EUR.
        """
        weight = self.is_open / self.hessian
        least = PEAK_SHARE_MIN * (self.below_peak + length * np.minimum(step.below_peak, 0.0))
        left = self.slack + length * np.minimum(step.slack, 0.0)
        self.capacity = self.capacity + length * step.capacity
        self.at_zero = self.at_zero + length * step.at_zero
        self.at_most = self.at_most + length * step.at_most
        self.electricity = self.electricity + length * step.electricity
        self.piece = self.piece + length * step.piece
        lost = self._leave_slack(loads, floor=ROW_SHARE_MIN * left[self.capacities :])
        self._rederive(loads, weight)
        if not self.has_peak:
            return lost
        self.peak = self.peak + length * step.peak
        self.excess_kw += length * step.excess
        self.kept += length * step.kept
        return lost + self._keep_peak_above(least)

    def _leave_slack(self, loads: Loads, floor: Floats) -> float:
        """Move exchanges so that rows keep slack at the `loads`; what that costs, EUR."""
        parts, split = self.pieces, self.capacities
        own = (self.piece * self.is_open)[parts.exchanges]
        left = self.limit_kw - loads.on_capacities
        moved = within_rows(
            own, parts.width_kw[parts.exchanges], parts.on_upper, left[split:], floor
        )
        self.piece[parts.exchanges] = np.where(self.is_open[parts.exchanges] > 0, moved, 1.0)
        left[split:] -= np.einsum("xvt,xt->vt", parts.on_upper, moved)
        self.slack = np.maximum(left, SLACK_SHARE_MIN * np.maximum(self.limit_kw, 1.0))
        price = parts.price_eur + parts.on_meter * self.electricity
        return float((price[parts.exchanges] * (moved - own)).sum())

    def _rederive(self, loads: Loads, weight: Floats) -> None:
        """Let segments and curtailment take what the balance is off."""
        self.piece = balanced(self.piece, self.pieces, self.balance(loads), weight)

    def _keep_peak_above(self, least_kw: Floats) -> float:
        """Raise the peak when pieces re-derived came too close to it."""
        raised = max(0.0, float((least_kw - self.below_peak).max()))
        self.excess_kw += raised
        return raised * self.problem.meter.peak_eur_per_kw

    def added_to_bound(self) -> float:
        """What the coupling adds to the lower bound, EUR."""
        meter, parts = self.problem.meter, self.pieces
        fixed = self.electricity @ (meter.base_kw - meter.sun_kw - parts.least_kw)
        least = (np.minimum(self.reduced_cost(), 0.0) * parts.width_kw).sum()
        peak = 0.0
        if self.has_peak:
            margin = meter.peak_spreads * meter.spread_kw
            peak = (meter.peak_eur_per_kw - self.peak.sum()) * meter.peak_kw_min
            peak += float((self.peak * (parts.least_kw + margin)).sum())
        by_capacity = (self.capacity * self.limit_kw).sum()
        return float(parts.least_eur + fixed + peak + least - by_capacity)

    def cost_eur(self) -> float:
        """What the meter costs with the present pieces."""
        meter, parts = self.problem.meter, self.pieces
        energy = (parts.price_eur * self.piece * self.is_open).sum()
        peak = meter.peak_eur_per_kw * (meter.peak_kw_min + self.excess_kw)
        return float(parts.least_eur + energy + peak)
