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
from ems.optimizer.past_day import credible, mass_course_c, past_day, room_points, unexplained_kw
from ems.optimizer.stock import RoomStock

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class RoomState:
    """Rooms at the start of the plan."""

    floor_c: Floats
    """Of each dwelling: what its people chose, now, with the thermostat's margin; else 0. [n]"""
    start_c: Floats
    """Air and mass of each room. Shape [n, 2]."""
    unexplained_kw: Floats
    """Heat into each room that no model explains, as the last day showed. Shape [n]."""
    notes: tuple[str, ...] = field(default=())
    """Which rooms had no measurement and what was taken instead."""


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
    """The state of all rooms, with a named fallback where nothing is measured."""
    floor = _floors(stock, district, snapshot)
    air, notes = _filled(stock, credible(snapshot.values(room_points(stock))))
    past = past_day(
        stock,
        district,
        first=first,
        history=history,
        coming=gains,
        forecasts=forecasts,
    )
    mass = mass_course_c(stock, past.air_c, past.into_mass_kw, air)
    return RoomState(
        floor_c=floor,
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
    """Rooms without a measurement take the mean of their building, else what is comfortable."""
    alike, usual = stock.mean_of_building(air_c), [p.heat_c for p in stock.profiles]
    instead = np.where(np.isfinite(alike), alike, usual)
    silent = np.flatnonzero(~np.isfinite(air_c))
    by_label: dict[str, list[int]] = {}
    for room in silent:
        by_label.setdefault(stock.labels[room], []).append(int(room))
    notes = [
        f"{label}: no room temperature of {_rooms(stock, rooms)}, {instead[rooms[0]]:.3g} °C taken"
        for label, rooms in by_label.items()
    ]
    return np.where(np.isfinite(air_c), air_c, instead), notes


def _rooms(stock: RoomStock, rooms: list[int]) -> str:
    return stock.names[rooms[0]] if len(rooms) == 1 else f"{len(rooms)} rooms"
