"""What to expect of a district that has not been measured yet: its description alone.

Used in the first day of operation and when history is lost; every forecast made of it says so.
"""

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import District, Use, UseProfile
from ems.forecast.local_time import LocalTime

_LITRES_PER_PERSON = 56.0
"""Per day at 40 °C. Source: ADEME and COSTIC, 2016."""
_WARM_C, _COLD_C = 40.0, 15.0
"""Assumption: mean cold water of the year."""
_KWH_PER_L_K = 1.163e-3
_LOOP_PUMP_SHARE = 0.5
"""Mean share of the loop pumps' greatest power. Assumption."""

# Shapes over the local day, by hour; scaled to a mean of 1. Assumptions after the morning and
# evening peaks of French dwellings.
_HOT_WATER = np.array(
    [3, 1, 1, 1, 2, 6, 14, 17, 13, 9, 7, 7, 8, 7, 5, 4, 4, 6, 10, 14, 13, 10, 7, 5]
)
_APPLIANCES = np.array(
    [6, 5, 5, 5, 5, 6, 8, 9, 8, 8, 8, 9, 10, 9, 8, 8, 8, 10, 13, 15, 15, 13, 11, 8]
)
_CHARGING_WORKDAY = np.array(
    [1, 1, 0, 0, 0, 0, 1, 3, 9, 10, 8, 6, 4, 5, 4, 3, 2, 3, 5, 6, 5, 4, 3, 2]
)
_CHARGING_FREE_DAY = np.array(
    [1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3, 4, 4, 4, 3, 2, 2]
)
_CHARGING_KW_PER_UNIT = 0.012
"""Per kW of charge point and unit of the two shapes above. Assumption: one session of 20 kWh a day
at each charge point of 7.4 kW, on workdays."""


def base_load_kw(district: District, time: LocalTime) -> NDArray[np.float64]:
    """Zones by their hours, shared services and pumps by their means. Shape [slots]."""
    steady = sum(building.shared_power_kw for building in district.buildings.values())
    total = np.full(len(time.day), steady + _LOOP_PUMP_SHARE * district.loop.pump_kw)
    for use in {zone.use for zone in district.zones.values()}:
        area = sum(zone.area_m2 for zone in district.zones.values() if zone.use is use)
        total += area / 1000 * _electricity_w_per_m2(district.uses[use], time)
    return total


def _electricity_w_per_m2(profile: UseProfile, time: LocalTime) -> NDArray[np.float64]:
    hour = (time.quarter + 0.5) / 4
    begin, end = profile.occupied_from_h, profile.occupied_to_h
    inside = (hour >= begin) & (hour < end)
    if begin > end:
        inside = (hour >= begin) | (hour < end)
    occupied = inside & np.isin(time.weekday + 1, profile.occupied_days)
    return np.where(occupied, profile.electricity_w_per_m2, profile.electricity_idle_w_per_m2)


def dwellings_kw(district: District, time: LocalTime) -> NDArray[np.float64]:
    """Appliances of all dwellings. Shape [slots]."""
    mean_kw = sum(
        dwelling.area_m2 * district.uses[Use(dwelling.use)].electricity_w_per_m2 / 1000
        for dwelling in district.dwellings.values()
    )
    return mean_kw * _shaped(_APPLIANCES, time)


def hot_water_kw(district: District, building: str, time: LocalTime) -> NDArray[np.float64]:
    """Heat of the hot water that a building draws. Shape [slots]."""
    people = sum(dwelling.occupants for dwelling in district.dwellings_of(building))
    litres = people * _LITRES_PER_PERSON + district.buildings[building].hot_water_l_per_day
    mean_kw = litres * _KWH_PER_L_K * (_WARM_C - _COLD_C) / 24
    return mean_kw * _shaped(_HOT_WATER, time)


def charging_kw(district: District, time: LocalTime) -> NDArray[np.float64]:
    """All charge points together. Shape [slots]."""
    size_kw = sum(point.power_kw_max for point in district.charge_points.values())
    hour = time.quarter // 4
    units = np.where(time.weekday < 5, _CHARGING_WORKDAY[hour], _CHARGING_FREE_DAY[hour])
    return np.minimum(size_kw * _CHARGING_KW_PER_UNIT * units, district.car_park.feeder_kw)


def _shaped(by_hour: NDArray[np.int64], time: LocalTime) -> NDArray[np.float64]:
    return np.asarray(by_hour[time.quarter // 4] / by_hour.mean())
