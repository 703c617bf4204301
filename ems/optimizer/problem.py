"""The problem of one plan: the district as arrays over blocks of time, ready for a solver.

Nothing here knows of devices, points or forecasts' names; `statement.py` makes it of them. Axes:
K blocks, G groups of alike rooms, N tanks, H heated buildings, C cars, B batteries, M groups of
charge points. Powers are means over a block in kW, energies kWh, temperatures °C at the end of a
block, prices EUR. Every wish is soft, so that a plan always exists.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ems.optimizer.blocks import Blocks

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """Groups of alike rooms, each with one air and one mass temperature.

    Temperatures of a group are those of its mean member; with x = (air, mass),
    x' = transfer x + per_kw heat - per_cool_kw cool + drift.
    """

    names: tuple[str, ...]
    """What each group is called in messages. G of them."""
    building: Indices
    """Which heated building each belongs to. Shape [G]."""
    start_c: Floats
    """Air and mass now. Shape [G, 2]."""
    transfer: Floats
    """Shape [K, G, 2, 2]."""
    per_kw: Floats
    """Rise by a kW of heat held over the block, K/kW. Shape [K, G, 2]."""
    per_cool_kw: Floats
    """Fall by a kW of cold, which goes into the air alone. Shape [K, G, 2]."""
    drift_c: Floats
    """What weather, sun and people bring, °C. Shape [K, G, 2]."""
    low_c: Floats
    """Least comfortable air temperature. Shape [K, G]."""
    high_c: Floats
    """Greatest air temperature that heating may aim at; above it costs little. Shape [K, G]."""
    ceiling_c: Floats
    """Greatest comfortable air temperature, infinite where nothing cools. Shape [K, G]."""
    heat_kw_max: Floats
    """Shape [G]."""
    cool_kw_max: Floats
    """Zero where there is no cooling. Shape [G]."""
    comfort_eur_per_kh: Floats
    """Price of a kelvin-hour outside the band, all members together. Shape [G]."""
    end_eur_per_k: Floats
    """Worth of a kelvin of air and of mass at the end; negative where cold is worth. [G, 2]."""


@dataclass(frozen=True, kw_only=True)
class Tanks:
    """Hot-water tanks, each of one mixed temperature: T' = keep T + per_kw charge + drift."""

    names: tuple[str, ...]
    """Buildings, for messages. N of them."""
    building: Indices
    """Shape [N]."""
    start_c: Floats
    """Shape [N]."""
    keep: Floats
    """Shape [K, N]."""
    per_kw: Floats
    """K/kW. Shape [K, N]."""
    drift_c: Floats
    """What draws and losses take, °C. Shape [K, N]."""
    low_c: Floats
    """Least temperature that serves; soft. Shape [N]."""
    high_c: Floats
    """Greatest temperature; soft only as far as a tank starts above it. Shape [N]."""
    charge_kw_max: Floats
    """Shape [N]."""
    shortage_eur_per_kh: Floats
    """Price of a kelvin-hour below `low_c`. Shape [N]."""
    end_eur_per_k: Floats
    """Worth of a kelvin at the end. Shape [N]."""


@dataclass(frozen=True, kw_only=True)
class Plant:
    """The central heat pumps and the buildings' substations."""

    buildings: tuple[str, ...]
    """Heated buildings. H of them."""
    heat_kw_max: float
    """Heating and hot water, of the units that run."""
    cool_kw_max: float
    """Of the units that run."""
    heating_cop: Floats
    """Heat of the heating circuit per electricity. Shape [K]."""
    hot_water_cop: Floats
    """Heat of the hot-water circuit per electricity. Shape [K]."""
    cooling_eer: Floats
    """Cold per electricity, heat rejected to the loop. Shape [K]."""
    shared_cop: Floats
    """Heating per electricity when the chilled circuit is the source. Shape [K]."""
    shared_hot_cop: Floats
    """Hot water per electricity when the chilled circuit is the source. Shape [K]."""
    substation_heat_kw_max: Floats
    """Heating and tank together. Shape [H]."""
    substation_cool_kw_max: Floats
    """Shape [H]."""

    def saved_per_heat(self, alone_cop: Floats, shared_cop: Floats) -> Floats:
        """Electricity that a kWh of shared heat saves against two separate machines. Shape [K].

        Its cold, 1 - 1/COP, needs no machine of its own.
        """
        cold = 1 - 1 / shared_cop
        return 1 / alone_cop + cold / self.cooling_eer - 1 / shared_cop


@dataclass(frozen=True, kw_only=True)
class Cars:
    """Cars that are plugged in."""

    names: tuple[str, ...]
    """Charge points. C of them."""
    group: Indices
    """Shape [C]."""
    power_kw_max: Floats
    """Shape [C]."""
    wanted_kwh: Floats
    """Still wanted; soft. Shape [C]."""
    present: Floats
    """Part of each block in which the car is there, 0 to 1. Shape [K, C]."""
    late: Floats
    """Of that time, the part kept in hand, as something may go wrong, 0 to 1. Shape [K, C]."""
    shortfall_eur_per_kwh: float
    """Price of a kWh that a car leaves without."""
    groups: tuple[str, ...]
    """Groups of charge points. M of them."""
    group_kw_max: float
    """Limit of each group."""
    feeder_kw_max: Floats
    """Limit of all, less what is kept for cars to come. Shape [K]."""


@dataclass(frozen=True, kw_only=True)
class Batteries:
    """Batteries, in energy stored."""

    names: tuple[str, ...]
    """B of them."""
    start_kwh: Floats
    """Shape [B]."""
    low_kwh: Floats
    """Shape [B]."""
    high_kwh: Floats
    """Shape [B]."""
    power_kw_max: Floats
    """Either way. Shape [B]."""
    efficiency_charge: Floats
    """Shape [B]."""
    efficiency_discharge: Floats
    """Shape [B]."""
    wear_eur_per_kwh: Floats
    """Of energy discharged. Shape [B]."""
    end_eur_per_kwh: Floats
    """Worth of a kWh stored at the end. Shape [B]."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The district's connection and what is not controlled behind it."""

    base_kw: Floats
    """Uncontrolled consumption behind the meter, cars to come and pumps included. Shape [K]."""
    pv_kw: Floats
    """PV available. Shape [K]."""
    dwellings_kw: Floats
    """Consumption of the dwellings, which can share exported power. Shape [K]."""
    import_eur_per_kwh: Floats
    """Shape [K]."""
    shared_eur_per_kwh: Floats
    """Worth of exported energy that a dwelling uses. Shape [K]."""
    feed_in_eur_per_kwh: Floats
    """Worth of the rest. Shape [K]."""
    subscribed_kw: float
    """Import above it costs `overrun_eur_per_kwh` more."""
    margin_kw: Floats
    """Below the subscribed power, how much to keep free for what is not foreseen. Shape [K]."""
    overrun_eur_per_kwh: float
    """Price of import above the subscribed power."""
    margin_eur_per_kwh: float
    """Price of import within the margin."""


@dataclass(frozen=True, kw_only=True)
class PlanProblem:
    """Everything that the matrix is made of."""

    blocks: Blocks
    """The time grid."""
    rooms: Rooms
    tanks: Tanks
    plant: Plant
    cars: Cars
    batteries: Batteries
    grid: Grid
