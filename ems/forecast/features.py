"""What a forecast is regressed on, alike in learning and in forecasting.

For an issue (the first step that is not known yet) and a lead (1 for that step itself):

- how the shapes of the target's day differ from their mix, by hour of the day
- how far the last steps lay above or below the mix, fading with lead, by hour of the day
- what weather differs from its own usual shape, by hour of the day
- the weekday, by hour of the day

Everything is made of values before the issue; learning asks for many issues of the past at once.
"""

from dataclasses import dataclass, field

import numpy as np

from ems.forecast.local_time import weekday_of
from ems.forecast.shapes import Calendar, Floats, Ints, Shape, best_mix, folded, shapes_of

_RECENT_H = (1.0, 3.0, 8.0, 24.0)
"""Windows before the issue over which the latest deviation is averaged, beside the last step."""
_FADING_H = (1.0, 3.0, 8.0)
"""Hours in which the weight of the latest deviation falls to 1/e."""
_HARMONICS = 2
"""Sines and cosines of the day by which weights vary."""

_SETTLED_DAYS = 14
"""Days after which every weekday is known and the mix can be learned."""
_ERROR_SHAPE = Shape(8.0, 3.0)
_LEAST_ERROR = 0.2
"""Of its mean over the day: the least that the usual error of an hour is taken for."""


