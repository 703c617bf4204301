"""Adds up what flows through the plant, some steps at a time."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulations import room_kernels as rooms_
from simulations import station_kernels as stations_
from simulations import unit_kernels as units_
from simulations.batteries import Batteries
from simulations.charging import Charging
from simulations.electricity import Meters, Roofs
from simulations.heat_kernels import Flows
from simulations.heat_plant import HeatPlant
from simulations.people import People
from simulations.totals import Totals

Floats = NDArray[np.float64]


@dataclass(kw_only=True)
class Accounts:
    """Sums over the parts of a plant."""

    people: People
    dwellings: int
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

    def count(
        self, k: int, sums: Flows, warmth_kw: tuple[float, float], hours: float, steps: int
    ) -> None:
        """Add `hours` of `steps` in slot `k`, through which everything has just moved.

        `sums` are those of the heat over the steps, `warmth_kw` gains and sun.
        """
        powers = {**self._electric_kw(k), **self._thermal_kw(sums, steps)}
        powers["gains_kwh"], powers["sun_kwh"] = warmth_kw
        powers["hours"] = 1.0
        for name, power_kw in powers.items():
            self._sums[name] += power_kw * hours

    def _electric_kw(self, k: int) -> dict[str, float]:
        bought, sold = self.meters.district_kw
        roofs, people = self.roofs, self.people
        return {
            "import_kwh": bought,
            "export_kwh": sold,
            "dwellings_kwh": float(people.appliances_kw[:, k].sum()),
            "zones_kwh": float(people.zone_power_kw[:, k].sum()),
            "shared_kwh": float(people.shared_power_kw[:, k].sum()),
            "ev_kwh": float(self.charging.mean_kw.sum()),
            "pv_kwh": float(roofs.power_kw.sum()),
            "pv_curtailed_kwh": float((roofs.available_kw - roofs.power_kw).sum()),
            "battery_charged_kwh": float(self.batteries.charged_kw.sum()),
            "battery_discharged_kwh": float(self.batteries.discharged_kw.sum()),
        }

    def _thermal_kw(self, sums: Flows, steps: int) -> dict[str, float]:
        rooms, stations = sums.rooms.sum(axis=1) / steps, sums.stations.sum(axis=1) / steps
        units, homes = sums.units.sum(axis=1) / steps, self.dwellings
        cold = sums.rooms[rooms_.COLD] / steps
        return {
            "heating_kwh": float(rooms[rooms_.HEAT]),
            "cooling_kwh": float(rooms[rooms_.COOL]),
            "loss_kwh": float(rooms[rooms_.LOST]),
            "ventilation_kwh": float(rooms[rooms_.VENTED]),
            "dwelling_cold_kh": float(cold[:homes].sum()),
            "zone_cold_kh": float(cold[homes:].sum()),
            "zone_warm_kh": float(sums.rooms[rooms_.WARM, homes:].sum() / steps),
            "tank_charge_kwh": float(stations[stations_.CHARGE]),
            "hot_water_kwh": float(stations[stations_.DRAW]),
            "hot_water_missed_kwh": float(stations[stations_.MISSED]),
            "tank_loss_kwh": float(stations[stations_.LOSS]),
            "tank_cold_kh": float(stations[stations_.SHORT_K]),
            "heat_pump_kwh": float(units[units_.ELECTRIC]),
            "shared_heat_kwh": float(units[units_.UNIT_SHARED]),
            "pump_kwh": float(sums.loop[units_.PUMP_KW]) / steps,
        }
