"""Weather and prices ahead: what the outlook says, set right by what is measured here now.

- Air: the difference between the outlook and the sensor fades over hours.
- Sea: the outlook is the calendar; the difference (upwelling under the mistral) fades over days.
- Day-ahead prices that are not out yet: the fixed energy prices by time class, moved to the level
  of the prices that are known, as far apart as those lie from the tariff.
- Carbon dioxide of the grid: as told, by month where nothing is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import DeviceKind, District
from ems.domain.points import point_id
from ems.domain.slots import SLOT_S, Horizon
from ems.domain.snapshot import Snapshot
from ems.domain.weather import Outlook, Weather
from ems.forecast.spread import normal

Quantiles = Mapping[float, NDArray[np.float64]]

_AIR_FADES_H, _SEA_FADES_H = 3.0, 96.0
_GREATEST_AIR_K, _GREATEST_SEA_K = 6.0, 10.0
"""Beyond these the sensor is not believed."""

_LEAST_PRICE_SIGMA_EUR = 0.015
"""Spread of a day-ahead price that is not out, at least, per kWh. Assumption."""


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """One series from outside."""

    values: NDArray[np.float64] = field(repr=False)
    """Shape [slots]."""

    quantiles: Quantiles = field(default_factory=dict, repr=False)
    source: str
    degraded: str = ""


def lead_h(horizon: Horizon, snapshot: Snapshot) -> NDArray[np.float64]:
    """Hours from the snapshot to the middle of each slot, at least 0. Shape [slots]."""
    middles = np.array(horizon.slots) * SLOT_S + SLOT_S / 2
    return np.asarray(np.maximum(middles - snapshot.taken_at.timestamp(), 0) / 3600)


def air_sigma_k(leads_h: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spread of a temperature forecast [K]. Assumption: 0.4 now, 1.5 after a day."""
    return np.asarray(0.4 + 1.1 * np.sqrt(np.minimum(leads_h, 48) / 24))


def sun_sigma_share(leads_h: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spread of an irradiance forecast, of its value. Assumption: 0.08 now, 0.25 after a day."""
    return np.asarray(0.08 + 0.17 * (1 - np.exp(-leads_h / 6)))


def weather_ahead(
    district: District, weather: Weather, snapshot: Snapshot
) -> tuple[Weather, dict[str, Ahead]]:
    """The outlook's weather set right by the sensors, and its series by name."""
    leads = lead_h(weather.horizon, snapshot)
    air_k = _difference(district, snapshot, "outdoor_temp_c", weather.outdoor_temp_c)
    sea_k = _difference(district, snapshot, "sea_temp_c", weather.sea_temp_c)
    air = weather.outdoor_temp_c + _within(air_k, _GREATEST_AIR_K) * np.exp(-leads / _AIR_FADES_H)
    sea = weather.sea_temp_c + _within(sea_k, _GREATEST_SEA_K) * np.exp(-leads / _SEA_FADES_H)
    unknown = "" if np.isfinite(air_k + sea_k) else "not corrected: the loop's sensors are silent"
    series = {
        "weather/outdoor_temp_c": Ahead(
            values=air,
            quantiles=normal(air, air_sigma_k(leads)),
            source=f"{weather.source}, sensor",
            degraded="; ".join(filter(None, [weather.degraded, unknown])),
        ),
        "weather/sea_temp_c": Ahead(
            values=sea,
            quantiles=normal(sea, 0.2 + 0.8 * np.sqrt(leads / 24)),
            source="calendar, sensor",
            degraded=unknown,
        ),
    }
    sigma = sun_sigma_share(leads)
    for name in ("ghi_w_m2", "dni_w_m2", "dhi_w_m2"):
        values = getattr(weather, name)
        series[f"weather/{name}"] = Ahead(
            values=values,
            quantiles=normal(values, sigma * values, 0.0),
            source=weather.source,
            degraded=weather.degraded,
        )
    return replace(weather, outdoor_temp_c=air, sea_temp_c=sea), series


def _difference(
    district: District, snapshot: Snapshot, name: str, outlook: NDArray[np.float64]
) -> float:
    """The sensor less the outlook's first slot; NaN when the sensor is silent."""
    loop = district.device_of[DeviceKind.LOOP, "loop"].id
    return float(snapshot.value(point_id(loop, name)) - outlook[0])


def _within(difference: float, greatest: float) -> float:
    """The difference, or 0 when it is unknown or not credible."""
    return difference if abs(difference) <= greatest else 0.0


def prices_ahead(district: District, outlook: Outlook, horizon: Horizon) -> dict[str, Ahead]:
    """What energy costs and earns at the district's meter, and its carbon dioxide."""
    tariff, zone = district.tariff, district.site.zone
    day_ahead = outlook.day_ahead_eur_per_kwh
    known = np.isfinite(day_ahead)
    fixed = tariff.import_eur_per_kwh(horizon.slots, zone)
    bought = tariff.import_eur_per_kwh(horizon.slots, zone, day_ahead)
    source, quantiles = tariff.name, {}
    if known.any():
        level = (bought - fixed)[known]
        bought = np.where(known, bought, fixed + level.mean())
        sigma = max(_LEAST_PRICE_SIGMA_EUR, float(level.std()))
        quantiles = dict(normal(bought, np.where(known, 0.0, sigma)))
        source = f"{outlook.price_source} for {known.sum()} of {known.size} slots, {tariff.name}"
    shared = np.full(horizon.length, tariff.shared_eur_per_kwh)
    feed_in = np.full(horizon.length, tariff.feed_in_eur_per_kwh)
    return {
        "price/import_eur_per_kwh": Ahead(
            values=bought, quantiles=quantiles, source=source, degraded=outlook.price_degraded
        ),
        "price/shared_eur_per_kwh": Ahead(values=shared, source=tariff.name),
        "price/feed_in_eur_per_kwh": Ahead(values=feed_in, source=tariff.name),
        "grid/co2_kg_per_kwh": _co2_ahead(district, outlook, horizon),
    }


def _co2_ahead(district: District, outlook: Outlook, horizon: Horizon) -> Ahead:
    """The grid's carbon dioxide as told, and by month where nothing is."""
    tariff, told = district.tariff, outlook.co2
    usual = tariff.co2_kg_per_kwh(horizon.slots, district.site.zone)
    by_month = f"{tariff.name}, by month"
    if told is None:
        return Ahead(values=usual, source=by_month)
    known = np.isfinite(told.kg_per_kwh)
    source = f"{told.source} for {known.sum()} of {known.size} slots, {by_month}"
    return Ahead(
        values=np.where(known, told.kg_per_kwh, usual), source=source, degraded=told.degraded
    )
