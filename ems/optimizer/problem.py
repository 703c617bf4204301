"""The problem of one plan: the district as arrays over slots, in its own terms.

Nothing here knows of devices, points or forecasts' names; `statement.py` makes it of them, and
`agents.py` hands it to the solver. Axes: T slots, n rooms, N tanks, H heated buildings, C cars, B
batteries, M groups of charge points. Powers are means over a slot in kW, energies kWh, temperatures
°C at the end of a slot, prices EUR. Every wish is soft, so that a plan always exists.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

KEPT_SPREADS = 2.0
"""So many spreads of error below the subscribed power, an overrun's chance begins to cost."""


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """Rooms, each with one air and one mass temperature, and with one service to be planned.

    With x = (air, mass): x' = transfer x + per_kw power + drift. A room that is cooled has a
    negative `per_kw`; a room that needs both in one horizon is planned for what it needs more, and
    its thermostat's share of the other is known beforehand and part of the drift.
    """

    names: tuple[str, ...]
    """What they are called in messages. n of them."""
    labels: tuple[str, ...]
    """Building and use: rooms of one label are spoken of together. n of them."""
    building: Indices
    """Which heated building each belongs to. Shape [n]."""
    cooled: NDArray[np.bool_]
    """Whether the plan cools it; else it heats. Shape [n]."""
    start_c: Floats
    """Air and mass now. Shape [n, 2]."""
    transfer: Floats
    """Shape [n, 2, 2]."""
    per_kw: Floats
    """Rise by a kW of heat, or fall by a kW of cold (negative), held over a slot. Shape [n, 2]."""
    drift_c: Floats
    """What weather, sun, people and the thermostat's own share bring, °C. Shape [T, n, 2]."""
    low_c: Floats
    """Least comfortable air temperature. Shape [T, n]."""
    high_c: Floats
    """Greatest air temperature that heating may aim at; above it costs little. Shape [T, n]."""
    ceiling_c: Floats
    """Greatest comfortable air temperature, infinite where nothing cools. Shape [T, n]."""
    power_kw_max: Floats
    """Of its service; zero while the thermostat gives the other one. Shape [T, n]."""
    comfort_eur_per_kh: Floats
    """Price of a kelvin-hour outside the band. Shape [n]."""
    end_eur_per_k: Floats
    """Worth of a kelvin of air and of mass at the end; negative where cold is worth. [n, 2]."""


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
    """Shape [N]."""
    per_kw: Floats
    """K/kW. Shape [N]."""
    drift_c: Floats
    """What draws and losses take, °C. Shape [T, N]."""
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
    """Heat of the heating circuit per electricity. Shape [T]."""
    hot_water_cop: Floats
    """Heat of the hot-water circuit per electricity. Shape [T]."""
    cooling_eer: Floats
    """Cold per electricity, heat rejected to the loop. Shape [T]."""
    shared_cop: Floats
    """Heating per electricity when the chilled circuit is the source. Shape [T]."""
    shared_hot_cop: Floats
    """Hot water per electricity when the chilled circuit is the source. Shape [T]."""
    substation_heat_kw_max: Floats
    """Heating and tank together. Shape [H]."""
    substation_cool_kw_max: Floats
    """Shape [H]."""


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
    """Part of each slot in which the car is there, 0 to 1. Shape [T, C]."""
    late: Floats
    """Of that time, the part kept in hand, as something may go wrong, 0 to 1. Shape [T, C]."""
    shortfall_eur_per_kwh: float
    """Price of a kWh that a car leaves without."""
    groups: tuple[str, ...]
    """Groups of charge points. M of them."""
    group_kw_max: float
    """Limit of each group."""
    feeder_kw_max: Floats
    """Limit of all, less what is kept for cars to come. Shape [T]."""


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
    """Uncontrolled consumption behind the meter, cars to come and pumps included. Shape [T]."""
    pv_kw: Floats
    """PV available. Shape [T]."""
    dwellings_kw: Floats
    """Consumption of the dwellings, which can share exported power. Shape [T]."""
    import_eur_per_kwh: Floats
    """Shape [T]."""
    shared_eur_per_kwh: Floats
    """Worth of exported energy that a dwelling uses. Shape [T]."""
    feed_in_eur_per_kwh: Floats
    """Worth of the rest. Shape [T]."""
    subscribed_kw: float
    """Import above it costs `overrun_eur_per_kwh` more, and `far_kw` above it yet more."""
    spread_kw: Floats
    """Standard deviation of what the net load will be off its forecast. Shape [T]."""
    overrun_eur_per_kwh: Floats
    """Price of import above the subscribed power. Shape [T]."""
    far_kw: Floats
    """An overrun that goes further costs `far_eur_per_kwh` more. Shape [T]."""
    far_eur_per_kwh: Floats
    """Zero where the first kW is as dear as it gets. Shape [T]."""
    peak_eur_per_kw: float
    """Price of the highest import of the month."""
    peak_kw_min: float
    """What the month has reached already."""
    cap_kw: Floats
    """Import that an event of demand response caps. Shape [T]."""
    cap_eur_per_kwh: Floats
    """Price of import above that; zero where there is no event. Shape [T]."""

    @property
    def asked(self) -> NDArray[np.bool_]:
        """Whether an event of demand response holds. Shape [T]."""
        return self.cap_eur_per_kwh > 0

    @property
    def limit_kw(self) -> Floats:
        """Import from which every kWh costs more: the subscribed power, or an event's cap. [T]."""
        cap = np.where(self.asked, self.cap_kw, self.subscribed_kw)
        return np.minimum(cap, self.subscribed_kw)

    @property
    def kept_kw(self) -> Floats:
        """Import above which the chance of passing the limit counts. Shape [T]."""
        return self.limit_kw - KEPT_SPREADS * self.spread_kw


@dataclass(frozen=True, kw_only=True)
class PlanProblem:
    """Everything that the plan is made of."""

    rooms: Rooms
    tanks: Tanks
    plant: Plant
    cars: Cars
    batteries: Batteries
    grid: Grid
    own_heat_kw: Floats
    """Heat that thermostats of each building take beside the plan. Shape [T, H]."""
    own_cool_kw: Floats
    """Cold that thermostats of each building take beside the plan. Shape [T, H]."""

    @property
    def slots(self) -> int:
        """T, the number of slots."""
        return self.grid.base_kw.size
