"""Why each setpoint is what it is: simple, true and readable, from the course of the plan.

A reason is a code and a figure, in arrays `[slots, things]` until the last moment; things with the
same reasons share one tuple of them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import District
from ems.domain.forecasts import Forecasts
from ems.domain.plans import Reason, ReasonCode
from ems.domain.slots import SLOT_H
from ems.optimizer.course import Course, building_heat_kw
from ems.optimizer.problem import Floats
from ems.optimizer.sessions import cars_of
from ems.optimizer.statement import Statement

Codes = NDArray[np.intp]

SMALL_SHARE = 0.02
"""Less than this share of a room's greatest power is no heating."""
STORED_K = 0.15
"""Air this much above its floor is stored heat."""
AHEAD_SLOTS = 24
"""How far ahead a dearer time counts as the reason for preheating."""
SURPLUS_KW = 1.0
"""Sun that counts as a surplus."""
FULL_SHARE = 0.98
"""A limit used to this share binds."""
HURRY_H = 1.0
"""A car that leaves within this of the time it needs is charged because it leaves."""
FLAT_EUR_PER_KWH = 1e-3
"""Prices closer than this are the same."""


@dataclass(frozen=True, kw_only=True)
class Because:
    """Reasons as arrays. Both have shape [slots, things]."""

    code: Codes
    """`ReasonCode` as an integer."""
    value: Floats
    """The figure that goes with each; NaN for none."""

    def of(self, thing: int) -> tuple[Reason, ...]:
        """The reasons of one thing, one for each slot."""
        return tuple(self._reasons[:, thing])

    @cached_property
    def _reasons(self) -> NDArray[np.object_]:
        """Equal ones are one object. Shape [slots, things]."""
        values, of_value = np.unique(np.round(self.value, 4), return_inverse=True)
        pairs = self.code * values.size + of_value.reshape(self.code.shape)
        found, place = np.unique(pairs, return_inverse=True)
        each = np.empty(found.size, dtype=object)
        for k, pair in enumerate(found.tolist()):
            code, value = divmod(pair, values.size)
            each[k] = Reason(ReasonCode(code), float(values[value]))
        reasons: NDArray[np.object_] = each[place.reshape(self.code.shape)]
        return reasons


class Motives:
    """Fills in reasons, strongest last: what is said later replaces what was said before."""

    def __init__(self, shape: tuple[int, ...], code: ReasonCode) -> None:
        self._code = np.full(shape, int(code), dtype=np.intp)
        self._value = np.full(shape, np.nan)

    def say(self, where: NDArray[np.bool_], code: ReasonCode, value: Floats | float) -> None:
        """Where `where` holds, the reason is `code` with `value`; broadcast to [slots, things]."""
        at = np.broadcast_to(where, self._code.shape)
        self._code[at] = int(code)
        self._value[at] = np.broadcast_to(value, self._code.shape)[at]

    def done(self) -> Because:
        """All of them."""
        return Because(code=self._code, value=self._value)


def constant(code: ReasonCode, slots: int, value: float = float("nan")) -> tuple[Reason, ...]:
    """One reason for all slots."""
    return (Reason(code, value),) * slots


@dataclass(frozen=True, kw_only=True)
class Market:
    """Prices and limits that explain. Every array has shape [slots, 1] but where said."""

    price: Floats
    """Import, EUR/kWh."""
    ahead: Floats
    """Greatest price within some hours."""
    cheap: NDArray[np.bool_]
    """Below the median of the horizon."""
    dear: NDArray[np.bool_]
    """Above it."""
    surplus_kw: Floats
    """Sun that nothing else takes."""
    full: NDArray[np.bool_]
    """Whether import stands at what the plan keeps within the limit."""
    asked: NDArray[np.bool_]
    """Whether that limit is the cap of an event."""
    limit_kw: Floats
    """Of import: the subscribed power, or the cap of an event."""

    @classmethod
    def of(cls, statement: Statement, made: Course, forecasts: Forecasts) -> "Market":
        """The market of one plan."""
        price = forecasts["price/import_eur_per_kwh"]
        ahead = np.array([price[s : s + AHEAD_SLOTS].max() for s in range(len(price))])
        grid, usual = statement.problem.grid, np.median(price)
        return cls(
            price=price[:, None],
            ahead=ahead[:, None],
            cheap=(price < usual - FLAT_EUR_PER_KWH)[:, None],
            dear=(price > usual + FLAT_EUR_PER_KWH)[:, None],
            surplus_kw=made.surplus_kw[:, None],
            full=(made.net_kw >= FULL_SHARE * grid.kept_kw)[:, None],
            asked=grid.asked[:, None],
            limit_kw=grid.limit_kw[:, None],
        )

    @property
    def sunny(self) -> NDArray[np.bool_]:
        """Whether there is surplus sun."""
        return self.surplus_kw > SURPLUS_KW

    def say_full(self, why: Motives, where: NDArray[np.bool_]) -> None:
        """Where `where` holds and import stands at its limit, that is why."""
        full = where & self.full
        why.say(full, ReasonCode.CONNECTION_FULL, self.limit_kw)
        why.say(full & self.asked, ReasonCode.GRID_EVENT, self.limit_kw)


