"""The electric side: batteries as they stand, prices and powers at the district's meter."""

import numpy as np

from ems.domain.circumstances import NOTHING_SPECIAL, Circumstances
from ems.domain.demand_response import joined
from ems.domain.district import Battery, DeviceKind, District
from ems.domain.forecasts import Forecasts
from ems.domain.overruns import overrun_prices
from ems.domain.points import point_id
from ems.domain.snapshot import Snapshot
from ems.optimizer.problem import Batteries, Floats, Grid

SPREAD_SHARE = 0.03
"""Of the subscribed power, the least error that is expected of a quarter hour's net load: what cars
and thermostats do within it."""
NINE_IN_TEN = 1.2816
"""The 0.9 quantile of the normal distribution."""
UNSURE = ("district/base_load_kw", "pv/available_kw", "car_park/future_kw")
"""Forecasts whose errors meet at the meter, taken as independent."""
LESS_EUR_PER_KWH = 1e-3
"""Export is worth at least this much less than import costs in the same slot."""
HOLD_SHARE = 1.002
"""Keeping energy is worth this much more than using it at the same price: no flips for nothing."""


def batteries(
    district: District, snapshot: Snapshot, forecasts: Forecasts
) -> tuple[Batteries, list[str]]:
    """The batteries that a plan can use, and notes on the others."""
    known: list[tuple[Battery, float]] = []
    notes = []
    for battery in district.batteries.values():
        device = district.device_of.get((DeviceKind.BATTERY, battery.id))
        soc_pct = snapshot.value(point_id(device.id, "soc_pct")) if device else np.nan
        held_kw = snapshot.held(point_id(device.id, "power_setpoint_kw")) if device else np.nan
        if np.isfinite(held_kw):
            notes.append(f"{battery.id}: held on site at {held_kw:g} kW, planned without it")
        elif 0 <= soc_pct <= 100:
            known.append((battery, soc_pct / 100 * battery.capacity_kwh))
        else:
            notes.append(f"{battery.id}: no state of charge, left idle")
    return _batteries(known, forecasts), notes


def _batteries(known: list[tuple[Battery, float]], forecasts: Forecasts) -> Batteries:
    units = [battery for battery, _ in known]
    capacity = np.array([b.capacity_kwh for b in units])
    wear = np.array([b.wear_eur_per_kwh for b in units])
    discharge = np.array([b.efficiency_discharge for b in units])
    return Batteries(
        names=tuple(b.id for b in units),
        start_kwh=np.array([energy for _, energy in known]),
        low_kwh=capacity * np.array([b.soc_low for b in units]),
        high_kwh=capacity * np.array([b.soc_high for b in units]),
        power_kw_max=np.array([b.power_kw for b in units]),
        efficiency_charge=np.array([b.efficiency_charge for b in units]),
        efficiency_discharge=discharge,
        wear_eur_per_kwh=wear,
        end_eur_per_kwh=HOLD_SHARE * discharge * np.maximum(usual_price(forecasts) - wear, 0.0),
    )


def grid(
    district: District,
    forecasts: Forecasts,
    co2_eur_per_kg: float,
    circumstances: Circumstances = NOTHING_SPECIAL,
) -> Grid:
    """Prices and uncontrolled powers at the meter.

    Export is never worth more than import costs: the meter nets a slot, and a programme that could
    buy and sell at once would.
    """
    tariff = district.tariff
    cost = forecasts["price/import_eur_per_kwh"]
    cost = cost + co2_eur_per_kg * forecasts["grid/co2_kg_per_kwh"]
    base = forecasts["district/base_load_kw"] + forecasts["car_park/future_kw"]
    most = cost - LESS_EUR_PER_KWH
    cap_kw, cap_price = joined(circumstances.caps, forecasts.horizon)
    drawn, zone = circumstances.drawn, district.site.zone
    over = overrun_prices(tariff, forecasts.horizon, zone, drawn)
    return Grid(
        base_kw=base,
        pv_kw=np.maximum(forecasts["pv/available_kw"], 0.0),
        dwellings_kw=np.maximum(forecasts["district/dwellings_kw"], 0.0),
        import_eur_per_kwh=cost,
        shared_eur_per_kwh=np.minimum(forecasts["price/shared_eur_per_kwh"], most),
        feed_in_eur_per_kwh=np.minimum(forecasts["price/feed_in_eur_per_kwh"], most),
        subscribed_kw=tariff.subscribed_kw,
        spread_kw=_spread_kw(district, forecasts),
        overrun_eur_per_kwh=over.eur_per_kwh,
        far_kw=over.far_kw,
        far_eur_per_kwh=over.far_eur_per_kwh,
        peak_eur_per_kw=tariff.peak_eur_per_kw_month,
        peak_kw_min=drawn.peak_kw if drawn else 0.0,
        cap_kw=cap_kw,
        cap_eur_per_kwh=cap_price,
    )


def notes(district: District, circumstances: Circumstances) -> list[str]:
    """What the month's overruns cost already."""
    drawn = circumstances.drawn
    paid = drawn.cost_eur(district.tariff) if drawn else 0.0
    if drawn is None or paid < 1.0:
        return []
    return [
        f"overruns of this month cost {paid:.0f} EUR so far, its peak is {drawn.peak_kw:.0f} kW"
    ]


def usual_price(forecasts: Forecasts) -> float:
    """What a kWh is worth when it is not known when it will be used: the median price, EUR."""
    return float(np.median(forecasts["price/import_eur_per_kwh"]))


def _spread_kw(district: District, forecasts: Forecasts) -> Floats:
    """Standard deviation of the net load's error, from the quantiles of its parts. Shape [T]."""
    least_kw = SPREAD_SHARE * district.tariff.subscribed_kw
    variance = np.full(forecasts.horizon.length, least_kw**2)
    for name in UNSURE:
        at = forecasts.series[name]
        low, high = (at.quantiles.get(level, at.values) for level in (0.1, 0.9))
        sides = sum(level in at.quantiles for level in (0.1, 0.9))
        variance += ((high - low) / (max(sides, 1) * NINE_IN_TEN)) ** 2
    spread: Floats = np.sqrt(variance)
    return spread
