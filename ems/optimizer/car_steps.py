"""Planned powers of cars made such that cars can follow them: nothing, or 6 A and more.

Sessions are taken in order of departure. Each looks for the powers that cost least at the plan's
prices, with a price rho / 2 on how far all cars together are from their plan in a slot, so that
later sessions make up for what earlier ones could not do:

    min over p of  sum c p + rho / 2 (off + p - planned)^2,     p = 0 or least <= p <= most,
    with the session's planned energy.

As the worth of energy rises, one slot after the other enters with its least power and then rises to
its most, so the slots that charge are the first that enter, and the powers in them fill up evenly:
both are found by sorting. A car that wants less than the least power of a slot takes that all the
same and stops by itself. Lines and feeder hold: a session may take what cars before it left and
cars after it are planned to leave. Cars in a hurry stay as planned.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

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
    waits: NDArray[np.bool_]
    """Whether each may be moved; one in a hurry may not. Shape [n]."""


def stepped_kw(charging: Charging, stiffness_eur: float = STIFFNESS_EUR) -> Floats:
    """Powers that cars can follow, with the planned energy of each where that can be. [T, n].

    `stiffness_eur` is rho, EUR per kW² and slot.
    """
    planned = charging.planned_kw
    power, lines = planned.copy(), np.zeros_like(charging.line_kw)
    np.add.at(lines, charging.line, planned.T)
    left, free = charging.line_kw - lines, charging.feeder_kw - planned.sum(axis=1)
    off = np.zeros(planned.shape[0])
    order = in_order_of_departure(charging.most_kw)
    for car in np.tile(order[charging.waits[order]], PASSES):
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
        wanted, power = float(self.planned_kw.sum()), np.zeros_like(self.planned_kw)
        possible = np.flatnonzero(self.most_kw >= self.least_kw)
        if wanted > ENERGY_OFF_KW and possible.size:
            on = self._slots_that_charge(wanted, possible)
            power[on] = self._with_energy(wanted, on)
        return power

    def _slots_that_charge(self, wanted: float, possible: Indices) -> Indices:
        """The first that enter until the energy fits, without the last if it fits without it."""
        own, least, most = (
            self._at_nothing[possible],
            self.least_kw[possible],
            self.most_kw[possible],
        )
        enters = own + 0.5 * self.stiffness_eur * least
        order = np.argsort(enters, kind="stable")
        at, own, least, most = enters[order], own[order], least[order], most[order]
        aimed = np.clip((at[:, None] - own) / self.stiffness_eur, least, most)
        before = np.tril(aimed, -1).sum(axis=1)
        count = int((before < wanted).sum())
        too_much = least[:count].sum() > wanted * (1 + 1e-9)
        if too_much and most[: count - 1].sum() >= wanted:
            count -= 1
        chosen: Indices = possible[order[:count]]
        return chosen

    def _with_energy(self, wanted: float, on: Indices) -> Floats:
        """Powers of the slots that charge, with exactly the energy where it can be."""
        own, least, most = self._at_nothing[on], self.least_kw[on], self.most_kw[on]
        bends = np.concatenate([own + self.stiffness_eur * least, own + self.stiffness_eur * most])
        worths = np.sort(bends)
        filled = np.clip((worths[:, None] - own) / self.stiffness_eur, least, most).sum(axis=1)
        worth = np.interp(wanted, filled, worths)
        power: Floats = np.clip((worth - own) / self.stiffness_eur, least, most)
        return power

    @property
    def _at_nothing(self) -> Floats:
        """What the first kW of each slot costs."""
        own: Floats = self.price_eur + self.stiffness_eur * (self.off_kw - self.planned_kw)
        return own
