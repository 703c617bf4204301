"""Chance that a slot always meets alike: deviations that wander over days, hours and quarters.

Shocks are drawn per UTC day from the seed and blended over the days or hours before by fixed
weights, so that the same slot has the same deviation whatever horizon asks for it.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ems.sources.sun import DAY_S

Floats = NDArray[np.float64]

DAY_MEMORY = (0.62, 0.15, 0.45)
"""How much of a deviation of temperature, cloud and wind is left after a day, fitted to the typical
years of the RT 2012 (autocorrelation of daily means, see `simulations.climate`)."""
HOUR_MEMORY = 0.8
"""The same after an hour. Assumption."""
_DAYS_BACK = 20
_WEIGHTS_KEPT = 9
_DRAWS_PER_DAY = 3 + 3 * 24 + 96


@dataclass(frozen=True, kw_only=True)
class Chance:
    """Deviations of mean 0 and spread 1 [temperature, cloud, wind] at the middles of slots."""

    of_days: Floats = field(repr=False)
    """Shape [3, slots]."""

    of_hours: Floats = field(repr=False)
    """Shape [3, slots]."""

    of_quarters: Floats = field(repr=False)
    """Without memory, for single clouds. Shape [slots]."""

    days: Floats = field(repr=False)
    """The wandering of days itself, from before the first slot to its end. Shape [days, 3]."""

    noon_s: Floats = field(repr=False)
    """The noon of each of these days, Unix seconds. Shape [days]."""


def chance(begins: Floats, seed: int) -> Chance:
    """The deviations of the slots that begin at `begins`, Unix seconds in order."""
    middles = begins + 450
    first = int(middles[0] // DAY_S) - _DAYS_BACK
    last = int(middles[-1] // DAY_S) + 2
    drawn = np.array([_drawn(seed, day) for day in range(first, last)])
    days = np.stack(
        [wandering(drawn[:, row], memory) for row, memory in enumerate(DAY_MEMORY)], axis=1
    )
    shocks = drawn[:, 3:75].reshape(-1, 3)
    hours = np.stack([wandering(column, HOUR_MEMORY) for column in shocks.T], axis=1)
    noon_s = (np.arange(first, last, dtype=np.float64) + 0.5) * DAY_S
    half_past_s = first * DAY_S + (np.arange(len(hours)) + 0.5) * 3600
    quarter = ((begins - first * DAY_S) // 900).astype(np.int64)
    return Chance(
        of_days=np.array([np.interp(middles, noon_s, column) for column in days.T]),
        of_hours=np.array([np.interp(middles, half_past_s, column) for column in hours.T]),
        of_quarters=drawn[:, 75:].ravel()[quarter],
        days=days,
        noon_s=noon_s,
    )


def _drawn(seed: int, day: int) -> Floats:
    return np.random.default_rng([seed, day]).standard_normal(_DRAWS_PER_DAY)


def wandering(shocks: Floats, memory: float) -> Floats:
    """Each as a fading sum of its own shock and of the eight before, spread 1. Shape as given."""
    weights = memory ** np.arange(_WEIGHTS_KEPT)
    weights /= np.sqrt((weights**2).sum())
    return np.asarray(np.convolve(shocks, weights)[: len(shocks)])
