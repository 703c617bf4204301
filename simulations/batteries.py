"""Batteries of the virtual district: losses by power, ageing, commands that run out.

Richer than a planner's two efficiencies: the converter loses by a curve, idles for nothing, and the
cells lose capacity by time and by cycles, so that a described 500 kWh is never quite there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from building_models import battery_ageing
from building_models.battery_ageing import Age
from ems.domain.district import Battery, DeviceKind, District
from simulations import battery_kernels
from simulations.electricity import FREQUENCY_HZ, VOLTAGE_V
from simulations.image import ProcessImage
from simulations.local_control import Lease
from simulations.panel import Panel

Floats = NDArray[np.float64]

FIRST_CHARGE = 0.5
"""State of charge at the start."""

CELLS_C = 25.0
"""Cells in an air-conditioned room."""

FIRST_AGE = battery_ageing.cycled(
    battery_ageing.rested(Age(), temp_c=CELLS_C, state_of_charge=0.5, hours=8766.0),
    full_cycles=250.0,
    c_rate=0.5,
    depth=0.6,
)
"""A year old when a simulation begins."""


@dataclass
class _Swing:
    """Energy since the direction last changed, for the depth of a half cycle."""

    charging: bool = False
    kwh: float = 0.0

    def moved(self, kwh: float) -> float:
        """Count energy into the cells (+): how much has moved in this direction."""
        if kwh and (kwh > 0) != self.charging:
            self.charging, self.kwh = kwh > 0, 0.0
        self.kwh += abs(kwh)
        return self.kwh


class Batteries:
    """Batteries. Arrays have shape [batteries]."""

    def __init__(self, district: District, image: ProcessImage) -> None:
        self._packs: list[Battery] = list(district.batteries.values())
        self._panel = Panel(image, district, DeviceKind.BATTERY, [pack.id for pack in self._packs])
        self._lease = Lease(self._panel, "setpoint_timeout_s")
        self._new_kwh = np.array([pack.capacity_kwh for pack in self._packs])
        self.ages = [FIRST_AGE] * len(self._packs)
        self._swings = [_Swing() for _ in self._packs]
        self.energy_kwh = FIRST_CHARGE * self.capacity_kwh
        self.power_kw = self.mean_kw = np.zeros(len(self._packs))
        self.charged_kw, self.discharged_kw = self.power_kw, self.power_kw
        self.mean_soc_pct = self.soc_pct
        self._charged_kwh, self._discharged_kwh = self.power_kw.copy(), self.power_kw.copy()

    @property
    def capacity_kwh(self) -> Floats:
        """What cells of their age hold."""
        health = np.array([age.health for age in self.ages], dtype=np.float64)
        left: Floats = self._new_kwh * health
        return left

    @property
    def soc_pct(self) -> Floats:
        """States of charge in percent of the capacity."""
        percent: Floats = 100.0 * self.energy_kwh / self.capacity_kwh
        return percent

    def run(self, now_s: float, dt_h: float, steps: int = 1) -> Floats:
        """Follow the setpoints for some steps, idle without one: all their power. Shape [steps]."""
        timeout_s = self._panel.read("setpoint_timeout_s", 0.0)
        held = self._lease.held(now_s, np.where(timeout_s > 0, timeout_s, np.inf))
        obeys = held & (self._panel.read("setpoint_enable", 0.0) > 0.5)
        asked = np.where(obeys, self._panel.read("power_setpoint_kw", 0.0), 0.0)
        powers, before = np.zeros((len(self._packs), steps)), self.energy_kwh
        capacity, energy = self.capacity_kwh, before.copy()
        for place, pack in enumerate(self._packs):
            low, high = pack.soc_low * capacity[place], pack.soc_high * capacity[place]
            energy[place] = battery_kernels.run(
                asked[place], pack.power_kw, before[place], low, high, powers[place], dt_h
            )
            self._age(place, energy[place] - before[place], capacity[place], dt_h * steps)
        self._keep(powers, energy, dt_h)
        total: Floats = powers.sum(axis=0)
        return total

    def _keep(self, powers: Floats, energy: Floats, dt_h: float) -> None:
        hours = dt_h * powers.shape[1]
        self.mean_soc_pct = (50.0 * (self.energy_kwh + energy) / self.capacity_kwh).copy()
        self.power_kw, self.energy_kwh = powers[:, -1].copy(), energy
        self.mean_kw = powers.mean(axis=1)
        self.charged_kw = np.maximum(powers, 0.0).mean(axis=1)
        self.discharged_kw = self.charged_kw - self.mean_kw
        self._charged_kwh = self._charged_kwh + self.charged_kw * hours
        self._discharged_kwh = self._discharged_kwh + self.discharged_kw * hours

    def _age(self, place: int, into_cells_kwh: float, capacity_kwh: float, hours: float) -> None:
        soc = float(self.energy_kwh[place]) / capacity_kwh
        age = battery_ageing.rested(
            self.ages[place], temp_c=CELLS_C, state_of_charge=soc, hours=hours
        )
        if into_cells_kwh:
            depth = min(self._swings[place].moved(into_cells_kwh) / capacity_kwh, 1.0)
            share = abs(into_cells_kwh) / capacity_kwh
            age = battery_ageing.cycled(
                age, full_cycles=share / 2, c_rate=share / hours, depth=depth
            )
        self.ages[place] = age

    def publish(self) -> None:
        """Write what the batteries report."""
        state = np.where(self.power_kw > 0, 4.0, np.where(self.power_kw < 0, 3.0, 1.0))
        values: dict[str, Floats | float] = {
            "power_kw": self.power_kw,
            "charged_kwh": self._charged_kwh,
            "discharged_kwh": self._discharged_kwh,
            "voltage_v": VOLTAGE_V,
            "current_a": self.power_kw * 1000 / (3 * VOLTAGE_V),
            "frequency_hz": FREQUENCY_HZ,
            "soc_pct": self.soc_pct,
            "soh_pct": 100.0 * self.capacity_kwh / self._new_kwh,
            "capacity_kwh": self._new_kwh,
            "state": state,
        }
        for name, value in values.items():
            self._panel.write(name, value)
