"""The load model: shape of the day, latest deviation and weather, mixed by ridge regression.

`fit` learns many series at once, `Fitted.predict` gives values and quantiles for the coming steps,
`Fitted.updated` widens or narrows the quantiles by what came. Pure: arrays in, arrays out.

1. A mix of shapes (`shapes`) says what the time of day usually brings.
2. Ridge regression on `features` adds what the last steps, unlike shapes and weather tell. All
   series together give a common answer, to which each series keeps as far as its own past is short:
   a new dwelling begins with what is true of all.
3. Quantiles are conformal: residuals of issues that the regression did not learn from, each over
   the usual error of its hour, by lead (V. Vovk and others, Algorithmic Learning in a Random World,
   2005). `updated` follows I. Gibbs and E. Candès, arXiv:2106.00170.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from ems.forecast.conformal import Bands, bands_of
from ems.forecast.features import KeptDays, Prepared, prepared
from ems.forecast.shapes import Calendar, Floats, Ints


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a model is learned. Fixed on the first three quarters of a public series."""

    greatest_lead: int
    """Steps ahead that will be asked for."""
    issue_every_h: int = 6
    """Hours between the issues of the past that are learned from."""
    ridge: float = 0.5
    """Weight of the prior, in multiples of each regressor's own weight."""
    weather_ridge: float = 0.02
    """The same of weather, whose effect is taken for real."""
    scarcity_days: float = 200.0
    """Added to `ridge` over the days of the past: a short past trusts the shapes."""
    half_life_days: float = 300.0
    """Age at which a past issue counts half."""
    first_days: int = 7
    """Days that only fill the shapes."""
    judging_share: float = 0.25
    """Of the issues, the newest, from which the quantiles come."""
    lookback_days: int = 63
    """Days that are looked back on in forecasting."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What several series are expected to be."""

    values: Floats = field(repr=False)
    """Means. Shape [series, steps]."""
    quantiles: Floats = field(repr=False)
    """At `LEVELS`, rising. Shape [levels, series, steps]."""


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """What was learned of some series."""

    settings: Settings
    scale: Floats = field(repr=False)
    """Mean size of each series. Shape [series]."""
    mixes: Floats = field(repr=False)
    """Weights of the shapes. Shape [series, shapes]."""
    weights: Floats = field(repr=False)
    """Of the regressors. Shape [series, columns]."""
    bands: Bands
    width: Floats = field(repr=False)
    """Factor on the bands, led by what came since. Shape [series]."""

    def predict(
        self,
        past: Floats,
        calendar: Calendar,
        weather: Floats | None = None,
        kept: KeptDays | None = None,
    ) -> Expected:
        """The steps after `past` [series, steps]; `calendar` and `weather` go on to the last.

        `kept` keeps what a new step of the same day does not change. Values and quantiles are not
        limited: a caller who knows that a load is never negative cuts them.
        """
        whole, issue = len(calendar.day), past.shape[1]
        oldest = calendar.day[min(issue, whole - 1)] - self.settings.lookback_days
        begin = int(np.searchsorted(calendar.day, oldest))
        values = np.full((len(past), whole - begin), np.nan)
        values[:, : issue - begin] = past[:, begin:] / self.scale[:, None]
        known = np.zeros((0, whole)) if weather is None else weather
        part, first = calendar.until(whole, begin), max(0, issue - begin - calendar.per_day)
        before = (kept or KeptDays()).before(values, part, first, self.mixes)
        made, _ = prepared(values, part, known[:, begin:], self.mixes, first=first, before=before)
        place, leads = np.array([issue - begin - first]), np.arange(1, whole - issue + 1)
        mean = _predicted(made, self.weights, place, leads)[:, 0] * self.scale[:, None]
        spread = made.scale(place, leads)[:, 0] * (self.scale * self.width)[:, None]
        return Expected(values=mean, quantiles=mean + self.bands.at(leads) * spread)

    def updated(self, quantiles: Floats, truth: Floats, rate: float = 0.05) -> "Fitted":
        """The same, its bands led towards 80 % by a forecast whose truth [series, steps] came."""
        known = np.isfinite(truth)
        inside = (truth >= quantiles[1]) & (truth <= quantiles[-2]) & known
        share = inside.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        step = np.where(known.any(axis=1), rate * (0.8 - share), 0.0)
        return replace(self, width=np.clip(self.width * np.exp(step), 0.3, 3.0))


