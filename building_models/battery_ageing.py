"""Ageing of lithium iron phosphate cells, by time and by cycles.

Calendar: loss = k_T k_SOC sqrt(t) (Naumann et al., doi 10.1016/j.est.2018.01.019); cycles: loss =
k_C k_DOC sqrt(equivalent full cycles) (Naumann et al., doi 10.1016/j.jpowsour.2019.227666). Under
changing conditions each loss goes on from where it stands: Q dQ = k² / 2 dt, so Q² grows by k² dt.
The two are added. Cells of one maker, three amperehours: a pack of another make differs.
"""

from dataclasses import dataclass, replace
from math import exp, sqrt

K_REFERENCE = 1.2571e-5
"""Per root of a second, at 25 °C."""
ACTIVATION_J_PER_MOL = 17126.0
GAS_J_PER_MOL_K = 8.314
REFERENCE_K = 298.15
SOC_CUBE, SOC_MIDDLE = 2.8575, 0.60225
C_RATE, C_ZERO = 0.0630, 0.0971
DOC_CUBE, DOC_MIDDLE = 4.0253, 1.0923


@dataclass(frozen=True, kw_only=True)
class Age:
    """How far a battery has aged."""

    calendar_loss: float = 0.0
    """Share of the capacity that time has taken."""

    cycle_loss: float = 0.0
    """Share that cycles have taken."""

    full_cycles: float = 0.0
    """Equivalent full cycles so far."""

    @property
    def health(self) -> float:
        """What is left of the capacity, 0 to 1."""
        return max(0.0, 1.0 - self.calendar_loss - self.cycle_loss)


def calendar_per_root_s(temp_c: float, state_of_charge: float) -> float:
    """k of the calendar loss, per root of a second."""
    inverse = 1.0 / (temp_c + 273.15) - 1.0 / REFERENCE_K
    by_temp = exp(-ACTIVATION_J_PER_MOL / GAS_J_PER_MOL_K * inverse)
    by_soc = SOC_CUBE * (state_of_charge - 0.5) ** 3 + SOC_MIDDLE
    return K_REFERENCE * by_temp * by_soc


def cycle_per_root_cycle(c_rate: float, depth: float) -> float:
    """k of the cycle loss, per root of an equivalent full cycle; the authors give percent."""
    by_depth = DOC_CUBE * (depth - 0.6) ** 3 + DOC_MIDDLE
    return (C_RATE * c_rate + C_ZERO) * max(by_depth, 0.0) / 100.0


def rested(age: Age, *, temp_c: float, state_of_charge: float, hours: float) -> Age:
    """After `hours` at a temperature and a state of charge."""
    k = calendar_per_root_s(temp_c, state_of_charge)
    return replace(age, calendar_loss=sqrt(age.calendar_loss**2 + k * k * 3600.0 * hours))


def cycled(age: Age, *, full_cycles: float, c_rate: float, depth: float) -> Age:
    """After more equivalent full cycles of a depth (0 to 1) at a rate (1 is an hour's power)."""
    k = cycle_per_root_cycle(c_rate, depth)
    return replace(
        age,
        cycle_loss=sqrt(age.cycle_loss**2 + k * k * full_cycles),
        full_cycles=age.full_cycles + full_cycles,
    )
