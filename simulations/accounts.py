"""Adds up what flows through the plant, step by step."""

from dataclasses import dataclass, field

import numpy as np

from simulations.charging import Charging
from simulations.electricity import Batteries, Meters, Roofs
from simulations.heat_plant import HeatPlant
from simulations.people import People
from simulations.room_control import RoomControl
from simulations.rooms import Rooms
from simulations.substations import Substations
from simulations.totals import Totals


@dataclass(kw_only=True)
class Accounts:
    """Sums over the parts of a plant."""

    people: People
    rooms: Rooms
    control: RoomControl
    substations: Substations
    heat_plant: HeatPlant
    charging: Charging
    roofs: Roofs
    batteries: Batteries
    meters: Meters
    _sums: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(Totals.__dataclass_fields__, 0.0)
    )

    def totals(self) -> Totals:
        """What has flowed since the start."""
        cars = self.charging
        own = {
            "cars_left": float(cars.departed),
            "ev_served_kwh": cars.served_kwh,
            "ev_servable_kwh": cars.servable_kwh,
            "ev_shortfall_kwh": cars.shortfall_kwh,
            "starts": self.heat_plant.starts,
        }
        return Totals(**{**self._sums, **own})

    def count(self, k: int, dt_h: float) -> None:
        """Add a step in slot `k`, in which everything has just moved."""
        for name, power_kw in {**self._electric_kw(k), **self._thermal_kw()}.items():
            self._sums[name] += power_kw * dt_h
        schedule, air = self.control.schedule, self.rooms.air_c
        homes = self.rooms.dwellings
        # who turns his own thermostat down is not cold
        low = schedule.comfort_low_c[:, k].copy()
        low[:homes] += np.minimum(self.people.offset_k[:, k], 0.0)
        cold = np.maximum(low - air, 0.0)
        warm = np.maximum(air - schedule.comfort_high_c[:, k], 0.0)
        self._sums["dwelling_cold_kh"] += float(cold[:homes].sum()) * dt_h
        self._sums["zone_cold_kh"] += float(cold[homes:].sum()) * dt_h
        self._sums["zone_warm_kh"] += float(warm[homes:].sum()) * dt_h
        short = np.maximum(self.substations.low_c - self.substations.temp_c, 0.0)
        self._sums["tank_cold_kh"] += float(short.sum()) * dt_h
        self._sums["hours"] += dt_h

    def _electric_kw(self, k: int) -> dict[str, float]:
        net = self.meters.district_kw
        battery_kw = self.batteries.power_kw
        roofs = self.roofs
        return {
            "import_kwh": max(net, 0.0),
            "export_kwh": max(-net, 0.0),
            "dwellings_kwh": float(self.people.appliances_kw[:, k].sum()),
            "zones_kwh": float(self.people.zone_power_kw[:, k].sum()),
            "shared_kwh": float(self.people.shared_power_kw[:, k].sum()),
            "heat_pump_kwh": float(self.heat_plant.electric_kw.sum()),
            "pump_kwh": self.heat_plant.pump_kw,
            "ev_kwh": float(self.charging.power_kw.sum()),
            "pv_kwh": float(roofs.power_kw.sum()),
            "pv_curtailed_kwh": float((roofs.available_kw - roofs.power_kw).sum()),
            "battery_charged_kwh": float(np.maximum(battery_kw, 0.0).sum()),
            "battery_discharged_kwh": float(np.maximum(-battery_kw, 0.0).sum()),
        }

    def _thermal_kw(self) -> dict[str, float]:
        rooms, stations = self.rooms, self.substations
        return {
            "heating_kwh": float(self.control.heat_kw.sum()),
            "tank_charge_kwh": float(stations.charge_kw.sum()),
            "hot_water_kwh": float(stations.draw_kw.sum()),
            "hot_water_missed_kwh": float(stations.missed_kw.sum()),
            "tank_loss_kwh": float(stations.loss_kw.sum()),
            "cooling_kwh": float(self.control.cool_kw.sum()),
            "shared_heat_kwh": float(self.heat_plant.shared_kw.sum()),
            "gains_kwh": float(rooms.gains_kw.sum()),
            "sun_kwh": float(rooms.sun_kw.sum()),
            "loss_kwh": float(rooms.loss_kw.sum()),
            "ventilation_kwh": float(rooms.ventilation_kw.sum()),
        }
