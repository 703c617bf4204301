"""From planned powers to currents that cars can follow: none, or 6 A and more, in whole amperes.

`car_steps.py` finds powers that cars can follow at the plan's prices; here they become whole
amperes. What rounding takes from a car in one slot is owed to it in the next, so that its energy
until it leaves is the planned one. A car in a hurry is never rounded down. Such cars are served
first, then those that leave first; groups and the feeder hold in every slot. What is left goes to
free charge points, so that a car that comes between two plans charges at once.

6 A bounds what a charge point may say, not what a car takes: a nearly full battery on three phases
takes less of each. It is let have 6 A and planned with what it takes.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ems.domain.district import CarPark
from ems.domain.slots import SLOT_H
from ems.optimizer.car_steps import Charging, stepped_kw
from ems.optimizer.problem import Floats
from ems.optimizer.sessions import Plug, Session

COMING_SHARE = 0.25
"""Of the free charge points of a group, those that may get a car before the next plan."""
COMING_LEAST = 2.0
"""At least so many."""
OWED_KWH = 0.02
"""A car that is owed less than this when it leaves is not made to charge for it."""
NEARLY_FULL = 0.9
"""A car in a hurry that is to take this much of what it can takes all of it."""


@dataclass
class Headroom:
    """What is left in one slot under the limits of groups and feeder, kW."""

    feeder_kw: float
    group_kw: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, park: CarPark, groups: Sequence[str]) -> "Headroom":
        """All of it."""
        return cls(park.feeder_kw, dict.fromkeys(groups, park.group_kw))

    def within(self, group: str) -> float:
        """What one more charge point of `group` may take."""
        return min(self.feeder_kw, self.group_kw[group])

    def take(self, group: str, power_kw: float) -> None:
        """Some of it is used."""
        self.feeder_kw -= power_kw
        self.group_kw[group] -= power_kw


def per_ampere_kw(session: Session, park: CarPark) -> float:
    """Power of one ampere in each of the phases in use."""
    return session.phases * park.voltage_v / 1000


def least_kw(session: Session, park: CarPark) -> float:
    """What a car takes at the least current: that current's power, or less by itself."""
    return min(park.least_current_a * per_ampere_kw(session, park), session.power_kw_max)


def car_currents_a(
    planned_kw: Floats,
    present: Floats,
    wanting: Sequence[Session],
    park: CarPark,
    price_eur: Floats | None = None,
) -> tuple[Floats, list[Headroom]]:
    """Currents of the cars [slots, cars], and what is left in each slot.

    `planned_kw` [slots, cars] are means over slots of which the car is there `present` of the time;
    `price_eur` [slots, cars] is what a kW costs in a slot by the plan's prices, the same if unsaid.
    """
    price = np.zeros_like(planned_kw) if price_eur is None else price_eur
    planned_kw = _followed_kw(planned_kw, present, wanting, park, price)
    groups = sorted({session.point.group for session in wanting})
    cars = [_Rounded(session, park, planned_kw[:, c]) for c, session in enumerate(wanting)]
    order = sorted(range(len(cars)), key=lambda c: (wanting[c].has_time, wanting[c].hours))
    currents, left = np.zeros_like(planned_kw), []
    for slot, shares in enumerate(present):
        room = Headroom.of(park, groups)
        for c in order:
            if shares[c] > 0:
                currents[slot, c] = cars[c].served(slot, float(shares[c]), room)
        left.append(room)
    return currents, left


