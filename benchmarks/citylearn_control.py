"""Who acts on CityLearn's batteries: expects, prices what it may be wrong by, plans, acts.

Each hour the load model (`ems.forecast.model`) and the latest deviations (`citylearn_soon`) say
what loads, sun and carbon will be; the errors that the same forecasts had on hours like these in
the last weeks say how wrong that may be; `citylearn_plan` plans the coming hours by both, and its
first hour is done.
"""

from collections.abc import Sequence

import numpy as np

from benchmarks.citylearn_city import Observed
from benchmarks.citylearn_plan import Homes
from benchmarks.citylearn_soon import Deviations
from ems.forecast.features import KeptDays
from ems.forecast.model import Fitted, Settings, fit
from ems.forecast.shapes import Calendar, Floats

AHEAD_H = 12
"""Hours planned: more change nothing."""
FIRST_DAY = 17014
"""A day of the data set's weekday, counted since 1970; the data set has no year."""
_LOOKBACK_DAYS = 28
_LEARNED_EVERY_H = 14 * 24
_ERRORS = 9
"""Equally likely errors that a price is made of."""
_NEAREST = 40
"""Past errors of which those are means: whose expectation was nearest to the present one."""
_ASIDE_H = 2
"""Hours of the day, before and after, that count as alike."""


class Series:
    """Some series as they come, and what the load model expects of them."""

    def __init__(self, count: int) -> None:
        self._past = np.zeros((count, 0))
        self._fitted: Fitted | None = None
        self._kept = KeptDays()

    def see(self, values: Floats) -> None:
        """Take the present hour's [series]; learn anew every two weeks."""
        self._past = np.concatenate([self._past, values[:, None]], axis=1)
        hours = self._past.shape[1]
        if hours % _LEARNED_EVERY_H == 0:
            settings = Settings(
                greatest_lead=AHEAD_H, issue_every_h=3, lookback_days=_LOOKBACK_DAYS
            )
            self._fitted = fit(self._past, _calendar(hours), settings)
            self._kept = KeptDays()

    def ahead(self) -> Floats:
        """The coming hours. Shape [series, hours]; before anything was learned, the days' mean."""
        hours = self._past.shape[1]
        if self._fitted is None:
            return np.array([_mean_of_days(past) for past in self._past])
        ahead = _calendar(hours + AHEAD_H)
        return self._fitted.predict(self._past, ahead, kept=self._kept).values


