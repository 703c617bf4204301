"""Roofs and meters of the virtual district.

Every meter has three phases with an unevenness of its own and a voltage that sags with the load.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from building_models import pv
from ems.domain.district import DeviceKind, District
from ems.domain.weather import Weather
from simulations.image import ProcessImage
from simulations.local_control import Lease
from simulations.panel import Panel

Floats = NDArray[np.float64]

VOLTAGE_V, FREQUENCY_HZ, POWER_FACTOR = 231.0, 50.0, 0.97
SAG_V_PER_KW = 0.004
PHASE_SPREAD = 0.03


class Roofs:
    """Photovoltaics. Arrays have shape [roofs]."""

    def __init__(self, district: District, image: ProcessImage, weather: Weather) -> None:
        roofs = list(district.pv_roofs.values())
        self._panel = Panel(image, district, DeviceKind.PV_INVERTER, [roof.id for roof in roofs])
        self._inverter_kw = np.array([roof.inverter_kw for roof in roofs])
        self._sun_kw = np.array([pv.power_in(roof, district.site, weather) for roof in roofs])
        self._panel.write("power_limit_pct", 100.0)
        self._lease = Lease(self._panel, "limit_timeout_s")
        self.power_kw = self.available_kw = np.zeros(len(roofs))
        self._energy_kwh = np.zeros(len(roofs))

    def run(self, k: int, now_s: float, dt_h: float) -> None:
        """Generate for one step in slot `k`; a limit holds while its time-out is renewed."""
        timeout_s = self._panel.read("limit_timeout_s", 0.0)
        held = self._lease.held(now_s, np.where(timeout_s > 0, timeout_s, np.inf))
        limited = held & (self._panel.read("limit_enable", 0.0) > 0.5)
        percent = np.clip(self._panel.read("power_limit_pct", 100.0), 0.0, 100.0)
        limit_kw = np.where(limited, percent / 100 * self._inverter_kw, np.inf)
        self.available_kw = self._sun_kw[:, k]
        self.power_kw = np.minimum(self.available_kw, limit_kw)
        self._energy_kwh = self._energy_kwh + self.power_kw * dt_h

    def publish(self, outdoor_c: float) -> None:
        """Write what the inverters report."""
        load = self.power_kw / self._inverter_kw
        self._panel.write("power_kw", self.power_kw)
        self._panel.write("energy_kwh", self._energy_kwh)
        self._panel.write("current_a", self.power_kw * 1000 / (3 * VOLTAGE_V))
        self._panel.write("voltage_v", VOLTAGE_V + 2.0 * load)
        self._panel.write("frequency_hz", FREQUENCY_HZ)
        self._panel.write("dc_power_kw", self.power_kw / pv.INVERTER_EFFICIENCY)
        self._panel.write("cabinet_temp_c", outdoor_c + 5.0 + 20.0 * load)
        throttled = self.power_kw < self.available_kw - 1e-9
        running = np.where(throttled, 5.0, 4.0)
        self._panel.write("state", np.where(self.available_kw > 0, running, 2.0))


class Meters:
    """Meters of buildings, plant and shared facilities, and the one at the HTA connection."""

    DISTRICT = "HTA"

    def __init__(self, district: District, image: ProcessImage) -> None:
        self.names = (*district.buildings, "PLANT", "SHARED", self.DISTRICT)
        self._panel = Panel(image, district, DeviceKind.METER, self.names)
        self.power_kw = self.mean_kw = self.import_kw = np.zeros(len(self.names))
        self._import_kwh, self._export_kwh = self.power_kw.copy(), self.power_kw.copy()
        uneven = np.cos(np.arange(3) * 2.1 + np.arange(len(self.names))[:, None])
        self._split = (1.0 + PHASE_SPREAD * (uneven - uneven.mean(axis=1, keepdims=True))) / 3.0

    def run(self, loads_kw: Mapping[str, Floats], generation_kw: float, dt_h: float) -> None:
        """Count some steps; loads by meter [steps], all behind the district's, which sums them."""
        measured = [loads_kw.get(name, np.zeros(1)) for name in self.names[:-1]]
        total = sum(loads_kw.values(), np.zeros(1)) - generation_kw
        rows = np.array(np.broadcast_arrays(*measured, total))
        self.power_kw, self.mean_kw = rows[:, -1].copy(), rows.mean(axis=1)
        self.import_kw = np.maximum(rows, 0.0).mean(axis=1)
        hours = rows.shape[1] * dt_h
        self._import_kwh = self._import_kwh + self.import_kw * hours
        self._export_kwh = self._export_kwh + (self.import_kw - self.mean_kw) * hours

    @property
    def district_kw(self) -> tuple[float, float]:
        """Mean import and export at the connection over the last steps."""
        bought = float(self.import_kw[-1])
        return bought, bought - float(self.mean_kw[-1])

    def publish(self) -> None:
        """Write what the meters show."""
        phase_kw = self._split * self.power_kw[:, None]
        voltage = VOLTAGE_V - SAG_V_PER_KW * phase_kw
        for phase in range(3):
            self._panel.write(f"voltage_l{phase + 1}_v", voltage[:, phase].copy())
            amperes = phase_kw[:, phase] * 1000 / (voltage[:, phase] * POWER_FACTOR)
            self._panel.write(f"current_l{phase + 1}_a", amperes)
            self._panel.write(f"power_l{phase + 1}_kw", phase_kw[:, phase].copy())
        self._panel.write("power_kw", self.power_kw)
        tangent = np.tan(np.arccos(POWER_FACTOR))
        self._panel.write("reactive_power_kvar", np.abs(self.power_kw) * tangent)
        self._panel.write("frequency_hz", FREQUENCY_HZ)
        self._panel.write("power_factor", POWER_FACTOR)
        self._panel.write("import_energy_kwh", self._import_kwh)
        self._panel.write("export_energy_kwh", self._export_kwh)
        self._panel.write("alarm", 0.0)
