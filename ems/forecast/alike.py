"""New dwellings borrow from alike ones; dwellings, buildings and district agree.

A dwelling whose past is short is lent the past of its group (a building's dwellings), by size; the
longer its own past, the closer the lent part follows its own level.

Forecasts of a tree never add up by themselves. They are reconciled with each node's own error as
its weight: the least change, in squared errors, after which every sum holds (weighted least
squares; S. Wickramasuriya and others, doi 10.1080/01621459.2018.1448825). In a tree that takes one
pass up, in which the words of a node and of the sum of its children are weighed, and one pass down.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ems.forecast.shapes import Floats, Ints

_ENOUGH_DAYS = 7
"""With fewer days of its own, a series is lent others'."""
_LEVEL_DAYS = 3.0
"""Days of its own that tell a series' level as well as the group does."""


@dataclass(frozen=True, kw_only=True)
class Lent:
    """A past in which short series are filled up."""

    values: Floats = field(repr=False)
    """Shape [series, steps]."""
    lent: NDArray[np.bool_] = field(repr=False)
    """Which series borrowed. Shape [series]."""


def lent(values: Floats, sizes: Floats, groups: Ints, per_day: int) -> Lent:
    """Fill series [series, steps] of fewer than seven days from their group, by size."""
    known = np.isfinite(values)
    days = known.sum(axis=1) / per_day
    new = days < _ENOUGH_DAYS
    result = values.copy()
    for group in np.unique(groups[new]):
        lenders = (groups == group) & ~new
        if not lenders.any():
            lenders = ~new
        usual = _per_size(values[lenders], sizes[lenders])
        for row in np.flatnonzero(new & (groups == group)):
            expected = usual * sizes[row]
            both = known[row] & np.isfinite(expected) & (expected > 0)
            own = values[row, both].mean() / expected[both].mean() if both.any() else 1.0
            level = (days[row] * own + _LEVEL_DAYS) / (days[row] + _LEVEL_DAYS)
            result[row] = np.where(known[row], values[row], level * expected)
    return Lent(values=result, lent=new)


def _per_size(values: Floats, sizes: Floats) -> Floats:
    """Mean of some series per unit of size, over those that are known. Shape [steps]."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=0)
    size = (sizes[:, None] * known).sum(axis=0)
    return np.asarray(np.divide(total, size, out=np.full(total.shape, np.nan), where=size > 0))


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """Forecasts that add up: dwellings to buildings, buildings to the district."""

    dwellings: Floats = field(repr=False)
    """Shape [dwellings, steps]."""
    buildings: Floats = field(repr=False)
    """Shape [buildings, steps]."""
    district: Floats = field(repr=False)
    """Shape [steps]."""


def agreed(
    dwellings: Floats,
    buildings: Floats,
    district: Floats,
    building_of: Ints,
    errors: tuple[Floats, Floats, Floats],
) -> Agreed:
    """Reconcile forecasts of all three levels.

    `building_of` [dwellings] counts the buildings' rows; `errors` are the usual errors of
    dwellings, buildings and district, of the same shapes as the forecasts.
    """
    below, own, whole = (np.square(np.maximum(error, 1e-9)) for error in errors)
    rows = np.arange(len(buildings))[:, None] == building_of[None, :]
    member = rows.astype(np.float64)
    summed, uncertain = member @ dwellings, member @ below
    share = uncertain / (uncertain + own)
    weighed = summed + share * (buildings - summed)
    remaining = (1 - share) * uncertain
    left = district - weighed.sum(axis=0)
    total = remaining.sum(axis=0)
    fitted = weighed + remaining / (total + whole) * left
    parts = below / uncertain[building_of] * (fitted - summed)[building_of]
    return Agreed(dwellings=dwellings + parts, buildings=fitted, district=fitted.sum(axis=0))
