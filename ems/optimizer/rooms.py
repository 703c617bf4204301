"""Rooms of the coming day: what moves them, what they should be, and which need planning at all.

A group that stays in its band all day without heating or cooling has nothing to plan; it is left
out of the programme, and its thermostats stand at their floor. On a mild day that is most of them.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from building_models import zone
from ems.domain.district import District
from ems.domain.forecasts import Forecasts
from ems.domain.slots import SLOT_H, Horizon
from ems.optimizer.blocks import Blocks, same_lengths
from ems.optimizer.gains import HEAT_TO_AIR, Gains
from ems.optimizer.groups import Group, RoomStock
from ems.optimizer.occupancy import occupied
from ems.optimizer.problem import Rooms
from ems.optimizer.room_state import RoomState

Floats = NDArray[np.float64]

SPARE_K = 0.3
"""A group within this of an end of its band is planned."""
READY_SLOTS = 1
"""Rooms are comfortable this long before they are used."""
KEPT_SHARE = 0.6
"""Of heat left at the end, what is still there when it is wanted."""
COLD_SHARE = 0.7
"""Price of cold against that of heat: the machine is the same, its lift is smaller."""


@dataclass(frozen=True, kw_only=True)
class Bands:
    """What rooms should be. Every array has shape [slots or blocks, G], °C."""

    low_c: Floats
    """Least comfortable air temperature."""
    high_c: Floats
    """Greatest temperature that heating may aim at."""
    ceiling_c: Floats
    """Greatest comfortable temperature; infinite where nothing cools."""
    used: NDArray[np.bool_]
    """Whether the rooms are in use."""


@dataclass(frozen=True, kw_only=True)
class RoomOutlook:
    """All groups over the horizon, planned or not."""

    bands: Bands
    """By slot."""
    free_c: Floats
    """Air at the end of each block if nothing heats or cools. Shape [K, G]."""
    building: NDArray[np.intp]
    """Heated building of each group. Shape [G]."""
    planned: NDArray[np.intp]
    """Positions of the groups that need planning."""
    rooms: Rooms = field(repr=False)
    """Those groups, as the programme takes them."""


def room_outlook(
    stock: RoomStock,
    state: RoomState,
    district: District,
    forecasts: Forecasts,
    gains: Gains,
    blocks: Blocks,
    heat_eur_per_kwh: float,
) -> RoomOutlook:
    """The groups over the horizon of `forecasts`; stored heat is worth `heat_eur_per_kwh`."""
    bands = room_bands(stock, state, district, forecasts.horizon)
    dynamics = _Dynamics.of(
        stock, blocks, gains, state.unexplained_kw, forecasts["weather/outdoor_temp_c"]
    )
    free = dynamics.free_c(state.start_c)
    low, high, ceiling = _block_bands(bands, blocks, free)
    planned = np.flatnonzero(((free < low + SPARE_K) | (free > ceiling - SPARE_K)).any(axis=0))
    worth = _end_worth(stock, free, low, ceiling, heat_eur_per_kwh)
    rooms = Rooms(
        names=tuple(stock.groups[g].label for g in planned),
        building=stock.building[planned],
        start_c=state.start_c[planned],
        transfer=dynamics.transfer[:, planned],
        per_kw=dynamics.per_kw[:, planned],
        per_cool_kw=dynamics.per_cool_kw[:, planned],
        drift_c=dynamics.drift_c[:, planned],
        low_c=low[:, planned],
        high_c=high[:, planned],
        ceiling_c=ceiling[:, planned],
        heat_kw_max=stock.heat_kw_max[planned],
        cool_kw_max=stock.cool_kw_max[planned],
        comfort_eur_per_kh=stock.comfort_eur_per_kh[planned],
        end_eur_per_k=worth[planned],
    )
    return RoomOutlook(
        bands=bands, free_c=free, building=stock.building, planned=planned, rooms=rooms
    )


def room_bands(stock: RoomStock, state: RoomState, district: District, horizon: Horizon) -> Bands:
    """The bands of all groups by slot. Shape [slots, G] each."""
    columns = [
        _band(group, floor, district, horizon)
        for group, floor in zip(stock.groups, state.group_floor_c, strict=True)
    ]
    low, high, ceiling, used = (np.stack(part, axis=1) for part in zip(*columns, strict=True))
    return Bands(low_c=low, high_c=high, ceiling_c=ceiling, used=used.astype(bool))


def _band(
    group: Group, floor_c: float, district: District, horizon: Horizon
) -> tuple[Floats, Floats, Floats, Floats]:
    profile, comfort = group.profile, district.comfort
    used = occupied(profile, horizon, district.site.zone)
    ready = used | np.append(used[READY_SLOTS:], [used[-1]] * READY_SLOTS)[: len(used)]
    if group.is_dwellings:
        low = np.full(horizon.length, floor_c)
        high = low + comfort.preheat_k
    else:
        low = np.where(ready, profile.heat_c + comfort.margin_k, profile.heat_setback_c)
        high = np.full(horizon.length, profile.heat_c + comfort.margin_k + comfort.preheat_k)
    idle = profile.cool_c if profile.cool_setback_c is None else profile.cool_setback_c
    cool = np.where(ready, profile.cool_c or np.inf, idle or np.inf) - comfort.margin_k
    return low, np.minimum(high, cool), cool, used.astype(float)


def _block_bands(bands: Bands, blocks: Blocks, free_c: Floats) -> tuple[Floats, Floats, Floats]:
    """Bands at the ends of blocks, the narrowest of their slots.

    Sun and people may warm a room past what heating may aim at; that is no fault of the plan.
    """
    low = blocks.greatest(bands.low_c)
    ceiling = np.maximum(blocks.least(bands.ceiling_c), low)
    high = np.clip(free_c, np.maximum(blocks.least(bands.high_c), low), ceiling)
    return low, high, ceiling


@dataclass(frozen=True, kw_only=True)
class _Dynamics:
    """The exact step of every group over every block; shapes as in `Rooms`."""

    transfer: Floats
    per_kw: Floats
    per_cool_kw: Floats
    drift_c: Floats

    @classmethod
    def of(
        cls, stock: RoomStock, blocks: Blocks, gains: Gains, other_kw: Floats, outdoor_c: Floats
    ) -> "_Dynamics":
        shape = (len(blocks), len(stock.groups), 2)
        transfer, inputs = np.empty((*shape, 2)), np.empty((*shape, 3))
        for length, at in same_lengths(blocks.lengths).items():
            step = zone.discretise(stock.parameters, length * SLOT_H)
            transfer[at], inputs[at] = step.a, step.b
        air, mass, outdoor = inputs[..., 0], inputs[..., 1], inputs[..., 2]
        drift = air * (blocks.mean(gains.air_kw) + other_kw)[..., None]
        drift += mass * blocks.mean(gains.mass_kw)[..., None]
        drift += outdoor * blocks.mean(outdoor_c)[:, None, None]
        heat = HEAT_TO_AIR * air + (1 - HEAT_TO_AIR) * mass
        return cls(transfer=transfer, per_kw=heat, per_cool_kw=air, drift_c=drift)

    def free_c(self, start_c: Floats) -> Floats:
        """Air after each block without heating or cooling. Shape [K, G]."""
        state, air = start_c, np.empty(self.drift_c.shape[:2])
        for k in range(len(air)):
            state = np.einsum("gij,gj->gi", self.transfer[k], state) + self.drift_c[k]
            air[k] = state[:, 0]
        return air


def _end_worth(
    stock: RoomStock, free_c: Floats, low_c: Floats, ceiling_c: Floats, heat_eur_per_kwh: float
) -> Floats:
    """Worth of a kelvin at the end, EUR. Shape [G, 2].

    Heat left over is worth its price where rooms would else fall below their band, its cold where
    they would rise above it, and nothing where neither happens.
    """
    cold = (free_c < low_c).any(axis=0)
    hot = (free_c > ceiling_c).any(axis=0) & ~cold
    sign = cold.astype(float) - hot * COLD_SHARE
    capacity = np.column_stack(
        [stock.parameters.capacity_air_kwh_per_k, stock.parameters.capacity_mass_kwh_per_k]
    )
    return sign[:, None] * capacity * heat_eur_per_kwh * KEPT_SHARE