class _Rounded:
    """One car, slot by slot, with what it is owed."""

    def __init__(self, session: Session, park: CarPark, planned_kw: Floats) -> None:
        self._session, self._least_a = session, park.least_current_a
        self._unit_kw, self._least_kw = per_ampere_kw(session, park), least_kw(session, park)
        own_a = max(self._least_a, math.ceil(session.power_kw_max / self._unit_kw - 1e-9))
        self._own_a = min(session.point.current_a_max, own_a)
        self._planned_kw: list[float] = planned_kw.tolist()
        self._after_kwh = ((planned_kw[::-1].cumsum()[::-1] - planned_kw) * SLOT_H).tolist()
        self._owed_kwh = 0.0

    def served(self, slot: int, share: float, room: Headroom) -> float:
        """Its current in a slot of which it is there `share`, taken from `room`."""
        group, unit_kw = self._session.point.group, self._unit_kw
        wish_kwh = self._planned_kw[slot] * SLOT_H + self._owed_kwh
        most_a = min(self._own_a, room.within(group) / unit_kw)
        last = self._after_kwh[slot] < 1e-3
        if self._session.has_time and not last:
            current = self._nearest_a(wish_kwh / SLOT_H / share, most_a)
        else:
            current = self._not_less_a(wish_kwh, share, most_a)
        room.take(group, current * unit_kw)
        taken_kw = min(current * unit_kw, self._session.power_kw_max)
        self._owed_kwh = wish_kwh - taken_kw * share * SLOT_H
        return current

    def _nearest_a(self, wish_kw: float, most_a: float) -> float:
        if wish_kw < 0.5 * self._least_kw:
            return 0.0
        return self._within_a(round(wish_kw / self._unit_kw), most_a)

    def _not_less_a(self, wish_kwh: float, share: float, most_a: float) -> float:
        if wish_kwh < OWED_KWH:
            return 0.0
        wish_a = wish_kwh / SLOT_H / share / self._unit_kw
        full = not self._session.has_time and wish_a >= NEARLY_FULL * most_a
        return self._within_a(most_a if full else math.ceil(wish_a - 1e-6), most_a)

    def _within_a(self, whole_a: float, most_a: float) -> float:
        """A current that the car can follow and that there is; none if there is too little."""
        most = math.floor(most_a + 1e-9)
        return float(min(max(whole_a, self._least_a), most)) if most >= self._least_a else 0.0


def _followed_kw(
    planned_kw: Floats,
    present: Floats,
    wanting: Sequence[Session],
    park: CarPark,
    price_eur: Floats,
) -> Floats:
    """Powers that cars can follow in place of the planned ones. Shape [slots, cars]."""
    names = sorted({session.point.group for session in wanting})
    group = np.array([names.index(s.point.group) for s in wanting], dtype=np.intp)
    loads = np.zeros((len(names), len(planned_kw)))
    np.add.at(loads, group, planned_kw.T)
    least = [least_kw(session, park) for session in wanting]
    charging = Charging(
        planned_kw=planned_kw,
        least_kw=present * np.array(least),
        most_kw=present * np.array([session.power_kw_max for session in wanting]),
        price_eur=price_eur,
        line=group,
        line_kw=np.maximum(loads, park.group_kw),
        feeder_kw=np.maximum(planned_kw.sum(axis=1), park.feeder_kw),
        waits=np.array([session.has_time for session in wanting], dtype=np.bool_),
    )
    return stepped_kw(charging)


def welcome_currents_a(
    waiting: Sequence[Session], left: Sequence[Headroom], park: CarPark
) -> Floats:
    """Limits of charge points without a known car, within what is left. Shape [slots, points].

    Room is made for the cars that may come before the next plan, a part of the free charge points
    of each group, not for all at once: a car that comes gets its full current if there is any. Its
    neighbours' load management holds the limits should more come than that. When there is less than
    a car can follow, as many as fit get the least current; those that don't answer first, as they
    may be charging by themselves.
    """
    currents = np.zeros((len(left), len(waiting)))
    order = sorted(range(len(waiting)), key=lambda p: waiting[p].plug is not Plug.UNKNOWN)
    counted = _counted(waiting)
    whole = sum(counted)
    in_group: dict[str, float] = defaultdict(float)
    for session, count in zip(waiting, counted, strict=True):
        in_group[session.point.group] += count
    for slot, room in enumerate(left):
        rest = Headroom(room.feeder_kw, {g: room.group_kw.get(g, park.group_kw) for g in in_group})
        fair_kw = {
            g: min(rest.group_kw[g] / n, room.feeder_kw / whole) for g, n in in_group.items()
        }
        for point in order:
            session = waiting[point]
            current = _welcome_a(session, fair_kw[session.point.group], park)
            power_kw = current * per_ampere_kw(session, park) * counted[point]
            if power_kw <= rest.within(session.point.group) + 1e-9:
                rest.take(session.point.group, power_kw)
                currents[slot, point] = current
    return currents


def _counted(waiting: Sequence[Session]) -> list[float]:
    """Part of a car for which room is kept at each charge point."""
    free = Counter(s.point.group for s in waiting if s.plug is Plug.FREE)
    coming = {group: max(COMING_LEAST, COMING_SHARE * count) for group, count in free.items()}
    return [
        min(1.0, coming[s.point.group] / free[s.point.group]) if s.plug is Plug.FREE else 1.0
        for s in waiting
    ]


def _welcome_a(session: Session, fair_kw: float, park: CarPark) -> float:
    """The current of a fair share of power; never less than a car can follow."""
    whole = math.floor(fair_kw / per_ampere_kw(session, park) + 1e-9)
    return float(min(max(whole, park.least_current_a), session.point.current_a_max))
