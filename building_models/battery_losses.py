"""A battery's converter and cells by power: the efficiency curve that a constant hides.

With p the power that comes out of the converter over its rating, what goes in is p + m0 + m1 p²
(Notton, Lazarov and Stoyanov, doi 10.1016/j.renene.2009.06.013); the two coefficients follow from
the efficiencies at 10 % and at full power. Idle converters sleep.
"""

from math import sqrt

from building_models.compiled import compiled

AT_TENTH, AT_FULL = 0.94, 0.955
"""One way, converter and cells, at 10 % and 100 % of the power; an assumption for LFP storage of
this size, 0.97 at its best near 40 %."""

M0 = (10.0 / AT_TENTH - 1.0 / AT_FULL - 9.0) / 99.0
M1 = 1.0 / AT_FULL - M0 - 1.0


@compiled
def cell_kw(terminal_kw: float, rated_kw: float) -> float:
    """Power into the cells (+) for a power at the terminals (+ charges)."""
    p = terminal_kw / rated_kw
    if p > M0:
        return rated_kw * (sqrt(1.0 + 4.0 * M1 * (p - M0)) - 1.0) / (2.0 * M1)
    if p < 0.0:
        return -rated_kw * (-p + M0 + M1 * p * p)
    return 0.0


@compiled
def terminal_kw(into_cells_kw: float, rated_kw: float) -> float:
    """Power at the terminals for a power into the cells: the inverse of `cell_kw`."""
    p = into_cells_kw / rated_kw
    if p > 0.0:
        return rated_kw * (p + M0 + M1 * p * p)
    if p < -M0:
        return -rated_kw * (sqrt(1.0 + 4.0 * M1 * (-p - M0)) - 1.0) / (2.0 * M1)
    return 0.0


@compiled
def step_kw(
    asked_kw: float,
    rated_kw: float,
    energy_kwh: float,
    low_kwh: float,
    high_kwh: float,
    dt_h: float,
) -> float:
    """The power at the terminals that the cells allow for a step, nearest to `asked_kw`."""
    most = terminal_kw(max(high_kwh - energy_kwh, 0.0) / dt_h, rated_kw)
    least = terminal_kw(-max(energy_kwh - low_kwh, 0.0) / dt_h, rated_kw)
    return min(max(asked_kw, max(-rated_kw, least)), min(rated_kw, most))
