"""From planned powers to currents that cars can follow: none, or 6 A and more, in whole amperes.

`car_steps.py` finds powers that cars can follow at the plan's prices; here they become whole
amperes. What rounding takes from a car in one slot is owed to it in the next, so that its energy
until it leaves is the planned one. Cars that leave first are served first; groups and the feeder
hold in every slot. What is left goes to free charge points, so that a car that comes between two
plans charges at once.
"""

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
    slots, order = len(planned_kw), np.argsort([session.hours for session in wanting])
    groups = {session.point.group for session in wanting}
    currents, owed_kwh = np.zeros_like(planned_kw), np.zeros(len(wanting))
    after = np.cumsum(planned_kw[::-1], axis=0)[::-1] - planned_kw
    left = []
    for slot in range(slots):
        room = Headroom.of(park, sorted(groups))
        for car in order:
            share = present[slot, car]
            if share <= 0:
                continue
            session, unit_kw = wanting[car], per_ampere_kw(wanting[car], park)
            wish_kw = (planned_kw[slot, car] + owed_kwh[car] / SLOT_H) / share
            most_kw = min(session.power_kw_max, room.within(session.point.group))
            last = after[slot, car] * SLOT_H < 1e-3
            current = _admissible_a(wish_kw / unit_kw, most_kw / unit_kw, park, last=last)
            owed_kwh[car] += (planned_kw[slot, car] - current * unit_kw * share) * SLOT_H
            room.take(session.point.group, current * unit_kw)
            currents[slot, car] = current
        left.append(room)
    return currents, left


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
    least = [park.least_current_a * per_ampere_kw(session, park) for session in wanting]
    charging = Charging(
        planned_kw=planned_kw,
        least_kw=present * np.array(least),
        most_kw=present * np.array([session.power_kw_max for session in wanting]),
        price_eur=price_eur,
        line=group,
        line_kw=np.maximum(loads, park.group_kw),
        feeder_kw=np.maximum(planned_kw.sum(axis=1), park.feeder_kw),
    )
    return stepped_kw(charging)


def _admissible_a(wish_a: float, most_a: float, park: CarPark, *, last: bool) -> float:
    """The nearest current that a car can follow; the next above in its last slot."""
    least = park.least_current_a
    if wish_a < (0.15 * least if last else 0.5 * least) or most_a < least - 1e-9:
        return 0.0
    whole = np.ceil(wish_a - 1e-6) if last else np.round(wish_a)
    return float(np.clip(whole, least, max(least, np.floor(most_a + 1e-9))))


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
    in_group: dict[str, float] = defaultdict(float)
    for session, count in zip(waiting, counted, strict=True):
        in_group[session.point.group] += count
    for slot, room in enumerate(left):
        rest = Headroom(room.feeder_kw, {g: room.group_kw.get(g, park.group_kw) for g in in_group})
        fair_kw = {
            g: min(rest.group_kw[g] / n, room.feeder_kw / counted.sum())
            for g, n in in_group.items()
        }
        for point in order:
            session = waiting[point]
            current = _welcome_a(session, fair_kw[session.point.group], park)
            power_kw = current * per_ampere_kw(session, park) * counted[point]
            if power_kw <= rest.within(session.point.group) + 1e-9:
                rest.take(session.point.group, power_kw)
                currents[slot, point] = current
    return currents


def _counted(waiting: Sequence[Session]) -> Floats:
    """Part of a car for which room is kept at each charge point. Shape [points]."""
    free = Counter(s.point.group for s in waiting if s.plug is Plug.FREE)
    coming = {group: max(COMING_LEAST, COMING_SHARE * count) for group, count in free.items()}
    return np.array(
        [
            min(1.0, coming[s.point.group] / free[s.point.group]) if s.plug is Plug.FREE else 1.0
            for s in waiting
        ]
    )


def _welcome_a(session: Session, fair_kw: float, park: CarPark) -> float:
    """The current of a fair share of power; never less than a car can follow."""
    whole = np.floor(fair_kw / per_ampere_kw(session, park) + 1e-9)
    return float(np.clip(whole, park.least_current_a, session.point.current_a_max))
