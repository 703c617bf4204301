"""Cars at their charge points through some steps between two arrivals or departures, compiled."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from building_models.compiled import compiled
from building_models.ev import TAPER_FROM, TAPER_LEAST

Floats = NDArray[np.float64]


class Cars(NamedTuple):
    """Cars as they stand; without a car, wanted and power are zero. Shape [charge points]."""

    wanted_kwh: Floats
    delivered_kwh: Floats
    """Changed in place."""
    power_kw_max: Floats
    capacity_kwh: Floats
    first_soc: Floats


class Limits(NamedTuple):
    """What points, groups and feeder let through."""

    allowed_kw: Floats
    """Of each point. [charge points]"""
    group: NDArray[np.intp]
    """Group of each point. [charge points]"""
    group_kw: float
    feeder_kw: float


@compiled
def run(
    cars: Cars, limits: Limits, power_kw: Floats, sum_kw: Floats, total_kw: Floats, dt_h: float
) -> None:
    """As many steps of `dt_h` as `total_kw` [steps] is long, which takes the car park's power.

    `power_kw` [charge points] takes the last powers, `sum_kw` gains them all.
    """
    count = len(power_kw)
    groups = limits.group.max() + 1 if count else 0
    for place in range(len(total_kw)):
        for i in range(count):
            left = max(cars.wanted_kwh[i] - cars.delivered_kwh[i], 0.0)
            soc = cars.first_soc[i] + cars.delivered_kwh[i] / cars.capacity_kwh[i]
            above = min(max((soc - TAPER_FROM) / (1.0 - TAPER_FROM), 0.0), 1.0)
            accepted = cars.power_kw_max[i] * (1.0 - (1.0 - TAPER_LEAST) * above)
            power_kw[i] = min(accepted, left / dt_h, limits.allowed_kw[i])
        for g in range(groups):
            _hold(power_kw, limits.group, g, limits.group_kw)
        _hold(power_kw, limits.group, -1, limits.feeder_kw)
        for i in range(count):
            cars.delivered_kwh[i] += power_kw[i] * dt_h
            sum_kw[i] += power_kw[i]
        total_kw[place] = power_kw.sum()


@compiled
def _hold(power_kw: Floats, group: NDArray[np.intp], which: int, limit_kw: float) -> None:
    """Cut the powers of a group (-1: of all) to one level, so that they keep a common limit."""
    total, members = 0.0, 0
    for i in range(len(power_kw)):
        if which < 0 or group[i] == which:
            total += power_kw[i]
            members += 1
    if total <= limit_kw:
        return
    level = limit_kw / members
    while True:
        served, small = 0.0, 0
        for i in range(len(power_kw)):
            if (which < 0 or group[i] == which) and power_kw[i] <= level:
                served += power_kw[i]
                small += 1
        higher = (limit_kw - served) / (members - small)
        if higher <= level * (1.0 + 1e-12):
            break
        level = higher
    for i in range(len(power_kw)):
        if which < 0 or group[i] == which:
            power_kw[i] = min(power_kw[i], level)