def _calendar(hours: int) -> Calendar:
    step = np.arange(hours)
    return Calendar(day=FIRST_DAY + step // 24, step=step % 24, per_day=24)


def _mean_of_days(past: Floats) -> Floats:
    hours = len(past) + np.arange(AHEAD_H)
    alike = [past[hour % 24 :: 24] for hour in hours]
    return np.array([values.mean() if values.size else past[-1] for values in alike])


class Errors:
    """What forecasts said of each hour, by lead, and what came. M meters."""

    def __init__(self, meters: int, days: int = _LOOKBACK_DAYS) -> None:
        self._days = days
        self._said = np.full((days * 24 + 24 + 2 * AHEAD_H, AHEAD_H, meters), np.nan)
        self._wrong = np.full_like(self._said, np.nan)
        self._hour = -1
        """The newest hour that came; hour h stands in row h modulo the rows."""

    def came(self, net_kwh: Floats) -> None:
        """The next hour's truth [M]."""
        self._hour += 1
        row = self._hour % len(self._said)
        self._wrong[row] = net_kwh - self._said[row]
        ahead = (self._hour + AHEAD_H) % len(self._said)
        self._said[ahead], self._wrong[ahead] = np.nan, np.nan

    def say(self, expected_kwh: Floats) -> None:
        """What is expected of the coming hours [M, hours]."""
        for lead, expected in enumerate(expected_kwh.T):
            self._said[(self._hour + 1 + lead) % len(self._said), lead] = expected

    def likely(self, expected_kwh: Floats) -> Floats:
        """Errors [M, hours, J], falling; zero while too little is known."""
        lead = np.arange(AHEAD_H)
        sides = np.arange(-_ASIDE_H, _ASIDE_H + 1)
        same = self._hour + 1 + lead[:, None] + sides
        days_back = np.maximum(-(-(same - self._hour) // 24), 1)
        past = same[:, :, None] - 24 * (days_back[:, :, None] + np.arange(self._days))
        rows = past.reshape(AHEAD_H, -1) % len(self._said)
        known = (past.reshape(AHEAD_H, -1) >= 0)[:, :, None]
        wrong = np.where(known, self._wrong[rows, lead[:, None]], np.nan)
        said = self._said[rows, lead[:, None]]
        usable = np.isfinite(wrong).all(axis=(0, 2))
        if usable.sum() <= _NEAREST:
            return np.zeros((*expected_kwh.shape, _ERRORS))
        wrong, said = (np.moveaxis(each[:, usable], 2, 0) for each in (wrong, said))
        apart = np.abs(said - expected_kwh[:, :, None])
        nearest = np.argpartition(apart, _NEAREST, axis=2)[:, :, :_NEAREST]
        return _in_groups(np.take_along_axis(wrong, nearest, axis=2))


def _in_groups(errors: Floats) -> Floats:
    """Means of groups of neighbours, falling. Shape [M, hours, errors] to [M, hours, J]."""
    falling = -np.sort(-errors, axis=2)
    groups = np.array_split(np.arange(falling.shape[2]), _ERRORS)
    return np.stack([falling[:, :, group].mean(axis=2) for group in groups], axis=2)


class Outlook:
    """What is expected of homes' net loads, their sum, prices and carbon, and of its errors."""

    def __init__(self, homes: int, *, latest: bool = True) -> None:
        self._load, self._sun, self._carbon = Series(homes), Series(homes), Series(1)
        self._soon = Deviations(homes, AHEAD_H) if latest else None
        self._errors = Errors(homes + 1)
        self._prices: dict[int, float] = {}
        self._hour = -1
        self._paid, self._emitted = 0.0, 0.0

    def see(self, observed: Observed) -> None:
        """Take what an hour shows, and look ahead from it."""
        self._hour += 1
        net = observed.load_kwh - observed.sun_kwh
        self._errors.came(np.append(net, net.sum()))
        self._load.see(observed.load_kwh)
        self._sun.see(observed.sun_kwh)
        self._carbon.see(np.array([observed.carbon_kg_per_kwh]))
        self._prices |= {self._hour + h: price for h, price in observed.prices.items()}
        self._paid += max(net.sum(), 0.0) * observed.prices[0]
        self._emitted += np.maximum(net, 0.0).sum() * observed.carbon_kg_per_kwh
        self._expect(net)

    def _expect(self, net: Floats) -> None:
        expected = self._load.ahead() - self._sun.ahead()
        if self._soon is not None:
            self._soon.see(net)
            expected = self._soon.mixed_with(expected)
        self.expected_kwh = np.concatenate([expected, expected.sum(axis=0, keepdims=True)])
        self.errors_kwh = self._errors.likely(self.expected_kwh)
        self._errors.say(self.expected_kwh)

    @property
    def weights(self) -> Floats:
        """What a kWh of import adds to the score. Shape [homes + 1, hours], the sum's last."""
        now = self._prices[self._hour]
        price = [self._prices.get(self._hour + 1 + lead, now) for lead in range(AHEAD_H)]
        hours = self._hour + 1
        carbon = self._carbon.ahead()[0] * hours / max(self._emitted, 1e-9)
        of_homes = np.repeat(carbon[None], len(self.expected_kwh) - 1, axis=0)
        of_sum = np.array([price]) * hours / max(self._paid, 1e-9)
        return np.concatenate([of_homes, of_sum])


def action(outlook: Outlook, plan: Homes, stored_kwh: Floats, *, priced: bool) -> Floats:
    """What to charge (negative: discharge) in the coming hour, errors priced or not. [homes]."""
    errors = outlook.errors_kwh if priced else np.zeros_like(outlook.errors_kwh)
    return plan.first_kwh(stored_kwh, outlook.expected_kwh, errors, outlook.weights)


def plan_for(capacity_kwh: Sequence[float] | Floats, power_kw: Sequence[float] | Floats) -> Homes:
    """A plan of batteries, to be asked every hour."""
    return Homes(np.asarray(capacity_kwh), np.asarray(power_kw), AHEAD_H, _ERRORS)
