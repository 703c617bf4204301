"""Rooms of two states run freely over measured days, compiled, for many rooms at once.

At the beginning of each run the air stands where it was measured and the mass where the measured
air of all slots before has led it, as the planner takes it too; from there on only heat, sun and
weather are given, and what the model says of the air is compared with what was measured.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from building_models.compiled import compiled

Floats = NDArray[np.float64]


class Maps(NamedTuple):
    """One slot of each room, as `zone.discretise` and `zone.discretise_mean` make it."""

    a: Floats
    """[rooms, 2, 2]"""
    b: Floats
    """[rooms, 2, 3]"""
    mean_a: Floats
    mean_b: Floats
    mass_keep: Floats
    """What mass keeps of its distance from the air over a slot. [rooms]"""
    coupling_kw_per_k: Floats
    """[rooms]"""


class Given(NamedTuple):
    """What was measured or is known, slot means."""

    air_c: Floats
    """NaN where nothing was measured. [rooms, slots]"""
    into_air_kw: Floats
    """NaN where it is not known. [rooms, slots]"""
    into_mass_kw: Floats
    outdoor_c: Floats
    """[slots]"""


@compiled
def residuals(maps: Maps, given: Given, run_slots: int, warm_slots: int, out: Floats) -> None:
    """Free runs of `run_slots` after `warm_slots`: model less measurement. `out` [rooms, slots].

    NaN where nothing can be said: before the first run, and where a value is missing.
    """
    rooms, slots = given.air_c.shape
    for i in range(rooms):
        mass, air, state_mass = np.nan, np.nan, np.nan
        for k in range(slots):
            seen, heat_air = given.air_c[i, k], given.into_air_kw[i, k]
            heat_mass, outdoor = given.into_mass_kw[i, k], given.outdoor_c[k]
            if np.isnan(mass):
                mass = seen
            if k >= warm_slots and (k - warm_slots) % run_slots == 0:
                # between two slot means lies what holds at their border
                air, state_mass = 0.5 * (given.air_c[i, k - 1] + seen), mass
            mean = maps.mean_a[i, 0, 0] * air + maps.mean_a[i, 0, 1] * state_mass
            mean += maps.mean_b[i, 0, 0] * heat_air + maps.mean_b[i, 0, 1] * heat_mass
            out[i, k] = mean + maps.mean_b[i, 0, 2] * outdoor - seen
            before = air
            air = maps.a[i, 0, 0] * before + maps.a[i, 0, 1] * state_mass
            air += maps.b[i, 0, 0] * heat_air + maps.b[i, 0, 1] * heat_mass
            air += maps.b[i, 0, 2] * outdoor
            state_mass = maps.a[i, 1, 0] * before + maps.a[i, 1, 1] * state_mass
            state_mass += maps.b[i, 1, 0] * heat_air + maps.b[i, 1, 1] * heat_mass
            state_mass += maps.b[i, 1, 2] * outdoor
            rest = seen + heat_mass / maps.coupling_kw_per_k[i]
            if np.isfinite(rest):
                mass = rest + (mass - rest) * maps.mass_keep[i]
