"""Which column of the programme stands for what, and the rows in which its parts meet.

Axes as in `problem.py`: K blocks, G groups of rooms, N tanks, C cars, B batteries, H buildings, M
groups of charge points.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column stands for what; shapes as in `problem.py`."""

    heat: Indices
    """Heat to rooms, kW. Shape [K, G]."""
    cool: Indices
    """Cold to rooms, kW. Shape [K, G]."""
    inside: Indices
    """Air above the low end of its band, K. Shape [K, G]."""
    under: Indices
    """Air below its band, K. Shape [K, G]."""
    warm: Indices
    """Air above what heating may aim at, K. Shape [K, G]."""
    over: Indices
    """Air above its band, K. Shape [K, G]."""
    mass: Indices
    """Mass temperature, °C. Shape [K, G]."""
    tank_charge: Indices
    """Heat to tanks, kW. Shape [K, N]."""
    tank_inside: Indices
    """Tank above its least temperature, K. Shape [K, N]."""
    tank_under: Indices
    """Tank below it, K. Shape [K, N]."""
    shared_heat: Indices
    """Heating made with the chilled circuit as source, kW. Shape [K]."""
    shared_hot_water: Indices
    """Hot water made so, kW. Shape [K]."""
    car: Indices
    """Charging of cars, kW. Shape [K, C]."""
    shortfall: Indices
    """Energy that a car leaves without, kWh. Shape [C]."""
    charge: Indices
    """Batteries charging, kW. Shape [K, B]."""
    discharge: Indices
    """Batteries discharging, kW. Shape [K, B]."""
    stored: Indices
    """Energy in batteries, kWh. Shape [K, B]."""
    curtailed: Indices
    """PV not taken, kW. Shape [K]."""
    imported: Indices
    """Import within the subscribed power less the margin, kW. Shape [K]."""
    margin: Indices
    """Import within the margin, kW. Shape [K]."""
    overrun: Indices
    """Import above the subscribed power, kW. Shape [K]."""
    shared: Indices
    """Export that dwellings use, kW. Shape [K]."""
    fed_in: Indices
    """Other export, kW. Shape [K]."""


@dataclass(frozen=True, kw_only=True)
class Balances:
    """Rows in which the parts meet."""

    electricity: Indices
    """Consumption less generation equals import less export, kW. Shape [K]."""
    substation_heat: Indices
    """Heating and tank within the substation, kW. Shape [K, H]."""
    substation_cool: Indices
    """Shape [K, H]."""
    heat: Indices
    """Heating and hot water within the plant, kW. Shape [K]."""
    cool: Indices
    """Shape [K]."""
    shared_heat: Indices
    """Shared heat is at most the heating. Shape [K]."""
    shared_hot_water: Indices
    """Shared hot water is at most the charging of tanks. Shape [K]."""
    shared_cool: Indices
    """The cold of shared heat is at most the cooling. Shape [K]."""
    group: Indices
    """Charging within each group. Shape [K, M]."""
    feeder: Indices
    """Charging of all. Shape [K]."""