def by_hour(step: Ints, per_day: int) -> Floats:
    """1, sines and cosines of the time of day. Shape [steps, 1 + 2 harmonics]."""
    angle = 2 * np.pi * (step[:, None] + 0.5) / per_day * np.arange(1, _HARMONICS + 1)
    return np.concatenate([np.ones((len(step), 1)), np.sin(angle), np.cos(angle)], axis=1)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Some series, folded and mixed, ready to be asked for rows. Scaled to a mean near 1."""

    calendar: Calendar = field(repr=False)
    """Of the past and of what lies ahead."""
    mixed: tuple[Floats, Floats] = field(repr=False)
    """The mix of shapes, of the coming day and of the day after. Shape [series, steps]."""
    differing: tuple[Floats, Floats] = field(repr=False)
    """Each shape less the mix. Shape [shapes, series, steps]."""
    values: Floats = field(repr=False)
    """The past itself; NaN ahead. Shape [series, steps]."""
    recent: Floats = field(repr=False)
    """Means of the latest deviations by issue. Shape [windows, series, steps + 1]."""
    weather: Floats = field(repr=False)
    """Weather less what the mix of shapes makes of it. Shape [quantities, series, steps]."""
    usual_error: Floats = field(repr=False)
    """Mean absolute deviation from the mix at this time of day, lately. Shape [series, steps]."""

    @property
    def weather_columns(self) -> int:
        """How many of a row's columns, the first ones, are weather's."""
        return len(self.weather) * (1 + 2 * _HARMONICS)

    def base(self, issues: Ints, leads: Ints) -> Floats:
        """The mix at the targets. Shape [series, issues, leads]."""
        return self._at(self.mixed, issues, leads)

    def truth(self, issues: Ints, leads: Ints) -> Floats:
        """What came; NaN where unknown. Shape [series, issues, leads]."""
        return np.asarray(self.values[:, issues[:, None] + leads[None, :] - 1])

    def scale(self, issues: Ints, leads: Ints) -> Floats:
        """The usual error at the targets. Shape [series, issues, leads]."""
        return np.asarray(self.usual_error[:, issues[:, None] + leads[None, :] - 1])

    def rows(self, issues: Ints, leads: Ints, series: slice = slice(None)) -> Floats:
        """Regressors of some series. Shape [series, issues, leads, columns]."""
        target = issues[:, None] + leads[None, :] - 1
        hourly = by_hour(self.calendar.step, self.calendar.per_day)[target]
        differing = (self.differing[0][:, series], self.differing[1][:, series])
        shape = np.moveaxis(self._at(differing, issues, leads), 0, -1)
        lately = np.moveaxis(self.recent[:, series][:, :, issues], 0, -1)[:, :, None, :]
        fading = _fading(leads, self.calendar.per_day)
        weekday = np.eye(7)[weekday_of(self.calendar.day[target])]
        weather = np.moveaxis(self.weather[:, series][:, :, target], 0, -1)
        shared = _times(weekday, hourly)
        parts = [
            _times(weather, hourly[None]),
            _times(shape, hourly[None]),
            _times(lately, fading[None, None]),
            _times(lately, hourly[None]),
            np.broadcast_to(shared[None], (len(shape), *shared.shape)),
        ]
        return np.concatenate(parts, axis=-1)

    def _at(self, pair: tuple[Floats, Floats], issues: Ints, leads: Ints) -> Floats:
        target = issues[:, None] + leads[None, :] - 1
        soon = leads <= self.calendar.per_day
        return np.where(soon, pair[0][..., target], pair[1][..., target])


def _times(values: Floats, basis: Floats) -> Floats:
    """Products of every value with every basis; both broadcast. Shape [..., values x bases]."""
    product = values[..., :, None] * basis[..., None, :]
    return np.asarray(product.reshape(*product.shape[:-2], -1))


def _fading(leads: Ints, per_day: int) -> Floats:
    hours = leads[:, None] * 24 / per_day
    return np.asarray(np.exp(-hours / np.array(_FADING_H)))


def prepared(
    values: Floats,
    calendar: Calendar,
    weather: Floats,
    mixes: Floats | None = None,
    *,
    half_life_days: float = 60.0,
    first: int = 0,
    before: Floats | None = None,
) -> tuple[Prepared, Floats]:
    """Fold and mix series; also the mixes, learned here unless given.

    `values` [series, steps] are NaN ahead of the issue, `weather` [quantities, steps] is known for
    all steps. Mixes have shape [series, shapes]; with them, steps from `first` on can be prepared
    alone, and the deviations of the days `before` that (`KeptDays`) need not be found again.
    """
    table, days = folded(values, calendar)
    shown, begin = calendar.until(len(calendar.day), first), int(calendar.day[first] - days[0])
    wanted = days[begin:]
    where = (slice(None), slice(None), shown.day - wanted[0], shown.step)
    soon, late = (shapes_of(table, days, wanted, age) for age in (1, 2))
    if mixes is None:
        known = np.where(days - days[0] >= min(_SETTLED_DAYS, len(days) // 2), 1.0, 0.0)
        mixes = best_mix(soon, table, known * 0.5 ** ((days[-1] - days) / half_life_days))
    if before is None:
        before = _deviations(table[:, :begin], days[:begin], mixes)
    lately = np.abs(table[:, begin:] - _mixed(mixes, soon))
    shapes = (soon[where], late[where])
    mixed = (_mixed(mixes, shapes[0]), _mixed(mixes, shapes[1]))
    return Prepared(
        calendar=shown,
        mixed=mixed,
        differing=(shapes[0] - mixed[0], shapes[1] - mixed[1]),
        values=values[:, first:],
        recent=_recent(values[:, first:] - mixed[0], calendar.per_day),
        weather=_unusual(weather, calendar, mixes, first),
        usual_error=_usual_error(np.concatenate([before, lately], axis=1), days, wanted)[where[1:]],
    ), mixes


def _deviations(table: Floats, days: Ints, mixes: Floats) -> Floats:
    """How far some days [series, days, steps] lay from the mix of those before. Same shape."""
    if not len(days):
        return table
    return np.asarray(np.abs(table - _mixed(mixes, shapes_of(table, days, days, 1))))


class KeptDays:
    """How far past days lay from their shapes: what all forecasts of a day have in common.

    For one model and its series alone. What comes late for a past day is taken up the next day.
    """

    def __init__(self) -> None:
        self._of: tuple[int, int, int] | None = None
        self._deviations = np.empty((0, 0, 0))

    def before(self, values: Floats, calendar: Calendar, first: int, mixes: Floats) -> Floats:
        """Absolute deviations of the days before that of step `first`. [series, days, steps]."""
        day = int(calendar.day[first])
        of = (int(calendar.day[0]), day, len(values))
        if of != self._of:
            end = int(np.searchsorted(calendar.day, day))
            table, days = _before(values, calendar, end)
            self._deviations, self._of = _deviations(table, days, mixes), of
        return self._deviations


def _before(values: Floats, calendar: Calendar, end: int) -> tuple[Floats, Ints]:
    if end == 0:
        return np.empty((len(values), 0, calendar.per_day)), calendar.day[:0]
    return folded(values[:, :end], calendar.until(end))


def _mixed(mixes: Floats, shapes: Floats) -> Floats:
    """The mix of shapes [shapes, series, ...]. Shape [series, ...]."""
    return np.asarray(np.einsum("sk,ks...->s...", mixes, shapes))


def _usual_error(deviations: Floats, days: Ints, wanted: Ints) -> Floats:
    """Mean absolute deviation by time of day over the days before. [series, wanted, steps]."""
    usual = shapes_of(deviations, days, wanted, 1, (_ERROR_SHAPE,))[0]
    return np.asarray(np.maximum(usual, _LEAST_ERROR * usual.mean(axis=2, keepdims=True)))


def _recent(deviation: Floats, per_day: int) -> Floats:
    """Means of known deviations in windows that end before each step. 0 when none is known."""
    known = np.isfinite(deviation)
    zeros = np.zeros((len(deviation), 1))
    sums = np.concatenate([zeros, np.cumsum(np.where(known, deviation, 0.0), axis=1)], axis=1)
    counts = np.concatenate([zeros, np.cumsum(known, axis=1)], axis=1)
    widths = [1, *(max(1, round(hours * per_day / 24)) for hours in _RECENT_H)]
    end = np.arange(sums.shape[1])
    rows = []
    for width in widths:
        begin = np.maximum(end - width, 0)
        total, count = sums[:, end] - sums[:, begin], counts[:, end] - counts[:, begin]
        rows.append(np.divide(total, count, out=np.zeros_like(total), where=count > 0))
    return np.array(rows)


def _unusual(weather: Floats, calendar: Calendar, mixes: Floats, first: int) -> Floats:
    """Weather less its own mix of shapes, by its spread. Shape [quantities, series, steps].

    Each series' mix: what weather had done to the days that its shapes are made of is known then.
    """
    ahead = weather[:, first:]
    if not len(weather):
        return np.zeros((0, len(mixes), ahead.shape[1]))
    table, days = folded(weather, calendar)
    wanted, shown = days[calendar.day[first] - days[0] :], calendar.until(len(calendar.day), first)
    shapes = shapes_of(table, days, wanted, 1)[:, :, shown.day - wanted[0], shown.step]
    shares = mixes / np.maximum(mixes.sum(axis=1, keepdims=True), 1e-9)
    differing = ahead[:, None, :] - np.einsum("sk,kqt->qst", shares, shapes)
    spread = np.nanstd(weather, axis=1)[:, None, None] + 1e-9
    return np.asarray(np.nan_to_num(differing / spread))
