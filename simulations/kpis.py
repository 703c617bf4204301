"""What a stretch of time cost, and how people fared: the figures a controller is judged by.

The bill: each imported kWh at its price, each kWh above the subscribed power at the overrun price
on top, less what exports are worth (the part that the dwellings use at the same time, and the
rest). What the batteries hold more or less at the end is counted at the mean price, so that a short
run does not gain by emptying them; the heat in tanks and rooms is not counted.
"""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import DeviceKind, District
from ems.domain.points import point_id
from ems.domain.slots import SLOT_H
from ems.domain.snapshot import QuarterHours
from simulations.totals import Totals

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Kpis:
    """Figures of one stretch of time."""

    cost_eur: float
    """The bill, less what the batteries hold more at the end, at the mean price of import."""

    bill_eur: float
    """What is paid for the stretch of time."""

    energy_kwh: float
    """Imported."""

    export_kwh: float

    co2_kg: float
    """Of the imported energy."""

    peak_kw: float
    """Greatest quarter-hour import."""

    overrun_kwh: float
    """Drawn above the subscribed power."""

    discomfort_kh: float
    """Kelvin-hours outside what people call comfort, dwellings and zones."""

    discomfort_kh_per_dwelling_day: float
    """Of dwellings only."""

    cold_water_kh: float
    """Kelvin-hours of tanks under their least temperature."""

    ev_shortfall_kwh: float
    """What cars left without, of what could have been charged in their stay."""

    ev_served_share: float
    """Energy charged of what could have been."""

    battery_kwh: float
    """What the batteries hold more at the end than at the beginning."""

    def as_dict(self) -> dict[str, float]:
        """The figures by name."""
        return asdict(self)


def kpis(
    district: District,
    history: QuarterHours,
    totals: Totals,
    day_ahead_eur_per_kwh: Floats | None = None,
) -> Kpis:
    """The figures of the slots of `history`.

    Args:
        district: Its tariff prices the energy.
        history: Quarter-hour means of the history points; all must have been recorded.
        totals: What flowed in the same time: the difference of the plant's totals.
        day_ahead_eur_per_kwh: Energy prices, NaN for the tariff's own. Shape [slots].
    """
    net_kw = _meter(district, history)
    slots, zone, tariff = history.horizon.slots, district.site.zone, district.tariff
    price = tariff.import_eur_per_kwh(slots, zone, day_ahead_eur_per_kwh)
    import_kwh, export_kwh = SLOT_H * np.maximum(net_kw, 0), SLOT_H * np.maximum(-net_kw, 0)
    overrun_kwh = SLOT_H * np.maximum(net_kw - tariff.subscribed_kw, 0)
    shared_kwh = np.minimum(export_kwh, SLOT_H * _dwellings_kw(district, history))
    worth_eur = tariff.shared_eur_per_kwh * shared_kwh
    worth_eur += tariff.feed_in_eur_per_kwh * (export_kwh - shared_kwh)
    bill_eur = price @ import_kwh + tariff.overrun_eur_per_kwh * overrun_kwh.sum() - worth_eur.sum()
    battery_kwh = _battery_kwh(district, totals)
    homes_days = max(len(district.dwellings) * totals.hours / 24, 1e-9)
    discomfort_kh = totals.dwelling_cold_kh + totals.zone_cold_kh + totals.zone_warm_kh
    servable_kwh = totals.ev_servable_kwh
    return Kpis(
        cost_eur=float(bill_eur - price.mean() * battery_kwh),
        bill_eur=float(bill_eur),
        energy_kwh=float(import_kwh.sum()),
        export_kwh=float(export_kwh.sum()),
        co2_kg=float(tariff.co2_kg_per_kwh(slots, zone) @ import_kwh),
        peak_kw=float(max(net_kw.max(), 0.0)),
        overrun_kwh=float(overrun_kwh.sum()),
        discomfort_kh=discomfort_kh,
        discomfort_kh_per_dwelling_day=totals.dwelling_cold_kh / homes_days,
        cold_water_kh=totals.tank_cold_kh,
        ev_shortfall_kwh=totals.ev_shortfall_kwh,
        ev_served_share=1 - totals.ev_shortfall_kwh / servable_kwh if servable_kwh else 1.0,
        battery_kwh=battery_kwh,
    )


def _meter(district: District, history: QuarterHours) -> Floats:
    device = district.device_of[(DeviceKind.METER, "HTA")].id
    rows = history.quarter_hours([point_id(device, "power_kw")], history.horizon)
    return np.asarray(rows[0], dtype=np.float64)


def _dwellings_kw(district: District, history: QuarterHours) -> Floats:
    """Electricity of all dwellings. Shape [slots]."""
    points = [
        point_id(device.id, "electric_power_kw") for device in district.of_kind(DeviceKind.DWELLING)
    ]
    rows = history.quarter_hours(points, history.horizon)
    return np.asarray(rows.sum(axis=0), dtype=np.float64)


def _battery_kwh(district: District, totals: Totals) -> float:
    packs = list(district.batteries.values())
    if not packs:
        return 0.0
    charge = sum(pack.efficiency_charge for pack in packs) / len(packs)
    discharge = sum(pack.efficiency_discharge for pack in packs) / len(packs)
    return totals.battery_charged_kwh * charge - totals.battery_discharged_kwh / discharge
