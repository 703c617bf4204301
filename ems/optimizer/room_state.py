"""Where the rooms stand now: air as measured, mass as the measured air of the last day implies.

The mass can't be measured. It follows the air as a first-order filter, and what sun, people and
radiators put into the structure lifts it above; so the last day gives it, and what it was a day ago
has faded to a tenth. The sun of the last day is taken to be like that of the coming one, hour by
hour; the heat is what the substations measured.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import DeviceKind, District
from ems.domain.points import point_id
from ems.domain.slots import SLOT_H, Horizon, Slot
from ems.domain.snapshot import History, Snapshot
from ems.optimizer.gains import HEAT_TO_AIR, Gains
from ems.optimizer.groups import RoomStock

Floats = NDArray[np.float64]

PAST_SLOTS = 96
"""How much history the mass is estimated from."""
CREDIBLE_C = (-5.0, 50.0)
"""A room temperature outside this is taken for a sensor fault."""


@dataclass(frozen=True, kw_only=True)
class RoomState:
    """Rooms at the start of the plan."""

    floor_c: Floats
    """Of each dwelling: what its people chose, now, with the thermostat's margin; else 0. [n]"""
    offset_k: Floats
    """What the people of each dwelling changed on their thermostat; else 0. Shape [n]."""
    group_floor_c: Floats
    """Mean of that over each group. Shape [G]."""
    start_c: Floats
    """Air and mass of each group. Shape [G, 2]."""
    notes: tuple[str, ...] = field(default=())
    """Which groups had no measurement and what was taken instead."""


def room_points(stock: RoomStock) -> tuple[str, ...]:
    """Room temperatures, one for each member in its order."""
    return tuple(point_id(device, "room_temp_c") for device in stock.devices)


def heat_points(district: District) -> tuple[str, ...]:
    """Heating of each heated building, in their order."""
    devices = (district.device_of.get((DeviceKind.SUBSTATION, name)) for name in district.heated)
    return tuple(point_id(device.id if device else "", "heating_power_kw") for device in devices)


def history_points(stock: RoomStock, district: District) -> tuple[str, ...]:
    """The points of history that the estimate needs."""
    return (*room_points(stock), *heat_points(district))


def past_horizon(first: Slot) -> Horizon:
    """The slots of history before `first`."""
    return Horizon(first + -PAST_SLOTS, PAST_SLOTS)


def room_state(
    stock: RoomStock,
    district: District,
    *,
    first: Slot,
    snapshot: Snapshot,
    history: History,
    gains: Gains,
) -> RoomState:
    """The state of all groups, with a named fallback where nothing is measured."""
    offset = _offsets(stock, snapshot)
    lived_in = stock.wish_c > 0
    floor = np.where(lived_in, stock.wish_c + offset + district.comfort.margin_k, 0.0)
    group_floor = stock.group_mean(floor)
    points, horizon = room_points(stock), past_horizon(first)
    now = _credible(snapshot.values(points)) - floor
    past = _credible(history.quarter_hours(points, horizon)) - floor[:, None]
    air, notes = _filled(stock, stock.group_mean(now) + group_floor)
    trace = stock.group_mean(past) + group_floor[:, None]
    heat = _heat_kw(stock, history.quarter_hours(heat_points(district), horizon))
    into_mass = _day_before(gains.mass_kw) + (1 - HEAT_TO_AIR) * heat
    return RoomState(
        floor_c=floor,
        offset_k=offset,
        group_floor_c=group_floor,
        start_c=np.column_stack([air, mass_c(stock, trace, into_mass, air)]),
        notes=tuple(notes),
    )


def mass_c(stock: RoomStock, past_air_c: Floats, into_mass_kw: Floats, air_c: Floats) -> Floats:
    """Mass temperature after the measured air of the past. Shape [G].

    C_mass dT_mass/dt = coupling (T_air - T_mass) + into_mass, exactly over each slot with means
    held. Arrays of shape [G, slots]. Gaps in the air take the mean of what there is, and without
    any history the present air.
    """
    parameters = stock.parameters
    lift = into_mass_kw / parameters.coupling_kw_per_k[:, None]
    rate = parameters.coupling_kw_per_k / parameters.capacity_mass_kwh_per_k
    keep = np.exp(-rate * SLOT_H)
    known = np.isfinite(past_air_c)
    with np.errstate(invalid="ignore"):
        mean = np.nansum(past_air_c, axis=1) / known.sum(axis=1)
    usual = np.where(np.isfinite(mean), mean, air_c)
    mass = usual + lift.mean(axis=1)
    for slot in range(past_air_c.shape[1]):
        air = np.where(known[:, slot], past_air_c[:, slot], usual)
        rest = air + lift[:, slot]
        mass = rest + (mass - rest) * keep
    return np.asarray(mass, dtype=np.float64)


def _day_before(values: Floats) -> Floats:
    """The coming day's `values` [slots, G] as those of the past day. Shape [G, past slots].

    A shorter horizon is filled up with its mean.
    """
    day = np.repeat(values.mean(axis=0)[:, None], PAST_SLOTS, axis=1)
    known = min(PAST_SLOTS, len(values))
    day[:, :known] = values[:known].T
    return day


def _heat_kw(stock: RoomStock, building_kw: Floats) -> Floats:
    """Heat of buildings [H, slots] shared by their groups as their radiators are big. [G, slots]"""
    installed = np.bincount(stock.building, stock.heat_kw_max, len(building_kw))
    share = stock.heat_kw_max / np.maximum(installed[stock.building], 1e-9)
    heat: Floats = share[:, None] * np.nan_to_num(building_kw)[stock.building]
    return heat


def _offsets(stock: RoomStock, snapshot: Snapshot) -> Floats:
    return np.array(
        [
            snapshot.value(point_id(device, "resident_offset_k"), 0.0) if lived_in else 0.0
            for device, lived_in in zip(stock.devices, stock.wish_c > 0, strict=True)
        ]
    )


def _credible(temps_c: Floats) -> Floats:
    inside = (temps_c >= CREDIBLE_C[0]) & (temps_c <= CREDIBLE_C[1])
    return np.where(inside, temps_c, np.nan)


def _filled(stock: RoomStock, air_c: Floats) -> tuple[Floats, list[str]]:
    """Groups without a measurement take the mean of their building, else what is comfortable."""
    filled, notes = air_c.copy(), []
    for position in np.flatnonzero(~np.isfinite(air_c)):
        group = stock.groups[position]
        alike = air_c[stock.building == stock.building[position]]
        alike = alike[np.isfinite(alike)]
        filled[position] = alike.mean() if alike.size else group.profile.heat_c
        instead = "the building's mean" if alike.size else f"{group.profile.heat_c:g} °C"
        notes.append(f"{group.label}: no room temperature, {instead} taken")
    return filled, notes
