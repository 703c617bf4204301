"""What joins the agents: capacities, the meter's pieces and its peak, with their pairs.

Capacities leave slack = capacity - load, with prices; the meter's pieces lie between zero and their
width and add up to the net load; imports stay below the peak. Eliminating pieces and peak from the
Newton system leaves, for the price of electricity, a diagonal and one rank; the rest is in
`schur.py`. Slacks follow from the loads after each step, so that every iterate is feasible.
"""

from dataclasses import dataclass, field

import numpy as np

from ems.optimizer.structured.barrier import TRIFLE, fastest_fall
from ems.optimizer.structured.coupling_step import CouplingAims, CouplingStep, Loads, MeterReduced
from ems.optimizer.structured.problem import CURTAILED, DistrictProblem, Floats, Segments

SLACK_SHARE_MIN = 1e-9
"""Slacks of capacities are never less than this share of the capacity."""
PEAK_SHARE_MIN = 0.1
"""Least distance of an import from the peak, as a share of what the step itself leaves."""
ROOM_SHARE = 0.9
"""Part of a piece's room that re-deriving the pieces may use."""


@dataclass(kw_only=True)
class Coupling:
    """The coupling's iterate."""

    problem: DistrictProblem
    """Whose."""
    pieces: Segments
    """The meter's pieces."""
    limit_kw: Floats = field(repr=False)
    """Capacities, then upper ones. Shape [C + V, T]."""
    slack: Floats = field(repr=False)
    """kW left. Shape [C + V, T]."""
    capacity: Floats = field(repr=False)
    """Price of a kW of capacity during a slot, EUR. Shape [C + V, T]."""
    piece: Floats = field(repr=False)
    """kW in each piece of the meter; one where it is missing. Shape [K, T]."""
    at_zero: Floats = field(repr=False)
    """Multipliers of their zero. Shape [K, T]."""
    at_most: Floats = field(repr=False)
    """Multipliers of their width. Shape [K, T]."""
    electricity: Floats = field(repr=False)
    """Price of a kW at the meter during a slot, EUR. Shape [T]."""
    peak: Floats = field(repr=False)
    """Price of import in the peak's name, EUR/kW. Shape [T]."""
    excess_kw: float
    """Peak above the least one."""
    kept: float
    """What is left of the peak's price."""

    @classmethod
    def centred(
        cls, problem: DistrictProblem, pieces: Segments, loads: Loads, mu: float
    ) -> "Coupling":
        """Products near `mu` at the given loads."""
        limit = np.concatenate([problem.groups.capacity_kw, problem.groups.upper_kw])
        slack = limit - loads.on_capacities
        width = np.where(pieces.width_kw > 0, pieces.width_kw, 2.0)
        little = np.minimum(0.05 * width, 1.0)
        piece = _balanced(little, width, pieces, loads.net_kw, np.ones_like(width))
        is_open = pieces.width_kw > 0
        meter = problem.meter
        imports = _imports(piece, pieces)
        excess = (
            max(float((imports - meter.peak_kw_min).max()), 0.0) + 0.1 * float(imports.max()) + 1
        )
        price = meter.peak_eur_per_kw
        peak = np.full(problem.slots, 0.5 * price / problem.slots)
        electricity = problem.slot_h * meter.buy_eur_per_kwh
        sign = pieces.sign[:, None]
        gradient = pieces.price_eur + (sign > 0) * peak - sign * electricity
        spread = 4.0 * mu * mu / (piece * (width - piece))
        larger = 0.5 * (np.abs(gradient) + np.sqrt(gradient**2 + spread))
        smaller = 0.25 * spread / larger
        return cls(
            problem=problem,
            pieces=pieces,
            limit_kw=limit,
            slack=slack,
            capacity=mu / slack,
            piece=piece,
            at_zero=np.where(is_open, np.where(gradient > 0, larger, smaller), 0.0),
            at_most=np.where(is_open, np.where(gradient > 0, smaller, larger), 0.0),
            electricity=electricity,
            peak=peak,
            excess_kw=excess,
            kept=0.5 * price,
        )

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
    def below_peak(self) -> Floats:
        """Peak less import. Shape [T]."""
        highest = self.problem.meter.peak_kw_min + self.excess_kw
        below: Floats = highest - _imports(self.piece, self.pieces)
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
        return np.where(sun > 0, np.clip(self.piece[CURTAILED], 0.0, sun), 0.0)

    def reduced(self, aims: CouplingAims, net_kw: Floats) -> MeterReduced:
        """The meter's Newton system towards `aims`, at a net load of `net_kw`."""
        sign = self.pieces.sign[:, None]
        importing = sign > 0
        reduced_cost = self.pieces.price_eur + importing * self.peak - sign * self.electricity
        pull = aims.at_zero / self.piece - aims.at_most / self.room - reduced_cost
        hessian = self.at_zero / self.piece + self.at_most / self.room
        inverse = self.is_open / np.where(self.is_open > 0, hessian, 1.0)
        pieces = pull * inverse
        importable = (inverse * importing).sum(axis=0)
        give, peak_pull, excess_pull, corner = self._peak(aims, pieces * importing, importable)
        edge = give * importable
        residual = net_kw - (sign * self.piece * self.is_open).sum(axis=0)
        shift = (sign * pieces).sum(axis=0) - importable * peak_pull - residual
        return MeterReduced(
            diagonal=inverse.sum(axis=0) - importable * edge,
            edge=edge,
            corner=corner,
            shift=shift + edge * excess_pull / corner,
            pieces=pull,
            peak_pull=peak_pull,
            peak_give=give,
            excess_pull=excess_pull,
        )

    def _peak(
        self, aims: CouplingAims, imported: Floats, importable: Floats
    ) -> tuple[Floats, Floats, float, float]:
        nothing = np.zeros(self.problem.slots)
        if not self.has_peak:
            return nothing, nothing, 0.0, 1.0
        give = 1.0 / (self.below_peak / self.peak + importable)
        pull = give * (aims.below_peak / self.peak - self.below_peak + imported.sum(axis=0))
        kept = self.problem.meter.peak_eur_per_kw - self.peak.sum()
        corner = self.kept / self.excess_kw + give.sum()
        return give, pull, float(aims.excess / self.excess_kw - kept + pull.sum()), float(corner)

    def direction(
        self,
        aims: CouplingAims,
        reduced: MeterReduced,
        capacity: Floats,
        electricity: Floats,
        loads: Floats,
    ) -> CouplingStep:
        """The whole direction from that of the prices and of the capacities' `loads`."""
        excess = (reduced.excess_pull + reduced.edge @ electricity) / reduced.corner
        importable_price = reduced.edge * electricity
        peak = reduced.peak_pull - reduced.peak_give * excess + importable_price
        sign = self.pieces.sign[:, None]
        hessian = self.at_zero / self.piece + self.at_most / self.room
        moved = reduced.pieces - (sign > 0) * peak + sign * electricity
        piece = np.where(self.is_open > 0, moved / np.where(self.is_open > 0, hessian, 1.0), 0.0)
        at_zero = (aims.at_zero - self.at_zero * piece) / self.piece - self.at_zero
        at_most = (aims.at_most + self.at_most * piece) / self.room - self.at_most
        below = excess - (piece * (sign > 0)).sum(axis=0)
        return CouplingStep(
            slack=-loads,
            capacity=capacity,
            piece=piece,
            at_zero=at_zero * self.is_open,
            at_most=at_most * self.is_open,
            electricity=electricity,
            below_peak=below,
            peak=peak,
            excess=float(excess) if self.has_peak else 0.0,
            kept=float(-peak.sum()) if self.has_peak else 0.0,
        )

    def products(self, step: CouplingStep) -> CouplingAims:
        """The products of a direction's parts."""
        return CouplingAims(
            capacity=step.slack * step.capacity,
            at_zero=step.piece * step.at_zero,
            at_most=-step.piece * step.at_most,
            below_peak=step.below_peak * step.peak,
            excess=step.excess * step.kept,
        )

    def longest(self, step: CouplingStep) -> float:
        """How far prices and meter can go until something is zero."""
        pairs = [
            (self.capacity, step.capacity),
            (self.piece, step.piece),
            (self.room, -step.piece),
            (self.at_zero, step.at_zero),
            (self.at_most, step.at_most),
        ]
        if self.has_peak:
            pairs += [
                (self.below_peak, step.below_peak),
                (self.peak, step.peak),
                (np.array(self.excess_kw), np.array(step.excess)),
                (np.array(self.kept), np.array(step.kept)),
            ]
        falls = [fastest_fall(*pair).max() for pair in pairs if pair[0].size]
        return 1.0 / float(max(falls))

    def longest_by_slack(self, step: CouplingStep) -> Floats:
        """How far each capacity's load can go until no slack is left. Shape [C + V]."""
        falls: Floats = fastest_fall(self.slack, step.slack).max(axis=1, initial=TRIFLE)
        return 1.0 / falls

    def advance(self, step: CouplingStep, length: float, loads: Loads) -> float:
        """Go `length` along; slacks and pieces follow from the `loads` reached.

        Returns:
            What raising the peak above the re-derived imports costs, EUR.
        """
        hessian = self.at_zero / self.piece + self.at_most / self.room
        least = PEAK_SHARE_MIN * (self.below_peak + length * np.minimum(step.below_peak, 0.0))
        self.capacity = self.capacity + length * step.capacity
        self.at_zero = self.at_zero + length * step.at_zero
        self.at_most = self.at_most + length * step.at_most
        self.electricity = self.electricity + length * step.electricity
        self.slack = np.maximum(
            self.limit_kw - loads.on_capacities, SLACK_SHARE_MIN * self.limit_kw
        )
        width = np.where(self.pieces.width_kw > 0, self.pieces.width_kw, 2.0)
        weight = self.is_open / np.where(hessian > 0, hessian, 1.0)
        piece = self.piece + length * step.piece
        self.piece = _balanced(piece, width, self.pieces, loads.net_kw, weight)
        if not self.has_peak:
            return 0.0
        self.peak = self.peak + length * step.peak
        self.excess_kw += length * step.excess
        self.kept += length * step.kept
        return self._keep_peak_above(least)

    def _keep_peak_above(self, least_kw: Floats) -> float:
        """Raise the peak when pieces re-derived came too close to it."""
        raised = max(0.0, float((least_kw - self.below_peak).max()))
        self.excess_kw += raised
        return raised * self.problem.meter.peak_eur_per_kw

    def added_to_bound(self) -> float:
        """What the coupling adds to the lower bound, EUR."""
        meter = self.problem.meter
        sign = self.pieces.sign[:, None]
        cost = self.pieces.price_eur + (sign > 0) * self.peak - sign * self.electricity
        fixed = self.electricity @ (meter.base_kw - meter.sun_kw)
        peak = (
            (meter.peak_eur_per_kw - self.peak.sum()) * meter.peak_kw_min if self.has_peak else 0.0
        )
        least = (np.minimum(cost, 0.0) * self.pieces.width_kw).sum()
        return float(fixed + peak + least - (self.capacity * self.limit_kw).sum())

    def cost_eur(self) -> float:
        """What the meter costs with the present pieces."""
        meter = self.problem.meter
        energy = (self.pieces.price_eur * self.piece * self.is_open).sum()
        return float(energy + meter.peak_eur_per_kw * (meter.peak_kw_min + self.excess_kw))


def _imports(piece: Floats, pieces: Segments) -> Floats:
    imports: Floats = (piece * (pieces.width_kw > 0))[pieces.sign > 0].sum(axis=0)
    return imports


def _balanced(
    piece: Floats, width: Floats, pieces: Segments, net_kw: Floats, weight: Floats
) -> Floats:
    """`piece` moved to add up to `net_kw`, first where `weight` is large, never to an end."""
    sign, is_open = pieces.sign[:, None], pieces.width_kw > 0
    for share in (weight, None):
        missing = net_kw - (sign * piece * is_open).sum(axis=0)
        up = missing * sign > 0
        room = np.where(is_open, np.where(up, width - piece, piece), 0.0)
        by = room if share is None else share * is_open
        part = np.abs(missing) * by / np.maximum(by.sum(axis=0), 1e-300)
        piece = piece + np.where(up, 1.0, -1.0) * np.minimum(part, ROOM_SHARE * room)
    return piece
