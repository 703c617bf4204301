"""Methods of others that a backtest sets beside ours: gradient boosting and exponential smoothing.

Both are looked for when they are asked for: the running district does not need them. They learn
once, from what came before the first issue, but see all lags that their issue knows.
"""

import importlib.util

import numpy as np

from ems.forecast.backtest import Rival
from ems.forecast.local_time import weekday_of
from ems.forecast.shapes import Calendar, Floats, Ints


def found() -> dict[str, Rival]:
    """Those that are installed, by name."""
    both = {"lightgbm": ("LightGBM", boosted), "statsforecast": ("AutoETS", smoothed)}
    return {
        name: rival for module, (name, rival) in both.items() if importlib.util.find_spec(module)
    }


def boosted(
    values: Floats, calendar: Calendar, weather: Floats, issues: Ints, ahead: int
) -> Floats:
    """LightGBM on lags of one to seven days, time, weekday and weather."""
    import lightgbm

    day, steps = calendar.per_day, issues[:, None] + np.arange(ahead)
    later = ahead // day * day if ahead % day else ahead - day
    result = []
    for row in values:
        lags = [np.roll(row, day * back + later) for back in (1, 2, 7)]
        mean = np.mean([np.roll(row, day * back + later) for back in range(1, 8)], axis=0)
        columns = [*lags, mean, calendar.step, weekday_of(calendar.day), *weather]
        table = np.array(columns).T
        learned = np.flatnonzero(np.isfinite(row[: issues[0]]))
        learned = learned[learned >= 8 * day + later]
        booster = lightgbm.LGBMRegressor(
            n_estimators=200, learning_rate=0.05, n_jobs=1, verbose=-1, random_state=1
        )
        booster.fit(table[learned], row[learned])
        result.append(np.asarray(booster.predict(table[steps.ravel()])).reshape(steps.shape))
    return np.array(result)


def smoothed(
    values: Floats, calendar: Calendar, weather: Floats, issues: Ints, ahead: int
) -> Floats:
    """Exponential smoothing with a daily season, of hourly means, from the last four weeks."""
    from statsforecast.models import AutoETS

    each = max(1, calendar.per_day // 24)
    hours = -(-ahead // each)
    result = np.empty((len(values), len(issues), ahead))
    for row, series in enumerate(values):
        for number, issue in enumerate(issues):
            begin = max(0, issue - 28 * calendar.per_day)
            begin += (issue - begin) % each
            hourly = _bridged(series[begin:issue]).reshape(-1, each).mean(axis=1)
            told = AutoETS(season_length=24, model="ANA").forecast(hourly, h=hours)["mean"]
            result[row, number] = np.repeat(told, each)[:ahead]
    return result


def _bridged(values: Floats) -> Floats:
    known = np.flatnonzero(np.isfinite(values))
    return np.interp(np.arange(values.size), known, values[known])
