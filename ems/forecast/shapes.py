"""Shapes of the day: several ways to say what a time of day usually brings, and their best mix.

The past is folded into days by local time, a table [series, days, steps of the day]. Each shape is
a weighted mean of past days: lately or for long, of the same kind of day or of the same weekday,
smoothed a little over neighbouring steps. A shape of a day uses only days that lie at least
`least_age` before it: one for the coming day, two for the day after.

The mix has weights of at least 0 that fit the past best (non-negative least squares).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.optimize import nnls

from ems.forecast.local_time import weekday_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_HARDLY = 1e-6
"""What an unlike day counts: it speaks only when nothing better is there."""


@dataclass(frozen=True)
class Shape:
    """One way to weigh past days."""

    half_life_days: float
    """Age at which a day counts half."""
    smoothed_h: float
    """Hours of the day that are averaged."""
    alike: str = ""
    """Which days count fully: all, those of the same `kind`, of the same `weekday`, or by
    `likeness`: the same weekday fully, its kind a third."""


SHAPES = (
    Shape(0.2, 0.0),
    Shape(0.2, 3.0),
    Shape(0.7, 2.0),
    Shape(1.5, 1.0),
    Shape(4.0, 1.0),
    Shape(12.0, 0.5),
    Shape(8.0, 1.0, "kind"),
    Shape(14.0, 1.0, "weekday"),
    Shape(2.0, 0.0, "weekday"),
    Shape(14.0, 0.75, "likeness"),
)
"""From the last day as it was to the mean of like weekdays."""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The local time of consecutive steps, whatever their length. Arrays have shape [steps]."""

    day: Ints = field(repr=False)
    """Local days since 1970-01-01."""

    step: Ints = field(repr=False)
    """Step of the local day, 0 to `per_day` - 1."""

    per_day: int
    """Steps of a plain day: 96 quarter hours, 24 hours."""

    def until(self, end: int, begin: int = 0) -> "Calendar":
        """The steps from `begin` up to but not including `end`."""
        part = slice(begin, end)
        return Calendar(day=self.day[part], step=self.step[part], per_day=self.per_day)


def folded(values: Floats, calendar: Calendar) -> tuple[Floats, Ints]:
    """Days as rows [series, days, steps of the day], and the days; NaN where nothing is known.

    A step that occurs twice (the clock goes back) gets its mean.
    """
    days = np.arange(calendar.day[0], calendar.day[-1] + 1)
    cell = (calendar.day - days[0]) * calendar.per_day + calendar.step
    size = len(days) * calendar.per_day
    if len(np.unique(cell)) == cell.size:
        table = np.full((len(values), size), np.nan)
        table[:, cell] = values
    else:
        table = np.array([_means(row, cell, size) for row in values]).reshape(len(values), size)
    return table.reshape(len(values), len(days), calendar.per_day), days


def _means(row: Floats, cell: Ints, size: int) -> Floats:
    known = np.isfinite(row)
    counts = np.bincount(cell[known], minlength=size)
    sums = np.bincount(cell[known], row[known], minlength=size)
    return np.asarray(np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0))


def shapes_of(
    table: Floats, days: Ints, targets: Ints, least_age: int, shapes: Sequence[Shape] = SHAPES
) -> Floats:
    """Every shape of some target days. Shape [shapes, series, targets, steps of the day].

    NaN only for a series without any past value.
    """
    known = np.isfinite(table)
    filled = np.where(known, table, 0.0)
    counted = known.astype(np.float64)
    return np.array([_shape(shape, filled, counted, days, targets, least_age) for shape in shapes])


def _shape(
    shape: Shape, filled: Floats, known: Floats, days: Ints, targets: Ints, least_age: int
) -> Floats:
    weights = _weights(shape, days, targets, least_age)
    shares = np.matmul(weights, known)
    means = np.divide(
        np.matmul(weights, filled), shares, out=np.full_like(shares, np.nan), where=shares > 0
    )
    if np.isnan(means).any():
        means = np.apply_along_axis(_bridged, 2, means)
    return _smoothed(means, round(shape.smoothed_h * means.shape[-1] / 24))


def _weights(shape: Shape, days: Ints, targets: Ints, least_age: int) -> Floats:
    """How much each past day counts for each target. Shape [targets, days]."""
    age = targets[:, None] - days[None, :]
    ours, theirs = weekday_of(targets)[:, None], weekday_of(days)[None, :]
    kind, weekday = np.maximum(ours, 4) == np.maximum(theirs, 4), ours == theirs
    alike = {
        "": np.ones(age.shape),
        "kind": kind,
        "weekday": weekday,
        "likeness": np.where(weekday, 1.0, kind / 3),
    }[shape.alike]
    back = np.maximum(age - least_age, 0)
    counts = alike * 0.5 ** (back / shape.half_life_days)
    spare = _HARDLY * 0.5 ** (back / 8.0)
    return np.where(age >= least_age, counts + spare, 0.0)


def _bridged(day: Floats) -> Floats:
    known = np.flatnonzero(np.isfinite(day))
    if known.size in (0, day.size):
        return day
    return np.interp(np.arange(day.size), known, day[known], period=day.size)


def _smoothed(means: Floats, width: int) -> Floats:
    """Means of `width` steps around each, made odd; the day is a circle."""
    half = width // 2
    if half == 0:
        return means
    return np.asarray(uniform_filter1d(means, 2 * half + 1, axis=-1, mode="wrap"))


def best_mix(shapes: Floats, truth: Floats, weights: Floats) -> Floats:
    """Weights of the shapes, at least 0, that fit each series best. Shape [series, shapes].

    `shapes` [shapes, series, days, steps], `truth` [series, days, steps], `weights` [days]. A
    series without a past gets the mean of all shapes.
    """
    count = len(shapes)
    mixes = np.full((truth.shape[0], count), 1.0 / count)
    root = np.sqrt(np.broadcast_to(weights[:, None], truth.shape[1:]))
    for row, mix in enumerate(mixes):
        usable = np.isfinite(truth[row]) & np.isfinite(shapes[:, row]).all(axis=0) & (root > 0)
        if usable.sum() < 4 * count:
            continue
        matrix = (shapes[:, row, usable] * root[usable]).T
        target = truth[row, usable] * root[usable]
        mix[:] = nnls(matrix, target)[0]
    return mixes
