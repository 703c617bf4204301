"""The virtual district: everything that the EMS measures and commands, moved through time.

One step: see which commands hold; let rooms and tanks say what they want; scale it down to what
substations and heat pumps can give; move rooms, tanks, loop, cars, roofs and batteries; count.
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
from simulations.accounts import Accounts
from simulations.charging import Charging
from simulations.electricity import Batteries, Meters, Roofs
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
            rooms=self.rooms,
            control=self.control,
            substations=self.substations,
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
            slot_end = Slot.containing(self.now).end
            end = min(to, slot_end, self.now + timedelta(seconds=self.dt_s))
            self._step(self._slot(self.now), (end - self.now).total_seconds() / 3600)
            self.now = end
        if moved:
            self._publish(self._slot(to - timedelta(microseconds=1)))

    @property
    def totals(self) -> Totals:
        """What has flowed since the start."""
        return self._accounts.totals()

    def recorded(self) -> Floats:
        """Means of the points of `history.history_points` since the last call. Shape [points]."""
        if self._recorded is None or self._recorded_h == 0.0:
            return self._row()
        means = self._recorded / self._recorded_h
        self._recorded, self._recorded_h = None, 0.0
        return means

    def _slot(self, moment: datetime) -> int:
        return self._people.horizon.offset(Slot.containing(moment))

    def _step(self, k: int, dt_h: float) -> None:
        now_s = self.now.timestamp()
        self._sea_c = float(self._weather.sea_temp_c[k])
        self._heat_and_cold(k, now_s, dt_h)
        self.charging.run(self.now, dt_h)
        self.roofs.run(k, now_s, dt_h)
        self.batteries.run(now_s, dt_h)
        self.meters.run(self._loads_kw(k), float(self.roofs.power_kw.sum()), dt_h)
        self._accounts.count(k, dt_h)
        row = self._row() * dt_h
        self._recorded = row if self._recorded is None else self._recorded + row
        self._recorded_h += dt_h

    def _heat_and_cold(self, k: int, now_s: float, dt_h: float) -> None:
        rooms, stations = self.rooms, self.substations
        limit_kw, emission = stations.heating_limits_kw(now_s)
        heat, cool = self.control.wanted_kw(k, now_s, emission[rooms.building], dt_h)
        cold_water_c = tank.cold_water_temp_c(self.now)
        charge = stations.charge_wanted_kw(tank.draw_kw(self._draws(k), cold_water_c), dt_h)
        capacity = self.heat_plant.capacity(now_s)
        heat_share, charge_share = self._shares(heat, charge, limit_kw, capacity.heat_kw.sum())
        cool_share = self._cool_share(cool, capacity.cool_kw.sum())
        heat = heat * heat_share[rooms.building]
        cool = cool * cool_share[rooms.building]
        charge = charge * charge_share
        rooms.apply(heat, cool, k, dt_h)
        stations.apply(self._by_building(heat), self._by_building(cool), charge, dt_h)
        self.control.count(heat, cool, tank.TAP_C - cold_water_c, dt_h)
        self.heat_plant.run(
            float(heat.sum()), float(charge.sum()), float(cool.sum()), self._sea_c, dt_h
        )

    def _shares(
        self, heat: Floats, charge: Floats, limit_kw: Floats, plant_kw: float
    ) -> tuple[Floats, Floats]:
        """Which part of the wishes of rooms and of tanks each building gets. [buildings] each.

        In a substation hot water goes first; the plant's heat is shared alike.
        """
        rooms_kw, most_kw = self._by_building(heat), self.substations.heat_kw_max
        tanks = np.minimum(1.0, most_kw / np.maximum(charge, 1e-9))
        left_kw = np.minimum(limit_kw, most_kw - charge * tanks)
        rooms = np.minimum(1.0, left_kw / np.maximum(rooms_kw, 1e-9))
        asked = float((rooms_kw * rooms + charge * tanks).sum())
        given = min(1.0, plant_kw / max(asked, 1e-9))
        return rooms * given, tanks * given

    def _cool_share(self, cool: Floats, plant_kw: float) -> Floats:
        wanted = self._by_building(cool)
        through = np.minimum(1.0, self.substations.cool_kw_max / np.maximum(wanted, 1e-9))
        asked = float((wanted * through).sum())
        return through * min(1.0, plant_kw / max(asked, 1e-9))

    def _by_building(self, rooms_kw: Floats) -> Floats:
        count = len(self.substations.heat_kw_max)
        return np.bincount(self.rooms.building, rooms_kw, count).astype(np.float64)

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

    def _loads_kw(self, k: int) -> dict[str, float]:
        """Loads by meter, without the district's; batteries have no meter of their own."""
        zones = self.rooms.building[self.rooms.dwellings :]
        count = len(self._served)
        by_building = np.bincount(zones, self._people.zone_power_kw[:, k], count).astype(np.float64)
        by_building *= self._rng.normal(1.0, LOAD_NOISE, len(by_building))
        loads = dict(zip(self.district.heated, by_building.tolist(), strict=True))
        shared = dict(
            zip(self.district.buildings, self._people.shared_power_kw[:, k].tolist(), strict=True)
        )
        park = self.district.car_park.building
        loads[park] = loads.get(park, 0.0) + shared.pop(park, 0.0)
        loads[park] += float(self.charging.power_kw.sum())
        loads["PLANT"] = float(self.heat_plant.electric_kw.sum()) + self.heat_plant.pump_kw
        loads["SHARED"] = sum(shared.values())
        loads["batteries"] = float(self.batteries.power_kw.sum())
        return loads

    def _row(self) -> Floats:
        """Present values of the recorded points, in the order of `history.history_points`."""
        k = self.control.slot
        homes = self.rooms.dwellings
        stations = self.substations
        blocks = [
            self.meters.power_kw,
            self.heat_plant.electric_kw,
            self.heat_plant.heat_kw,
            self.batteries.power_kw,
            self.batteries.soc_pct,
            self.roofs.power_kw,
            self.charging.power_kw,
            np.array([self._weather.outdoor_temp_c[k], self._weather.ghi_w_m2[k], self._sea_c]),
            stations.draw_kw,
            stations.heating_kw,
            stations.charge_kw,
            stations.top_c,
            stations.cooling_kw,
            self.rooms.air_c[:homes],
            self._people.appliances_kw[:, k],
            self.control.heat_kw[:homes],
            self.rooms.air_c[homes:],
            self.control.heat_kw[homes:],
            self.control.cool_kw[homes:],
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
