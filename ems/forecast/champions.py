"""Champion and challenger: a new model is learned every night, and the better one is kept.

The newest week judges, day by day, each forecast issued at its midnight: a challenger that learned
from what was before the week, the champion in force, and the plain weekly profile. The median of
the seven days decides, so that one bad day neither makes nor unmakes a model. Series for which the
profile is as good keep the profile.

A champion whose newest day is far worse than its judged weeks has drifted, and says so; nothing is
learned from such a day until the next shows whether it stays.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ems.forecast.local_time import LocalTime
from ems.forecast.model import Fitted, Settings, fit
from ems.forecast.profiles import expect
from ems.forecast.shapes import Calendar, Floats

JUDGED_DAYS = 7
PROFILE_DAYS = 28
LEAST_DAYS = 28
"""Days of history that learning needs, the judged ones among them."""
_BETTER = 0.98
"""Of the other's error: what a model must reach to be used or to replace another."""
_DRIFTED = 2.0
"""Times its judged error at which a champion's newest day is called drift."""


@dataclass(frozen=True, kw_only=True)
class Champion:
    """The model in force for some series."""

    names: tuple[str, ...]
    """Of the series, as forecasts are named."""
    fitted: Fitted = field(repr=False)
    better: NDArray[np.bool_] = field(repr=False)
    """Whether it forecasts the series better than its profile. Shape [series]."""
    errors: Floats = field(repr=False)
    """Median of the judged days' mean absolute errors, in the series' units. Shape [series]."""
    profile_errors: Floats = field(repr=False)
    """The same of the weekly profile. Shape [series]."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a night decided."""

    champion: Champion
    replaced: bool
    """Whether the challenger won."""
    drifted: tuple[str, ...]
    """Series of the former champion whose newest day was far worse than ever judged."""


def challenge(
    names: tuple[str, ...],
    past: Floats,
    calendar: Calendar,
    settings: Settings,
    champion: Champion | None = None,
) -> Verdict | None:
    """Learn from `past` [series, steps], which ends at a local midnight; None if it is too short.

    Values must have been cleaned; a series without a past is never called better.
    """
    day = calendar.per_day
    if past.shape[1] < LEAST_DAYS * day:
        return None
    begin = past.shape[1] - JUDGED_DAYS * day
    newcomer = fit(past[:, :begin], calendar.until(begin), settings)
    ours = _by_day(newcomer, past, calendar)
    profile = _median(_profile_by_day(past, calendar))
    drifted: tuple[str, ...] = ()
    if champion is not None and champion.names == names:
        theirs = _by_day(champion.fitted, past, calendar)
        newest = theirs[:, -1] > _DRIFTED * champion.errors
        drifted = tuple(name for name, far in zip(names, newest, strict=True) if far)
        ratio = _median(ours) / np.maximum(_median(theirs), 1e-9)
        if not np.nanmedian(ratio) < _BETTER:
            kept = _judged(names, champion.fitted, _median(theirs), profile)
            return Verdict(champion=kept, replaced=False, drifted=drifted)
    trusted = past.copy()
    odd = np.array([name in drifted for name in names])
    trusted[odd, -calendar.per_day :] = np.nan
    whole = fit(trusted, calendar, settings)
    return Verdict(
        champion=_judged(names, whole, _median(ours), profile), replaced=True, drifted=drifted
    )


def _judged(names: tuple[str, ...], fitted: Fitted, errors: Floats, profile: Floats) -> Champion:
    return Champion(
        names=names,
        fitted=fitted,
        better=np.asarray(errors < _BETTER * profile),
        errors=errors,
        profile_errors=profile,
    )


def _median(errors: Floats) -> Floats:
    """Over the judged days; infinite where nothing was measured. Shape [series]."""
    filled = np.where(np.isfinite(errors), errors, np.inf)
    return np.asarray(np.median(filled, axis=1))


def _issues(past: Floats, calendar: Calendar) -> list[int]:
    return [past.shape[1] - back * calendar.per_day for back in range(JUDGED_DAYS, 0, -1)]


def _by_day(fitted: Fitted, past: Floats, calendar: Calendar) -> Floats:
    """Mean absolute errors of the judged days. Shape [series, days]."""
    day, errors = calendar.per_day, []
    for issue in _issues(past, calendar):
        told = fitted.predict(past[:, :issue], calendar.until(issue + day)).values
        errors.append(_error(np.maximum(told, 0.0), past[:, issue : issue + day]))
    return np.array(errors).T


def _profile_by_day(past: Floats, calendar: Calendar) -> Floats:
    """The same of the weekly profile. Shape [series, days]."""
    day, errors = calendar.per_day, []
    for issue in _issues(past, calendar):
        begin = max(0, issue - PROFILE_DAYS * day)
        before, ahead = (
            LocalTime(day=part.day, quarter=part.step)
            for part in (calendar.until(issue, begin), calendar.until(issue + day, issue))
        )
        told = expect(past[:, begin:issue], before, ahead, 1).values
        errors.append(_error(told, past[:, issue : issue + day]))
    return np.array(errors).T


def _error(told: Floats, truth: Floats) -> Floats:
    """Mean absolute error of each series; NaN where nothing is known."""
    known = np.isfinite(told) & np.isfinite(truth)
    total = np.where(known, np.abs(told - truth), 0.0).sum(axis=1)
    count = known.sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(len(told), np.nan), where=count > 0))
