"""The weekly profile: what people do at this quarter hour of this kind of day, and lately.

1. The past is folded into days by local time: a table [series, days, 96].
2. The expected day is the mean of past days, weighted by likeness (`local_time.likeness`).
3. What the last hour measured above or below its profile is added, fading with lead. How much of
   it, and how fast it fades, is regressed from the residuals of the past days.
4. Quantiles come from the same residuals, by hour of day. Each past day is judged against the
   other days only, so that the spread is not flattered.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ems.forecast.local_time import QUARTERS, LocalTime, likeness
from ems.forecast.spread import spread_by_quarter

_HOUR = 4
"""Slots of an hour."""
_FAR = 12
"""Slots between the means that tell how a deviation fades."""
_WORTH_SAYING = 0.1
"""A deviation of which less is carried on tells nothing to a person."""
_LONGEST_SILENCE = 8
"""Slots without a value after which the latest deviation is unknown."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What several series are expected to be."""

    values: NDArray[np.float64] = field(repr=False)
    """Shape [series, slots]; NaN for a series without a past."""

    deviations: NDArray[np.float64] = field(repr=False)
    """Quantiles less `values`. Shape [levels, series, slots]."""

    days: NDArray[np.int64] = field(repr=False)
    """Past days that could be used. Shape [series]."""

    fading_h: NDArray[np.float64] = field(repr=False)
    """Hours in which the latest deviation halves; 0: it tells nothing. Shape [series]."""


def expect(
    past: NDArray[np.float64],
    past_time: LocalTime,
    ahead: LocalTime,
    first_lead: int,
) -> Expected:
    """Several series ahead by their weekly profiles and latest deviations.

    `past` has shape [series, past slots] and ends when the forecast is issued; `first_lead` is
    the distance in slots from its last slot to the first slot ahead.
    """
    days, row_of_slot = np.unique(past_time.day, return_inverse=True)
    table = _folded(past, row_of_slot * QUARTERS + past_time.quarter, len(days))
    usual = _profile(table, likeness(days, days))
    residuals = table - usual
    unfolded = past - usual[:, row_of_slot, past_time.quarter]
    gain = _gain(unfolded, first_lead, len(ahead.day))
    targets, row_ahead = np.unique(ahead.day, return_inverse=True)
    profile = _profile(table, likeness(targets, days))[:, row_ahead, ahead.quarter]
    spread = spread_by_quarter(residuals)[:, :, ahead.quarter]
    return Expected(
        values=profile + gain * _latest(unfolded)[:, None],
        deviations=spread * np.sqrt(1 - gain**2),
        days=(np.isfinite(table).sum(axis=2) >= QUARTERS // 2).sum(axis=1),
        fading_h=_half_life_h(gain),
    )


def _folded(past: NDArray[np.float64], cell: NDArray[np.int64], days: int) -> NDArray[np.float64]:
    """Days as rows [series, days, 96]; a quarter that occurs twice gets its mean, NaN if never."""
    table = np.full((len(past), days * QUARTERS), np.nan)
    for row, values in zip(table, past, strict=True):
        known = np.isfinite(values)
        counts = np.bincount(cell[known], minlength=row.size)
        sums = np.bincount(cell[known], values[known], minlength=row.size)
        np.divide(sums, counts, out=row, where=counts > 0)
    return table.reshape(len(past), days, QUARTERS)


def _profile(table: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted means of days, gaps bridged, slightly smoothed. Shape [series, targets, 96]."""
    known = np.isfinite(table)
    sums = np.matmul(weights, np.where(known, table, 0.0))
    shares = np.matmul(weights, known.astype(np.float64))
    means = np.divide(sums, shares, out=np.full_like(sums, np.nan), where=shares > 0)
    if np.isnan(means).any():
        means = np.apply_along_axis(_bridged, 2, means)
    before, after = np.roll(means, 1, axis=2), np.roll(means, -1, axis=2)
    return np.asarray(0.5 * means + 0.25 * (before + after))


def _bridged(day: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.flatnonzero(np.isfinite(day))
    if known.size in (0, day.size):
        return day
    return np.interp(np.arange(day.size), known, day[known], period=day.size)


def _hourly(residuals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of each slot and the three before; NaN where one is missing. [series, slots - 3]."""
    windows = np.lib.stride_tricks.sliding_window_view(residuals, _HOUR, axis=1)
    return np.asarray(windows.mean(axis=2))


def _latest(residuals: NDArray[np.float64]) -> NDArray[np.float64]:
    """The deviation of the last hour that was measured; 0 when that is too long ago. [series]."""
    recent = residuals[:, -_LONGEST_SILENCE:]
    known = np.isfinite(recent)
    rank = np.cumsum(known[:, ::-1], axis=1)[:, ::-1]
    used = known & (rank <= _HOUR)
    sums = np.where(used, recent, 0.0).sum(axis=1)
    return np.asarray(sums / np.maximum(used.sum(axis=1), 1))


def _gain(residuals: NDArray[np.float64], first_lead: int, slots: int) -> NDArray[np.float64]:
    """How much of the latest hour's deviation is expected at each slot ahead. [series, slots].

    The regression of an hour's mean on the hour just before says it for a lead of 2.5 slots, the
    one on the hour `_FAR` slots before for 10.5; between and beyond, it fades geometrically.
    """
    hourly = _hourly(residuals)
    near = np.clip(_slope(hourly, _HOUR), 0.0, 0.99)
    far = np.clip(_slope(hourly, _FAR), 0.0, 0.98 * near)
    fading = np.divide(far, near, out=np.zeros_like(near), where=near > 0)
    leads = first_lead + np.arange(slots)
    exponent = np.maximum(leads - 2.5, 0.0) / (_FAR - _HOUR)
    return np.asarray(near[:, None] * fading[:, None] ** exponent)


def _slope(hourly: NDArray[np.float64], lag: int) -> NDArray[np.float64]:
    """Regression of hourly means on those `lag` slots before, through zero. Shape [series]."""
    if hourly.shape[1] <= lag:
        return np.zeros(len(hourly))
    before, after = hourly[:, :-lag], hourly[:, lag:]
    both = np.isfinite(before) & np.isfinite(after)
    before, after = np.where(both, before, 0.0), np.where(both, after, 0.0)
    square = (before**2).sum(axis=1)
    product = (before * after).sum(axis=1)
    return np.asarray(np.divide(product, square, out=np.zeros_like(square), where=square > 0))


def _half_life_h(gain: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hours in which the gain halves, by its last step. Shape [series]."""
    if gain.shape[1] < 2:
        return np.zeros(len(gain))
    last, before = gain[:, -1], gain[:, -2]
    ratio = np.divide(last, before, out=np.zeros_like(last), where=before > 0)
    inside = (ratio > 0) & (ratio < 1) & (gain[:, 0] >= _WORTH_SAYING)
    logs = np.log2(ratio, out=np.full_like(ratio, -np.inf), where=inside)
    return np.where(inside, -1 / logs / _HOUR, 0.0)
