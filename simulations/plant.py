"""The virtual district: everything that the EMS measures and commands, moved through time.

The steps of a slot are done at once: see which commands hold; let rooms and tanks say what they
want, scale it down to what substations and heat pumps can give, and move them, step by step
(`heat_kernels`); move cars, roofs and batteries; count.
Measured points are written into the process image at the end of an advance. Without commands the
devices' own control runs everything: that is the baseline.
"""

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from building_models import tank
from ems.domain.district import District
from ems.domain.slots import Slot
from ems.domain.weather import Weather
from simulations import heat_kernels, room_kernels, station_kernels, unit_kernels
from simulations.accounts import Accounts
from simulations.batteries import Batteries
from simulations.charging import Charging
from simulations.electricity import Meters, Roofs
from simulations.heat_plant import HeatPlant
from simulations.image import ProcessImage
from simulations.people import People
from simulations.room_control import RoomControl
from simulations.rooms import Rooms
from simulations.substations import Substations
from simulations.totals import Totals

Floats = NDArray[np.float64]

LOAD_NOISE = 0.01
"""Spread of a building's load from step to step, as a share of it."""


class Plant:
    """A district in motion.

    `weather` and `people` must cover all that is advanced over. The same arguments and commands
    give the same numbers, bit by bit.
    """

    def __init__(
        self,
        district: District,
        weather: Weather,
        people: People,
        image: ProcessImage,
        start: datetime,
        *,
        seed: int,
        dt_s: float = 60.0,
    ) -> None:
        self.district, self.image, self.now, self.dt_s = district, image, start, dt_s
        self.faults: dict[str, float] = {}
        self._weather, self._people = weather.over(people.horizon), people
        self._rng = np.random.default_rng([seed, 3])
        self.rooms = Rooms(district, self._weather, people)
        self.control = RoomControl(district, image, self.rooms, people, people.horizon)
        self.substations = Substations(district, image)
        k = self._slot(start)
        self._sea_c = float(self._weather.sea_temp_c[k])
        self.heat_plant = HeatPlant(district, image, self._sea_c)
        self.charging = Charging(district, image, people.sessions, start)
        self.roofs = Roofs(district, image, self._weather)
        self.batteries = Batteries(district, image)
        self.meters = Meters(district, image)
        self._accounts = Accounts(
            people=people,
            dwellings=self.rooms.dwellings,
            heat_plant=self.heat_plant,
            charging=self.charging,
            roofs=self.roofs,
            batteries=self.batteries,
            meters=self.meters,
        )
        self._served = self._served_buildings()
        self._recorded: Floats | None = None
        self._recorded_h = 0.0
        wanted, _ = self.control.targets(k, start.timestamp())
        self.rooms.settle(wanted, float(self._weather.outdoor_temp_c[k]))
        self.control.first_setpoints()
        self._publish(k)

    def advance(self, to: datetime) -> None:
        """Move on to `to` in steps of `dt_s`, none of them across a slot's end, and publish.

        Raises:
            IndexError: weather and people do not reach so far.
        """
        moved = self.now < to
        while self.now < to:
            end = min(to, Slot.containing(self.now).end)
            left_s = (end - self.now).total_seconds()
            steps = max(1, int(left_s / self.dt_s + 1e-9))
            dt_s = min(self.dt_s, left_s)
            self._move(self._slot(self.now), steps, dt_s / 3600)
            self.now = end if steps * dt_s >= left_s else self.now + timedelta(seconds=steps * dt_s)
        if moved:
            self._publish(self._slot(to - timedelta(microseconds=1)))

    @property
    def totals(self) -> Totals:
        """What has flowed since the start."""
        return self._accounts.totals()

    def recorded(self) -> Floats:
        """Means of the points of `history.history_points` since the last call. Shape [points].

        Nothing at all when nothing has moved since.
        """
        if self._recorded is None or self._recorded_h == 0.0:
            return np.empty(0)
        means = self._recorded / self._recorded_h
        self._recorded, self._recorded_h = None, 0.0
        return means

    def _slot(self, moment: datetime) -> int:
        return self._people.horizon.offset(Slot.containing(moment))

    def _move(self, k: int, steps: int, dt_h: float) -> None:
        """Do some steps within slot `k`."""
        now_s = self.now.timestamp()
        self._sea_c = float(self._weather.sea_temp_c[k])
        sums, plant_kw = self._heat_and_cold(k, now_s, dt_h, steps)
        cars_kw = self.charging.run(self.now, dt_h, steps)
        self.roofs.run(k, now_s, dt_h * steps)
        battery_kw = self.batteries.run(now_s, dt_h, steps)
        loads = self._loads_kw(k, plant_kw, cars_kw, battery_kw)
        self.meters.run(loads, float(self.roofs.power_kw.sum()), dt_h)
        warmth = (float(self.rooms.gains_kw(k).sum()), float(self.rooms.sun_kw(k).sum()))
        hours = dt_h * steps
        self._accounts.count(k, sums, warmth, hours, steps)
        row = self._row(k, sums, steps) * hours
        self._recorded = row if self._recorded is None else self._recorded + row
        self._recorded_h += hours

    def _heat_and_cold(
        self, k: int, now_s: float, dt_h: float, steps: int
    ) -> tuple[heat_kernels.Flows, Floats]:
        """Move rooms, tanks, heat pumps and loop: the sums, and the plant's power by step."""
        rooms, buildings = self.rooms, len(self._served)
        cold_water_c = tank.cold_water_temp_c(self.now)
        stations, supply_c = self.substations.side(self._draws(k), cold_water_c, now_s, dt_h)
        held = self.control.held(k, now_s, supply_c)
        last, sums = (
            heat_kernels.flows(len(rooms.area_m2), buildings, self.district.plant.units)
            for _ in range(2)
        )
        plant_kw = np.zeros(steps)
        heat_kernels.run(
            heat_kernels.RoomSide(rooms.bodies, rooms.states, rooms.step(dt_h), held),
            stations,
            self.heat_plant.side(self._sea_c, now_s),
            last,
            sums,
            plant_kw,
            dt_h,
        )
        self.control.count(last.rooms, sums.rooms, tank.TAP_C - cold_water_c, dt_h, steps)
        back_c = rooms.return_c(last.rooms[room_kernels.HEAT], supply_c)
        self.substations.count(last.stations, sums.stations, back_c, dt_h)
        pump_kwh = float(sums.loop[unit_kernels.PUMP_KW]) * dt_h
        self.heat_plant.count(last.units, sums.units, last.loop, pump_kwh, dt_h)
        return sums, plant_kw

    def _served_buildings(self) -> NDArray[np.intp]:
        """Positions of the heated buildings among all."""
        everything = list(self.district.buildings)
        return np.array([everything.index(name) for name in self.district.heated], dtype=np.intp)

    def _draws(self, k: int) -> Floats:
        """Hot water of each heated building, litres per hour at 40 °C."""
        homes = self.rooms.building[: self.rooms.dwellings]
        count = len(self._served)
        draws: Floats = self._people.other_draws_l_per_h[self._served, k]
        draws += np.bincount(homes, self._people.draws_l_per_h[:, k], count)
        return draws

    def _loads_kw(
        self, k: int, plant_kw: Floats, cars_kw: Floats, battery_kw: Floats
    ) -> dict[str, Floats]:
        """Loads by meter [steps], without the district's; batteries have no meter of their own."""
        zones, steps = self.rooms.building[self.rooms.dwellings :], len(plant_kw)
        count = len(self._served)
        by_building = np.bincount(zones, self._people.zone_power_kw[:, k], count).astype(np.float64)
        noisy = by_building * self._rng.normal(1.0, LOAD_NOISE, (steps, count))
        loads = dict(zip(self.district.heated, noisy.T, strict=True))
        shared = dict(
            zip(self.district.buildings, self._people.shared_power_kw[:, k].tolist(), strict=True)
        )
        park = self.district.car_park.building
        loads[park] = loads.get(park, np.zeros(steps)) + shared.pop(park, 0.0) + cars_kw
        loads["PLANT"] = plant_kw
        loads["SHARED"] = np.full(steps, sum(shared.values()))
        loads["batteries"] = battery_kw
        return loads

    def _row(self, k: int, sums: heat_kernels.Flows, steps: int) -> Floats:
        """Means of the recorded points over the last steps, in the order of `history_points`."""
        homes = self.rooms.dwellings
        rooms, stations, units = (flow / steps for flow in sums[:3])
        blocks = [
            self.meters.mean_kw,
            units[unit_kernels.ELECTRIC],
            units[unit_kernels.UNIT_HEAT],
            self.batteries.mean_kw,
            self.batteries.mean_soc_pct,
            self.roofs.power_kw,
            self.charging.mean_kw,
            np.array([self._weather.outdoor_temp_c[k], self._weather.ghi_w_m2[k], self._sea_c]),
            stations[station_kernels.DRAW],
            stations[station_kernels.HEATING],
            stations[station_kernels.CHARGE],
            stations[station_kernels.TOP_C],
            stations[station_kernels.COOLING],
            rooms[room_kernels.AIR_C, :homes],
            self._people.appliances_kw[:, k],
            rooms[room_kernels.HEAT, :homes],
            rooms[room_kernels.AIR_C, homes:],
            rooms[room_kernels.HEAT, homes:],
            rooms[room_kernels.COOL, homes:],
        ]
        return np.concatenate(blocks)

    def _publish(self, k: int) -> None:
        outdoor = float(self._weather.outdoor_temp_c[k])
        self.control.publish()
        self.substations.publish()
        self.heat_plant.publish(outdoor, float(self._weather.ghi_w_m2[k]), self._sea_c)
        self.charging.publish(self.now)
        self.roofs.publish(outdoor)
        self.batteries.publish()
        self.meters.publish()
        for point, value in self.faults.items():
            self.image[point] = value
