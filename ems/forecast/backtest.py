"""Rolling origin: forecasts as they would have been issued, day after day, beside simple ones.

A model learns what came before its issue and nothing else, and learns anew every few days. Simple
methods answer the same question: the same step of yesterday, of last week, the mean of seven days.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ems.forecast.model import Settings, fit
from ems.forecast.scores import coverage, mean_absolute_error, pinball_loss
from ems.forecast.shapes import Calendar, Floats, Ints
from ems.forecast.spread import LEVELS

OURS = "model"
"""Our mean, which sums and plans need."""
MIDDLE = "model, P50"
"""Our median, which mean absolute errors ask for; the two differ where a series is skew."""

Rival = Callable[[Floats, Calendar, Floats, Ints, int], Floats]
"""From values [series, steps], calendar, weather, issues and steps ahead: values ahead of each
issue [series, issues, steps], of which none may use a value at or after its issue."""


@dataclass(frozen=True, kw_only=True)
class Rolled:
    """All issues of a backtest. Arrays [series, issues, steps]; NaN in the truth is left out."""

    names: tuple[str, ...]
    """Of the series."""
    issues: Ints = field(repr=False)
    """Index of the first step that was not known."""
    per_day: int
    truth: Floats = field(repr=False)
    methods: Mapping[str, Floats] = field(repr=False)
    """Values by method, ours first."""
    quantiles: Floats = field(repr=False)
    """Ours. Shape [levels, series, issues, steps]."""

    def error(self, method: str, series: int, steps: slice = slice(None)) -> float:
        """Mean absolute error of some leads over the mean size of the whole truth."""
        told, truth = self.methods[method][series][:, steps], self.truth[series]
        return mean_absolute_error(told, truth[:, steps]) / float(np.nanmean(np.abs(truth)))

    def nrmse(self, method: str, series: int) -> float:
        """Root mean square error over the mean size of the truth."""
        truth = self.truth[series]
        rms = np.sqrt(np.nanmean(np.square(self.methods[method][series] - truth)))
        return float(rms / np.nanmean(np.abs(truth)))

    def pinball(self, series: int) -> float:
        """Mean pinball loss of our quantiles over the mean size of the truth."""
        rows = dict(zip(LEVELS, self.quantiles[:, series], strict=True))
        truth = self.truth[series]
        return pinball_loss(rows, truth) / float(np.nanmean(np.abs(truth)))

    def coverage(self, series: int, steps: slice = slice(None)) -> float:
        """Share of the truth between our P10 and P90."""
        rows = dict(zip(LEVELS, self.quantiles[:, series][..., steps], strict=True))
        return coverage(rows, self.truth[series][:, steps])

    def below(self, series: int) -> list[float]:
        """Share of the truth below each of our quantiles: the reliability diagram."""
        truth = self.truth[series]
        known = np.isfinite(truth)
        return [float((truth < row)[known].mean()) for row in self.quantiles[:, series]]


def roll(
    values: Floats,
    calendar: Calendar,
    issues: Ints,
    settings: Settings,
    *,
    weather: Floats | None = None,
    learn_every: int = 7,
    least: float = 0.0,
    rivals: Mapping[str, Rival] | None = None,
    names: tuple[str, ...] = (),
) -> Rolled:
    """Forecast `settings.greatest_lead` steps from each issue, learning anew every few issues."""
    ahead = settings.greatest_lead
    known = np.zeros((0, values.shape[1])) if weather is None else weather
    rows, bands, fitted = [], [], None
    for number, issue in enumerate(issues):
        if fitted is None or number % learn_every == 0:
            new = fit(values[:, :issue], calendar.until(issue), settings, known[:, :issue])
            fitted = new if fitted is None else replace(new, width=fitted.width)
        end = issue + ahead
        expected = fitted.predict(values[:, :issue], calendar.until(end), known[:, :end])
        fitted = fitted.updated(expected.quantiles, values[:, issue:end])
        rows.append(np.maximum(expected.values, least))
        bands.append(np.maximum(expected.quantiles, least))
    quantiles = np.stack(bands, axis=2)
    methods = {OURS: np.stack(rows, axis=1), MIDDLE: quantiles[LEVELS.index(0.5)]}
    methods |= simple(values, issues, ahead, calendar.per_day)
    for name, rival in (rivals or {}).items():
        methods[name] = np.maximum(rival(values, calendar, known, issues, ahead), least)
    return Rolled(
        names=names or tuple(f"series {row + 1}" for row in range(len(values))),
        issues=issues,
        per_day=calendar.per_day,
        truth=values[:, issues[:, None] + np.arange(ahead)],
        methods=methods,
        quantiles=quantiles,
    )


def simple(values: Floats, issues: Ints, ahead: int, per_day: int) -> dict[str, Floats]:
    """Yesterday, last week and the mean of seven days. Shape [series, issues, steps] each.

    A step further ahead than a day takes the newest like step that was known.
    """
    steps = issues[:, None] + np.arange(ahead)
    day = per_day * (1 + np.arange(ahead) // per_day)
    week = 7 * per_day * (1 + np.arange(ahead) // (7 * per_day))
    mean = np.mean([values[:, steps - day - back * per_day] for back in range(7)], axis=0)
    return {
        "yesterday": values[:, steps - day],
        "last week": values[:, steps - week],
        "mean of 7 days": np.asarray(mean),
    }
