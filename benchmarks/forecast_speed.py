"""How much processor time the forecasts of every single dwelling take."""

import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np

from benchmarks.figures import Figure
from ems.forecast.features import KeptDays
from ems.forecast.model import Expected, Fitted, Settings, fit
from ems.forecast.shapes import Calendar, Floats

T = TypeVar("T")

DWELLINGS, QUICK_DWELLINGS = 412, 103
AHEAD, DAY = 192, 96
LEARNED_DAYS = 28


def measure(quick: bool) -> list[Figure]:
    """Learning, a first forecast, and the next of the same day; fewer dwellings when quick."""
    count = QUICK_DWELLINGS if quick else DWELLINGS
    step = np.arange((LEARNED_DAYS + 3) * DAY)
    calendar = Calendar(day=20000 + step // DAY, step=step % DAY, per_day=DAY)
    luck = np.random.default_rng(3)
    usual = 1 + np.sin(calendar.step / DAY * 2 * np.pi)
    past = luck.gamma(0.5, size=(count, len(step))) * usual
    settings = Settings(greatest_lead=AHEAD, lookback_days=LEARNED_DAYS)
    end, kept = LEARNED_DAYS * DAY, KeptDays()
    fitted, learning_s = _timed(partial(fit, past[:, :end], calendar.until(end), settings))

    first_s, next_s = (
        _timed(partial(_told, fitted, past, calendar, issue, kept))[1]
        for issue in (end + 40, end + 41)
    )
    title = f"{count} dwellings"
    goal_s = None if quick else 300.0
    return [
        Figure(name=f"{title}: learned from 28 days", value=learning_s, unit="s CPU", goal=goal_s),
        Figure(name=f"{title}: {AHEAD} slots, 7 levels", value=first_s, unit="s CPU", goal=5.0),
        Figure(name=f"{title}: one slot later", value=next_s, unit="s CPU", goal=0.5),
    ]


def _told(fitted: Fitted, past: Floats, calendar: Calendar, issue: int, kept: KeptDays) -> Expected:
    return fitted.predict(past[:, :issue], calendar.until(issue + AHEAD), kept=kept)


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began_s = time.process_time()
    return work(), time.process_time() - began_s
