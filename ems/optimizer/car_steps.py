"""Planned powers of cars made such that cars can follow them: nothing, or 6 A and more.

Sessions are taken in order of departure. Each looks for the powers that cost least at the plan's
prices, with a price rho / 2 on how far all cars together are from their plan in a slot, so that
later sessions make up for what earlier ones could not do:

    min over p of  sum c p + rho / 2 (off + p - planned)^2,     p = 0 or least <= p <= most,
    with the session's planned energy.

For a given worth of energy each slot decides by itself, so that worth is found by bisection; which
slots charge is then fixed, and a second bisection finds powers in them with the exact energy. Lines
and feeder hold: a session may take what cars before it left and cars after it are planned to leave.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

BISECTIONS = 40
"""Halvings of the worth of energy."""
PASSES = 2
"""Times that each session is looked at, the later ones knowing what all others do."""
STIFFNESS_EUR = 0.01
"""rho, EUR per kW² and slot, unless said: of several the one that lost least."""
SOONER_EUR = 1e-7
"""Of slots that cost the same, a later one costs this much more a kW and slot."""
ENERGY_OFF_KW = 1e-6
"""Sum of powers by which a session may miss its energy and still be exact."""


@dataclass(frozen=True, kw_only=True)
class Charging:
    """Planned sessions: n of them over T slots."""

    planned_kw: Floats = field(repr=False)
    """Means of each slot. Shape [T, n]."""
    least_kw: Floats = field(repr=False)
    """Least power that a car follows, beside none. Shape [T, n]."""
    most_kw: Floats = field(repr=False)
    """Greatest power; zero where the car is away. Shape [T, n]."""
    price_eur: Floats = field(repr=False)
    """Cost of a kW in each slot by the plan's prices. Shape [T, n]."""
    line: Indices
    """Which line of charge points each stands at. Shape [n]."""
    line_kw: Floats = field(repr=False)
    """Limit of each line. Shape [L, T]."""
    feeder_kw: Floats = field(repr=False)
    """Limit of all together. Shape [T]."""


def stepped_kw(charging: Charging, stiffness_eur: float = STIFFNESS_EUR) -> Floats:
    """Powers that cars can follow, with the planned energy of each where that can be. [T, n].

    `stiffness_eur` is rho, EUR per kW² and slot.
    """
    planned = charging.planned_kw
    power, lines = planned.copy(), np.zeros_like(charging.line_kw)
    np.add.at(lines, charging.line, planned.T)
    left, free = charging.line_kw - lines, charging.feeder_kw - planned.sum(axis=1)
    off = np.zeros(planned.shape[0])
    for car in np.tile(in_order_of_departure(charging.most_kw), PASSES):
        line, there = charging.line[car], np.flatnonzero(charging.most_kw[:, car] > 0)
        before = power[there, car]
        room = before + np.minimum(left[line, there], free[there])
        session = _Session(
            planned_kw=planned[there, car],
            least_kw=charging.least_kw[there, car],
            most_kw=np.minimum(charging.most_kw[there, car], room),
            price_eur=charging.price_eur[there, car] + SOONER_EUR * there,
            off_kw=off[there] - (before - planned[there, car]),
            stiffness_eur=stiffness_eur,
        )
        moved = session.solved() - before
        power[there, car] += moved
        off[there] += moved
        free[there] -= moved
        left[line, there] -= moved
    return power


def in_order_of_departure(most_kw: Floats) -> Indices:
    """Cars by the last slot in which they can charge. Shape [n]."""
    slots = most_kw.shape[0]
    last = slots - 1 - np.argmax(most_kw[::-1] > 0, axis=0)
    order: Indices = np.argsort(last, kind="stable")
    return order


@dataclass(frozen=True, kw_only=True)
class _Session:
    """One car while it is there. Arrays have the shape of its slots."""

    planned_kw: Floats
    least_kw: Floats
    most_kw: Floats
    price_eur: Floats
    off_kw: Floats
    """What all other cars are off their plan."""
    stiffness_eur: float

    def solved(self) -> Floats:
        """Its powers."""
        wanted, possible = float(self.planned_kw.sum()), self.most_kw >= self.least_kw
        if wanted <= ENERGY_OFF_KW or not possible.any():
            return np.zeros_like(self.planned_kw)
        on = self._slots_that_charge(wanted, possible)
        if not on.any():
            return np.zeros_like(self.planned_kw)
        return np.where(on, self._with_energy(wanted, on), 0.0)

    def _slots_that_charge(self, wanted: float, possible: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The fewest in which the energy fits, else the most whose least does not exceed it."""
        low, high = self._range(possible)
        for _ in range(BISECTIONS):
            worth = 0.5 * (low + high)
            if self._free_kw(worth, possible).sum() < wanted:
                low = worth
            else:
                high = worth
        on: NDArray[np.bool_] = self._free_kw(high, possible) > 0
        fits = self.least_kw[on].sum() <= wanted * (1 + 1e-9)
        return on if fits else self._free_kw(low, possible) > 0

    def _with_energy(self, wanted: float, on: NDArray[np.bool_]) -> Floats:
        """Powers of the slots that charge, with exactly the energy where it can be."""
        low, high = self._range(on)
        for _ in range(BISECTIONS):
            worth = 0.5 * (low + high)
            if self._aimed_kw(worth)[on].sum() < wanted:
                low = worth
            else:
                high = worth
        return self._aimed_kw(high)

    def _aimed_kw(self, worth_eur: float) -> Floats:
        """Best power of each slot if it charges and a kW is worth `worth_eur`."""
        aim = self.planned_kw - self.off_kw - (self.price_eur - worth_eur) / self.stiffness_eur
        return np.clip(aim, self.least_kw, np.maximum(self.most_kw, self.least_kw))

    def _free_kw(self, worth_eur: float, possible: NDArray[np.bool_]) -> Floats:
        """Best power of each slot, none included."""
        aimed, off = self._aimed_kw(worth_eur), self.off_kw - self.planned_kw
        linear = self.price_eur - worth_eur + self.stiffness_eur * off
        gains = linear * aimed + 0.5 * self.stiffness_eur * aimed**2 < 0
        return np.where(possible & gains, aimed, 0.0)

    def _range(self, possible: NDArray[np.bool_]) -> tuple[float, float]:
        """Worths of a kW at which nothing, and all there is, is charged."""
        own = self.price_eur + self.stiffness_eur * (self.off_kw - self.planned_kw)
        steep = self.stiffness_eur * (self.most_kw + self.least_kw)
        return float(own[possible].min()) - 1.0, float((own + steep)[possible].max()) + 1.0
