"""How good a forecast was, once the truth is known. NaN in the truth is left out."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


def mean_absolute_error(forecast: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Mean of the absolute differences, in the unit of the series."""
    return float(np.nanmean(np.abs(forecast - truth)))


def bias(forecast: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Mean of forecast less truth, in the unit of the series."""
    return float(np.nanmean(forecast - truth))


def coverage(
    quantiles: Mapping[float, NDArray[np.float64]],
    truth: NDArray[np.float64],
    low: float = 0.1,
    high: float = 0.9,
) -> float:
    """Share of the truth between two quantiles, 0 to 1; 0.8 is right for 0.1 and 0.9."""
    known = np.isfinite(truth)
    inside = (truth >= quantiles[low]) & (truth <= quantiles[high])
    return float(inside[known].mean())


def pinball_loss(
    quantiles: Mapping[float, NDArray[np.float64]], truth: NDArray[np.float64]
) -> float:
    """Mean pinball loss over the levels, in the unit of the series; less is better."""
    losses = [
        np.nanmean(np.maximum(level * (truth - row), (level - 1) * (truth - row)))
        for level, row in quantiles.items()
    ]
    return float(np.mean(losses))


def skill(
    forecast: NDArray[np.float64], reference: NDArray[np.float64], truth: NDArray[np.float64]
) -> float:
    """1 is perfect, 0 as good as `reference`, negative worse; by mean absolute error."""
    worst = mean_absolute_error(reference, truth)
    return 1 - mean_absolute_error(forecast, truth) / worst if worst > 0 else 0.0
