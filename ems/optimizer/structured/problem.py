"""A district to be planned, as data: what devices can do, what is wished, what binds all.

Time is T slots of equal length. Every planned device is an agent with one control, a power from
zero to a greatest power, and a state of one or two numbers that follows it exactly,

    x[t+1] = A x[t] + b u[t] + d[t],      y[t+1] = first number of x[t+1],

with a wished band low <= y <= high whose violation costs a price per unit and slot: a dwelling (air
and mass, °C), a tank (stored energy, kWh), a car (energy taken, kWh; its band binds at departure).
Batteries have two controls and are data of their own. Agents stand in groups; a group draws
electricity in proportion to its load (one over the COP for heat, slot by slot), shares a capacity
with other groups (a building's substation, a line of charge points) and counts in rows above it
(the plant, its circuits, the car park's feeder). Exchanges are powers at the plant that no agent
has: heat recovered from cold, relief of a least load. A cooled zone is an agent whose gain is
negative. One meter joins all: base load, sun that may be curtailed, prices per slot, export that
dwellings share, named limits of import with a price beyond each, and a price of the highest import.

Every wish is soft and every capacity positive, so a strictly feasible plan always exists.
"""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ems.optimizer.structured.sound import check_finite, check_signs

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

NONE = -1
"""Index of a capacity that is not there."""


@dataclass(frozen=True, kw_only=True)
class Agents:
    """Devices of one kind: n of them, s states each (1 or 2), over T slots."""

    transfer: Floats = field(repr=False)
    """A, share of each state that is left after a slot. Shape [s, s, n]."""
    gain: Floats = field(repr=False)
    """b, rise of the states per kW during a slot. Shape [s, n]."""
    drift: Floats = field(repr=False)
    """d, rise of the states in each slot without control. Shape [T, s, n]."""
    start: Floats = field(repr=False)
    """States at the beginning. Shape [s, n]."""
    power_kw_max: Floats = field(repr=False)
    """Greatest power; zero where there is no choice. Shape [T, n]."""
    low: Floats = field(repr=False)
    """Wished least first state at the end of each slot. Shape [T, n]."""
    high: Floats = field(repr=False)
    """Wished greatest first state at the end of each slot. Shape [T, n]."""
    low_price_eur: Floats = field(repr=False)
    """Price of a unit below `low` during a slot; zero: no wish. Shape [T, n]."""
    high_price_eur: Floats = field(repr=False)
    """Price of a unit above `high` during a slot; zero: no wish. Shape [T, n]."""
    end_value_eur: Floats = field(repr=False)
    """Worth of a unit of each state at the end, against the start. Shape [s, n]."""
    cost_eur: Floats = field(repr=False)
    """Cost of a kW during a slot beside electricity. Shape [T, n]."""
    curvature_eur: Floats = field(repr=False)
    """q of the small quadratic cost q/2 (u - reference)² a slot, EUR/kW². Shape [n]."""
    reference_kw: Floats = field(repr=False)
    """What the quadratic cost holds the plan to, as the plan in force. Shape [T, n]."""
    group: Indices = field(repr=False)
    """Group of each agent. Shape [n]."""

    @property
    def count(self) -> int:
        """How many agents."""
        return int(self.group.size)

    @property
    def states(self) -> int:
        """How many numbers make a state."""
        return int(self.gain.shape[0])


@dataclass(frozen=True, kw_only=True)
class Batteries:
    """Batteries at the district's meter: n of them. Vectors have shape [n]."""

    start_kwh: Floats
    """Stored at the beginning."""
    low_kwh: Floats
    """Least stored energy."""
    high_kwh: Floats
    """Greatest stored energy."""
    charge_kw_max: Floats
    """Greatest charging power at the meter's side."""
    discharge_kw_max: Floats
    """Greatest discharging power at the meter's side."""
    charge_efficiency: Floats
    """Part of the charged energy that is stored."""
    discharge_efficiency: Floats
    """Part of the energy taken from the store that arrives."""
    wear_eur_per_kwh: Floats
    """Price of a kWh discharged."""
    end_value_eur_per_kwh: Floats
    """Worth of a kWh stored at the end, against the start."""
    outside_eur_per_kwh: Floats
    """Price of a kWh outside the bounds during a slot, dear enough that none ever is."""

    @property
    def count(self) -> int:
        """How many batteries."""
        return self.start_kwh.size


@dataclass(frozen=True, kw_only=True)
class Groups:
    """What agents share: G groups, C capacities, V rows above them."""

    electric_per_kw: Floats = field(repr=False)
    """Electric power per kW of the group's load: one over the COP, or one. Shape [G, T]."""
    capacity: Indices
    """Capacity that the group's load counts against, or `NONE`. Shape [G]."""
    upper_per_kw: Floats = field(repr=False)
    """What a kW of each group counts in each row above: 1, 0, or -1 for a least load. [G, V]."""
    capacity_kw: Floats = field(repr=False)
    """Greatest summed load of the groups of each capacity. Shape [C, T]."""
    upper_kw: Floats = field(repr=False)
    """Greatest weighed sum of groups and exchanges in each row above. Shape [V, T]."""

    @property
    def count(self) -> int:
        """How many groups."""
        return self.capacity.size


