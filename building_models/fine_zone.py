"""Rooms as four states for the virtual district: air, surfaces, slabs and the outer wall.

What is known of a building is its `Envelope`. The finer network keeps the envelope's sums (steady
loss, coupling between air and structure in series, inner capacity), so that what differs from the
planner's two states is the course in time, not the season's heat: surfaces answer within an hour,
slabs within days, the outer wall lags behind the weather.

Shares follow the RT2012 flat of EDF BuildSysPro (Matisse, BSD-3): 65.8 m² of floor, 9.75 m² of
windows at 1.5 W/m²K (14.6 W/K), 0.3 air changes an hour of 164 m³ (16.8 W/K), about 46 W/K in all;
the rest, a third, goes through 20 cm of concrete with 8 cm of insulation on its inner side.
"""

import numpy as np
from numpy.typing import NDArray

from building_models.thermal_network import Network
from ems.domain.district import Envelope

Floats = NDArray[np.float64]

AIR, SURFACE, SLAB, WALL = range(4)
"""Positions in a state."""

NODES = 4

WALL_SHARE = 0.32
"""Of the loss, through opaque walls and bridges; the rest leaves from the air."""

WALL_INSIDE_RESISTANCE = 0.85
"""Share of the wall's resistance on the room's side of its concrete."""

WALL_KJ_PER_K_M2 = 180.0
"""Concrete outside the insulation, per floor area: 0.2 m x 2300 kg/m³ x 0.88 kJ/kgK x 0.45."""

SURFACE_SHARE = 0.25
"""Of the inner capacity, what follows the air within an hour (EN ISO 13786: some 3 cm)."""

SURFACE_COUPLING = 1.5
"""Between air and surfaces, against the whole coupling; the rest is between surface and slab."""


def network(envelope: Envelope, area_m2: Floats, loss_factor: Floats) -> Network:
    """Rooms of one building; both arrays have shape [rooms]."""
    area = np.asarray(area_m2, dtype=np.float64)
    loss = envelope.loss_w_per_k_m2 * area * loss_factor / 1000
    coupling = envelope.coupling_w_per_k_m2 * area / 1000
    mass = envelope.capacity_mass_kj_per_k_m2 * area / 3600
    between = np.zeros((len(area), NODES, NODES))
    _join(between, AIR, SURFACE, SURFACE_COUPLING * coupling)
    _join(between, SURFACE, SLAB, coupling / (1 - 1 / SURFACE_COUPLING))
    _join(between, AIR, WALL, WALL_SHARE * loss / WALL_INSIDE_RESISTANCE)
    zero = np.zeros_like(area)
    outer = WALL_SHARE * loss / (1 - WALL_INSIDE_RESISTANCE)
    capacity = (
        envelope.capacity_air_kj_per_k_m2 * area / 3600,
        SURFACE_SHARE * mass,
        (1 - SURFACE_SHARE) * mass,
        WALL_KJ_PER_K_M2 * area / 3600,
    )
    return Network(
        capacity_kwh_per_k=np.column_stack(capacity),
        between_kw_per_k=between,
        outdoor_kw_per_k=np.column_stack([(1 - WALL_SHARE) * loss, zero, zero, outer]),
    )


def concatenate(parts: list[Network]) -> Network:
    """Rooms of several buildings in one row."""
    return Network(
        capacity_kwh_per_k=np.concatenate([p.capacity_kwh_per_k for p in parts]),
        between_kw_per_k=np.concatenate([p.between_kw_per_k for p in parts]),
        outdoor_kw_per_k=np.concatenate([p.outdoor_kw_per_k for p in parts]),
    )


def _join(between: Floats, one: int, other: int, conductance: Floats) -> None:
    between[:, one, other] = between[:, other, one] = conductance


def settled(indoor_c: Floats, outdoor_c: float) -> Floats:
    """Where rooms plausibly stand after days at `indoor_c` [rooms]. Shape [rooms, 4]."""
    inside = np.asarray(indoor_c, dtype=np.float64)
    wall = outdoor_c + (1 - WALL_INSIDE_RESISTANCE) * (inside - outdoor_c)
    return np.column_stack([inside, inside - 0.2, inside - 0.3, wall])
