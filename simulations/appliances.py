"""Electricity of dwellings: what is always on, light and screens, and appliances run by events.

A dwelling's peaks come from few strong appliances that are seldom on together; the more dwellings,
the less they coincide. So cooking, kettles, washing and dishes are drawn one by one, as often as a
household's own consumption asks, and the rest follows who is up. `coincidence` measures the effect.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ems.domain.slots import SLOT_H

Floats = NDArray[np.float64]

EVENTS_SHARE = 0.4
"""Of a household's electricity: cooking, washing and heating of water in appliances (ADEME and
Enertech, panel ELECDOM of 100 households, 2021: some two fifths without cold and standby)."""
NOISE_SHAPE = 6.0
"""Of the gamma distribution by which what is on varies from quarter to quarter. Assumption."""


@dataclass(frozen=True, kw_only=True)
class Appliance:
    """One that is run now and then. Assumptions: label powers and panel habits, rounded."""

    power_kw: float
    """Mean while it runs."""

    quarters: int
    """How long it runs."""

    per_day: float
    """In the mean household."""

    hours: tuple[tuple[float, float], ...]
    """Local hours around which it is started, each with the width of its peak."""


APPLIANCES = (
    Appliance(power_kw=2.2, quarters=3, per_day=0.6, hours=((19.4, 1.6),)),
    Appliance(power_kw=1.6, quarters=2, per_day=0.4, hours=((12.4, 0.8),)),
    Appliance(power_kw=0.7, quarters=1, per_day=2.2, hours=((7.6, 1.0), (16.5, 2.0))),
    Appliance(power_kw=1.1, quarters=4, per_day=0.35, hours=((10.5, 2.5), (18.5, 2.0))),
    Appliance(power_kw=1.0, quarters=4, per_day=0.4, hours=((13.5, 1.0), (21.0, 1.0))),
)
"""Oven and plates, lunch, kettle or coffee, washing machine, dishwasher."""

_DAY_KWH = sum(each.power_kw * each.quarters * SLOT_H * each.per_day for each in APPLIANCES)


def appliances_kw(
    mean_kw: Floats, rng: np.random.Generator, presence: Floats, hours: Floats
) -> Floats:
    """Electricity of each dwelling over the quarter hours of a day.

    Args:
        mean_kw: Each household's own mean power. Shape [dwellings, 1].
        rng: Draws the day.
        presence: 1 while somebody is in. Shape [dwellings, slots].
        hours: Local hours at which the slots begin. Shape [slots].

    Returns:
        Shape [dwellings, slots].
    """
    power = (1 - EVENTS_SHARE) * mean_kw * _background(rng, presence, hours)
    often = EVENTS_SHARE * mean_kw * 24 / _DAY_KWH
    for appliance in APPLIANCES:
        power = power + _run(appliance, often, rng, presence, hours)
    return power


def _background(rng: np.random.Generator, presence: Floats, hours: Floats) -> Floats:
    """What is always on, light and screens, with mean 1 over an ordinary day."""
    awake = (hours >= 6.5) & (hours < 23.25)
    active = 0.4 + 0.7 * _bump(hours, 20.5, 2.4) + 0.3 * _bump(hours, 7.5, 0.9)
    shape = 0.78 + presence * awake * active
    return np.asarray(shape * rng.gamma(NOISE_SHAPE, 1 / NOISE_SHAPE, shape.shape))


def _run(
    appliance: Appliance,
    often: Floats,
    rng: np.random.Generator,
    presence: Floats,
    hours: Floats,
) -> Floats:
    """Power of one appliance in every dwelling. Shape [dwellings, slots]."""
    peaks = [_bump(hours, at_h, width_h) for at_h, width_h in appliance.hours]
    weight = np.sum(peaks, axis=0) * presence
    total = np.maximum(weight.sum(axis=1, keepdims=True), 1.0)
    begins = rng.poisson(appliance.per_day * often * weight / total)
    running = begins.astype(np.float64)
    for later in range(1, appliance.quarters):
        running[:, later:] += begins[:, :-later]
    return np.asarray(appliance.power_kw * np.minimum(running, 2.0))


def _bump(hours: Floats, at_h: float, width_h: float) -> Floats:
    return np.asarray(np.exp(-(((hours - at_h) / width_h) ** 2)))


def coincidence(power_kw: Floats, sizes: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Peak of a group of dwellings over the sum of their own peaks, by the size of the group.

    Args:
        power_kw: Quarter-hour means. Shape [dwellings, slots].
        sizes: How many dwellings a group has.
        rng: Picks the groups.

    Returns:
        Mean over 40 groups of each size. Shape [sizes].
    """
    own = power_kw.max(axis=1)
    factors = []
    for size in sizes:
        groups = [rng.choice(len(own), size, replace=False) for _ in range(40)]
        factors.append([power_kw[g].sum(axis=0).max() / own[g].sum() for g in groups])
    return np.asarray(np.mean(factors, axis=1))


NF_C_14_100 = {
    4: 1.0,
    9: 0.78,
    14: 0.63,
    19: 0.53,
    24: 0.49,
    29: 0.46,
    34: 0.44,
    39: 0.42,
    49: 0.41,
}
"""Design coincidence of up to so many dwellings without electric heating on one riser, 0.38 from 50
on. French standard NF C 14-100. An upper envelope: measured groups stay under it."""


def rusck(count: Floats, at_infinity: float) -> Floats:
    """Coincidence of `count` like consumers, c + (1 - c) / sqrt(n).

    Source: S. Rusck, The simultaneous demand in distribution network supplying domestic consumers,
    ASEA Journal 10, 1956; c of 0.1 to 0.25 is published for dwellings without electric heating.
    """
    return np.asarray(at_infinity + (1 - at_infinity) / np.sqrt(count))
