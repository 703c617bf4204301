"""All rooms of the district as one array: dwellings, then zones.

Richer than a planner's model on purpose: sun by facade with blinds, heat of people with their
noise, wind on the air change, windows opened to air or to cool, part of the heat into the
structure.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from building_models import solar, zone
from ems.domain.district import District, Dwelling, Zone
from ems.domain.weather import Weather
from simulations.people import People

Floats = NDArray[np.float64]

HEAT_TO_AIR, GAINS_TO_AIR, SUN_TO_AIR = 0.8, 0.6, 0.3
"""Shares that warm the air; the rest warms the structure."""

WINDOW_KW_PER_K_M2 = 0.0004
"""A tilted window, per square metre of floor: about one and a half air changes an hour."""

WIDE_OPEN_KW_PER_K_M2 = 0.0030
"""Windows of uncooled rooms wide open: about three and a half air changes an hour."""

WIND_SHARE_PER_M_PER_S = 0.02
WIND_MEAN_M_PER_S = 3.5
BLIND_FROM_W_M2, BLIND_FROM_C, BLIND_KEEPS = 200.0, 18.0, 0.35
"""Shutters are closed against strong sun on warm days."""

OPEN_ABOVE_C = 25.0
STEPS_KEPT = 32
"""A plant in real time makes steps of ever new lengths; only so many are remembered."""


@dataclass(frozen=True, kw_only=True)
class _Step:
    """Everything that depends on the length of a step."""

    end: zone.ZoneStep
    mean_air: Floats
    """Rows of the mean map: (air, mass, heat into air, heat into mass, outdoor). [5, rooms]"""
    heat_k_per_kw: Floats
    """Change of (air, mass) at the end by a kW of heating. [rooms, 2]"""
    cool_k_per_kw: Floats
    heat_mean_k_per_kw: Floats
    """Change of the mean air temperature by a kW of heating. [rooms]"""
    cool_mean_k_per_kw: Floats


class Rooms:
    """Temperatures of all rooms, and the heat that moves them."""

    def __init__(self, district: District, weather: Weather, people: People) -> None:
        rooms: list[Dwelling | Zone] = [*district.dwellings.values(), *district.zones.values()]
        heated = list(district.heated)
        self.building = np.array([heated.index(room.building) for room in rooms], dtype=np.intp)
        self.area_m2 = np.array([room.area_m2 for room in rooms])
        self.dwellings = len(district.dwellings)
        self.heat_kw_max = np.array([room.heat_kw_max for room in rooms])
        self.cool_kw_max = np.array([getattr(room, "cool_kw_max", 0.0) for room in rooms])
        self.parameters = _parameters(district, rooms)
        self._sun_kw = _sun_kw(district, weather, rooms)
        self._gains_kw = people.gains_kw
        self._present = np.vstack([people.presence, people.attendance])
        self._uncooled = self.cool_kw_max == 0
        self._airing = people.airing
        self._weather = weather
        self._steps: dict[float, _Step] = {}
        self.state = np.full((len(rooms), 2), 20.0)
        self.window_open = np.zeros(len(rooms), dtype=np.bool_)
        self.gains_kw = self.sun_kw = self.loss_kw = self.ventilation_kw = np.zeros(len(rooms))
        self._free_mean_c = self.air_c.copy()

    @property
    def air_c(self) -> Floats:
        """Air temperatures. Shape [rooms]."""
        return self.state[:, zone.AIR]

    @property
    def stored_kwh(self) -> float:
        """Heat in air and structure above 0 °C."""
        capacity = (
            self.parameters.capacity_air_kwh_per_k,
            self.parameters.capacity_mass_kwh_per_k,
        )
        return float(capacity[0] @ self.state[:, 0] + capacity[1] @ self.state[:, 1])

    def settle(self, wanted_c: Floats, outdoor_c: float) -> None:
        """Start where rooms plausibly are: at what is wanted, or warmer when it is warm outside."""
        air = np.maximum(wanted_c, min(outdoor_c + 3.0, 25.0))
        self.state = np.column_stack([air, air - 0.3])

    def free(self, k: int, dt_h: float) -> Floats:
        """Air temperatures at the end of a step in slot `k` without heating or cooling. [rooms]"""
        step = self._step(dt_h)
        outdoor = float(self._weather.outdoor_temp_c[k])
        self.gains_kw, self.sun_kw = self._gains_kw[:, k], self._sun_kw[:, k]
        self.ventilation_kw = self._ventilation_kw(k, outdoor)
        inputs = np.empty((len(self.state), 3))
        inputs[:, 0] = GAINS_TO_AIR * self.gains_kw + SUN_TO_AIR * self.sun_kw
        inputs[:, 0] -= self.ventilation_kw
        inputs[:, 1] = (1 - GAINS_TO_AIR) * self.gains_kw + (1 - SUN_TO_AIR) * self.sun_kw
        inputs[:, 2] = outdoor
        a, m = self.state.T
        rows = step.mean_air
        self._free_mean_c = rows[0] * a + rows[1] * m + rows[2] * inputs[:, 0]
        self._free_mean_c += rows[3] * inputs[:, 1] + rows[4] * outdoor
        self.state = zone.step(step.end, self.state, inputs)
        return self.air_c

    def apply(self, heat_kw: Floats, cool_kw: Floats, k: int, dt_h: float) -> None:
        """Add heating and cooling to the step that `free` has begun."""
        step = self._step(dt_h)
        self.state = self.state + step.heat_k_per_kw * heat_kw[:, None]
        self.state -= step.cool_k_per_kw * cool_kw[:, None]
        mean = self._free_mean_c + step.heat_mean_k_per_kw * heat_kw
        mean -= step.cool_mean_k_per_kw * cool_kw
        self.loss_kw = self.parameters.loss_kw_per_k * (mean - self._weather.outdoor_temp_c[k])

    def gains(self, dt_h: float) -> tuple[Floats, Floats]:
        """Kelvin of air at the end of a step per kW of heating, and of cooling. [rooms] each."""
        step = self._step(dt_h)
        return step.heat_k_per_kw[:, 0], step.cool_k_per_kw[:, 0]

    def _ventilation_kw(self, k: int, outdoor: float) -> Floats:
        """Heat carried out by wind and open windows beyond the envelope's mean loss."""
        wind = float(self._weather.wind_m_per_s[k]) - WIND_MEAN_M_PER_S
        excess = self.air_c - outdoor
        warm = (self.air_c > OPEN_ABOVE_C) & (excess > 0.5) & self._uncooled
        wide = warm & (self._present[:, k] > 0)
        airing = self._airing[:, k]
        conductance = self.parameters.loss_kw_per_k * (WIND_SHARE_PER_M_PER_S * wind)
        conductance += self.area_m2 * (WIDE_OPEN_KW_PER_K_M2 * wide)
        conductance[: self.dwellings] += (
            self.area_m2[: self.dwellings] * WINDOW_KW_PER_K_M2 * airing
        )
        self.window_open = wide
        self.window_open[: self.dwellings] |= airing
        return conductance * excess

    def _step(self, dt_h: float) -> _Step:
        if dt_h not in self._steps:
            if len(self._steps) >= STEPS_KEPT:
                self._steps.clear()
            self._steps[dt_h] = _made(self.parameters, dt_h)
        return self._steps[dt_h]


