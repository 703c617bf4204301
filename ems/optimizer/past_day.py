"""What the last day showed of the rooms: the temperature of their mass, and what no model explains.

The mass can't be measured. It follows the air as a first-order filter, and what sun, people and
radiators put into the structure lifts it above; so the last day gives it, and what it was a day ago
has faded to a tenth.

What is left over when a building's heat of that day is balanced (windows, wind, more people than
usual, an envelope that is not as described) is taken to stay for the coming day. Hours of use are
those of the past day; the sun has the course of the coming day's, scaled as it was measured.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import DeviceKind, District
from ems.domain.forecasts import Forecasts
from ems.domain.points import point_id
from ems.domain.slots import SLOT_H, Horizon, Slot
from ems.domain.snapshot import History
from ems.optimizer.gains import HEAT_TO_AIR, Gains, people_kw
from ems.optimizer.stock import RoomStock

Floats = NDArray[np.float64]

PAST_SLOTS = 96
"""How much history is looked at."""
CREDIBLE_C = (-5.0, 50.0)
"""A room temperature outside this is taken for a sensor fault."""
BELIEVED = 0.8
"""Share of what the last day left unexplained that is expected of the coming one."""
UNEXPLAINED_W_PER_M2 = 8.0
"""More than this either way is not believed."""
ENOUGH = 0.75
"""Share of the day that must have been measured."""


@dataclass(frozen=True, kw_only=True)
class PastDay:
    """The last day by room, slot means. P slots."""

    air_c: Floats = field(repr=False)
    """NaN where nothing was measured. Shape [n, P]."""
    heat_kw: Floats = field(repr=False)
    """Heating, the building's by the size of radiators. Shape [n, P]."""
    cool_kw: Floats = field(repr=False)
    """Shape [n, P]."""
    gains: Gains = field(repr=False)
    """Of people and sun. Arrays [P, n]."""
    outdoor_c: Floats = field(repr=False)
    """NaN where nothing was measured. Shape [P]."""

    @property
    def into_mass_kw(self) -> Floats:
        """What warmed the structure. Shape [n, P]."""
        warmed: Floats = self.gains.mass_kw.T + (1 - HEAT_TO_AIR) * self.heat_kw
        return warmed


def room_points(stock: RoomStock) -> tuple[str, ...]:
    """Room temperatures, one for each room in its order."""
    return tuple(point_id(device, "room_temp_c") for device in stock.devices)


def history_points(stock: RoomStock, district: District) -> tuple[str, ...]:
    """The points of history that are looked at."""
    heat, cool = (_station_points(district, f"{side}_power_kw") for side in ("heating", "cooling"))
    return (*room_points(stock), *heat, *cool, *_loop_points(district))


def past_day(
    stock: RoomStock,
    district: District,
    *,
    first: Slot,
    history: History,
    coming: Gains,
    forecasts: Forecasts,
) -> PastDay:
    """The day before `first`; a room of which too little is known takes its building's mean."""
    horizon = Horizon(first + -PAST_SLOTS, PAST_SLOTS)
    rooms = credible(history.quarter_hours(room_points(stock), horizon))
    silent = np.isfinite(rooms).mean(axis=1) < ENOUGH
    rooms[silent] = stock.mean_of_building(rooms)[silent]
    heat, cool = (
        np.nan_to_num(history.quarter_hours(_station_points(district, name), horizon))
        for name in ("heating_power_kw", "cooling_power_kw")
    )
    outdoor, irradiance = history.quarter_hours(_loop_points(district), horizon)
    scale = _brightness(irradiance, forecasts["weather/ghi_w_m2"])
    return PastDay(
        air_c=rooms,
        heat_kw=_shared(stock, heat, stock.heat_kw_max),
        cool_kw=_shared(stock, cool, stock.cool_kw_max),
        gains=replace(
            coming,
            people_kw=people_kw(stock, district, horizon),
            sun_kw=scale * _day_before(coming.sun_kw),
        ),
        outdoor_c=outdoor,
    )


def credible(temps_c: Floats) -> Floats:
    """`temps_c` with NaN where no room can be."""
    inside = (temps_c >= CREDIBLE_C[0]) & (temps_c <= CREDIBLE_C[1])
    return np.where(inside, temps_c, np.nan)


