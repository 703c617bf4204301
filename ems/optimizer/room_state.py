"""Where the rooms stand now: air as measured, mass and the unexplained as the last day implies."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import District
from ems.domain.forecasts import Forecasts
from ems.domain.points import point_id
from ems.domain.slots import Slot
from ems.domain.snapshot import History, Snapshot
from ems.optimizer.gains import Gains
from ems.optimizer.groups import RoomStock
from ems.optimizer.past_day import credible, mass_course_c, past_day, room_points, unexplained_kw

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class RoomState:
    """Rooms at the start of the plan."""

    floor_c: Floats
    """Of each dwelling: what its people chose, now, with the thermostat's margin; else 0. [n]"""
    group_floor_c: Floats
    """Mean of that over each group. Shape [G]."""
    start_c: Floats
    """Air and mass of each group. Shape [G, 2]."""
    unexplained_kw: Floats
    """Heat into each group that no model explains, as the last day showed. Shape [G]."""
    notes: tuple[str, ...] = field(default=())
    """Which groups had no measurement and what was taken instead."""


def room_state(
    stock: RoomStock,
    district: District,
    *,
    first: Slot,
    snapshot: Snapshot,
    history: History,
    gains: Gains,
    forecasts: Forecasts,
) -> RoomState:
    """The state of all groups, with a named fallback where nothing is measured."""
    floor = _floors(stock, district, snapshot)
    group_floor = stock.group_mean(floor)
    now = credible(snapshot.values(room_points(stock))) - floor
    air, notes = _filled(stock, stock.group_mean(now) + group_floor)
    past = past_day(
        stock,
        district,
        first=first,
        history=history,
        floor_c=floor,
        coming=gains,
        forecasts=forecasts,
    )
    mass = mass_course_c(stock, past.air_c, past.into_mass_kw, air)
    return RoomState(
        floor_c=floor,
        group_floor_c=group_floor,
        start_c=np.column_stack([air, mass[:, -1]]),
        unexplained_kw=unexplained_kw(stock, past, mass),
        notes=tuple(notes),
    )


def _floors(stock: RoomStock, district: District, snapshot: Snapshot) -> Floats:
    """What is least comfortable in each dwelling, its people's own change included. Shape [n].

    A thermostat that is held on site stays where it is, comfortable or not.
    """
    offsets = [
        snapshot.value(point_id(device, "resident_offset_k"), 0.0) if lived_in else 0.0
        for device, lived_in in zip(stock.devices, stock.wish_c > 0, strict=True)
    ]
    held = np.array([snapshot.held(point_id(device, "setpoint_c")) for device in stock.devices])
    wish = stock.wish_c + np.array(offsets) + district.comfort.margin_k
    return np.where(stock.wish_c > 0, np.where(np.isfinite(held), held, wish), 0.0)


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
