"""How far the virtual district's physics is from closed forms, published figures and other code."""

import hplib.hplib as hplib
import numpy as np
from scipy.linalg import expm

from benchmarks.figures import Figure
from building_models import (
    battery_ageing,
    compressor,
    fine_zone,
    heat_pump,
    layered_tank,
    thermal_network,
    windows,
)
from building_models.tank import WATER_KWH_PER_L_K
from ems.domain.district import District

PUBLISHED_GLASS = {40: 0.974, 50: 0.934, 60: 0.842, 70: 0.658}
"""SHGC by angle over the perpendicular, clear double glazing: ASHRAE Fundamentals 2017, ch. 15."""


def independent(district: District) -> list[Figure]:
    """Distances from closed forms, published figures and independent implementations."""
    planner, large = beside_hplib(district)
    shelf = battery_ageing.rested(
        battery_ageing.Age(), temp_c=25.0, state_of_charge=0.5, hours=8766.0
    )
    glass = [
        abs(float(windows.glass_factor(np.array([float(angle)]))[0]) - known)
        for angle, known in PUBLISHED_GLASS.items()
    ]
    return [
        Figure(
            name="room step - scipy's expm", value=beside_expm(district), unit="K/K", goal=1e-11
        ),
        Figure(name="layered tank - mixed closed form", value=mixed(), unit="K", goal=1e-9),
        Figure(name="planner's COP - hplib's median", value=planner, unit="share", goal=0.03),
        Figure(name="plant's COP - hplib's median", value=large, unit="share", goal=0.2),
        Figure(name="double glazing by angle - ASHRAE", value=max(glass), unit="share", goal=0.09),
        Figure(name="LFP shelf loss of a year, 25 °C", value=shelf.calendar_loss, unit="share"),
    ]


def beside_expm(district: District) -> float:
    """Greatest difference of a room's step of a minute from the general matrix exponential."""
    envelope = district.buildings["B1"].envelope
    assert envelope is not None, "B1 is heated"  # noqa: S101 the description says so
    room = fine_zone.network(envelope, np.array([60.0]), np.ones(1))
    between, outdoor = room.between_kw_per_k[0], room.outdoor_kw_per_k[0]
    system = between - np.diag(between.sum(axis=1) + outdoor)
    exact = expm(system / room.capacity_kwh_per_k[0][:, None] / 60)
    return float(np.abs(thermal_network.discretise(room, 1 / 60).a[0] - exact).max())


def mixed() -> float:
    """Mean of a layered tank after 100 hours at rest, less the mixed tank's closed form."""
    made = layered_tank.discretise(np.array([3000.0]), np.array([3.2]), 1.0)
    layers = np.linspace(20.0, 60.0, layered_tank.LAYERS)
    for _ in range(100):
        layered_tank.rest(layers, made.a[0], made.room[0], made.mean_a[0], made.mean_room[0], 22.0)
    closed = 22 + 18 * np.exp(-100 * 0.0032 / (3000 * WATER_KWH_PER_L_K))
    return float(abs(layers.mean() - closed))


def beside_hplib(district: District) -> tuple[float, float]:
    """Greatest distances of planner's and plant's COP from the median of hplib's units."""
    units = hplib.load_database()
    named = units["Group"].isin([3, 6]) & (units["Model"] != "Generic")
    known = [hplib.get_parameters(model) for model in units.loc[named, "Model"]]
    planner, large = [], []
    for source_c in (8.0, 12.0, 16.0, 20.0):
        for sink_c in (35.0, 45.0, 55.0):
            cops = [
                float(np.ravel(hplib.simulate(source_c, sink_c - 5.0, unit, 10.0)["COP"])[0])
                for unit in known
            ]
            middle = float(np.median(cops))
            plane = float(heat_pump.cop(district.plant, source_c, sink_c))
            planner.append(abs(plane / middle - 1))
            large.append(abs(compressor.cop(source_c, sink_c, 1.0) / middle - 1))
    return max(planner), max(large)
