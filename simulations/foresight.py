"""Our EMS with perfect foresight: the same planner, told what will come.

Weather, prices, loads, hot water and cars are those that come; only the planner's model of the
district stays a model. What it saves beyond good rules is what forecasts could be worth at most.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from building_models import tank
from ems.brain import LocalBrain
from ems.cycle import PlanRequest
from ems.domain.district import DeviceKind, District
from ems.domain.forecasts import Forecasts
from ems.domain.points import point_id
from ems.domain.slots import SLOT_H, Horizon, Slot
from ems.domain.weather import Outlook, Weather
from simulations.people import People

Floats = NDArray[np.float64]


class Foresight(LocalBrain):
    """A brain whose forecasts are the truth."""

    def __init__(self, district: District, weather: Weather, people: People) -> None:
        super().__init__(district)
        self._truth = Truth(district=district, weather=weather, people=people)

    async def forecast(self, request: PlanRequest, outlook: Outlook) -> Forecasts:
        """What will come over the request's horizon."""
        usual = await super().forecast(request, outlook)
        truth = self._truth.series(request.horizon, request.issued_at.timestamp())
        truth["district/base_load_kw"] = truth["district/base_load_kw"] + self._pumps_kw(request)
        series = {
            name: replace(forecast, values=truth[name], quantiles={}, source="what comes")
            if name in truth
            else forecast
            for name, forecast in usual.series.items()
        }
        return replace(usual, series=series)

    def _pumps_kw(self, request: PlanRequest) -> float:
        """What the pumps take now; they follow the plan, and can't be foretold before it."""
        loop = self._district.device_of[DeviceKind.LOOP, "loop"].id
        return request.snapshot.value(point_id(loop, "pump_power_kw"), 0.0)


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What comes, as the series that a plan is made of."""

    district: District
    weather: Weather
    people: People

    def series(self, horizon: Horizon, issued_s: float) -> dict[str, Floats]:
        """By name; each of shape [slots]."""
        weather, people = self.weather.over(horizon), self.people.over(horizon)
        base = people.zone_power_kw.sum(axis=0) + people.shared_power_kw.sum(axis=0)
        return {
            "weather/outdoor_temp_c": weather.outdoor_temp_c,
            "weather/sea_temp_c": weather.sea_temp_c,
            "district/base_load_kw": base,
            "district/dwellings_kw": people.appliances_kw.sum(axis=0),
            "car_park/future_kw": self._cars_kw(horizon, issued_s),
            **self._hot_water_kw(people, horizon),
        }

    def _hot_water_kw(self, people: People, horizon: Horizon) -> dict[str, Floats]:
        cold_c = np.array([tank.cold_water_temp_c(start) for start in horizon.starts])
        everything = list(self.district.buildings)
        homes = [home.building for home in self.district.dwellings.values()]
        drawn = {}
        for name in self.district.heated:
            litres = people.other_draws_l_per_h[everything.index(name)].copy()
            litres += people.draws_l_per_h[[b == name for b in homes]].sum(axis=0)
            drawn[f"{name}/hot_water_kw"] = np.asarray(tank.draw_kw(litres, cold_c))
        return drawn

    def _cars_kw(self, horizon: Horizon, issued_s: float) -> Floats:
        """Cars that are still to come, each spread over its stay. Shape [slots]."""
        power = np.zeros(horizon.length)
        for session in self.people.sessions:
            first = Slot.containing(session.arrival).index - horizon.first.index
            last = Slot.containing(session.departure).index - horizon.first.index
            if session.arrival.timestamp() <= issued_s or first >= horizon.length:
                continue
            slots = max(1, last - first)
            mean_kw = session.energy_servable_kwh / (slots * SLOT_H)
            power[max(first, 0) : max(0, first + slots)] += mean_kw
        return np.minimum(power, self.district.car_park.feeder_kw)
