"""Substations: what a building's exchangers may pass, and its hot-water tank.

Rooms and tank share the exchanger, hot water first; what is too much for the rooms is scaled down
alike. The tank is one mixed state; top and bottom are reported around its mean.
"""

import numpy as np
from numpy.typing import NDArray

from building_models import tank
from ems.domain.district import DeviceKind, District
from simulations.image import ProcessImage
from simulations.local_control import Lease, TankThermostat
from simulations.panel import Panel

Floats = NDArray[np.float64]

PLANT_ROOM_C = 22.0
HEATING_SUPPLY_C, EMISSION_REFERENCE_C = 45.0, 20.0
"""Emitters give their full power at this supply above a room of that temperature."""

STRATIFICATION_K = 2.0
STEPS_KEPT = 32


class Substations:
    """All heated buildings, in the district's order. Every array has shape [buildings]."""

    def __init__(self, district: District, image: ProcessImage) -> None:
        stations = [b.substation for b in district.heated.values() if b.substation is not None]
        tanks = [station.tank for station in stations]
        self.heat_kw_max = np.array([station.heat_kw_max for station in stations])
        self.cool_kw_max = np.array([station.cool_kw_max for station in stations])
        self._volume_l = np.array([t.volume_l for t in tanks])
        self._loss_w_per_k = np.array([t.loss_w_per_k for t in tanks])
        self.low_c = np.array([t.temp_low_c for t in tanks])
        high_c = np.array([t.temp_high_c for t in tanks])
        self.charge_kw_max = np.array([t.charge_kw_max for t in tanks])
        self._thermostat = TankThermostat(self.low_c, high_c, self.charge_kw_max)
        self._panel = Panel(image, district, DeviceKind.SUBSTATION, list(district.heated))
        self._panel.write("heating_setpoint_c", HEATING_SUPPLY_C)
        self._panel.write("heat_limit_kw", self.heat_kw_max)
        self._panel.write("tank_setpoint_c", high_c)
        self._panel.write("tank_charge_limit_kw", self.charge_kw_max)
        self._lease = Lease(self._panel, "heartbeat")
        self.temp_c = 0.5 * (self.low_c + high_c)
        zeros = np.zeros(len(stations))
        self.heating_kw, self.cooling_kw, self.charge_kw, self.draw_kw = (
            zeros.copy() for _ in range(4)
        )
        self.loss_kw, self.missed_kw = zeros.copy(), zeros.copy()
        self._energy_kwh = {"heating": zeros.copy(), "cooling": zeros.copy()}
        self._steps: dict[float, tank.TankStep] = {}
        self._held = np.zeros(len(stations), dtype=np.bool_)
        self._idle_c = self.temp_c

    @property
    def stored_kwh(self) -> float:
        """Heat in all tanks above 0 °C."""
        return float(tank.energy_kwh(self._volume_l, self.temp_c, 0.0).sum())

    @property
    def top_c(self) -> Floats:
        """Outlet temperatures; a tank that empties is layered."""
        top: Floats = self.temp_c + 1.0
        top += STRATIFICATION_K * (self.draw_kw > self.charge_kw)
        return top

    def heating_limits_kw(self, now_s: float) -> tuple[Floats, Floats]:
        """What rooms may take, and which share of their emitters' power the supply allows."""
        self._held = self._lease.held(now_s)
        limit = self._panel.read("heat_limit_kw", self.heat_kw_max)
        limit = np.where(self._held, np.clip(limit, 0.0, self.heat_kw_max), self.heat_kw_max)
        supply = self._panel.read("heating_setpoint_c", HEATING_SUPPLY_C)
        supply = np.where(self._held, supply, HEATING_SUPPLY_C)
        share = (supply - EMISSION_REFERENCE_C) / (HEATING_SUPPLY_C - EMISSION_REFERENCE_C)
        return limit, np.clip(share, 0.0, 1.0)

    def charge_wanted_kw(self, draw_kw: Floats, dt_h: float) -> Floats:
        """What the tanks ask for in a step in which people want `draw_kw` of heat."""
        step = self._step(dt_h)
        self.draw_kw = draw_kw * tank.served_share(self.temp_c)
        self.missed_kw = draw_kw - self.draw_kw
        self._idle_c = tank.step(step, self.temp_c, -self.draw_kw, PLANT_ROOM_C)
        return self._thermostat.charge_kw(
            step,
            self._idle_c,
            commanded=self._held,
            setpoint_c=self._panel.read("tank_setpoint_c", self._thermostat.setpoint_c),
            limit_kw=self._panel.read("tank_charge_limit_kw", self.charge_kw_max),
        )

    def apply(self, heating_kw: Floats, cooling_kw: Floats, charge_kw: Floats, dt_h: float) -> None:
        """Pass heat and cold for one step."""
        step = self._step(dt_h)
        before = self.temp_c
        self.temp_c = self._idle_c + charge_kw * step.gain_k_per_kw
        rise_kw = tank.capacity_kwh_per_k(self._volume_l) * (self.temp_c - before) / dt_h
        self.loss_kw = charge_kw - self.draw_kw - rise_kw
        self.heating_kw, self.cooling_kw, self.charge_kw = heating_kw, cooling_kw, charge_kw
        self._energy_kwh["heating"] += (heating_kw + charge_kw) * dt_h
        self._energy_kwh["cooling"] += cooling_kw * dt_h

    def publish(self) -> None:
        """Write what the substations' sensors show."""
        supply = self._panel.read("heating_setpoint_c", HEATING_SUPPLY_C)
        supply = np.where(self._held, supply, HEATING_SUPPLY_C)
        load = self.heating_kw / self.heat_kw_max
        values = {
            "heating_supply_temp_c": supply,
            "heating_return_temp_c": supply - 2.0 - 8.0 * load,
            "heating_power_kw": self.heating_kw,
            "cooling_supply_temp_c": np.where(self.cooling_kw > 0, 7.0, 12.0),
            "cooling_power_kw": self.cooling_kw,
            "tank_top_temp_c": self.top_c,
            "tank_bottom_temp_c": 2.0 * self.temp_c - self.top_c,
            "tank_charge_kw": self.charge_kw,
            "hot_water_draw_kw": self.draw_kw,
            "pump_pct": 100.0 * np.clip(0.3 + 0.7 * load, 0.0, 1.0),
            "alarm": (self.temp_c < self.low_c - 5.0).astype(np.float64),
            "heating_energy_kwh": self._energy_kwh["heating"],
            "cooling_energy_kwh": self._energy_kwh["cooling"],
        }
        for name, value in values.items():
            self._panel.write(name, value)

    def _step(self, dt_h: float) -> tank.TankStep:
        if dt_h not in self._steps:
            if len(self._steps) >= STEPS_KEPT:
                self._steps.clear()
            self._steps[dt_h] = tank.discretise(self._volume_l, self._loss_w_per_k, dt_h)
        return self._steps[dt_h]
