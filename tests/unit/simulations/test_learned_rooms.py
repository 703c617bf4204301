"""The EMS learns rooms, whose physics it does not have, from their history."""

from datetime import UTC, datetime

import numpy as np
import pytest

from ems.commands.forecast import nightly, table_of
from ems.domain.errors import ForecastError
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.forecast.calibration import calibrate, history_points
from ems.sources import builtin_weather
from simulations.history import baseline_history
from simulations.people import People

DAYS = 14
FORTNIGHT = Horizon(Slot.containing(datetime(2025, 1, 6, tzinfo=UTC)), DAYS * 96)
AFTER = Slot(FORTNIGHT.slots.stop)


@pytest.fixture(scope="module")
def past(hamlet):
    weather = builtin_weather(hamlet.site, hamlet.loop, FORTNIGHT, 1)
    return baseline_history(hamlet, weather, People.make(hamlet, FORTNIGHT, 1), FORTNIGHT, 1)


@pytest.fixture(scope="module")
def learned(hamlet, past):
    return calibrate(hamlet, past, AFTER, days=DAYS)


def test_a_free_day_is_better_known_than_from_the_description(learned, hamlet):
    homes = slice(0, len(hamlet.dwellings))
    before, after = np.median(learned.described_k[homes]), np.median(learned.learned_k[homes])
    assert after < 0.6 * before
    assert after < 0.5
    assert (learned.learned_k <= learned.described_k + 1e-12).all()


def test_what_was_learned_is_believable(learned):
    assert learned.fit.known.mean() > 0.7
    assert (np.abs(np.log(learned.fit.factors)) < 2.0).all()
    assert 0 < np.median(learned.fit.spread[:, 0]) < 0.3


def test_what_was_learned_can_be_kept_as_plain_data(learned, hamlet):
    kept = learned.as_dict()
    assert list(kept) == [*hamlet.dwellings, *hamlet.zones]
    assert {"learned", "loss", "loss_spread", "unmeasured"} <= set(kept[next(iter(kept))])


def test_nothing_is_asked_for_that_the_history_lacks(hamlet, past):
    assert set(history_points(hamlet)) <= set(past.points)


def test_an_empty_history_is_refused(hamlet):
    nothing = QuarterHours(points=(), horizon=FORTNIGHT, values=np.empty((0, DAYS * 96)))
    with pytest.raises(ForecastError, match="outdoor temperature"):
        calibrate(hamlet, nothing, AFTER, days=DAYS)


class OneFortnight:
    """A store that holds the fortnight, or nothing."""

    def __init__(self, past, last):
        self._past, self._last = past, last

    async def last_history_slot(self):
        return self._last

    async def quarter_hours(self, points, horizon):
        values = self._past.quarter_hours(points, horizon)
        return QuarterHours(points=tuple(points), horizon=horizon, values=values)


async def test_the_night_s_job_learns_what_the_store_holds(hamlet, past, learned):
    made = await nightly(hamlet, OneFortnight(past, AFTER + -1), DAYS)
    np.testing.assert_array_equal(made.fit.figures, learned.fit.figures)
    assert table_of(hamlet, made).row_count == 1


async def test_a_store_without_history_is_told(hamlet, past):
    with pytest.raises(ForecastError, match="no history"):
        await nightly(hamlet, OneFortnight(past, None), DAYS)
