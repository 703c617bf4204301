"""From the course of a plan to what each device understands: temperatures, limits, currents.

A plan is in kW, a thermostat takes a temperature and keeps its own fast loop. While a room is
heated, its thermostat stands at the air temperature planned for the end of the slot; else it stands
at the room's floor, so that one that is colder than foreseen is still kept comfortable.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ems.domain.district import DeviceKind, District
from ems.domain.plans import Reason, ReasonCode, SetpointRow
from ems.domain.points import Unit, point_id
from ems.optimizer import reasons
from ems.optimizer.course import Course
from ems.optimizer.currents import welcome_currents_a
from ems.optimizer.problem import Floats
from ems.optimizer.reasons import Market, constant
from ems.optimizer.sessions import Plug, Session, cars_of
from ems.optimizer.setpoint_rows import raised, row, rows
from ems.optimizer.statement import Statement
from ems.optimizer.stock import RoomStock
from ems.optimizer.supply import substation

DWELLING_C = (15.0, 26.0)
"""No plan sets a dwelling outside this."""
ZONE_HEAT_C = (10.0, 25.0)
"""No plan heats another zone outside this."""
ZONE_COOL_C = (21.0, 35.0)
"""No plan cools another zone outside this."""
APART_K = 1.0
"""Cooling starts at least this much above heating."""
SUPPLY_C = (20.0, 60.0)
"""Heating supply temperature of a substation."""
LIMIT_STEP_KW = 1.0
"""Charging limits of tanks are rounded up to this."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What setpoints are made of."""

    district: District
    stock: RoomStock
    statement: Statement
    made: Course
    market: Market

    @property
    def slots(self) -> int:
        """Slots of the plan."""
        return self.statement.horizon.length


def setpoint_rows(order: Order) -> tuple[SetpointRow, ...]:
    """One row for each point that the plan commands."""
    return (
        *_rooms(order),
        *_substations(order),
        *_heat_pumps(order),
        *_cars(order),
        *_other_charge_points(order),
        *_roofs(order),
        *_batteries(order),
    )


def _rooms(order: Order) -> Iterator[SetpointRow]:
    stock, made, device = order.stock, order.made, order.stock.devices
    has_device = np.array([bool(name) for name in device], dtype=bool)
    homes = np.flatnonzero(stock.is_dwelling & has_device)
    zones = np.flatnonzero(~stock.is_dwelling & has_device)
    cooled = zones[stock.cool_kw_max[zones] > 0]
    why_heat = reasons.heating(order.statement, made, order.market, stock.heat_kw_max)
    why_cool = reasons.cooling(made, order.market, stock.cool_kw_max)
    lift = _lift_k(order)
    floor = stock.wish_c + order.district.comfort.margin_k + lift
    heat = order.statement.rooms.bands.low_c + lift
    cool = np.maximum(_cool_c(order), heat + APART_K)
    for name, which, values, why, bounds in (
        ("setpoint_c", homes, floor, why_heat, DWELLING_C),
        ("heat_setpoint_c", zones, heat, why_heat, ZONE_HEAT_C),
        ("cool_setpoint_c", cooled, cool, why_cool, ZONE_COOL_C),
    ):
        points = [point_id(device[room], name) for room in which]
        because = [why.of(room) for room in which]
        low, high = bounds
        yield from rows(points, values[:, which], because, unit=Unit.CELSIUS, low=low, high=high)


def _celsius(
    device: str,
    name: str,
    values: ArrayLike,
    because: Sequence[Reason],
    bounds: tuple[float, float],
) -> SetpointRow:
    return row(device, name, values, because, unit=Unit.CELSIUS, low=bounds[0], high=bounds[1])


def _lift_k(order: Order) -> Floats:
    """How far above its floor each room is to be heated. Shape [slots, n]."""
    bands, made = order.statement.rooms.bands, order.made
    on = reasons.is_on(made.heat_kw, order.stock.heat_kw_max)
    planned = np.clip(made.air_c, bands.low_c, np.maximum(bands.high_c, bands.low_c))
    return np.where(on, planned - bands.low_c, 0.0)


def _cool_c(order: Order) -> Floats:
    """Cooling thermostats of each room. Shape [slots, n]."""
    bands, made = order.statement.rooms.bands, order.made
    on = reasons.is_on(made.cool_kw, order.stock.cool_kw_max)
    ceiling = np.minimum(bands.ceiling_c, ZONE_COOL_C[1])
    return np.where(on, np.clip(made.air_c, bands.low_c + APART_K, ceiling), ceiling)


