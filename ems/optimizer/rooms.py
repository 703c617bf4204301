"""Rooms of the coming day: what moves them, what they should be, and which need planning at all.

A room that stays in its band all day without heating or cooling has nothing to plan; it is left out
of the problem, and its thermostat stands at its floor. On a mild day that is most of them. A zone
that would be too cold at one time and too warm at another is planned for what it needs more; what
its thermostat does about the other is foreseen and known to the plan, which gives nothing then: a
zone never has heat and cold at once.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from building_models import zone
from ems.domain.district import District, Use, UseProfile
from ems.domain.forecasts import Forecasts
from ems.domain.slots import SLOT_H, Horizon
from ems.optimizer.gains import HEAT_TO_AIR, Gains
from ems.optimizer.occupancy import occupied
from ems.optimizer.problem import Rooms
from ems.optimizer.room_state import RoomState
from ems.optimizer.stock import RoomStock

Floats = NDArray[np.float64]

SPARE_K = 0.3
"""A room within this of an end of its band is planned."""
READY_SLOTS = 1
"""Rooms are comfortable this long before they are used."""
TRIFLE_K = 1e-6
"""Round-off of a temperature that a thermostat holds."""
TRIFLE_KW = 1e-3
"""Less from a thermostat is no heating and no cooling."""
KEPT_SHARE = 0.6
"""Of heat left at the end, what is still there when it is wanted."""
COLD_SHARE = 0.7
"""Price of cold against that of heat: the machine is the same, its lift is smaller."""


@dataclass(frozen=True, kw_only=True)
class Bands:
    """What rooms should be. Every array has shape [T, n], °C."""

    low_c: Floats
    """Least comfortable air temperature."""
    high_c: Floats
    """Greatest temperature that heating may aim at."""
    ceiling_c: Floats
    """Greatest comfortable temperature; infinite where nothing cools."""


@dataclass(frozen=True, kw_only=True)
class RoomOutlook:
    """All rooms over the horizon, planned or not."""

    bands: Bands
    """By slot."""
    free_c: Floats
    """Air at the end of each slot if the plan neither heats nor cools. Shape [T, n]."""
    building: NDArray[np.intp]
    """Heated building of each room. Shape [n]."""
    planned: NDArray[np.intp]
    """Positions of the rooms that need planning."""
    own_heat_kw: Floats
    """Heat that thermostats take beside the plan. Shape [T, n]."""
    own_cool_kw: Floats
    """Cold that thermostats take beside the plan. Shape [T, n]."""
    rooms: Rooms = field(repr=False)
    """The planned rooms, as the problem takes them."""

    def of_buildings(self, power_kw: Floats, buildings: int) -> Floats:
        """Powers of rooms [T, n] summed by heated building. Shape [T, H]."""
        sums = np.zeros((len(power_kw), buildings))
        np.add.at(sums.T, self.building, power_kw.T)
        return sums


def room_outlook(
    stock: RoomStock,
    state: RoomState,
    district: District,
    forecasts: Forecasts,
    gains: Gains,
    heat_eur_per_kwh: float,
) -> RoomOutlook:
    """The rooms over the horizon of `forecasts`; stored heat is worth `heat_eur_per_kwh`."""
    bands = room_bands(stock, state, district, forecasts.horizon)
    moved = Dynamics.of(stock, gains, state.unexplained_kw, forecasts["weather/outdoor_temp_c"])
    free = moved.free_c(state.start_c)
    low, ceiling = bands.low_c, np.maximum(bands.ceiling_c, bands.low_c)
    too_cold = np.maximum(low - free, 0.0).sum(axis=0)
    too_warm = np.maximum(free - ceiling, 0.0).sum(axis=0)
    cooled = (too_warm > too_cold) & (stock.cool_kw_max > 0)
    heat, cool = moved.by_thermostat(stock, state.start_c, low, ceiling)
    heat[:, ~cooled], cool[:, cooled] = 0.0, 0.0
    moved = moved.with_powers(heat, cool)
    free = moved.free_c(state.start_c)
    high = np.clip(free, np.maximum(bands.high_c, low), ceiling)
    planned = np.flatnonzero(((free < low + SPARE_K) | (free > ceiling - SPARE_K)).any(axis=0))
    worth = _end_worth(stock, free, low, ceiling, heat_eur_per_kwh)
    most = np.where(cooled, stock.cool_kw_max, stock.heat_kw_max)
    per_kw = np.where(cooled[:, None], -moved.per_cool_kw, moved.per_kw)
    rooms = Rooms(
        names=tuple(stock.names[room] for room in planned),
        labels=tuple(stock.labels[room] for room in planned),
        building=stock.building[planned],
        cooled=cooled[planned],
        start_c=state.start_c[planned],
        transfer=moved.transfer[planned],
        per_kw=per_kw[planned],
        drift_c=moved.drift_c[:, planned],
        low_c=low[:, planned],
        high_c=high[:, planned],
        ceiling_c=ceiling[:, planned],
        power_kw_max=np.where(heat + cool > TRIFLE_KW, 0.0, most)[:, planned],
        comfort_eur_per_kh=stock.comfort_eur_per_kh[planned],
        end_eur_per_k=worth[planned],
    )
    return RoomOutlook(
        bands=bands,
        free_c=free,
        building=stock.building,
        planned=planned,
        own_heat_kw=heat,
        own_cool_kw=cool,
        rooms=rooms,
    )


def room_bands(stock: RoomStock, state: RoomState, district: District, horizon: Horizon) -> Bands:
    """The bands of all rooms by slot. Shape [T, n] each."""
    by_use = {use: _band(profile, district, horizon) for use, profile in stock.uses.items()}
    low, high, ceiling = (stock.by_profile(_part(by_use, part)) for part in range(3))
    comfort, home = district.comfort, stock.is_dwelling
    low[:, home] = state.floor_c[home]
    high[:, home] = np.minimum(state.floor_c + comfort.preheat_k, ceiling)[:, home]
    return Bands(low_c=low, high_c=high, ceiling_c=ceiling)


def _part(by_use: dict[Use, tuple[Floats, ...]], part: int) -> dict[Use, Floats]:
    return {use: arrays[part] for use, arrays in by_use.items()}


def _band(profile: UseProfile, district: District, horizon: Horizon) -> tuple[Floats, ...]:
    """Least, greatest for heating and greatest of a use, where people did not choose their own."""
    comfort = district.comfort
    used = occupied(profile, horizon, district.site.zone)
    ready = used | np.append(used[READY_SLOTS:], [used[-1]] * READY_SLOTS)[: len(used)]
    low = np.where(ready, profile.heat_c + comfort.margin_k, profile.heat_setback_c)
    high = np.full(horizon.length, profile.heat_c + comfort.margin_k + comfort.preheat_k)
    idle = profile.cool_c if profile.cool_setback_c is None else profile.cool_setback_c
    cool = np.where(ready, profile.cool_c or np.inf, idle or np.inf) - comfort.margin_k
    return low, np.minimum(high, cool), cool


@dataclass(frozen=True, kw_only=True)
class Dynamics:
    """The exact step of every room over a slot; shapes as in `Rooms`, for all n."""

    transfer: Floats
    """Shape [n, 2, 2]."""
    per_kw: Floats
    """Rise by a kW of heat. Shape [n, 2]."""
    per_cool_kw: Floats
    """Fall by a kW of cold, which goes into the air alone. Shape [n, 2]."""
    drift_c: Floats
    """Shape [T, n, 2]."""

    @classmethod
    def of(cls, stock: RoomStock, gains: Gains, other_kw: Floats, outdoor_c: Floats) -> "Dynamics":
        """The step of all rooms under these gains, `other_kw` [n] more and `outdoor_c` [T]."""
        step = zone.discretise(stock.parameters, SLOT_H)
        air, mass, outdoor = step.b[..., 0], step.b[..., 1], step.b[..., 2]
        drift = air * (gains.air_kw + other_kw)[..., None]
        drift += mass * gains.mass_kw[..., None]
        drift += outdoor * outdoor_c[:, None, None]
        heat = HEAT_TO_AIR * air + (1 - HEAT_TO_AIR) * mass
        return cls(transfer=step.a, per_kw=heat, per_cool_kw=air, drift_c=drift)

    def free_c(self, start_c: Floats) -> Floats:
        """Air after each slot without heating or cooling. Shape [T, n]."""
        state, air = start_c, np.empty(self.drift_c.shape[:2])
        for slot, drift in enumerate(self.drift_c):
            state = np.einsum("nij,nj->ni", self.transfer, state) + drift
            air[slot] = state[:, 0]
        return air

    def by_thermostat(
        self, stock: RoomStock, start_c: Floats, low_c: Floats, ceiling_c: Floats
    ) -> tuple[Floats, Floats]:
        """Heat and cold that would just hold the band, as far as they can. Shape [T, n] each."""
        state, powers = start_c, np.zeros((2, *low_c.shape))
        for slot, drift in enumerate(self.drift_c):
            state = np.einsum("nij,nj->ni", self.transfer, state) + drift
            missing = (low_c[slot] - state[:, 0]) / self.per_kw[:, 0]
            excess = (state[:, 0] - ceiling_c[slot]) / self.per_cool_kw[:, 0]
            heat, cool = powers[:, slot]
            heat[:] = np.clip(missing, 0.0, stock.heat_kw_max)
            cool[:] = np.clip(excess, 0.0, stock.cool_kw_max)
            state = state + self.per_kw * heat[:, None] - self.per_cool_kw * cool[:, None]
        return powers[0], powers[1]

    def with_powers(self, heat_kw: Floats, cool_kw: Floats) -> "Dynamics":
        """The same with these powers [T, n] known beforehand."""
        known = self.per_kw * heat_kw[..., None] - self.per_cool_kw * cool_kw[..., None]
        return Dynamics(
            transfer=self.transfer,
            per_kw=self.per_kw,
            per_cool_kw=self.per_cool_kw,
            drift_c=self.drift_c + known,
        )


def _end_worth(
    stock: RoomStock, free_c: Floats, low_c: Floats, ceiling_c: Floats, heat_eur_per_kwh: float
) -> Floats:
    """Worth of a kelvin at the end, EUR. Shape [n, 2].

    Heat left over is worth its price where rooms would else fall below their band, its cold where
    they would rise above it, and nothing where neither happens.
    """
    cold = (free_c < low_c - TRIFLE_K).any(axis=0)
    hot = (free_c > ceiling_c + TRIFLE_K).any(axis=0) & ~cold
    sign = cold.astype(float) - hot * COLD_SHARE
    capacity = np.column_stack(
        [stock.parameters.capacity_air_kwh_per_k, stock.parameters.capacity_mass_kwh_per_k]
    )
    return sign[:, None] * capacity * heat_eur_per_kwh * KEPT_SHARE
