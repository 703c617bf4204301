"""What meters say and can't be true, taken out of a past and counted.

Taken for unknown: readings below the least or above what is possible, a value that has not moved
for hours, and all that came before another household moved in (the level of weeks changes at once
and stays). What is unknown stays unknown: forecasts bridge it, sums let others stand in.
"""

from dataclasses import dataclass, field

import numpy as np

from ems.forecast.shapes import Floats, Ints

FROZEN_H = 6.0
"""A value other than 0 that has not moved for so long is not believed."""
_OFTEN = 0.5
"""Share of repeated values above which a series is steady by nature."""
_ABSURD = 10.0
"""Times the 99th percentile of a series that no reading reaches."""
_MOVED_DAYS = 7
"""Days on each side that tell whether another household lives here."""
_MOVED_RATIO = 2.5
_MOVED_SPREADS = 4.0
"""How far the days' means must lie apart, in their spreads."""


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """A past in which every value may be believed."""

    values: Floats = field(repr=False)
    """Shape [series, steps]; NaN where unknown."""
    impossible: Ints = field(repr=False)
    """Readings below the least or absurdly high. Shape [series]."""
    frozen: Ints = field(repr=False)
    """Readings of meters that stood still. Shape [series]."""
    moved_in: Ints = field(repr=False)
    """First step of the household that lives here now; 0: as far as is known. Shape [series]."""

    @property
    def marks(self) -> list[str]:
        """What was done to each series, for people; empty when nothing."""
        return [
            ", ".join(
                text
                for count, text in (
                    (bad, f"{bad} impossible readings left out"),
                    (still, f"{still} readings of a frozen meter left out"),
                    (moved, "another household lives here: what was before is forgotten"),
                )
                if count
            )
            for bad, still, moved in zip(self.impossible, self.frozen, self.moved_in, strict=True)
        ]


def cleaned(values: Floats, per_day: int, least: float = 0.0, tenants: bool = False) -> Cleaned:
    """Take out of `values` [series, steps] what can't be; `tenants` are looked for when asked."""
    believed = values.copy()
    impossible = np.isfinite(values) & ((values < least) | (values > _possible(values)))
    believed[impossible] = np.nan
    frozen = _frozen(believed, round(FROZEN_H * per_day / 24))
    believed[frozen] = np.nan
    moved = np.zeros(len(values), dtype=np.int64)
    if tenants:
        moved = np.array([_moved_in(row, per_day) for row in believed], dtype=np.int64)
        believed[np.arange(values.shape[1]) < moved[:, None]] = np.nan
    return Cleaned(
        values=believed,
        impossible=impossible.sum(axis=1),
        frozen=frozen.sum(axis=1),
        moved_in=moved,
    )


def _possible(values: Floats) -> Floats:
    """The greatest value that is believed. Shape [series, 1]."""
    filled = np.where(np.isfinite(values), np.abs(values), 0.0)
    return np.asarray(_ABSURD * np.maximum(np.quantile(filled, 0.99, axis=1, keepdims=True), 1e-6))


def _frozen(values: Floats, slots: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    """Where a value other than 0 stands still for `slots` steps. Shape [series, steps]."""
    repeated = np.zeros(values.shape, dtype=bool)
    repeated[:, 1:] = (values[:, 1:] == values[:, :-1]) & (values[:, 1:] != 0)
    repeated[repeated.mean(axis=1) > _OFTEN] = False
    result = np.zeros(values.shape, dtype=bool)
    for row in np.flatnonzero(repeated.any(axis=1)):
        edges = np.diff(np.concatenate([[0], repeated[row].astype(np.int8), [0]]))
        begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        for begin, end in zip(begins, ends, strict=True):
            if end - begin + 1 >= slots:
                result[row, begin - 1 : end] = True
    return result


def _moved_in(row: Floats, per_day: int) -> int:
    """The first step of another level that stays, 0 when there is none."""
    days = len(row) // per_day
    if days < 2 * _MOVED_DAYS:
        return 0
    cut = row[len(row) - days * per_day :].reshape(days, per_day)
    known = np.isfinite(cut)
    sums, counts = np.where(known, cut, 0.0).sum(axis=1), known.sum(axis=1)
    means = np.divide(sums, counts, out=np.full(days, np.nan), where=counts > per_day // 2)
    best, place = 0.0, 0
    for day in range(_MOVED_DAYS, days - _MOVED_DAYS + 1):
        apart = _apart(means[day - _MOVED_DAYS : day], means[day : day + _MOVED_DAYS])
        if apart > best:
            best, place = apart, day
    return len(row) - (days - place) * per_day if best > _MOVED_SPREADS else 0


def _apart(before: Floats, after: Floats) -> float:
    """How far two weeks lie apart in their spreads; 0 when their levels are alike."""
    before, after = before[np.isfinite(before)], after[np.isfinite(after)]
    if min(before.size, after.size) < _MOVED_DAYS - 2:
        return 0.0
    low, high = sorted((float(before.mean()), float(after.mean())))
    if high < _MOVED_RATIO * max(low, 1e-9):
        return 0.0
    return (high - low) / (float(np.hypot(before.std(), after.std())) + 0.05 * high)
