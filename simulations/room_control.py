"""Controllers of dwellings and zones: whose setpoints hold, and what they ask for.

A dwelling's residents may turn their thermostat up or down; that goes on top of any setpoint.
"""

import numpy as np
from numpy.typing import NDArray

from building_models.tank import WATER_KWH_PER_L_K
from ems.domain.district import DeviceKind, District
from ems.domain.slots import Horizon
from simulations.image import ProcessImage
from simulations.local_control import Lease, Schedule
from simulations.panel import Panel
from simulations.people import People
from simulations.room_kernels import COOL, HEAT, Held
from simulations.rooms import Rooms

Floats = NDArray[np.float64]

OUTDOOR_CO2_PPM, PEOPLE_CO2_PPM = 420.0, 550.0


class RoomControl:
    """Thermostats of all rooms, dwellings first. Arrays have shape [rooms]."""

    def __init__(
        self,
        district: District,
        image: ProcessImage,
        rooms: Rooms,
        people: People,
        horizon: Horizon,
    ) -> None:
        self.schedule = Schedule.of(district, horizon)
        self._rooms, self._people = rooms, people
        self._frost_c = district.comfort.frost_c
        self._dwellings = Panel(image, district, DeviceKind.DWELLING, list(district.dwellings))
        self._zones = Panel(image, district, DeviceKind.ZONE, list(district.zones))
        self._home_lease = Lease(self._dwellings, "heartbeat")
        self._zone_lease = Lease(self._zones, "heartbeat")
        count = len(rooms.area_m2)
        zeros = np.zeros(count)
        self.heat_kw, self.cool_kw, self.target_c = zeros.copy(), zeros.copy(), zeros.copy()
        self.stuck_share = np.full(count, np.nan)
        """Where a heating valve is stuck, 0 shut to 1 open; NaN where it moves."""
        self.sensor_error_k = zeros.copy()
        """What the thermostats' own sensors show above the truth."""
        self._offset_k = zeros[: rooms.dwellings]
        self._k = 0
        self._heat_kwh = zeros[: rooms.dwellings].copy()
        self._power_kwh, self._water_m3, self._water_kwh = (self._heat_kwh.copy() for _ in range(3))

    @property
    def slot(self) -> int:
        """The position of the present slot in the horizon."""
        return self._k

    def targets(self, k: int, now_s: float) -> tuple[Floats, Floats]:
        """Heating and cooling setpoints that hold in slot `k`."""
        heat, cool = self.schedule.heat_c[:, k].copy(), self.schedule.cool_c[:, k].copy()
        homes = self._rooms.dwellings
        held = self._home_lease.held(now_s)
        asked = self._dwellings.read("setpoint_c", heat[:homes])
        heat[:homes] = np.where(held, asked, heat[:homes])
        held = self._zone_lease.held(now_s)
        asked = self._zones.read("heat_setpoint_c", heat[homes:])
        heat[homes:] = np.where(held, asked, heat[homes:])
        asked = self._zones.read("cool_setpoint_c", cool[homes:])
        cool[homes:] = np.where(held, asked, cool[homes:])
        self._k, self._offset_k = k, self._people.offset_k[:, k]
        heat[:homes] += self._offset_k
        self.target_c = np.maximum(heat, self._frost_c)
        return self.target_c, cool

    def first_setpoints(self) -> None:
        """Show the controllers' own setpoints where nobody has commanded anything."""
        homes = self._rooms.dwellings
        self._dwellings.write("setpoint_c", self.schedule.heat_c[:homes, self._k])
        self._zones.write("heat_setpoint_c", self.schedule.heat_c[homes:, self._k])
        cool = self.schedule.cool_c[homes:, self._k]
        self._zones.write("cool_setpoint_c", np.where(np.isfinite(cool), cool, 40.0))

    def held(self, k: int, now_s: float, supply_c: Floats) -> Held:
        """What holds in slot `k` for rooms that are heated with water of `supply_c` [buildings]."""
        heat_to, cool_to = self.targets(k, now_s)
        rooms, schedule = self._rooms, self.schedule
        outdoor_c, wind_m_per_s = rooms.weather(k)
        # who turns his own thermostat down is not cold
        low = schedule.comfort_low_c[:, k].copy()
        low[: rooms.dwellings] += np.minimum(self._offset_k, 0.0)
        return Held(
            outdoor_c=outdoor_c,
            wind_m_per_s=wind_m_per_s,
            gains_kw=rooms.gains_kw(k),
            sun_kw=rooms.sun_kw(k),
            airing=rooms.airing(k),
            may_open=rooms.may_open(k),
            heat_to_c=heat_to,
            cool_to_c=cool_to,
            supply_c=supply_c,
            stuck_share=self.stuck_share,
            sensor_error_k=self.sensor_error_k,
            comfort_low_c=low,
            comfort_high_c=schedule.comfort_high_c[:, k].copy(),
        )

    def count(self, last: Floats, sums: Floats, rise_k: float, dt_h: float, steps: int) -> None:
        """Count what was given in some steps; `rise_k` is from mains water to 40 °C.

        `last` and `sums` hold the flows of `room_kernels`.
        """
        self.heat_kw, self.cool_kw = last[HEAT].copy(), last[COOL].copy()
        hours = dt_h * steps
        litres = self._people.draws_l_per_h[:, self._k] * hours
        self._heat_kwh += sums[HEAT, : self._rooms.dwellings] * dt_h
        self._power_kwh += self._people.appliances_kw[:, self._k] * hours
        self._water_m3 += litres / 1000
        self._water_kwh += litres * WATER_KWH_PER_L_K * rise_k

    def publish(self) -> None:
        """Write what the controllers measure."""
        homes = self._rooms.dwellings
        air, surface = self._rooms.air_c, self._rooms.surface_c
        air = air + self.sensor_error_k
        heat = self.heat_kw[:homes]
        values: dict[str, Floats | float] = {
            "room_temp_c": air[:homes].copy(),
            "bedroom_temp_c": 0.6 * air[:homes] + 0.4 * surface[:homes] - 0.2,
            "resident_offset_k": self._offset_k,
            "mode": 1.0,
            "valve_pct": 100.0 * heat / self._rooms.heat_kw_max[:homes],
            "heat_power_kw": heat,
            "heat_energy_kwh": self._heat_kwh,
            "hot_water_volume_m3": self._water_m3,
            "hot_water_energy_kwh": self._water_kwh,
            "electric_power_kw": self._people.appliances_kw[:, self._k],
            "electric_energy_kwh": self._power_kwh,
            "window_open": self._rooms.states.open[:homes].astype(np.float64),
            "alarm": (air[:homes] < self._frost_c).astype(np.float64),
        }
        for name, value in values.items():
            self._dwellings.write(name, value)
        self._publish_zones(air[homes:])

    def _publish_zones(self, air: Floats) -> None:
        homes = self._rooms.dwellings
        heat, cool = self.heat_kw[homes:], self.cool_kw[homes:]
        attendance = self._people.attendance[:, self._k]
        values = {
            "room_temp_c": air.copy(),
            "mode": np.where(cool > 0, 2.0, 1.0),
            "heat_valve_pct": 100.0 * heat / self._rooms.heat_kw_max[homes:],
            "cool_valve_pct": 100.0 * cool / np.maximum(self._rooms.cool_kw_max[homes:], 1e-9),
            "heat_power_kw": heat,
            "cool_power_kw": cool,
            "co2_ppm": OUTDOOR_CO2_PPM + PEOPLE_CO2_PPM * attendance,
            "occupied": self.schedule.occupied[homes:, self._k].astype(np.float64),
            "alarm": (air < self._frost_c).astype(np.float64),
        }
        for name, value in values.items():
            self._zones.write(name, value)
