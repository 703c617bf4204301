"""What has flowed since the plant started, to judge a controller by."""

from dataclasses import dataclass, fields
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Sums since the start; the difference of two is what happened between them."""

    hours: float = 0.0
    import_kwh: float = 0.0
    """At the district's connection."""
    export_kwh: float = 0.0
    dwellings_kwh: float = 0.0
    """Dwellings' own appliances, not behind the connection."""
    zones_kwh: float = 0.0
    shared_kwh: float = 0.0
    heat_pump_kwh: float = 0.0
    pump_kwh: float = 0.0
    ev_kwh: float = 0.0
    pv_kwh: float = 0.0
    pv_curtailed_kwh: float = 0.0
    battery_charged_kwh: float = 0.0
    battery_discharged_kwh: float = 0.0
    heating_kwh: float = 0.0
    """Heat into rooms."""
    tank_charge_kwh: float = 0.0
    hot_water_kwh: float = 0.0
    """Heat drawn by people."""
    hot_water_missed_kwh: float = 0.0
    """Heat that people wanted and a cold tank could not give."""
    tank_loss_kwh: float = 0.0
    tank_cold_kh: float = 0.0
    """Kelvin-hours of tanks under their least temperature."""
    cooling_kwh: float = 0.0
    shared_heat_kwh: float = 0.0
    gains_kwh: float = 0.0
    """Heat of people and appliances into rooms."""
    sun_kwh: float = 0.0
    loss_kwh: float = 0.0
    """Heat out of rooms through envelopes."""
    ventilation_kwh: float = 0.0
    """Heat out of rooms by wind and windows beyond that."""
    dwelling_cold_kh: float = 0.0
    """Kelvin-hours of dwellings under what their people chose."""
    zone_cold_kh: float = 0.0
    zone_warm_kh: float = 0.0
    cars_left: float = 0.0
    ev_served_kwh: float = 0.0
    """Energy of the cars that have left."""
    ev_servable_kwh: float = 0.0
    """What they wanted, as far as their stay allowed."""
    ev_shortfall_kwh: float = 0.0
    """What of it they left without."""
    starts: float = 0.0
    """Starts of heat pumps."""

    def __sub__(self, earlier: Self) -> "Totals":
        names = [f.name for f in fields(Totals)]
        return Totals(**{name: getattr(self, name) - getattr(earlier, name) for name in names})
