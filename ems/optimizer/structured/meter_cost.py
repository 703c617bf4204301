"""What a net load at the meter costs in a slot, and what it is expected to cost with an error.

The cost is convex and piecewise linear: its slope rises at kinks, from the worth of export over
that of shared export and the price of import to import beyond each limit. With an error of standard
deviation s around the planned net load n, each kink k of rise r costs, in expectation,

    r s G((n - k) / s),      G(z) = z Phi(z) + phi(z),

which is r max(n - k, 0) when s is zero: smooth, convex, and above the cost without error.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtr

from ems.optimizer.structured.problem import DistrictProblem, Floats


@dataclass(frozen=True, kw_only=True)
class MeterCost:
    """The cost of a net load, kinks J."""

    at_kw: Floats = field(repr=False)
    """Where the slope rises. Shape [J, T]."""
    rise_eur: Floats = field(repr=False)
    """By how much, EUR per kW during a slot. Shape [J, T]."""
    slope_eur: Floats = field(repr=False)
    """Slope below all kinks. Shape [T]."""
    offset_eur: Floats = field(repr=False)
    """So that no load costs nothing without an error. Shape [T]."""
    spread_kw: Floats = field(repr=False)
    """Standard deviation of the error. Shape [T]."""

    def eur(self, net_kw: Floats) -> Floats:
        """Expected cost of a net load. Shape [..., T] to the same."""
        above = net_kw[..., None, :] - self.at_kw
        z = above / self._scale
        density = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
        expected = np.where(self.spread_kw > 0, self.spread_kw * density + above * ndtr(z), 0.0)
        paid = np.where(self.spread_kw > 0, expected, np.maximum(above, 0.0))
        straight = self.offset_eur + self.slope_eur * net_kw
        cost: Floats = straight + (self.rise_eur * paid).sum(axis=-2)
        return cost

    def marginal_eur(self, net_kw: Floats) -> Floats:
        """Slope of the expected cost; at a kink without error, that above it. Shape [T]."""
        above = net_kw - self.at_kw
        share = np.where(self.spread_kw > 0, ndtr(above / self._scale), above >= 0)
        slope: Floats = self.slope_eur + (self.rise_eur * share).sum(axis=0)
        return slope

    @property
    def _scale(self) -> Floats:
        return np.where(self.spread_kw > 0, self.spread_kw, 1.0)


def meter_cost(problem: DistrictProblem) -> MeterCost:
    """The cost at the meter of `problem`."""
    meter, h, T = problem.meter, problem.slot_h, problem.slots
    sell, shared_kw = meter.sell_eur_per_kwh, np.broadcast_to(meter.shared_kw, T)
    shared = np.where(shared_kw > 0, meter.shared_eur_per_kwh, sell)
    kinks = [
        (-shared_kw, shared - sell),
        (np.zeros(T), meter.buy_eur_per_kwh - shared),
        (np.maximum(meter.subscribed_kw, 0.0), meter.overrun_eur_per_kwh),
        *((np.maximum(limit.kw, 0.0), limit.eur_per_kwh) for limit in meter.limits),
    ]
    rising = [(at, rise) for at, rise in kinks if (rise > 0).any()]
    return MeterCost(
        at_kw=np.stack([at for at, _ in rising]) if rising else np.zeros((0, T)),
        rise_eur=h * np.stack([rise for _, rise in rising]) if rising else np.zeros((0, T)),
        slope_eur=h * sell,
        offset_eur=-h * (shared - sell) * shared_kw,
        spread_kw=np.broadcast_to(meter.spread_kw, T),
    )
