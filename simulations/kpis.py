"""What a stretch of time cost, and how people fared: the figures a controller is judged by.

The bill: each imported kWh at its price, each kWh above the subscribed power at the overrun price
on top, less what exports are worth (the part that the dwellings use at the same time, and the
rest). What the batteries hold more or less at the end is counted at the mean of the cheapest third
of the prices, at which they can be filled again, so that a short run does not gain by emptying
them; the heat in tanks and rooms is not counted.

Controllers that serve people worse are not cheaper for it: `valued_eur` adds what cold rooms and
cars that leave short are worth in the description. Beside the totals stand the figures of BOPTEST
(D. Blum and others, Journal of Building Performance Simulation 14(5), 2021,
doi:10.1080/19401493.2021.1986574): discomfort per zone; energy, cost, emissions and peak per square
metre; processor time per time.
"""

from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import DeviceKind, District
from ems.domain.points import point_id
from ems.domain.slots import SLOT_H
from ems.domain.snapshot import QuarterHours
from simulations.operation import battery_cycles, battery_flips, hygiene_missed_h
from simulations.totals import Totals

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Kpis:
    """Figures of one stretch of time."""

    cost_eur: float
    """The bill, less what the batteries hold more at the end, at the price of filling them."""

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

    valued_eur: float
    """The cost, and what discomfort and cars that left short are worth in the description."""

    self_consumption: float
    """Share of the sun's generation used behind the district's meter; 1 when there was none."""

    autarky: float
    """Share of what was used behind the meter that was not imported."""

    battery_cycles: float
    """Full discharges of the usable capacity."""

    battery_flips: float
    """Turns from charging to discharging or back."""

    heat_pump_starts: float

    hygiene_missed_h: float
    """Tank-hours against the rule on hot-water storage."""

    tdis_kh_per_zone: float
    """BOPTEST: discomfort by zone, dwellings counted as zones."""

    ener_kwh_per_m2: float
    """BOPTEST: imported energy by floor area."""

    cost_eur_per_m2: float
    """BOPTEST: cost by floor area."""

    emis_kg_per_m2: float
    """BOPTEST: emissions by floor area."""

    pele_kw_per_m2: float
    """BOPTEST: peak by floor area."""

    time_ratio: float = field(default=0.0, compare=False)
    """BOPTEST: seconds of processor per second of district time; the plant's own included."""

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
    battery_kwh = stored_kwh(district, totals.battery_charged_kwh, totals.battery_discharged_kwh)
    homes_days = max(len(district.dwellings) * totals.hours / 24, 1e-9)
    discomfort_kh = totals.dwelling_cold_kh + totals.zone_cold_kh + totals.zone_warm_kh
    servable_kwh = totals.ev_servable_kwh
    cost_eur = float(bill_eur - filling_eur_per_kwh(price) * battery_kwh)
    co2_kg = float(tariff.co2_kg_per_kwh(slots, zone) @ import_kwh)
    peak_kw = float(max(net_kw.max(), 0.0))
    bought_kwh, sold_kwh = float(import_kwh.sum()), float(export_kwh.sum())
    rooms = len(district.dwellings) + len(district.zones)
    floor_m2 = sum(home.area_m2 for home in district.dwellings.values())
    floor_m2 += sum(zone.area_m2 for zone in district.zones.values())
    return Kpis(
        cost_eur=cost_eur,
        bill_eur=float(bill_eur),
        energy_kwh=bought_kwh,
        export_kwh=sold_kwh,
        co2_kg=co2_kg,
        peak_kw=peak_kw,
        overrun_kwh=float(overrun_kwh.sum()),
        discomfort_kh=discomfort_kh,
        discomfort_kh_per_dwelling_day=totals.dwelling_cold_kh / homes_days,
        cold_water_kh=totals.tank_cold_kh,
        ev_shortfall_kwh=float(totals.ev_shortfall_kwh),
        ev_served_share=float(1 - totals.ev_shortfall_kwh / servable_kwh) if servable_kwh else 1.0,
        battery_kwh=battery_kwh,
        valued_eur=cost_eur + _unserved_eur(district, totals),
        self_consumption=max(0.0, 1 - sold_kwh / totals.pv_kwh) if totals.pv_kwh > 0 else 1.0,
        autarky=_autarky(bought_kwh, sold_kwh, totals.pv_kwh),
        battery_cycles=battery_cycles(district, totals.battery_discharged_kwh),
        battery_flips=battery_flips(district, history),
        heat_pump_starts=float(totals.starts),
        hygiene_missed_h=hygiene_missed_h(district, history),
        tdis_kh_per_zone=discomfort_kh / rooms,
        ener_kwh_per_m2=bought_kwh / floor_m2,
        cost_eur_per_m2=cost_eur / floor_m2,
        emis_kg_per_m2=co2_kg / floor_m2,
        pele_kw_per_m2=peak_kw / floor_m2,
    )


def filling_eur_per_kwh(price_eur_per_kwh: Floats) -> float:
    """What a kWh costs that is bought in the cheapest third of the slots."""
    third = max(1, len(price_eur_per_kwh) // 3)
    return float(np.sort(price_eur_per_kwh)[:third].mean())


def _unserved_eur(district: District, totals: Totals) -> float:
    """What discomfort and missing charge are worth, by the mean prices of the description."""
    homes = [district.uses[home.use] for home in district.dwellings.values()]
    zones = [district.uses[zone.use] for zone in district.zones.values()]
    at_home, at_work = (
        sum(use.comfort_eur_per_kh for use in uses) / max(len(uses), 1) for uses in (homes, zones)
    )
    return (
        at_home * totals.dwelling_cold_kh
        + at_work * (totals.zone_cold_kh + totals.zone_warm_kh)
        + district.car_park.shortfall_eur_per_kwh * float(totals.ev_shortfall_kwh)
    )


def _autarky(bought_kwh: float, sold_kwh: float, pv_kwh: float) -> float:
    used_kwh = bought_kwh + pv_kwh - sold_kwh
    return 1 - bought_kwh / used_kwh if used_kwh > 0 else 1.0


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


def stored_kwh(district: District, charged_kwh: float, discharged_kwh: float) -> float:
    """What batteries hold more after taking and giving some energy at their terminals."""
    packs = list(district.batteries.values())
    if not packs:
        return 0.0
    charge = sum(pack.efficiency_charge for pack in packs) / len(packs)
    discharge = sum(pack.efficiency_discharge for pack in packs) / len(packs)
    return charged_kwh * charge - discharged_kwh / discharge