def _made(params: zone.ZoneParameters, dt_h: float) -> _Step:
    end, mean = zone.discretise(params, dt_h), zone.discretise_mean(params, dt_h)
    rows = [*mean.a[:, 0, :].T, *mean.b[:, 0, :].T]
    return _Step(
        end=end,
        mean_air=np.array(rows),
        heat_k_per_kw=HEAT_TO_AIR * end.b[:, :, 0] + (1 - HEAT_TO_AIR) * end.b[:, :, 1],
        cool_k_per_kw=end.b[:, :, 0].copy(),
        heat_mean_k_per_kw=HEAT_TO_AIR * mean.b[:, 0, 0] + (1 - HEAT_TO_AIR) * mean.b[:, 0, 1],
        cool_mean_k_per_kw=mean.b[:, 0, 0].copy(),
    )


def _parameters(district: District, rooms: list[Dwelling | Zone]) -> zone.ZoneParameters:
    parts = []
    for room in rooms:
        envelope = district.buildings[room.building].envelope
        if envelope is not None:
            parts.append(
                zone.parameters(envelope, np.array([room.area_m2]), np.array([room.loss_factor]))
            )
    return zone.concatenate(parts)


def _sun_kw(district: District, weather: Weather, rooms: list[Dwelling | Zone]) -> Floats:
    """Sun through the windows, blinds drawn when it is strong and warm. Shape [rooms, slots]."""
    by_facade = {
        azimuth: _through_blinds(_facade(district, weather, azimuth), weather.outdoor_temp_c)
        for azimuth in {room.orientation_deg for room in rooms}
    }
    rows = []
    for room in rooms:
        envelope = district.buildings[room.building].envelope
        aperture = envelope.solar_aperture_m2_per_m2 * room.area_m2 if envelope else 0.0
        rows.append(aperture * by_facade[room.orientation_deg] / 1000)
    return np.array(rows)


def _facade(district: District, weather: Weather, azimuth_deg: float) -> Floats:
    return solar.facade_w_m2(
        district.site,
        weather.horizon,
        weather.ghi_w_m2,
        weather.dni_w_m2,
        weather.dhi_w_m2,
        azimuth_deg,
    )


def _through_blinds(facade_w_m2: Floats, outdoor_c: Floats) -> Floats:
    drawn = (facade_w_m2 > BLIND_FROM_W_M2) & (outdoor_c > BLIND_FROM_C)
    return np.where(drawn, BLIND_KEEPS * facade_w_m2, facade_w_m2)
