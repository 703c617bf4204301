"""The coming hours by the latest deviations from a smoothed daily profile, by linear regression.

The profile is the mean of past days, fading, smoothed over neighbouring hours. How far the last
hours lay off it, and the target's hour a day before, tell by how much the coming ones will: weights
by lead and home, varying with the hour of the day, learned anew each week. Its mean with the load
model is better than either, as their errors differ.
"""

import numpy as np

from ems.forecast.shapes import Floats, Ints

_KEPT_PER_DAY = 0.5**0.1
"""What a day counts less than the next one in the profile."""
_WINDOWS_H = (6, 24)
"""Over which deviations are averaged, beside the last three hours."""
_RIDGE = 20.0
_LEARNED_EVERY_H = 7 * 24


class Deviations:
    """Net loads of several homes as they come, and what their deviations tell."""

    def __init__(self, homes: int, ahead: int) -> None:
        self._leads = np.arange(1, ahead + 1)
        self._sum_of_days, self._days = np.zeros((homes, 24)), 0.0
        self._profile, self._today = np.zeros((homes, 24)), np.zeros((homes, 24))
        self._issue_profile = self._profile
        self._off = np.zeros((homes, 0))
        self._rows: list[Floats] = []
        self._weights: Floats | None = None

    def see(self, net_kwh: Floats) -> None:
        """Take the present hour's [homes]."""
        hour = self._off.shape[1] % 24
        self._today[:, hour] = net_kwh
        off = net_kwh - self._profile[:, hour]
        self._off = np.concatenate([self._off, off[:, None]], axis=1)
        self._rows.append(self._latest())
        self._issue_profile = self._profile
        if hour == 23:
            self._end_day()
        if self._off.shape[1] % _LEARNED_EVERY_H == 0:
            self._learn()

    def mixed_with(self, expected_kwh: Floats) -> Floats:
        """The mean of `expected_kwh` [homes, hours] and of what deviations tell."""
        if self._weights is None:
            return expected_kwh
        issue = np.array([self._off.shape[1] - 1])
        own = np.column_stack(
            [
                (self._features(issue, lead)[:, 0] * weights).sum(axis=1)
                for lead, weights in zip(self._leads.tolist(), self._weights, strict=True)
            ]
        )
        usual = self._issue_profile[:, (issue + self._leads) % 24]
        return np.asarray(0.5 * expected_kwh + 0.5 * (usual + own))

    def _end_day(self) -> None:
        self._sum_of_days = _KEPT_PER_DAY * self._sum_of_days + self._today
        self._days = _KEPT_PER_DAY * self._days + 1
        mean = self._sum_of_days / self._days
        self._profile = (np.roll(mean, 1, axis=1) + 2 * mean + np.roll(mean, -1, axis=1)) / 4

    def _latest(self) -> Floats:
        """The last three deviations and means of windows. Shape [homes, 5]."""
        last = np.zeros((len(self._off), 3))
        newest = self._off[:, -3:][:, ::-1]
        last[:, : newest.shape[1]] = newest
        means = [self._off[:, -width:].mean(axis=1) for width in _WINDOWS_H]
        return np.column_stack([last, *means])

    def _features(self, issues: Ints, lead: int) -> Floats:
        """Shape [homes, issues, columns]."""
        latest = np.stack([self._rows[issue] for issue in issues], axis=1)
        day_before = self._off[:, np.maximum(issues + lead - 24, 0)]
        told = np.concatenate([latest, day_before[:, :, None]], axis=2)
        angle = 2 * np.pi * ((issues + lead) % 24) / 24
        basis = np.column_stack([np.ones(len(issues)), np.sin(angle), np.cos(angle)])
        return np.asarray((told[..., None] * basis[:, None, :]).reshape(*told.shape[:2], -1))

    def _learn(self) -> None:
        """Ridge regression of every lead. Weights [leads, homes, columns]."""
        hours = self._off.shape[1]
        learned = []
        for lead in self._leads.tolist():
            issues = np.arange(48, hours - lead)
            rows = self._features(issues, lead)
            squares = np.einsum("hnc,hnd->hcd", rows, rows, optimize=True)
            sides = np.einsum("hnc,hn->hc", rows, self._off[:, issues + lead])
            ridge = _RIDGE * np.eye(rows.shape[2])
            learned.append(np.linalg.solve(squares + ridge, sides[:, :, None])[:, :, 0])
        self._weights = np.array(learned)
