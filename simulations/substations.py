"""Substations: what a building's exchangers may pass, and its hot-water tank.

Rooms and tank share the exchanger, hot water first; what is too much for the rooms is scaled down
alike. Tanks are layered; their sensors stand in the top and in the bottom layer.
"""

import numpy as np
from numpy.typing import NDArray

from building_models import emitter, layered_tank, tank
from ems.domain.district import DeviceKind, District
from simulations.heat_kernels import StationSide
from simulations.image import ProcessImage
from simulations.local_control import Lease
from simulations.panel import Panel
from simulations.station_kernels import (
    CHARGE,
    COOLING,
    DRAW,
    FLOWS,
    HEATING,
    Stations,
    StationsHeld,
    TankStates,
)

Floats = NDArray[np.float64]

STEPS_KEPT = 32


class Substations:
    """All heated buildings, in the district's order. Every array has shape [buildings]."""

    def __init__(self, district: District, image: ProcessImage) -> None:
        described = [b.substation for b in district.heated.values() if b.substation is not None]
        tanks = [station.tank for station in described]
        self.stations = Stations(
            heat_kw_max=np.array([station.heat_kw_max for station in described]),
            cool_kw_max=np.array([station.cool_kw_max for station in described]),
            charge_kw_max=np.array([t.charge_kw_max for t in tanks]),
            volume_l=np.array([t.volume_l for t in tanks]),
            loss_kw_per_k=np.array([t.loss_w_per_k for t in tanks]) / 1000,
            low_c=np.array([t.temp_low_c for t in tanks]),
            high_c=np.array([t.temp_high_c for t in tanks]),
        )
        self._hot_water_c = district.plant.hot_water_supply_c
        self._panel = Panel(image, district, DeviceKind.SUBSTATION, list(district.heated))
        self._panel.write("heating_setpoint_c", emitter.SUPPLY_C)
        self._panel.write("heat_limit_kw", self.stations.heat_kw_max)
        self._panel.write("tank_setpoint_c", self.stations.high_c)
        self._panel.write("tank_charge_limit_kw", self.stations.charge_kw_max)
        self._lease = Lease(self._panel, "heartbeat")
        half = 0.5 * (self.stations.low_c + self.stations.high_c)
        self.tanks = TankStates(
            layers_c=np.repeat(half[:, None], layered_tank.LAYERS, axis=1),
            charging=np.zeros(len(tanks), dtype=np.bool_),
        )
        self.last = np.zeros((FLOWS, len(tanks)))
        self._supply_c, self._return_c = np.full(len(tanks), emitter.SUPPLY_C), half * 0 + 20.0
        self._energy_kwh = {"heating": half * 0, "cooling": half * 0}
        self._steps: dict[float, layered_tank.LayerStep] = {}

    @property
    def stored_kwh(self) -> float:
        """Heat in all tanks above 0 °C."""
        return float(tank.energy_kwh(self.stations.volume_l, self.temp_c, 0.0).sum())

    @property
    def temp_c(self) -> Floats:
        """Mean temperatures of the tanks."""
        mean: Floats = self.tanks.layers_c.mean(axis=1)
        return mean

    @property
    def top_c(self) -> Floats:
        """Outlet temperatures of the tanks."""
        return self.tanks.layers_c[:, -1].copy()

    def side(
        self, draws_l_per_h: Floats, cold_c: float, now_s: float, dt_h: float
    ) -> tuple[StationSide, Floats]:
        """Substations as they stand, under the commands that hold; and the heating's supply, °C.

        `draws_l_per_h`: hot water at 40 °C.
        """
        commanded = self._lease.held(now_s)
        most = self.stations.heat_kw_max
        limit = np.clip(self._panel.read("heat_limit_kw", most), 0.0, most)
        supply = self._panel.read("heating_setpoint_c", emitter.SUPPLY_C)
        self._supply_c = np.where(commanded, supply, emitter.SUPPLY_C)
        held = StationsHeld(
            draws_l_per_h=draws_l_per_h,
            cold_c=cold_c,
            supply_c=self._hot_water_c,
            commanded=commanded,
            setpoint_c=self._panel.read("tank_setpoint_c", self.stations.high_c),
            limit_kw=self._panel.read("tank_charge_limit_kw", self.stations.charge_kw_max),
            heating_limit_kw=np.where(commanded, limit, most),
        )
        return StationSide(self.stations, self.tanks, self._step(dt_h), held), self._supply_c

    def count(self, last: Floats, sums: Floats, return_c: Floats, dt_h: float) -> None:
        """Count what passed in some steps; `last` and `sums` hold the flows of `station_kernels`.

        `return_c`: what comes back from emitters.
        """
        self.last, self._return_c = last.copy(), return_c
        self._energy_kwh["heating"] += (sums[HEATING] + sums[CHARGE]) * dt_h
        self._energy_kwh["cooling"] += sums[COOLING] * dt_h

    def publish(self) -> None:
        """Write what the substations' sensors show."""
        flows = self.last
        load = flows[HEATING] / self.stations.heat_kw_max
        values = {
            "heating_supply_temp_c": self._supply_c,
            "heating_return_temp_c": self._return_c,
            "heating_power_kw": flows[HEATING],
            "cooling_supply_temp_c": np.where(flows[COOLING] > 0, 7.0, 12.0),
            "cooling_power_kw": flows[COOLING],
            "tank_top_temp_c": self.top_c,
            "tank_bottom_temp_c": self.tanks.layers_c[:, 0].copy(),
            "tank_charge_kw": flows[CHARGE],
            "hot_water_draw_kw": flows[DRAW],
            "pump_pct": 100.0 * np.clip(0.3 + 0.7 * load, 0.0, 1.0),
            "alarm": (self.top_c < self.stations.low_c - 5.0).astype(np.float64),
            "heating_energy_kwh": self._energy_kwh["heating"],
            "cooling_energy_kwh": self._energy_kwh["cooling"],
        }
        for name, value in values.items():
            self._panel.write(name, value)

    def _step(self, dt_h: float) -> layered_tank.LayerStep:
        if dt_h not in self._steps:
            if len(self._steps) >= STEPS_KEPT:
                self._steps.clear()
            self._steps[dt_h] = layered_tank.discretise(
                self.stations.volume_l, 1000 * self.stations.loss_kw_per_k, dt_h
            )
        return self._steps[dt_h]