@dataclass(frozen=True, kw_only=True)
class Exchanges:
    """Powers at the plant that belong to no agent: X of them, from zero to a greatest power."""

    kw_max: Floats = field(default_factory=partial(np.zeros, (0, 1)), repr=False)
    """Greatest power; zero where there is none. Shape [X, T]."""
    cost_eur: Floats = field(default_factory=partial(np.zeros, (0, 1)), repr=False)
    """Cost of a kW during a slot beside electricity. Shape [X, T]."""
    electric_per_kw: Floats = field(default_factory=partial(np.zeros, (0, 1)), repr=False)
    """Electric power per kW; negative where it saves some. Shape [X, T]."""
    upper_per_kw: Floats = field(default_factory=partial(np.zeros, (0, 1, 1)), repr=False)
    """What a kW counts in each row above; negative where it gives relief. Shape [X, V, T]."""

    @property
    def count(self) -> int:
        """How many."""
        return int(self.kw_max.shape[0])


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A soft limit of import, as a subscribed power's margin or an event of demand response."""

    name: str
    """What people call it."""
    kw: Floats = field(repr=False)
    """Import above it pays. Shape [T]."""
    eur_per_kwh: Floats = field(repr=False)
    """Price of a kWh above it, beside all others; zero where it does not hold. Shape [T]."""


@dataclass(frozen=True, kw_only=True)
class Meter:
    """The district's connection. Vectors have shape [T]."""

    base_kw: Floats = field(repr=False)
    """Load that nobody plans."""
    sun_kw: Floats = field(repr=False)
    """Generation that may be taken or curtailed."""
    buy_eur_per_kwh: Floats = field(repr=False)
    """Price of import."""
    sell_eur_per_kwh: Floats = field(repr=False)
    """Worth of export, never above the price of import."""
    shared_kw: Floats = field(default_factory=partial(np.zeros, (1,)), repr=False)
    """Export that dwellings of the district use, which is worth more."""
    shared_eur_per_kwh: Floats = field(default_factory=partial(np.zeros, (1,)), repr=False)
    """Worth of that part, between `sell_eur_per_kwh` and `buy_eur_per_kwh`."""
    subscribed_kw: Floats = field(repr=False)
    """Import above it pays `overrun_eur_per_kwh`."""
    overrun_eur_per_kwh: Floats = field(repr=False)
    """Price of a kWh above the subscribed power, beside the price of import."""
    limits: tuple[Limit, ...] = ()
    """Others: the margin below the subscribed power, caps of import that a grid asks for."""
    spread_kw: Floats = field(default_factory=partial(np.zeros, (1,)), repr=False)
    """Standard deviation of what the net load will be off its plan: expected cost is paid."""
    peak_eur_per_kw: float
    """Price of the highest import; zero: none."""
    peak_kw_min: float
    """Import that is paid already, as reached before."""
    peak_spreads: float = 1.0
    """So many spreads above the planned import count as the peak."""


Part = Exchanges | Limit | Agents | Batteries | Groups | Meter


@dataclass(frozen=True, kw_only=True)
class DistrictProblem:
    """All of it."""

    slot_h: float
    """Length of a slot, h."""
    agents: tuple[Agents, ...]
    """One element per kind: zones, tanks, cars; any may be missing or empty."""
    batteries: Batteries
    """Batteries behind the meter."""
    groups: Groups
    """Groups of agents and their capacities."""
    meter: Meter
    """The connection."""
    exchanges: Exchanges = field(default_factory=Exchanges)
    """What the plant passes between its circuits, and relief of its rows."""

    @property
    def slots(self) -> int:
        """T, the number of slots."""
        return self.meter.base_kw.size

    def __post_init__(self) -> None:
        parts: tuple[Part, ...] = (*self.agents, self.batteries, self.groups, self.exchanges)
        for part in (*parts, self.meter, *self.meter.limits):
            check_finite(part)
        check_signs(self)

    @property
    def start_value_eur(self) -> float:
        """What the states at the start are worth by the prices of the end."""
        stored = self.batteries.start_kwh @ self.batteries.end_value_eur_per_kwh
        return float(stored + sum((a.start * a.end_value_eur).sum() for a in self.agents))

    @property
    def greatest_import_kw(self) -> Floats:
        """Import when everything draws its most and the sun is gone. Shape [T]."""
        most = np.maximum(self.meter.base_kw, 0.0) + self.batteries.charge_kw_max.sum()
        for agents in self.agents:
            most = most + (self.groups.electric_per_kw[agents.group].T * agents.power_kw_max).sum(1)
        drawn = np.maximum(self.exchanges.electric_per_kw, 0.0) * self.exchanges.kw_max
        result: Floats = most + drawn.sum(axis=0) + 1.0
        return result

    @property
    def greatest_export_kw(self) -> Floats:
        """Export when nothing draws and everything gives. Shape [T]."""
        least = np.minimum(self.meter.base_kw, 0.0)
        most = self.meter.sun_kw - least + self.batteries.discharge_kw_max.sum() + 1.0
        saved = np.maximum(-self.exchanges.electric_per_kw, 0.0) * self.exchanges.kw_max
        result: Floats = most + saved.sum(axis=0)
        return result
