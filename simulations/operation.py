"""How the devices fared: starts, flips, cycles, and whether hot water stayed healthy.

Hot-water storage above 400 L keeps its outlet at 55 °C or more, or is heated once in 24 h: 60 min
at 60 °C, 4 min at 65 °C or 2 min at 70 °C (French order of 30 November 2005). Quarter-hour means
stand for the shorter times, which errs on the safe side.
"""

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import DeviceKind, District
from ems.domain.points import point_id
from ems.domain.slots import SLOT_H
from ems.domain.snapshot import QuarterHours

Floats = NDArray[np.float64]

STORAGE_L = 400.0
"""Smaller storage is free of the rule."""
OUTLET_C = 55.0
HEATED = ((60.0, 4), (65.0, 1), (70.0, 1))
"""Temperatures, and for how many quarters in a row they must last."""
DAY_SLOTS = 96
FLIP_KW = 5.0
"""A battery flips when it goes from charging to discharging, or back, by more than this."""


def measured(district: District, history: QuarterHours, kind: DeviceKind, name: str) -> Floats:
    """Quarter-hour means of a point of all devices of a kind. Shape [devices, slots]."""
    points = [point_id(device.id, name) for device in district.of_kind(kind)]
    return np.asarray(history.quarter_hours(points, history.horizon), dtype=np.float64)


def hygiene_missed_h(district: District, history: QuarterHours) -> float:
    """Tank-hours in which a large tank was neither hot enough nor heated in the day before.

    Before the first slot tanks count as heated.
    """
    devices = district.of_kind(DeviceKind.SUBSTATION)
    tops = measured(district, history, DeviceKind.SUBSTATION, "tank_top_temp_c")
    missed = 0
    for device, top in zip(devices, tops, strict=True):
        station = district.buildings[device.serves].substation
        if station is not None and station.tank.volume_l > STORAGE_L:
            missed += int(unhealthy(top).sum())
    return missed * SLOT_H


def unhealthy(top_c: Floats) -> NDArray[np.bool_]:
    """Where an outlet is under 55 °C and was not heated in the 24 h before. Shape [slots]."""
    heated = np.zeros(len(top_c), dtype=np.bool_)
    for temp_c, quarters in HEATED:
        hot = (top_c >= temp_c).astype(np.int64)
        lasted = np.convolve(hot, np.ones(quarters, dtype=np.int64))[: len(hot)] >= quarters
        heated |= lasted
    slots = np.arange(len(top_c))
    last = np.maximum.accumulate(np.where(heated, slots, -1))
    return np.asarray((top_c < OUTLET_C) & (slots - last > DAY_SLOTS))


def battery_flips(district: District, history: QuarterHours) -> float:
    """How often batteries turned from charging to discharging or back, all together."""
    flips = 0
    for power in measured(district, history, DeviceKind.BATTERY, "power_kw"):
        signs = np.sign(power[np.abs(power) > FLIP_KW])
        flips += int((np.diff(signs) != 0).sum())
    return float(flips)


def battery_cycles(district: District, discharged_kwh: float) -> float:
    """Full discharges of the usable capacity, mean of the batteries."""
    usable = sum((b.soc_high - b.soc_low) * b.capacity_kwh for b in district.batteries.values())
    return discharged_kwh / usable if usable else 0.0
