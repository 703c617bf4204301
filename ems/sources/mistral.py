"""The mistral, and the cold water that it brings up.

On a day whose wind deviates far enough the mistral blows: strong, dry, cold for the season, under a
clear sky. In the warm months it drives the surface water of the Marseille coast out to sea, and
water of 14 to 16 °C comes up: 5 to 10 K within one or two days, gone a week later (25 to 15 °C on
26 August 2018, frequence-sud.fr; P. Fraunié and others, upwelling of the Gulf of Lion).
"""

import numpy as np
from numpy.typing import NDArray

from ems.sources.chance import Chance
from ems.sources.sea import through_the_year

Floats = NDArray[np.float64]

SETS_IN, FULL = 0.75, 1.45
"""Deviations of the day's wind at which the mistral begins, and blows in full: it does on about one
day in six. Assumption, after some 100 days with gusts above 16 m/s at Marignane."""
MEAN_SHARE = 0.14
"""Mean of `strength` over a year, measured."""
SPEED_M_PER_S = 8.0
"""What a mistral in full adds to the mean wind. Assumption."""
COOLING_K = 2.0
"""How much colder than the season a mistral is. Assumption."""
UPWELLING_K = (0.0, 0.0, 0.3, 1.0, 3.0, 6.0, 9.0, 9.5, 7.0, 3.0, 0.8, 0.0)
"""By month, how far the water under the surface is colder: what a long mistral can bring up."""
_RESPONSE = np.array([0.35, 1.0, 0.75, 0.5, 0.32, 0.2, 0.12, 0.07])
"""How much a day of mistral brings up on its own day and on those after it."""


def strength(wind: Floats) -> Floats:
    """0 without mistral, 1 when it blows in full, by the wind's deviation. Shape as given."""
    return np.clip((wind - SETS_IN) / (FULL - SETS_IN), 0.0, 1.0)


def upwelling_k(chance: Chance, middles_s: Floats, day: Floats) -> Floats:
    """How much colder than usual the sea is.

    Args:
        chance: With the days before the first slot.
        middles_s: Middle of each slot, Unix seconds. Shape [slots].
        day: Days since the start of the year. Shape [slots].

    Returns:
        Kelvin, 0 or more. Shape [slots].
    """
    blown = np.convolve(strength(chance.days[:, 2]), _RESPONSE)[: len(chance.days)]
    risen = np.interp(middles_s, chance.noon_s, 1.0 - np.exp(-blown))
    return np.asarray(np.maximum(through_the_year(UPWELLING_K, day), 0.0) * risen)
