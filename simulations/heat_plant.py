"""The heat pumps, the loop and what commands leave of their capacity.

Richer than a planner's model: large machines with approaches that follow the load, cycling, pipes
with a transport delay, pumps on variable speed.
"""

import numpy as np
from numpy.typing import NDArray

from building_models import compressor, loop
from ems.domain.district import DeviceKind, District
from simulations import unit_kernels as kernels
from simulations.heat_kernels import UnitSide
from simulations.image import ProcessImage
from simulations.local_control import Lease
from simulations.panel import Panel

Floats = NDArray[np.float64]

CELLS = 20
"""Of each half of the loop; some 5 m³ each."""


class HeatPlant:
    """Three units, one loop."""

    def __init__(self, district: District, image: ProcessImage, sea_temp_c: float) -> None:
        self._plant = plant = district.plant
        count = plant.units
        served = [f"plant-{unit + 1}" for unit in range(count)]
        self._units = Panel(image, district, DeviceKind.HEAT_PUMP, served)
        self._loop = Panel(image, district, DeviceKind.LOOP, ["loop"])
        self._units.write("enable", 1.0)
        self._units.write("heat_limit_pct", 100.0)
        self._lease = Lease(self._units, "heartbeat")
        self._machine = compressor.Machine(
            plant.heating_supply_c,
            plant.hot_water_supply_c,
            plant.chilled_supply_c,
            plant.least_load,
        )
        self._states = kernels.UnitStates(
            running=np.zeros(count, dtype=np.bool_),
            starts=np.zeros(count),
            run_h=np.zeros(count),
        )
        described = district.loop
        self._body = kernels.LoopBody(
            flow_m3_per_h=described.sea_flow_m3_per_h,
            pump_kw=described.pump_kw,
            half_m3=described.loop_volume_m3 / 2,
            half_loss_kw_per_k=described.loss_w_per_k_m * described.loop_length_m / 2000,
            supply_c=np.full(CELLS, sea_temp_c),
            return_c=np.full(CELLS, sea_temp_c),
        )
        self.last = np.zeros((kernels.UNIT_FLOWS, count))
        self._loop_last = np.full(kernels.LOOP_FLOWS, 0.0)
        self._loop_last[[kernels.LOOP_C, kernels.RETURN_C, kernels.SEA_RETURN_C]] = sea_temp_c
        self.energy_kwh = {name: np.zeros(count) for name in ("heat", "cool", "electric")}
        self._pump_kwh = 0.0

    @property
    def electric_kw(self) -> Floats:
        """Of the units. Shape [units]."""
        power: Floats = self.last[kernels.ELECTRIC]
        return power

    @property
    def heat_kw(self) -> Floats:
        """For both circuits. Shape [units]."""
        power: Floats = self.last[kernels.UNIT_HEAT]
        return power

    @property
    def shared_kw(self) -> Floats:
        """Heat that came from cooling. Shape [units]."""
        power: Floats = self.last[kernels.UNIT_SHARED]
        return power

    @property
    def loop_c(self) -> float:
        """What the units find as their source."""
        return float(self._body.supply_c[-1])

    @property
    def loop_kwh(self) -> float:
        """Heat in the loop's water above 0 °C."""
        cells = float(self._body.supply_c.sum() + self._body.return_c.sum())
        return cells / CELLS * self._body.half_m3 * loop.LOOP_KWH_PER_M3_K

    @property
    def starts(self) -> float:
        """Starts of all units."""
        return float(self._states.starts.sum())

    def side(self, sea_c: float, now_s: float) -> UnitSide:
        """Units and loop as they stand; a unit that is silent or disabled gives nothing."""
        held = self._lease.held(now_s)
        enable = np.where(held, self._units.read("enable", 1.0) > 0.5, True)
        limit = np.where(held, self._units.read("heat_limit_pct", 100.0) / 100, 1.0)
        up = (enable & ~self._units.silent()).astype(np.float64)
        units = kernels.Units(
            machine=self._machine,
            heat_kw=self._plant.heat_kw_per_unit * up * np.clip(limit, 0.0, 1.0),
            cool_kw=self._plant.cool_kw_per_unit * up,
        )
        return UnitSide(units, self._states, self._body, sea_c)

    def count(
        self, last: Floats, sums: Floats, loop_last: Floats, pump_kwh: float, dt_h: float
    ) -> None:
        """Count some steps; arrays hold the flows of `unit_kernels`."""
        self.last, self._loop_last = last.copy(), loop_last.copy()
        self.energy_kwh["heat"] += sums[kernels.UNIT_HEAT] * dt_h
        self.energy_kwh["cool"] += sums[kernels.UNIT_COOL] * dt_h
        self.energy_kwh["electric"] += sums[kernels.ELECTRIC] * dt_h
        self._pump_kwh += pump_kwh

    def publish(self, outdoor_c: float, sun_w_m2: float, sea_c: float) -> None:
        """Write what sensors of units and loop show."""
        self._publish_units()
        for name, value in self._loop_values(sea_c).items():
            self._loop.write(name, value)
        self._loop.write("outdoor_temp_c", outdoor_c)
        self._loop.write("irradiance_w_m2", sun_w_m2)

    def _publish_units(self) -> None:
        on = self._states.running.astype(np.float64)
        flows, flow = self.last, self._loop_last[kernels.FLOW]
        heat, cool = flows[kernels.UNIT_HEAT], flows[kernels.UNIT_COOL]
        hot_water, electric = flows[kernels.UNIT_HOT_WATER], flows[kernels.ELECTRIC]
        sink = np.where(hot_water > 0.5 * heat, 60.0, 45.0)
        values = {
            "mode": on * np.where(cool > heat, 2.0, 1.0),
            "running": on,
            "compressor_pct": on * 100.0 * self._loop_last[kernels.LOAD],
            "evaporator_in_temp_c": np.full(len(on), self.loop_c),
            "evaporator_out_temp_c": np.full(len(on), self._loop_last[kernels.RETURN_C]),
            "condenser_in_temp_c": sink - 5.0 * on,
            "condenser_out_temp_c": sink,
            "source_flow_m3_per_h": on * 150.0 * flow,
            "sink_flow_m3_per_h": heat / (loop.LOOP_KWH_PER_M3_K * 5.0),
            "heat_power_kw": heat,
            "hot_water_power_kw": hot_water,
            "cool_power_kw": cool,
            "shared_heat_kw": flows[kernels.UNIT_SHARED],
            "electric_power_kw": electric,
            "cop": np.where(on > 0, (heat + cool) / np.maximum(electric, 0.1), 0.0),
            "starts": self._states.starts,
            "run_h": self._states.run_h,
            "alarm": self._units.silent().astype(np.float64),
        }
        for name, energy in self.energy_kwh.items():
            values[f"{name}_energy_kwh"] = energy
        for name, value in values.items():
            self._units.write(name, value)

    def _loop_values(self, sea_c: float) -> dict[str, float]:
        now = self._loop_last
        flow = float(now[kernels.FLOW])
        moved = self._body.flow_m3_per_h * flow
        return {
            "sea_temp_c": sea_c,
            "sea_return_temp_c": float(now[kernels.SEA_RETURN_C]),
            "sea_flow_m3_per_h": moved,
            "loop_supply_temp_c": self.loop_c,
            "loop_return_temp_c": float(now[kernels.RETURN_C]),
            "loop_flow_m3_per_h": moved,
            "pump_1_pct": 100.0 * flow,
            "pump_2_pct": 100.0 * flow,
            "pump_power_kw": float(now[kernels.PUMP_KW]),
            "pump_energy_kwh": self._pump_kwh,
            "loop_pressure_bar": 2.4 + 0.3 * flow,
            "alarm": 0.0,
        }
