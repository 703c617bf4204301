"""What joins the agents, as pieces: powers of a slot from zero to a width at a price.

The meter's cost becomes segments that fill one after the other from the least net load upwards, as
their prices rise; an error of the forecast is priced by chords over three spreads on either side of
each kink. Sun not taken is a piece without a price, and so is each exchange of the plant. A piece
counts in the meter's balance, in the rows above the capacities, and in the highest import.
"""

from dataclasses import dataclass, field

import numpy as np

from ems.optimizer.structured.meter_cost import MeterCost, meter_cost
from ems.optimizer.structured.problem import DistrictProblem, Floats

CHORDS = 16
"""Segments around a kink when there is an error."""
REACH = 3.0
"""Spreads on either side of a kink that they cover."""
WIDTH_MIN_KW = 1e-6
"""A segment narrower than this is left out."""


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """K pieces: segments of the meter, then sun curtailed, then X exchanges."""

    width_kw: Floats = field(repr=False)
    """Greatest power; zero: the piece is missing in that slot. Shape [K, T]."""
    price_eur: Floats = field(repr=False)
    """Cost of a kW during a slot. Shape [K, T]."""
    on_meter: Floats = field(repr=False)
    """Part in loads + pieces = least net load: -1 for segments, 1 for curtailment. Shape [K, T]."""
    on_upper: Floats = field(repr=False)
    """Part of the exchanges in the rows above the capacities. Shape [X, V, T]."""
    least_kw: Floats = field(repr=False)
    """Net load below all segments. Shape [T]."""
    least_eur: float
    """What that would cost, all slots."""

    @property
    def segments(self) -> int:
        """How many of the pieces are segments, which come first and count for the peak."""
        return int(self.width_kw.shape[0] - 1 - self.on_upper.shape[0])

    @property
    def curtailed(self) -> int:
        """Position of the sun that is not taken."""
        return self.segments

    @property
    def exchanges(self) -> slice:
        """Positions of the exchanges."""
        return slice(self.segments + 1, None)


def pieces(problem: DistrictProblem) -> Pieces:
    """The pieces of `problem`."""
    meter, exchanges, T = problem.meter, problem.exchanges, problem.slots
    cost = meter_cost(problem)
    ends = _ends(cost, -problem.greatest_export_kw, problem.greatest_import_kw)
    width = np.diff(ends, axis=0)
    width = np.where(width > WIDTH_MIN_KW, width, 0.0)
    paid = cost.eur(ends)
    price = np.where(width > 0, np.diff(paid, axis=0) / np.where(width > 0, width, 1.0), 0.0)
    X, K = exchanges.count, width.shape[0]
    shape = (X, problem.groups.upper_kw.shape[0], T)
    return Pieces(
        width_kw=np.concatenate([width, meter.sun_kw[None], _over(exchanges.kw_max, X, T)]),
        price_eur=np.concatenate([price, np.zeros((1, T)), _over(exchanges.cost_eur, X, T)]),
        on_meter=np.concatenate(
            [np.full((K, T), -1.0), np.ones((1, T)), _over(exchanges.electric_per_kw, X, T)]
        ),
        on_upper=np.broadcast_to(exchanges.upper_per_kw, shape),
        least_kw=ends[0],
        least_eur=float(paid[0].sum()),
    )


def _ends(cost: MeterCost, least_kw: Floats, most_kw: Floats) -> Floats:
    """Where segments begin and end, ascending. Shape [K + 1, T]."""
    steps = np.linspace(-REACH, REACH, CHORDS + 1) if cost.spread_kw.any() else np.zeros(1)
    around = cost.at_kw[:, None] + steps[:, None] * cost.spread_kw
    inner = np.sort(np.clip(around.reshape(-1, least_kw.size), least_kw, most_kw), axis=0)
    ends = np.concatenate([least_kw[None], inner, most_kw[None]])
    for k in range(1, len(ends)):
        ends[k] = np.where(ends[k] - ends[k - 1] > WIDTH_MIN_KW, ends[k], ends[k - 1])
    return ends


def _over(values: Floats, count: int, slots: int) -> Floats:
    return np.broadcast_to(values, (count, slots))
