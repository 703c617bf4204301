"""Nights of learning: who is kept, and what a bad day does."""

from dataclasses import replace

import numpy as np
import pytest

from ems.forecast.champions import Champion, challenge
from ems.forecast.model import Settings
from ems.forecast.shapes import Calendar

SETTINGS = Settings(greatest_lead=96, issue_every_h=12)
NAMES = ("moody", "steady")
DAYS = 42


@pytest.fixture(scope="module")
def past():
    """A load whose level wanders from day to day, and one that repeats each week with noise."""
    rng = np.random.default_rng(4)
    step = np.arange(DAYS * 96)
    calendar = Calendar(day=20450 + step // 96, step=step % 96, per_day=96)
    evening = 1 + 2 * np.exp(-(((calendar.step - 76) / 8) ** 2))
    level = np.exp(np.cumsum(rng.normal(0, 0.12, DAYS)))[step // 96]
    values = np.array([evening * level, evening + (step // 96 % 7)])
    return values * rng.uniform(0.9, 1.1, values.shape), calendar


@pytest.fixture(scope="module")
def champion(past) -> Champion:
    values, calendar = past
    verdict = challenge(NAMES, values, calendar, SETTINGS)
    assert verdict is not None
    assert verdict.replaced
    return verdict.champion


def test_a_model_is_used_where_it_is_better_than_the_profile(champion) -> None:
    assert champion.better[0]
    assert champion.errors[0] < 0.9 * champion.profile_errors[0]


def test_a_short_past_teaches_nothing(past) -> None:
    values, calendar = past
    assert challenge(NAMES, values[:, :960], calendar.until(960), SETTINGS) is None


def test_a_bad_day_is_told_and_spoils_no_model(past, champion) -> None:
    """The last day's meters count five times too much; whoever is kept is as good as before."""
    values, calendar = past
    broken = values.copy()
    broken[:, -96:] *= 5
    verdict = challenge(NAMES, broken, calendar, SETTINGS, champion)
    assert verdict is not None
    assert set(verdict.drifted) == set(NAMES)
    issue = values.shape[1] - 96
    kept, former = (
        np.abs(one.fitted.predict(values[:, :issue], calendar).values - values[:, issue:]).mean()
        for one in (verdict.champion, champion)
    )
    assert kept < 1.1 * former


def test_a_champion_that_went_wrong_is_replaced(past, champion) -> None:
    values, calendar = past
    wrong = replace(champion, fitted=replace(champion.fitted, mixes=3 * champion.fitted.mixes))
    verdict = challenge(NAMES, values, calendar, SETTINGS, wrong)
    assert verdict is not None
    assert verdict.replaced
    assert verdict.champion.errors == pytest.approx(champion.errors, rel=0.01)


def test_other_series_begin_anew(past, champion) -> None:
    values, calendar = past
    verdict = challenge(("a", "b"), values, calendar, SETTINGS, champion)
    assert verdict is not None
    assert verdict.replaced