def _substations(order: Order) -> Iterator[SetpointRow]:
    made, plant = order.made, order.statement.problem.plant
    full = reasons.substation_full(order.statement, made)
    because = reasons.tanks(order.statement, made, order.market)
    for h, (name, building) in enumerate(order.district.heated.items()):
        device = order.district.device_of.get((DeviceKind.SUBSTATION, name))
        if device is None:
            continue
        spec, limit = substation(building), float(plant.substation_heat_kw_max[h])
        why = reasons.Motives((order.slots, 1), ReasonCode.UNLIMITED)
        why.say(full[:, h : h + 1], ReasonCode.CAPACITY_FULL, limit)
        supply_c = order.district.plant.heating_supply_c
        comfort = constant(ReasonCode.COMFORT, order.slots)
        yield _celsius(device.id, "heating_setpoint_c", supply_c, comfort, SUPPLY_C)
        yield row(
            device.id,
            "heat_limit_kw",
            limit,
            why.done().of(0),
            unit=Unit.KILOWATT,
            low=0.0,
            high=limit,
        )
        charge = made.tank_kw[:, h]
        on = charge > reasons.SMALL_SHARE * spec.tank.charge_kw_max
        target = np.where(on, spec.tank.temp_high_c, spec.tank.temp_low_c)
        bounds = (spec.tank.temp_low_c, spec.tank.temp_high_c)
        yield _celsius(device.id, "tank_setpoint_c", target, because.of(h), bounds)
        yield row(
            device.id,
            "tank_charge_limit_kw",
            np.where(on, raised(charge, LIMIT_STEP_KW), 0.0),
            because.of(h),
            unit=Unit.KILOWATT,
            low=0.0,
            high=spec.tank.charge_kw_max,
        )


def _heat_pumps(order: Order) -> Iterator[SetpointRow]:
    made = order.made
    load = made.heat_kw.sum(axis=1) + made.tank_kw.sum(axis=1) + made.cool_kw.sum(axis=1)
    why = reasons.Motives((order.slots, 1), ReasonCode.NOT_NEEDED)
    why.say((load > 1.0)[:, None], ReasonCode.COMFORT, np.nan)
    shared = made.shared_heat_kw[:, None]
    why.say(shared > reasons.SURPLUS_KW, ReasonCode.SHARED_HEAT, shared)
    because, unlimited = why.done().of(0), constant(ReasonCode.UNLIMITED, order.slots)
    for device in order.district.of_kind(DeviceKind.HEAT_PUMP):
        yield _switch(device.id, "enable", 1.0, because)
        yield _percent(device.id, "heat_limit_pct", 100.0, unlimited)


def _cars(order: Order) -> Iterator[SetpointRow]:
    why = reasons.cars(order.statement, order.made, order.market, order.district)
    for c, session in enumerate(cars_of(order.statement.sessions)):
        yield _ampere(session, order.made.current_a[:, c], why.of(c))


def _other_charge_points(order: Order) -> Iterator[SetpointRow]:
    """Free ones, and those that don't answer, stand ready; cars that have all they wanted rest."""
    found, park = order.statement.sessions, order.district.car_park
    waiting = [s for s in found if s.plug in (Plug.FREE, Plug.UNKNOWN)]
    currents = welcome_currents_a(waiting, order.made.headroom, park)
    why = reasons.Motives(currents.shape, ReasonCode.UNLIMITED)
    why.say(currents < park.least_current_a, ReasonCode.FEEDER_FULL, park.group_kw)
    because = why.done()
    for p, session in enumerate(waiting):
        yield _ampere(session, currents[:, p], because.of(p))
    rest = constant(ReasonCode.NOT_NEEDED, order.slots)
    for session in found:
        if session.plug is Plug.DONE:
            yield _ampere(session, 0.0, rest)


def _ampere(session: Session, values: ArrayLike, because: Sequence[Reason]) -> SetpointRow:
    return row(
        session.device,
        "current_limit_a",
        values,
        because,
        unit=Unit.AMPERE,
        low=0.0,
        high=session.point.current_a_max,
    )


def _roofs(order: Order) -> Iterator[SetpointRow]:
    made = order.made
    taken = made.pv_kw - made.curtailed_kw
    share = np.divide(taken, made.pv_kw, out=np.ones_like(taken), where=made.pv_kw > 1e-6)
    limits = share < 0.99
    why = reasons.Motives((order.slots, 1), ReasonCode.UNLIMITED)
    why.say(limits[:, None], ReasonCode.CHEAP, order.market.price)
    because = why.done().of(0)
    capacity = sum(roof.inverter_kw for roof in order.district.pv_roofs.values())
    percent = np.where(limits, 100 * taken / max(capacity, 1e-6), 100.0)
    for roof in order.district.pv_roofs:
        device = order.district.device_of.get((DeviceKind.PV_INVERTER, roof))
        if device is not None:
            yield _percent(device.id, "power_limit_pct", percent, because)
            yield _switch(device.id, "limit_enable", limits, because)


def _batteries(order: Order) -> Iterator[SetpointRow]:
    batteries, made = order.statement.problem.batteries, order.made
    why = reasons.batteries(made, order.market, batteries.power_kw_max)
    idle = constant(ReasonCode.NOT_NEEDED, order.slots)
    for name, battery in order.district.batteries.items():
        device = order.district.device_of.get((DeviceKind.BATTERY, name))
        if device is None:
            continue
        known = name in batteries.names
        b = batteries.names.index(name) if known else 0
        because = why.of(b) if known else idle
        yield row(
            device.id,
            "power_setpoint_kw",
            made.battery_kw[:, b] if known else 0.0,
            because,
            unit=Unit.KILOWATT,
            low=-battery.power_kw,
            high=battery.power_kw,
        )
        yield _switch(device.id, "setpoint_enable", float(known), because)


def _switch(device: str, name: str, values: ArrayLike, because: Sequence[Reason]) -> SetpointRow:
    return row(device, name, values, because, unit=Unit.NONE, low=0.0, high=1.0, decimals=0)


def _percent(device: str, name: str, values: ArrayLike, because: Sequence[Reason]) -> SetpointRow:
    return row(device, name, values, because, unit=Unit.PERCENT, low=0.0, high=100.0)
