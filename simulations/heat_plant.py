"""The heat pumps, the loop and the substations' capacities.

Richer than a planner's model: units cycle and lose efficiency at part load, the loop's own
temperature follows what is drawn from it, pumps follow the load.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from building_models import heat_pump, loop
from ems.domain.district import DeviceKind, District
from simulations.image import ProcessImage
from simulations.local_control import Lease
from simulations.panel import Panel

Floats = NDArray[np.float64]

GROUND_C = 16.0
PUMP_LEAST_FLOW = 0.35
DESIGN_DRAW_KW = 2000.0
"""Heat from the loop at which its pumps run at full flow."""

STANDBY_KW = 0.6
"""Of each unit: controls and oil heater."""


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What the units that are in order may give."""

    heat_kw: Floats
    """Shape [units]."""

    cool_kw: Floats
    """Shape [units]."""


class HeatPlant:
    """Three units, one loop."""

    def __init__(self, district: District, image: ProcessImage, sea_temp_c: float) -> None:
        self._plant, self._sea_loop = district.plant, district.loop
        count = district.plant.units
        served = [f"plant-{unit + 1}" for unit in range(count)]
        self._units = Panel(image, district, DeviceKind.HEAT_PUMP, served)
        self._loop = Panel(image, district, DeviceKind.LOOP, ["loop"])
        self._units.write("enable", 1.0)
        self._units.write("heat_limit_pct", 100.0)
        self._lease = Lease(self._units, "heartbeat")
        self.loop_c = sea_temp_c
        self._return_c = self._sea_return_c = sea_temp_c
        self.heat_kw, self.hot_water_kw, self.cool_kw = (np.zeros(count) for _ in range(3))
        self.shared_kw, self.electric_kw = np.zeros(count), np.zeros(count)
        self.energy_kwh = {name: np.zeros(count) for name in ("heat", "cool", "electric")}
        self._starts, self._run_h = np.zeros(count), np.zeros(count)
        self._running = np.zeros(count, dtype=np.bool_)
        self._load = 0.0
        self._capacity = Capacity(heat_kw=np.ones(count), cool_kw=np.ones(count))
        self.pump_kw, self._pump_kwh = 0.0, 0.0
        self._flow = PUMP_LEAST_FLOW

    def capacity(self, now_s: float) -> Capacity:
        """What the units may give now; a unit that is silent or disabled gives nothing."""
        held = self._lease.held(now_s)
        enable = np.where(held, self._units.read("enable", 1.0) > 0.5, True)
        limit = np.where(held, self._units.read("heat_limit_pct", 100.0) / 100, 1.0)
        up = (enable & ~self._units.silent()).astype(np.float64)
        self._capacity = Capacity(
            heat_kw=self._plant.heat_kw_per_unit * up * np.clip(limit, 0.0, 1.0),
            cool_kw=self._plant.cool_kw_per_unit * up,
        )
        return self._capacity

    def run(
        self, heating_kw: float, hot_water_kw: float, cool_kw: float, sea_c: float, dt_h: float
    ) -> None:
        """Give heat and cold within the capacity for one step."""
        share = self._shares(heating_kw + hot_water_kw, cool_kw)
        power = heat_pump.serve(
            self._plant,
            source_c=self.loop_c,
            sink_c=self.loop_c,
            heating_kw=heating_kw,
            hot_water_kw=hot_water_kw,
            cooling_kw=cool_kw,
        )
        ideal_kw = float(power.electric_kw)
        left = float(heat_pump.part_load_factor(self._plant, self._load)) if ideal_kw else 1.0
        compressors_kw = ideal_kw / left
        self.heat_kw = share * (heating_kw + hot_water_kw)
        self.hot_water_kw, self.cool_kw = share * hot_water_kw, share * cool_kw
        self.shared_kw = share * float(power.shared_heat_kw)
        self.electric_kw = share * compressors_kw + STANDBY_KW * (self._capacity.cool_kw > 0)
        self._move_loop(float(power.loop_heat_kw) - (compressors_kw - ideal_kw), sea_c, dt_h)
        self._count(dt_h)

    def _shares(self, heat_kw: float, cool_kw: float) -> Floats:
        """Which part of the load each unit takes: the fewest units that carry it, alike."""
        heat, cool = self._capacity.heat_kw, self._capacity.cool_kw
        usable = np.flatnonzero(cool > 0)
        chosen = np.zeros(len(heat))
        for unit in usable if heat_kw + cool_kw > 1e-6 else usable[:0]:
            chosen[unit] = 1.0
            if chosen @ heat >= heat_kw - 1e-6 and chosen @ cool >= cool_kw - 1e-6:
                break
        running = chosen > 0
        self._starts += running & ~self._running
        self._running = running
        heat_load = heat_kw / max(float(chosen @ heat), 1e-9)
        cool_load = cool_kw / max(float(chosen @ cool), 1e-9)
        self._load = min(1.0, max(heat_load, cool_load)) if running.any() else 0.0
        weight = chosen * np.maximum(heat, 1e-9)
        return weight / max(float(weight.sum()), 1e-9)

    def _move_loop(self, drawn_kw: float, sea_c: float, dt_h: float) -> None:
        step = loop.discretise(self._sea_loop, dt_h)
        self.loop_c = loop.step(
            step, self.loop_c, sea_temp_c=sea_c, ground_c=GROUND_C, drawn_kw=drawn_kw
        )
        flow = float(np.clip(abs(drawn_kw) / DESIGN_DRAW_KW, PUMP_LEAST_FLOW, 1.0))
        self.pump_kw = self._sea_loop.pump_kw * flow**2.5
        self._flow = flow
        per_k = self._sea_loop.sea_flow_m3_per_h * flow * loop.SEAWATER_KWH_PER_M3_K
        self._return_c = self.loop_c - drawn_kw / per_k
        exchanged = loop.exchange_kw_per_k(self._sea_loop) * (sea_c - self.loop_c)
        self._sea_return_c = sea_c - exchanged / per_k

    def _count(self, dt_h: float) -> None:
        self.energy_kwh["heat"] += self.heat_kw * dt_h
        self.energy_kwh["cool"] += self.cool_kw * dt_h
        self.energy_kwh["electric"] += self.electric_kw * dt_h
        self._run_h += self._running * dt_h
        self._pump_kwh += self.pump_kw * dt_h

    @property
    def starts(self) -> float:
        """Starts of all units."""
        return float(self._starts.sum())

    def publish(self, outdoor_c: float, sun_w_m2: float, sea_c: float) -> None:
        """Write what sensors of units and loop show."""
        self._publish_units()
        for name, value in self._loop_values(sea_c).items():
            self._loop.write(name, value)
        self._loop.write("outdoor_temp_c", outdoor_c)
        self._loop.write("irradiance_w_m2", sun_w_m2)

    def _publish_units(self) -> None:
        on = self._running.astype(np.float64)
        thermal = self.heat_kw + self.cool_kw
        sink = np.where(self.hot_water_kw > 0.5 * self.heat_kw, 60.0, 45.0)
        source_flow = on * 150.0 * self._flow
        values = {
            "mode": on * np.where(self.cool_kw > self.heat_kw, 2.0, 1.0),
            "running": on,
            "compressor_pct": on * 100.0 * self._load,
            "evaporator_in_temp_c": np.full(len(on), self.loop_c),
            "evaporator_out_temp_c": np.full(len(on), self._return_c),
            "condenser_in_temp_c": sink - 5.0 * on,
            "condenser_out_temp_c": sink,
            "source_flow_m3_per_h": source_flow,
            "sink_flow_m3_per_h": self.heat_kw / (loop.LOOP_KWH_PER_M3_K * 5.0),
            "heat_power_kw": self.heat_kw,
            "hot_water_power_kw": self.hot_water_kw,
            "cool_power_kw": self.cool_kw,
            "shared_heat_kw": self.shared_kw,
            "electric_power_kw": self.electric_kw,
            "cop": np.where(on > 0, thermal / np.maximum(self.electric_kw, 0.1), 0.0),
            "starts": self._starts,
            "run_h": self._run_h,
            "alarm": self._units.silent().astype(np.float64),
        }
        for name, energy in self.energy_kwh.items():
            values[f"{name}_energy_kwh"] = energy
        for name, value in values.items():
            self._units.write(name, value)

    def _loop_values(self, sea_c: float) -> dict[str, float]:
        flow = self._flow
        return {
            "sea_temp_c": sea_c,
            "sea_return_temp_c": self._sea_return_c,
            "sea_flow_m3_per_h": self._sea_loop.sea_flow_m3_per_h * flow,
            "loop_supply_temp_c": self.loop_c,
            "loop_return_temp_c": self._return_c,
            "loop_flow_m3_per_h": self._sea_loop.sea_flow_m3_per_h * flow,
            "pump_1_pct": 100.0 * flow,
            "pump_2_pct": 100.0 * flow,
            "pump_power_kw": self.pump_kw,
            "pump_energy_kwh": self._pump_kwh,
            "loop_pressure_bar": 2.4 + 0.3 * flow,
            "alarm": 0.0,
        }
