"""Rooms as they were learned, in the place of their description.

Heat that nobody measures is learned too, beside measured electricity; a plan has the gains of a
room's use and balances its last day by itself, so that this figure is not taken.
"""

from dataclasses import fields, replace

import numpy as np

from building_models.zone import ZoneParameters
from ems.domain.learned_rooms import LearnedRooms, RoomFactors
from ems.optimizer.stock import Floats, RoomStock


def with_learned(stock: RoomStock, learned: LearnedRooms | None) -> RoomStock:
    """`stock` with what was learned of its rooms; the others stay as described."""
    if learned is None or not learned.factors:
        return stock
    factor = {each.name: _by_room(stock, learned, each.name) for each in fields(RoomFactors)}
    p = stock.parameters
    return replace(
        stock,
        solar_m2=stock.solar_m2 * factor["aperture"],
        parameters=ZoneParameters(
            loss_kw_per_k=p.loss_kw_per_k * factor["loss"],
            coupling_kw_per_k=p.coupling_kw_per_k * factor["coupling"],
            capacity_air_kwh_per_k=p.capacity_air_kwh_per_k * factor["capacity_air"],
            capacity_mass_kwh_per_k=p.capacity_mass_kwh_per_k * factor["capacity_mass"],
        ),
    )


def provenance(stock: RoomStock, learned: LearnedRooms | None) -> str:
    """How many rooms of a plan were learned, and until when; empty for none."""
    count = len(learned.factors.keys() & set(stock.names)) if learned else 0
    if learned is None or count == 0:
        return ""
    return f"{count} rooms as learned until {learned.until:%Y-%m-%d}"


def _by_room(stock: RoomStock, learned: LearnedRooms, name: str) -> Floats:
    found = (learned.factors.get(room) for room in stock.names)
    return np.array([getattr(each, name) if each else 1.0 for each in found])
