"""Charging of cars: current steps of IEC 61851, phases, the taper of a filling battery."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

TAPER_FROM = 0.8
"""State of charge above which a car takes less than its greatest power."""

TAPER_LEAST = 0.3
"""Share of the greatest power that is left when the battery is full."""


def power_kw(current_a: ArrayLike, phases: ArrayLike, voltage_v: float) -> Floats:
    """Power of a current in each of `phases`; `voltage_v` is between phase and neutral."""
    amperes = np.asarray(current_a, dtype=np.float64) * np.asarray(phases, dtype=np.float64)
    result: Floats = amperes * voltage_v / 1000.0
    return result


def current_a(power: ArrayLike, phases: ArrayLike, voltage_v: float) -> Floats:
    """Current in each of `phases` for a power in kW."""
    watts = np.asarray(power, dtype=np.float64) * 1000.0
    result: Floats = watts / (np.asarray(phases, dtype=np.float64) * voltage_v)
    return result


def admissible_a(current: ArrayLike, least_a: float, current_a_max: ArrayLike) -> Floats:
    """The nearest current a car can follow: none, or `least_a` and more (IEC 61851-1)."""
    limited = np.clip(np.asarray(current, dtype=np.float64), 0.0, current_a_max)
    return np.where(limited < least_a, 0.0, limited)


def acceptance_kw(power_kw_max: ArrayLike, state_of_charge: ArrayLike) -> Floats:
    """What a car takes at most: all up to 80 % of charge, then falling to 30 % when full."""
    above = np.clip((np.asarray(state_of_charge) - TAPER_FROM) / (1 - TAPER_FROM), 0.0, 1.0)
    result: Floats = np.asarray(power_kw_max, dtype=np.float64) * (1 - (1 - TAPER_LEAST) * above)
    return result


def energy_within_kwh(
    power_kw_max: float, capacity_kwh: float, state_of_charge: float, hours: float
) -> float:
    """What a car can take in `hours` when nothing but itself holds it back.

    Full power until the taper begins, then the state of charge s follows the linear equation
    C ds/dt = P (1 - (1 - l) (s - f) / (1 - f)) of `acceptance_kw`, solved in closed form.
    """
    flat_h = max(0.0, (TAPER_FROM - state_of_charge) * capacity_kwh / power_kw_max)
    if hours <= flat_h:
        return hours * power_kw_max
    steepness = (1 - TAPER_LEAST) / (1 - TAPER_FROM)
    begin = max(state_of_charge, TAPER_FROM)
    share = 1 - steepness * (begin - TAPER_FROM)
    decay = math.exp(-steepness * power_kw_max / capacity_kwh * (hours - flat_h))
    gained = share * (1 - decay) / steepness
    reached = min(begin + gained, 1.0)
    return flat_h * power_kw_max + (reached - begin) * capacity_kwh


def shared_kw(wanted_kw: Floats, limit_kw: float) -> Floats:
    """Powers under a common limit: the small are served, the large get an equal share."""
    if wanted_kw.sum() <= limit_kw:
        return wanted_kw
    ordered = np.sort(wanted_kw)
    before = np.concatenate([[0.0], np.cumsum(ordered)[:-1]])
    level = (limit_kw - before) / np.arange(len(ordered), 0, -1)
    full = level < ordered
    return np.minimum(wanted_kw, float(level[np.argmax(full)]))
