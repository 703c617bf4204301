"""Random districts by seed and size, for tests and benchmarks.

A winter day and more: dwellings with a night setback, tanks with draws in the morning and evening,
cars that come and go, batteries, roofs, day-ahead prices. Substations hold 60 % of what their
radiators could draw together and lines of charge points 40 %, so capacities bind; the subscribed
power binds in the evening.
"""

from dataclasses import dataclass

import numpy as np

from building_models import zone
from ems.optimizer.structured.problem import (
    Agents,
    Batteries,
    DistrictProblem,
    Floats,
    Groups,
    Indices,
    Meter,
)

COMFORT_EUR_PER_KH = 0.5
TANK_EUR_PER_KWH = 2.0
SHORTFALL_EUR_PER_KWH = 1.0
OUTSIDE_EUR_PER_KWH = 20.0
GROUND_C = 10.0


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a district is."""

    dwellings: int = 400
    """Each with a heating of its own."""
    cars: int = 160
    """Sessions over the horizon."""
    buildings: int = 10
    """Each with a capacity of its substation."""
    lines: int = 4
    """Groups of charge points under one feeder."""
    batteries: int = 5
    """At the meter."""
    tank_per_dwelling: bool = False
    """A tank for each dwelling in place of one for each building."""
    outdoor_c: float = 3.0
    """Mean temperature outside."""
    slots: int = 96
    """Of the horizon."""
    slot_h: float = 0.25
    """Length of one."""

    @classmethod
    def of(cls, dwellings: int, *, tank_per_dwelling: bool = False, slots: int = 96) -> "Size":
        """A district of so many dwellings, all else in proportion to 400."""
        return cls(
            dwellings=dwellings,
            cars=round(0.4 * dwellings),
            buildings=max(1, round(dwellings / 40)),
            lines=max(1, round(dwellings / 100)),
            batteries=max(1, round(dwellings / 80)),
            tank_per_dwelling=tank_per_dwelling,
            slots=slots,
        )


def district(size: Size, seed: int) -> DistrictProblem:
    """A random district; the same size and seed give the same one."""
    random = np.random.default_rng(seed)
    hours: Floats = (np.arange(size.slots, dtype=np.float64) + 0.5) * size.slot_h
    zones = _zones(size, random, hours)
    tanks = _tanks(size, random, hours)
    cars = _cars(size, random)
    return DistrictProblem(
        slot_h=size.slot_h,
        agents=(zones, tanks, cars),
        batteries=_batteries(size, random),
        groups=_groups(size, (zones, tanks, cars), hours),
        meter=_meter(size, random, hours),
    )


def _zones(size: Size, random: np.random.Generator, hours: Floats) -> Agents:
    n, T = size.dwellings, size.slots
    area = random.uniform(35.0, 110.0, n)
    step = zone.discretise(
        zone.ZoneParameters(
            loss_kw_per_k=area * random.uniform(0.7e-3, 1.3e-3, n),
            coupling_kw_per_k=area * random.uniform(8e-3, 12e-3, n),
            capacity_air_kwh_per_k=area * random.uniform(0.008, 0.015, n),
            capacity_mass_kwh_per_k=area * random.uniform(0.06, 0.12, n),
        ),
        size.slot_h,
    )
    gains_kw = area * random.uniform(1e-3, 6e-3, (T, n))
    outdoor_c = size.outdoor_c + 3.0 * np.sin((hours - 9.0) / 24.0 * 2 * np.pi)
    drift = gains_kw[:, None, :] * step.b[:, :, 0].T + outdoor_c[:, None, None] * step.b[:, :, 2].T
    start_c = random.uniform(18.5, 21.0, n)
    night = (hours % 24 < 6.0) | (hours % 24 >= 22.5)
    floor_c = random.uniform(19.0, 21.0, n) - np.where(night, 2.0, 0.0)[:, None]
    price = np.full((T, n), COMFORT_EUR_PER_KH * size.slot_h)
    return agents_of(
        transfer=step.a.transpose(1, 2, 0),
        gain=step.b[:, :, 0].T,
        drift=drift,
        start=np.stack([start_c, start_c - 0.2]),
        power_kw_max=np.broadcast_to(area * 0.05, (T, n)),
        low=floor_c,
        high=np.broadcast_to(random.uniform(22.0, 23.5, n), (T, n)),
        low_price_eur=price,
        high_price_eur=price,
        end_value_eur=np.stack([np.zeros(n), 0.03 * area * 0.09]),
        group=_spread(n, size.buildings),
    )


def _tanks(size: Size, random: np.random.Generator, hours: Floats) -> Agents:
    T = size.slots
    n = size.dwellings if size.tank_per_dwelling else size.buildings
    homes = 1.0 if size.tank_per_dwelling else size.dwellings / size.buildings
    use = (
        0.15 + np.exp(-(((hours % 24 - 7.5) / 1.5) ** 2)) + np.exp(-(((hours % 24 - 20) / 2) ** 2))
    )
    draw_kwh = homes * size.slot_h * 0.5 * use[:, None] * random.gamma(4.0, 0.25, (T, n))
    size_kwh = homes * random.uniform(5.0, 9.0, n)
    price = np.full((T, n), TANK_EUR_PER_KWH * size.slot_h)
    return agents_of(
        transfer=np.full((1, 1, n), np.exp(-0.01 * size.slot_h)),
        gain=np.full((1, n), size.slot_h),
        drift=-draw_kwh[:, None, :],
        start=(size_kwh * random.uniform(0.4, 0.9, n))[None],
        power_kw_max=np.full((T, n), homes * 2.0),
        low=np.broadcast_to(0.2 * size_kwh, (T, n)),
        high=np.broadcast_to(size_kwh, (T, n)),
        low_price_eur=price,
        high_price_eur=price,
        end_value_eur=np.full((1, n), 0.04),
        group=size.buildings + _spread(n, size.buildings),
    )


def _cars(size: Size, random: np.random.Generator) -> Agents:
    n, T = size.cars, size.slots
    arrival = random.integers(0, max(1, T - 8), n)
    departure = np.minimum(arrival + random.integers(4, 48, n), T)
    slot = np.arange(T)[:, None]
    power = random.choice([3.7, 7.4, 11.0, 22.0], n, p=[0.1, 0.45, 0.4, 0.05])
    wanted_kwh = random.uniform(5.0, 40.0, n)
    leaves = slot == departure - 1
    return agents_of(
        transfer=np.ones((1, 1, n)),
        gain=np.full((1, n), size.slot_h),
        drift=np.zeros((T, 1, n)),
        start=np.zeros((1, n)),
        power_kw_max=np.where((slot >= arrival) & (slot < departure), power, 0.0),
        low=np.where(leaves, wanted_kwh, 0.0),
        high=np.broadcast_to(wanted_kwh, (T, n)),
        low_price_eur=np.where(leaves, SHORTFALL_EUR_PER_KWH, 0.0),
        high_price_eur=np.where(leaves, SHORTFALL_EUR_PER_KWH, 0.0),
        end_value_eur=np.zeros((1, n)),
        group=2 * size.buildings + _spread(n, size.lines),
    )


def agents_of(
    *,
    transfer: Floats,
    gain: Floats,
    drift: Floats,
    start: Floats,
    power_kw_max: Floats,
    low: Floats,
    high: Floats,
    low_price_eur: Floats,
    high_price_eur: Floats,
    end_value_eur: Floats,
    group: Indices,
) -> Agents:
    """Agents without costs of their own and without a plan in force."""
    shape = power_kw_max.shape
    return Agents(
        transfer=transfer,
        gain=gain,
        drift=drift,
        start=start,
        power_kw_max=power_kw_max,
        low=low,
        high=high,
        low_price_eur=low_price_eur,
        high_price_eur=high_price_eur,
        end_value_eur=end_value_eur,
        cost_eur=np.zeros(shape),
        curvature_eur=np.zeros(shape[1]),
        reference_kw=np.zeros(shape),
        group=group,
    )


def _batteries(size: Size, random: np.random.Generator) -> Batteries:
    n = size.batteries
    kwh = random.uniform(50.0, 200.0, n)
    return Batteries(
        start_kwh=kwh * random.uniform(0.2, 0.8, n),
        low_kwh=0.1 * kwh,
        high_kwh=0.95 * kwh,
        charge_kw_max=0.5 * kwh,
        discharge_kw_max=0.5 * kwh,
        charge_efficiency=random.uniform(0.93, 0.97, n),
        discharge_efficiency=random.uniform(0.93, 0.97, n),
        wear_eur_per_kwh=np.full(n, 0.02),
        end_value_eur_per_kwh=np.full(n, 0.10),
        outside_eur_per_kwh=np.full(n, OUTSIDE_EUR_PER_KWH),
    )


def _groups(size: Size, agents: tuple[Agents, ...], hours: Floats) -> Groups:
    """Rooms and tanks of a building count against its substation, cars against line and feeder."""
    B, E = size.buildings, size.lines
    G = 2 * B + E
    demand = np.zeros((G, size.slots))
    for kind in agents:
        np.add.at(demand, kind.group, kind.power_kw_max.max(axis=0)[:, None])
    substations = 0.6 * (demand[:B] + demand[B : 2 * B])
    lines = 0.4 * demand[2 * B :]
    warm = 1.0 + 0.1 * np.sin((hours - 9.0) / 24.0 * 2 * np.pi)
    electric = np.ones((G, size.slots))
    electric[:B] = 1.0 / (4.2 * warm)
    electric[B : 2 * B] = 1.0 / (3.0 * warm)
    building, line = np.arange(B), np.arange(E)
    return Groups(
        electric_per_kw=electric,
        capacity=np.concatenate([building, building, B + line]),
        upper_per_kw=np.concatenate([np.zeros((2 * B, 1)), np.ones((E, 1))]),
        capacity_kw=np.concatenate([substations, lines]) + 1.0,
        upper_kw=0.7 * lines.sum(axis=0, keepdims=True) + 1.0,
    )


def _meter(size: Size, random: np.random.Generator, hours: Floats) -> Meter:
    per_home = 0.3 + 0.5 * np.exp(-(((hours % 24 - 20) / 2.5) ** 2))
    base = size.dwellings * per_home * random.uniform(0.9, 1.1, size.slots)
    sun = np.maximum(np.sin((hours % 24 - 8.0) / 9.0 * np.pi), 0.0) * (abs(hours % 24 - 12.5) < 4.5)
    wave = np.sin((hours - 6.0) / 12.0 * 2 * np.pi)
    buy = 0.16 + 0.05 * wave + random.normal(0.0, 0.01, size.slots)
    return Meter(
        base_kw=base,
        sun_kw=0.8 * size.dwellings * sun * random.uniform(0.7, 1.0, size.slots),
        buy_eur_per_kwh=buy,
        sell_eur_per_kwh=np.minimum(0.4 * buy - 0.02 * (hours % 24 > 12), buy),
        subscribed_kw=np.full(size.slots, 1.5 * size.dwellings),
        overrun_eur_per_kwh=np.full(size.slots, 0.5),
        peak_eur_per_kw=0.4,
        peak_kw_min=0.5 * size.dwellings,
    )


def _spread(count: int, groups: int) -> Indices:
    """Groups of `count` agents, as even as can be. Shape [count]."""
    return np.arange(count) * groups // max(count, 1)