def fit(
    past: Floats, calendar: Calendar, settings: Settings, weather: Floats | None = None
) -> Fitted:
    """Learn from `past` [series, steps], NaN where unknown, and weather [quantities, steps]."""
    size = np.nanmean(np.abs(np.where(np.isfinite(past), past, np.nan)), axis=1)
    scale = np.where(size > 0, size, 1.0)
    known = np.zeros((0, past.shape[1])) if weather is None else weather
    made, mixes = prepared(past / scale[:, None], calendar, known)
    issues, leads = _issues(calendar, settings), _leads(settings.greatest_lead)
    age_days = (issues[-1] - issues) / calendar.per_day
    importance = 0.5 ** (age_days / settings.half_life_days)
    judged = round(settings.judging_share * len(issues))
    early, late = slice(0, len(issues) - judged), slice(len(issues) - judged, None)
    first = _sums(made, issues[early], leads, importance[early])
    last = _sums(made, issues[late], leads, importance[late])
    ridge = settings.ridge + settings.scarcity_days * calendar.per_day / len(calendar.day)
    prior = np.full(first[1].shape[1], ridge)
    prior[: made.weather_columns] = settings.weather_ridge
    judge = _solved(first, prior)
    residuals = made.truth(issues[late], leads) - _predicted(made, judge, issues[late], leads)
    return Fitted(
        settings=settings,
        scale=scale,
        mixes=mixes,
        weights=_solved((first[0] + last[0], first[1] + last[1]), prior),
        bands=bands_of(residuals / made.scale(issues[late], leads), leads, calendar.per_day),
        width=np.ones(len(past)),
    )


def _issues(calendar: Calendar, settings: Settings) -> Ints:
    every = max(1, settings.issue_every_h * calendar.per_day // 24)
    first = settings.first_days * calendar.per_day
    last = len(calendar.day) - settings.greatest_lead
    places = np.arange(first, max(last, first + 1))
    return np.asarray(places[calendar.step[places] % every == 0])


def _leads(greatest: int) -> Ints:
    """Every lead at first, then every third: what is learned varies smoothly."""
    near = np.arange(1, min(8, greatest) + 1)
    return np.concatenate([near, np.arange(9, greatest + 1, 3)])


def _predicted(made: Prepared, weights: Floats, issues: Ints, leads: Ints) -> Floats:
    """Shape [series, issues, leads]."""
    parts = [
        made.rows(issues, leads, slice(row, row + 1))[0] @ weight
        for row, weight in enumerate(weights)
    ]
    return np.asarray(made.base(issues, leads) + np.array(parts))


def _sums(made: Prepared, issues: Ints, leads: Ints, importance: Floats) -> tuple[Floats, Floats]:
    """Normal equations of each series: matrices and right-hand sides."""
    missing = made.truth(issues, leads) - made.base(issues, leads)
    weight = np.where(np.isfinite(missing), importance[:, None], 0.0)
    target = np.where(weight > 0, missing, 0.0)
    matrices, sides = [], []
    for row in range(len(target)):
        rows = made.rows(issues, leads, slice(row, row + 1))[0]
        flat = rows.reshape(-1, rows.shape[-1])
        weighted = flat * weight[row].reshape(-1, 1)
        matrices.append(weighted.T @ flat)
        sides.append(weighted.T @ target[row].ravel())
    return np.array(matrices), np.array(sides)


def _solved(sums: tuple[Floats, Floats], ridge: Floats) -> Floats:
    """Weights of each series, led to those of all together. Shape [series, columns]."""
    matrices, sides = sums
    size = np.maximum(np.einsum("sii->si", matrices), 1e-9)
    together = size.sum(axis=0)
    common = np.linalg.solve(matrices.sum(axis=0) + np.diag(ridge * together), sides.sum(axis=0))
    if len(matrices) == 1:
        return common[None]
    prior = ridge * np.maximum(size, 1e-3 * together / len(size))
    diagonal = prior[:, :, None] * np.eye(len(common))
    return np.asarray(
        np.linalg.solve(matrices + diagonal, (sides + prior * common)[:, :, None])[:, :, 0]
    )
