"""What a solver hands back: the controls, and the multipliers that prove how good they are."""

from dataclasses import dataclass, field

from ems.optimizer.structured.problem import Floats


@dataclass(frozen=True, kw_only=True)
class Controls:
    """What every device is to do."""

    power_kw: tuple[Floats, ...] = field(repr=False)
    """For each kind of agents, shape [T, n]."""
    charge_kw: Floats = field(repr=False)
    """Of batteries, shape [T, n]."""
    discharge_kw: Floats = field(repr=False)
    """Of batteries, shape [T, n]."""
    curtailed_kw: Floats = field(repr=False)
    """Sun not taken. Shape [T]."""
    exchanged_kw: Floats = field(repr=False)
    """Of exchanges. Shape [X, T]."""


@dataclass(frozen=True, kw_only=True)
class Multipliers:
    """Prices that prove a bound: any will do, good ones prove more. EUR per unit and slot."""

    below: tuple[Floats, ...] = field(repr=False)
    """Worth of a unit of the first state at the low end, for each kind, shape [T, n]."""
    above: tuple[Floats, ...] = field(repr=False)
    """Worth of a unit less at the high end, for each kind, shape [T, n]."""
    battery_below: Floats = field(repr=False)
    """The same for batteries, EUR/kWh. Shape [T, n]."""
    battery_above: Floats = field(repr=False)
    """The same for batteries, EUR/kWh. Shape [T, n]."""
    capacity: Floats = field(repr=False)
    """EUR per kW of capacity. Shape [C, T]."""
    upper: Floats = field(repr=False)
    """EUR per kW of upper capacity. Shape [V, T]."""
    electricity: Floats = field(repr=False)
    """EUR per kW at the meter. Shape [T]."""
    peak: Floats = field(repr=False)
    """EUR per kW of import in the peak's name. Shape [T]."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The best iterate."""

    controls: Controls
    """Strictly inside their bounds and capacities."""
    multipliers: Multipliers
    """Those of the best bound."""
    cost_eur: float
    """As the solver sees it."""
    bound_eur: float
    """As the solver sees it; `certificate.py` proves it again."""
    steps: int
    """Newton steps taken."""
    ended: str
    """gap, time, steps or numbers: why it stopped."""

    @property
    def gap(self) -> float:
        """Cost above the bound, as a share of the cost."""
        return (self.cost_eur - self.bound_eur) / max(abs(self.cost_eur), 1e-9)
