"""Quantiles from what happened before: the spread of past residuals, by hour of the day."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
"""Levels of the quantiles that forecasts carry."""

_Z = np.array([-1.6449, -1.2816, -0.6745, 0.0, 0.6745, 1.2816, 1.6449])
"""The same quantiles of the normal distribution."""


def quantiles_of(pool: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantiles along the last axis, NaN left out; 0 where nothing is known. [levels, ...].

    By sorting once, NaN last: numpy's own nanquantile takes a loop over every row.
    """
    ordered = np.sort(pool, axis=-1)
    counts = np.isfinite(pool).sum(axis=-1)
    rows = []
    for level in LEVELS:
        position = level * np.maximum(counts - 1, 0)
        below = position.astype(np.int64)
        above = np.minimum(below + 1, np.maximum(counts - 1, 0))
        low = np.take_along_axis(ordered, below[..., None], -1)[..., 0]
        high = np.take_along_axis(ordered, above[..., None], -1)[..., 0]
        rows.append(low + (high - low) * (position - below))
    return np.where(counts > 0, np.array(rows), 0.0)


def spread_by_quarter(residuals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantiles of residuals [series, days, 96], pooled over three hours. [levels, series, 96]."""
    series, days, quarters = residuals.shape
    hourly = residuals.reshape(series, days, quarters // 4, 4)
    pool = np.concatenate([np.roll(hourly, shift, axis=2) for shift in (-1, 0, 1)], axis=3)
    by_hour = quantiles_of(pool.transpose(0, 2, 1, 3).reshape(series, quarters // 4, -1))
    return np.asarray(np.repeat(by_hour, 4, axis=2))


def around(
    values: NDArray[np.float64], deviations: NDArray[np.float64], least: float = 0.0
) -> Mapping[float, NDArray[np.float64]]:
    """Quantiles by level: `values` plus `deviations` [levels, slots], in order, from `least`."""
    rows = np.sort(np.maximum(values + deviations, least), axis=0)
    return dict(zip(LEVELS, rows, strict=True))


def normal(
    values: NDArray[np.float64],
    sigma: NDArray[np.float64],
    least: float = -np.inf,
    greatest: NDArray[np.float64] | float = np.inf,
) -> Mapping[float, NDArray[np.float64]]:
    """Quantiles by level of a normal error of spread `sigma`, inside the limits. [slots] each."""
    rows = (values + z * sigma for z in _Z)
    return {level: np.clip(row, least, greatest) for level, row in zip(LEVELS, rows, strict=True)}


def guessed(values: NDArray[np.float64], share: float) -> Mapping[float, NDArray[np.float64]]:
    """Quantiles of a fallback without a past: P10 and P90 `share` of the value below and above."""
    return around(values, (share / _Z[-2] * _Z)[:, None] * values)
