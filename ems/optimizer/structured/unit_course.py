"""How many units of the plant run in each slot, by a dynamic programme.

Buildings and tanks take heat somewhat earlier or later than a plan without units would have it, so
the state is: units that run, how long they may not stop or start again, and the heat that stands
ahead of the plan or is owed to it. Heat ahead is lost a little, heat owed is felt. The same
programme without storage gives the least that any course can cost, when heat has a price of its own
at the plant: a bound.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ems.optimizer.structured.problem import Floats, Indices

LEVELS = 61
"""Steps of heat ahead and owed."""
AHEAD_H, OWED_H = 1.5, 0.75
"""Greatest heat ahead and owed, hours of one unit at full load."""
MISSED_EUR_PER_KWH = 1.0
"""Price of heat that no unit can make, or that no one wants, beside rounding to levels."""


@dataclass(frozen=True, kw_only=True)
class Units:
    """Alike units of a plant."""

    heat: Indices
    """Groups whose load they serve."""
    count: int
    """How many there are."""
    unit_kw: float
    """Greatest load of one."""
    least_share: float = 0.3
    """Least load of one, as a part of that."""
    run_slots: int = 4
    """Slots that a unit runs at least."""
    pause_slots: int = 2
    """Slots that a unit pauses at least."""
    start_eur: float = 5.0
    """Price of a start."""
    running: int = 1
    """How many run now, and may be stopped."""


@dataclass(frozen=True, kw_only=True)
class Storage:
    """What moving heat in time costs, EUR per kWh and hour; of several those that did best."""

    ahead_eur: float = 0.01
    """Heat made earlier than planned."""
    owed_eur: float = 0.02
    """Heat made later."""


def unit_course(
    units: Units, heat_kw: Floats, price_eur: Floats, slot_h: float, storage: Storage
) -> Indices:
    """Units of each slot [T] for a plan of `heat_kw` [T], whose kW cost `price_eur` [T]."""
    level = np.linspace(-OWED_H, AHEAD_H, LEVELS) * units.unit_kw
    held = np.where(level > 0, storage.ahead_eur, -storage.owed_eur) * level * slot_h
    rounding = 0.5 * (level[1] - level[0]) / slot_h
    made = heat_kw[:, None, None] + (level - level[:, None]) / slot_h
    running = np.arange(units.count + 1)[:, None, None]
    costs = []
    for t in range(heat_kw.size):
        above = made[t] - running * units.unit_kw
        below = running * units.unit_kw * units.least_share - made[t]
        missed = np.maximum(np.maximum(above, below) - rounding, 0.0)
        paid = price_eur[t] * made[t] + MISSED_EUR_PER_KWH * slot_h * missed
        costs.append(paid + held)
    end = -np.median(price_eur) / slot_h * level
    return _Programme(units, costs, end).course(int(np.argmin(np.abs(level))))


def least_eur(units: Units, earned_eur: Floats) -> float:
    """The least that units can cost: starts, less `earned_eur` [T] for a kW of heat in each slot.

    Running and pausing times are left out, so that it is a bound for every rule about them.
    """
    most = np.arange(units.count + 1)[:, None, None] * units.unit_kw
    least = units.least_share * most
    costs = [-max(e, 0.0) * most - min(e, 0.0) * least for e in earned_eur]
    return _Programme(replace(units, run_slots=1, pause_slots=1), costs, np.zeros(1)).least(0)


class _Programme:
    """Backward over slots; a state is units, memory of the last change, level of heat.

    Memory m is 0, or 1 .. run - 1 slots in which nothing stops, or above these 1 .. pause - 1 slots
    in which nothing starts. `costs` has for each slot the cost [n + 1, level before, level after].
    """

    def __init__(self, units: Units, costs: list[Floats], end: Floats) -> None:
        self.units, self.costs = units, costs
        self.memories = units.run_slots + units.pause_slots - 1
        value = np.broadcast_to(end, (units.count + 1, self.memories, end.size))
        self.values = [value]
        for cost in reversed(costs):
            after = (cost[:, None] + value[:, :, None, :]).min(axis=-1)
            value = np.full_like(after, np.inf)
            for n, m, chosen, memory, paid in self._changes():
                value[n, m] = np.minimum(value[n, m], paid + after[chosen, memory])
            self.values.append(value)
        self.values.reverse()

    def least(self, level: int) -> float:
        """The least cost from the units that run now."""
        return float(self.values[0][self.units.running, 0, level])

    def course(self, level: int) -> Indices:
        """Units of each slot along a cheapest course."""
        n, m, course = self.units.running, 0, []
        for cost, value in zip(self.costs, self.values[1:], strict=True):
            options = [
                (paid + total.min(), chosen, memory, int(total.argmin()))
                for before, remembered, chosen, memory, paid in self._changes()
                if (before, remembered) == (n, m)
                for total in (cost[chosen, level % cost.shape[1]] + value[chosen, memory],)
            ]
            _, n, m, level = min(options)
            course.append(n)
        return np.array(course, dtype=np.intp)

    def _changes(self) -> Iterator[tuple[int, int, int, int, float]]:
        """Units and memory before and after, and what starting costs, of every change allowed."""
        run = self.units.run_slots
        for n in range(self.units.count + 1):
            for m in range(self.memories):
                yield n, m, n, m - 1 if m not in (0, run) else 0, 0.0
                for more in range(n + 1, self.units.count + 1) if m < run else ():
                    yield n, m, more, run - 1, (more - n) * self.units.start_eur
                for fewer in range(n) if m == 0 or m >= run else ():
                    paused = self.units.pause_slots - 1
                    yield n, m, fewer, run - 1 + paused if paused else 0, 0.0
