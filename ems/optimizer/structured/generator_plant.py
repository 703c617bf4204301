"""A central plant for a random district: cooled offices, recovered heat, limits of import.

Offices are warm from people and sun by day and want to stay below 25 °C; they count against a
chilled capacity of their own. The plant makes heat, hot water and cold, and passes heat from one
circuit to another.
"""

from dataclasses import replace

import numpy as np

from building_models import zone
from ems.optimizer.structured.generator import Size, agents_of
from ems.optimizer.structured.plant import Recovery, with_capacity, with_recovery
from ems.optimizer.structured.problem import Agents, DistrictProblem, Floats, Limit

CEILING_C = 25.0
COMFORT_EUR_PER_KH = 1.0
COOLING_EER = 4.5
SHARED_COP, SHARED_HOT_COP = 5.0, 3.6
HEAT_SHARE = 0.5
"""Of what all radiators and tanks can draw, what the plant has."""


def with_plant(problem: DistrictProblem, size: Size, seed: int) -> DistrictProblem:
    """A random district with offices and a plant that recovers their heat."""
    random = np.random.default_rng([seed, 1])
    B, G = size.buildings, problem.groups.count
    offices = _offices(max(1, size.dwellings // 10), size, random, group=G)
    groups = problem.groups
    ones = np.ones((1, size.slots))
    chilled_kw = 0.6 * offices.power_kw_max.sum(axis=1)[None] + 1.0
    with_cold = replace(
        problem,
        agents=(*problem.agents, offices),
        groups=replace(
            groups,
            electric_per_kw=np.concatenate([groups.electric_per_kw, ones / COOLING_EER]),
            capacity=np.append(groups.capacity, groups.capacity_kw.shape[0]),
            capacity_kw=np.concatenate([groups.capacity_kw, chilled_kw]),
            upper_per_kw=np.pad(groups.upper_per_kw, ((0, 1), (0, 0))),
        ),
    )
    heating, hot_water = np.arange(B), np.arange(B, 2 * B)
    heat = np.arange(2 * B)
    most = sum(kind.power_kw_max.max(axis=0).sum() for kind in problem.agents[:2])
    limited = with_capacity(with_cold, heat, np.full(size.slots, HEAT_SHARE * most + 1.0))
    recovery = Recovery(
        heating=heating,
        hot_water=hot_water,
        cold=np.array([G]),
        heating_cop=1.0 / groups.electric_per_kw[0],
        hot_water_cop=1.0 / groups.electric_per_kw[B],
        cooling_eer=COOLING_EER * ones[0],
        shared_cop=SHARED_COP * ones[0],
        shared_hot_cop=SHARED_HOT_COP * ones[0],
    )
    return with_recovery(limited, recovery)


def with_limits(problem: DistrictProblem) -> DistrictProblem:
    """A margin below the subscribed power, shared export, and an hour that the grid asks for."""
    meter, T = problem.meter, problem.slots
    asked = np.arange(T) // max(1, round(1 / problem.slot_h)) == 2
    limits = (
        Limit(name="margin", kw=0.95 * meter.subscribed_kw, eur_per_kwh=np.full(T, 0.05)),
        Limit(name="the grid's wish", kw=0.5 * meter.base_kw, eur_per_kwh=np.where(asked, 0.8, 0)),
    )
    between = 0.5 * (meter.sell_eur_per_kwh + meter.buy_eur_per_kwh)
    shared = replace(
        meter, limits=limits, shared_kw=0.3 * meter.base_kw, shared_eur_per_kwh=between
    )
    return replace(problem, meter=shared)


def with_spread(problem: DistrictProblem, share: float) -> DistrictProblem:
    """An error of the forecast that grows with the base load."""
    spread = share * problem.meter.base_kw
    return replace(problem, meter=replace(problem.meter, spread_kw=spread))


def _offices(n: int, size: Size, random: np.random.Generator, *, group: int) -> Agents:
    T = size.slots
    hours: Floats = (np.arange(T, dtype=np.float64) + 0.5) * size.slot_h
    area = random.uniform(100.0, 400.0, n)
    step = zone.discretise(
        zone.ZoneParameters(
            loss_kw_per_k=area * random.uniform(0.8e-3, 1.5e-3, n),
            coupling_kw_per_k=area * random.uniform(8e-3, 12e-3, n),
            capacity_air_kwh_per_k=area * random.uniform(0.008, 0.015, n),
            capacity_mass_kwh_per_k=area * random.uniform(0.06, 0.12, n),
        ),
        size.slot_h,
    )
    by_day = np.abs(hours % 24 - 13.0) < 5.0
    gains_kw = np.where(by_day, 0.03, 0.004)[:, None] * area * random.uniform(0.8, 1.2, (T, n))
    drift = gains_kw[:, None, :] * step.b[:, :, 0].T + 12.0 * step.b[:, :, 2].T
    start_c = random.uniform(22.0, 24.5, n)
    price = np.full((T, n), COMFORT_EUR_PER_KH * size.slot_h)
    return agents_of(
        transfer=step.a.transpose(1, 2, 0),
        gain=-step.b[:, :, 0].T,
        drift=drift,
        start=np.stack([start_c, start_c]),
        power_kw_max=np.broadcast_to(area * 0.04, (T, n)),
        low=np.full((T, n), 20.0),
        high=np.full((T, n), CEILING_C),
        low_price_eur=price,
        high_price_eur=price,
        end_value_eur=np.zeros((2, n)),
        group=np.full(n, group),
    )
