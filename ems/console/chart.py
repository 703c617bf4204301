"""The chart's series: a day back as measured, a day ahead as planned and forecast.

All arrays lie over the same slots, None where a series says nothing: measured ones end at the
present slot, planned ones begin where the live plan begins. The base load is what the meters leave
when heat pumps, cars, batteries and PV are taken out; it is None where one of them is missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ems.console.overview import GRID_METER
from ems.domain.district import DeviceKind, District
from ems.domain.forecasts import Forecasts
from ems.domain.plans import Plan
from ems.domain.points import point_id
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours

BACK_SLOTS = 96
AHEAD_SLOTS = 96

IMPORT_PRICE = "price/import_eur_per_kwh"
_PLANNED = ("net_kw", "pv_kw", "ev_kw", "heat_pump_kw", "battery_kw")
_BANDS = {"base_kw": "district/base_load_kw", "pv_kw": "pv/available_kw"}
_METERED = {
    "heat_pump_kw": (DeviceKind.HEAT_PUMP, "electric_power_kw"),
    "ev_kw": (DeviceKind.CHARGE_POINT, "power_kw"),
    "battery_kw": (DeviceKind.BATTERY, "power_kw"),
    "pv_kw": (DeviceKind.PV_INVERTER, "power_kw"),
}

Series = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Band:
    """What is forecast, and how surely. Shape [slots] each; NaN where nothing is said."""

    expected: Series
    """Expected values."""

    low: Series
    """One time in ten it is less (P10)."""

    high: Series
    """One time in ten it is more (P90)."""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Everything that the chart of the overview draws. Arrays have shape [slots]."""

    starts: tuple[datetime, ...]
    """When each slot begins."""

    now: datetime
    """Where the now-line stands."""

    subscribed_kw: float
    """Height of the limit line."""

    measured: Mapping[str, Series]
    """Slot means: net_kw, base_kw, pv_kw, ev_kw, heat_pump_kw, battery_kw, soc_pct."""

    planned: Mapping[str, Series]
    """Of the live plan: the same names, without base_kw."""

    forecast: Mapping[str, Band]
    """base_kw and pv_kw."""

    price_eur_per_kwh: Series
    """What one more imported kWh costs."""


def window(now: datetime) -> Horizon:
    """The slots of the chart at `now`."""
    first = Slot.containing(now) + -BACK_SLOTS
    return Horizon(first, BACK_SLOTS + AHEAD_SLOTS)


def measured_points(district: District) -> list[str]:
    """The points whose past the chart needs."""
    sums = [
        point_id(d.id, name) for kind, name in _METERED.values() for d in district.of_kind(kind)
    ]
    return [GRID_METER, *sums, *(point_id(key, "soc_pct") for key in district.batteries)]


def chart(
    district: District,
    past: QuarterHours,
    plans: Sequence[Plan],
    forecasts: Forecasts | None,
    now: datetime,
    horizon: Horizon | None = None,
) -> Chart:
    """Lay everything over `horizon`, else the window of `now`.

    Of `plans` a later one goes before an earlier.
    """
    horizon = horizon or window(now)
    return Chart(
        starts=tuple(horizon.starts),
        now=now,
        subscribed_kw=district.tariff.subscribed_kw,
        measured=measured_series(district, past, horizon),
        planned=planned_series(district, plans, horizon),
        forecast={name: band(forecasts, key, horizon) for name, key in _BANDS.items()},
        price_eur_per_kwh=prices(district, forecasts, horizon, now),
    )


def measured_series(district: District, past: QuarterHours, horizon: Horizon) -> dict[str, Series]:
    """Slot means of the last day; a sum is NaN where one of its parts is."""
    series = {"net_kw": past.quarter_hours([GRID_METER], horizon)[0]}
    for name, (kind, point) in _METERED.items():
        points = [point_id(device.id, point) for device in district.of_kind(kind)]
        series[name] = past.quarter_hours(points, horizon).sum(axis=0)
    series["base_kw"] = (
        series["net_kw"]
        - (series["heat_pump_kw"] + series["ev_kw"] + series["battery_kw"])
        + series["pv_kw"]
    )
    shares = _capacity_shares(district)
    soc = past.quarter_hours([point_id(key, "soc_pct") for key in shares], horizon)
    series["soc_pct"] = np.array(list(shares.values())) @ soc
    return series


def planned_series(
    district: District, plans: Sequence[Plan], horizon: Horizon
) -> dict[str, Series]:
    """What `plans` expect over `horizon`, where a later plan goes before an earlier one."""
    series: dict[str, Series] = {}
    for plan in plans:
        for name, values in _planned(district, plan, horizon).items():
            known = np.isfinite(values)
            series[name] = np.where(known, values, series.get(name, np.nan))
    return series


def _planned(district: District, plan: Plan, horizon: Horizon) -> dict[str, Series]:
    series = {name: _over(plan, name, horizon) for name in _PLANNED if name in plan.series}
    stored = [point_id(key, "soc_kwh") for key in district.batteries]
    if stored and all(name in plan.series for name in stored):
        energy_kwh = sum((_over(plan, name, horizon) for name in stored), np.zeros(horizon.length))
        capacity_kwh = sum(b.capacity_kwh for b in district.batteries.values())
        series["soc_pct"] = 100 * energy_kwh / capacity_kwh
    return series


def band(forecasts: Forecasts | None, name: str, horizon: Horizon) -> Band:
    """The forecast `name` with its tenth and ninetieth percentile, NaN where it says nothing."""
    if forecasts is None or name not in forecasts.series:
        nothing = np.full(horizon.length, np.nan)
        return Band(expected=nothing, low=nothing, high=nothing)
    forecast = forecasts.series[name]
    expected, low, high = (
        laid_over(values, forecast.horizon, horizon)
        for values in (
            forecast.values,
            forecast.quantiles.get(0.1, forecast.values),
            forecast.quantiles.get(0.9, forecast.values),
        )
    )
    return Band(expected=expected, low=low, high=high)


def prices(
    district: District, forecasts: Forecasts | None, horizon: Horizon, now: datetime
) -> Series:
    """Import prices: ahead as forecast; back only where the fixed tariff says them for sure.

    The past price is known without a record when the plan's prices are the tariff's own; with
    day-ahead prices the past stays empty.
    """
    ahead = band(forecasts, IMPORT_PRICE, horizon).expected
    fixed = district.tariff.import_eur_per_kwh(horizon.slots, district.site.zone)
    known = np.isfinite(ahead)
    if known.any() and not np.allclose(ahead[known], fixed[known], atol=1e-6):
        return ahead
    past = np.array(horizon.slots) <= Slot.containing(now).index
    return np.where(past & ~known, fixed, ahead)


def laid_over(values: Series, own: Horizon, horizon: Horizon) -> Series:
    """`values` of the slots `own`, laid over `horizon`; NaN outside. Shape [horizon.length]."""
    held = QuarterHours(points=("x",), horizon=own, values=values[np.newaxis, :])
    laid: Series = held.quarter_hours(("x",), horizon)[0]
    return laid


def _over(plan: Plan, name: str, horizon: Horizon) -> Series:
    values: Series = plan.series[name]
    return laid_over(values, plan.horizon, horizon)


def _capacity_shares(district: District) -> dict[str, float]:
    capacity_kwh = sum(b.capacity_kwh for b in district.batteries.values())
    return {b.id: b.capacity_kwh / capacity_kwh for b in district.batteries.values()}
