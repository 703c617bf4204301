"""Radiators and fan coils: their power by temperature, their own mass, their return temperature.

Power follows EN 442: Q = Q_n ((T - T_room) / dT_n)^n with n = 1.3 for radiators and 1 for fan
coils. Water in the emitter is one mixed state, so what returns has its temperature:

    C dT/dt = u - G (T - T_room),   G = Q(T) / (T - T_room) held over a step.
"""

from math import exp
from typing import NamedTuple

from building_models.compiled import compiled

SUPPLY_C, RETURN_C, ROOM_C = 45.0, 38.0, 20.0
"""Design of low-temperature heating: full power at these."""

RADIATOR_EXPONENT, FAN_COIL_EXPONENT = 1.3, 1.0

LEAST_RISE_K = 0.5
"""Below it a radiator's conductance stays what it is there."""

RADIATOR_KWH_PER_K_KW = 0.024
"""Steel and water per kW at 45/38/20 °C: 20 kg and 4.7 L per kW at 75/65/20 °C (makers' lists of
panel radiators), 29 kJ/K, times (50/21.5)^1.3 = 3.0."""

FAN_COIL_KWH_PER_K_KW = 0.002
"""Coil and water: about half a litre per kW."""

RADIATOR_TO_AIR, FAN_COIL_TO_AIR = 0.7, 1.0
"""Convective share: panel radiators radiate about 30 % (EN 15316-2)."""


class EmitterStep(NamedTuple):
    """One step of an emitter."""

    temp_c: float
    """At its end."""

    emitted_kw: float
    """Mean heat into the room."""


@compiled
def conductance_kw_per_k(full_kw: float, exponent: float, rise_k: float) -> float:
    """G at a rise over the room; `full_kw` at the design's return over the room."""
    design_k = RETURN_C - ROOM_C
    if exponent == 1.0:
        return full_kw / design_k
    relative: float = (max(rise_k, LEAST_RISE_K) / design_k) ** (exponent - 1.0)
    return full_kw / design_k * relative


@compiled
def most_kw(full_kw: float, supply_c: float, temp_c: float) -> float:
    """What the open valve lets in: its flow gives `full_kw` between design supply and return."""
    through = full_kw * (supply_c - temp_c) / (SUPPLY_C - RETURN_C)
    return min(full_kw, max(through, 0.0))


@compiled
def keep(conductance: float, capacity_kwh_per_k: float, dt_h: float) -> float:
    """Share of an emitter's rise over its room that is left after `dt_h` hours without heat."""
    return exp(-conductance * dt_h / capacity_kwh_per_k)


@compiled
def step(
    temp_c: float,
    room_c: float,
    given_kw: float,
    conductance: float,
    kept: float,
    kwh_per_k_h: float,
) -> EmitterStep:
    """Move on by a step with heat, room and conductance held; closed to the last bit.

    `kept` is `keep` over the step, `kwh_per_k_h` the capacity over the step's hours.
    """
    end = room_c + (temp_c - room_c) * kept + given_kw / conductance * (1.0 - kept)
    return EmitterStep(end, given_kw - kwh_per_k_h * (end - temp_c))


@compiled
def needed_kw(
    temp_c: float, room_c: float, wanted_kw: float, conductance: float, kept: float
) -> float:
    """What must be given for the emitter to emit `wanted_kw` at the end of the step; may be < 0."""
    target = wanted_kw / conductance
    return (target - (temp_c - room_c) * kept) * conductance / (1.0 - kept)