def mass_course_c(
    stock: RoomStock, past_air_c: Floats, into_mass_kw: Floats, air_c: Floats
) -> Floats:
    """Mass temperature at the end of each past slot; the last is the present one. Shape [n, P].

    C_mass dT_mass/dt = coupling (T_air - T_mass) + into_mass, exactly over each slot with means
    held. Arrays of shape [n, P]. Gaps in the air take the mean of what there is, and without any
    history the present air `air_c` [n].
    """
    parameters = stock.parameters
    keep = np.exp(-SLOT_H * parameters.coupling_kw_per_k / parameters.capacity_mass_kwh_per_k)
    usual = _mean_or(past_air_c, air_c)
    air = np.where(np.isfinite(past_air_c), past_air_c, usual[:, None])
    rest = air + into_mass_kw / parameters.coupling_kw_per_k[:, None]
    mass, course = rest.mean(axis=1), np.empty_like(rest)
    for slot in range(rest.shape[1]):
        mass = rest[:, slot] + (mass - rest[:, slot]) * keep
        course[:, slot] = mass
    return course


def unexplained_kw(stock: RoomStock, past: PastDay, mass_c: Floats) -> Floats:
    """Heat that each room must have had beyond all that is known, mean of the day. Shape [n].

    The balance is drawn per building, where heat is measured, and shared by floor area. Zero for a
    building with too little measured.
    """
    known = np.isfinite(past.air_c).mean(axis=1) >= ENOUGH
    if np.isfinite(past.outdoor_c).mean() < ENOUGH:
        return np.zeros(stock.count)
    p, outdoor = stock.parameters, np.nanmean(past.outdoor_c)
    air = _mean_or(past.air_c, np.full(len(known), outdoor))
    lost = p.loss_kw_per_k * (air - outdoor)
    stored = p.capacity_air_kwh_per_k * _rise(past.air_c)
    stored += p.capacity_mass_kwh_per_k * (mass_c[:, -1] - mass_c[:, 0])
    given = past.heat_kw.mean(axis=1) - past.cool_kw.mean(axis=1)
    given += (past.gains.people_kw + past.gains.sun_kw).mean(axis=0)
    left = lost + stored / (PAST_SLOTS * SLOT_H) - given
    area = np.bincount(stock.building, stock.area_m2)
    sound = np.bincount(stock.building, ~known) == 0
    per_m2 = np.where(sound, np.bincount(stock.building, left) / np.maximum(area, 1e-9), 0.0)
    most = UNEXPLAINED_W_PER_M2 / 1000
    share: Floats = BELIEVED * np.clip(per_m2, -most, most)[stock.building] * stock.area_m2
    return share


def _rise(course_c: Floats) -> Floats:
    """Last less first value of each row; zero where one is missing."""
    return np.nan_to_num(course_c[:, -1] - course_c[:, 0])


def _mean_or(values: Floats, otherwise: Floats) -> Floats:
    """Means of rows without their gaps; `otherwise` where there is nothing."""
    known = np.isfinite(values)
    count = known.sum(axis=1)
    means = np.where(known, values, 0.0).sum(axis=1) / np.maximum(count, 1)
    return np.where(count > 0, means, otherwise)


def _brightness(measured_w_m2: Floats, coming_w_m2: Floats) -> float:
    """Sun of the past day against the coming one; one where it is not known."""
    if np.isfinite(measured_w_m2).mean() < ENOUGH or len(coming_w_m2) < PAST_SLOTS:
        return 1.0
    coming = float(coming_w_m2[:PAST_SLOTS].mean())
    return float(np.clip(np.nanmean(measured_w_m2) / max(coming, 1.0), 0.1, 5.0))


def _day_before(values: Floats) -> Floats:
    """The coming day's `values` [slots, n] as those of the past day. Shape [P, n].

    A shorter horizon is filled up with its mean.
    """
    day = np.repeat(values.mean(axis=0)[None], PAST_SLOTS, axis=0)
    known = min(PAST_SLOTS, len(values))
    day[:known] = values[:known]
    return day


def _shared(stock: RoomStock, building_kw: Floats, size_kw: Floats) -> Floats:
    """Powers of buildings [H, P] shared by their rooms as `size_kw` [n] says. Shape [n, P]."""
    installed = np.bincount(stock.building, size_kw, len(building_kw))
    share = size_kw / np.maximum(installed[stock.building], 1e-9)
    powers: Floats = share[:, None] * building_kw[stock.building]
    return powers


def _station_points(district: District, name: str) -> tuple[str, ...]:
    """One point of every substation, heated buildings in their order."""
    devices = (district.device_of.get((DeviceKind.SUBSTATION, b)) for b in district.heated)
    return tuple(point_id(device.id if device else "", name) for device in devices)


def _loop_points(district: District) -> tuple[str, str]:
    loops = district.of_kind(DeviceKind.LOOP)
    device = loops[0].id if loops else ""
    return point_id(device, "outdoor_temp_c"), point_id(device, "irradiance_w_m2")