def heating(statement: Statement, made: Course, market: Market, most_kw: Floats) -> Because:
    """Why each room is heated or not. Things are rooms; `most_kw` [n]."""
    low = statement.rooms.bands.low_c
    on = is_on(made.heat_kw, most_kw)
    later = np.cumsum(on[::-1], axis=0)[::-1] > 0
    stored = made.air_c > low + STORED_K
    why = Motives(on.shape, ReasonCode.NOT_NEEDED)
    why.say(~on & stored & later, ReasonCode.COAST, market.price)
    why.say(on, ReasonCode.COMFORT, np.nan)
    why.say(on & stored, ReasonCode.PREHEAT, market.ahead)
    why.say(on & stored & market.sunny, ReasonCode.SOLAR, market.surplus_kw)
    building = statement.rooms.building
    binds = substation_full(statement, made)[:, building]
    limit = statement.problem.plant.substation_heat_kw_max[building]
    why.say(on & ~stored & binds, ReasonCode.CAPACITY_FULL, limit)
    return why.done()


def cooling(made: Course, market: Market, most_kw: Floats) -> Because:
    """Why each room is cooled or not. Things are rooms."""
    on = is_on(made.cool_kw, most_kw)
    why = Motives(on.shape, ReasonCode.NOT_NEEDED)
    why.say(on, ReasonCode.COMFORT, np.nan)
    why.say(on & market.sunny, ReasonCode.SOLAR, market.surplus_kw)
    return why.done()


def tanks(statement: Statement, made: Course, market: Market) -> Because:
    """Why each tank is charged or not. Things are tanks."""
    tanks = statement.problem.tanks
    on = made.tank_kw > SMALL_SHARE * tanks.charge_kw_max
    why = Motives(on.shape, ReasonCode.NOT_NEEDED)
    why.say(~on & market.dear, ReasonCode.DEAR, market.price)
    why.say(on, ReasonCode.COMFORT, np.nan)
    why.say(on & market.cheap, ReasonCode.CHEAP, market.price)
    why.say(on & market.sunny, ReasonCode.SOLAR, market.surplus_kw)
    shared = made.shared_heat_kw[:, None]
    why.say(on & (shared > SURPLUS_KW), ReasonCode.SHARED_HEAT, shared)
    why.say(on & (made.tank_c < tanks.low_c + STORED_K), ReasonCode.HYGIENE, np.nan)
    return why.done()


def batteries(made: Course, market: Market, power_kw_max: Floats) -> Because:
    """Why each battery charges or discharges. Things are batteries."""
    small = SMALL_SHARE * power_kw_max
    charges, discharges = made.battery_kw > small, made.battery_kw < -small
    why = Motives(charges.shape, ReasonCode.NOT_NEEDED)
    why.say(charges | (discharges & ~market.full), ReasonCode.CHEAP, market.price)
    why.say(discharges, ReasonCode.DEAR, market.price)
    why.say(charges & market.sunny, ReasonCode.SOLAR, market.surplus_kw)
    market.say_full(why, discharges)
    return why.done()


def cars(statement: Statement, made: Course, market: Market, district: District) -> Because:
    """Why each car charges or waits. Things are the cars of the programme."""
    wanting, park = cars_of(statement.sessions), district.car_park
    slots = len(made.net_kw)
    passed = np.arange(slots)[:, None] * SLOT_H
    hours = np.array([s.hours for s in wanting])[None] - passed
    charged = np.cumsum(made.car_kw, axis=0) * SLOT_H - made.car_kw * SLOT_H
    most = np.array([s.power_kw_max for s in wanting])
    need_h = (np.array([s.wanted_kwh for s in wanting]) - charged) / np.maximum(most, 1e-6)
    on, wants = made.current_a > 0, (need_h * most > 0.1) & (hours > 0)
    full = made.car_kw.sum(axis=1)[:, None] >= FULL_SHARE * park.feeder_kw
    of_group = np.array([[s.point.group == t.point.group for t in wanting] for s in wanting])
    in_group = made.car_kw @ of_group.reshape(len(wanting), len(wanting)).astype(float)
    group_full = in_group >= FULL_SHARE * park.group_kw
    held_back = (made.car_kw < 0.9 * most) & wants
    why = Motives((slots, len(wanting)), ReasonCode.NOT_NEEDED)
    why.say(~on & wants, ReasonCode.DEAR, market.price)
    market.say_full(why, ~on & wants)
    why.say(on, ReasonCode.DEPARTURE, np.maximum(hours, 0.0))
    why.say(on & market.cheap, ReasonCode.CHEAP, market.price)
    why.say(on & market.sunny, ReasonCode.SOLAR, market.surplus_kw)
    hurry = on & (hours < need_h + HURRY_H)
    why.say(hurry, ReasonCode.DEPARTURE, np.maximum(hours, 0.0))
    why.say(held_back & group_full, ReasonCode.FEEDER_FULL, park.group_kw)
    why.say(held_back & full, ReasonCode.FEEDER_FULL, park.feeder_kw)
    return why.done()


def is_on(power_kw: Floats, most_kw: Floats) -> NDArray[np.bool_]:
    """Where a power is more than next to nothing. Shape of `power_kw` [slots, things]."""
    return (power_kw > SMALL_SHARE * most_kw) & (most_kw > 0)


def substation_full(statement: Statement, made: Course) -> NDArray[np.bool_]:
    """Where a substation, or the whole plant, gives all it can. Shape [slots, H]."""
    plant = statement.problem.plant
    load = building_heat_kw(statement, made)
    plant_full = load.sum(axis=1) >= FULL_SHARE * plant.heat_kw_max
    full: NDArray[np.bool_] = load >= FULL_SHARE * plant.substation_heat_kw_max
    full |= plant_full[:, None]
    return full
