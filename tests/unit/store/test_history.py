import math
from datetime import timedelta

import numpy as np
import pytest
from store_examples import FIRST, NOON, POINTS, POWER, ROOM, reading

from ems.domain.errors import StoreError
from ems.domain.points import Quality
from ems.domain.slots import Horizon
from ems.domain.snapshot import QuarterHours
from ems.store import Store

DAY = Horizon(FIRST, 96)


def _past(shift: float = 0.0) -> QuarterHours:
    values = np.random.default_rng(7).normal(size=(2, 96)) + shift
    values[0, 10:20] = np.nan
    return QuarterHours(points=(ROOM, POWER), horizon=DAY, values=values)


async def test_a_known_past_comes_back_as_it_was_with_its_gaps(store: Store) -> None:
    await store.register(POINTS)
    past = _past()
    assert await store.fill_history(past) == 2 * 96 - 10
    back = await store.quarter_hours(past.points, DAY)
    np.testing.assert_array_equal(back.values, past.values)
    assert await store.last_history_slot() == FIRST + 95


async def test_filling_twice_changes_nothing_and_adds_what_was_missing(store: Store) -> None:
    await store.register(POINTS)
    half = QuarterHours(points=(POWER,), horizon=Horizon(FIRST, 10), values=_past().values[1:, :10])
    await store.fill_history(half)
    assert await store.fill_history(_past(shift=5.0)) == 2 * 96 - 10 - 10
    assert await store.fill_history(_past(shift=9.0)) == 0
    back = await store.quarter_hours([POWER], DAY)
    np.testing.assert_array_equal(back.values[0, :10], half.values[0])
    np.testing.assert_array_equal(back.values[0, 10:], _past(shift=5.0).values[1, 10:])


async def test_what_the_store_does_not_hold_is_nan(store: Store) -> None:
    await store.register(POINTS)
    await store.fill_history(_past())
    back = await store.quarter_hours(["X/y", POWER], Horizon(FIRST + 90, 10))
    assert np.isnan(back.values[0]).all()
    np.testing.assert_array_equal(np.isnan(back.values[1]), np.arange(10) >= 6)


async def test_a_past_without_a_single_value_is_fine(store: Store) -> None:
    await store.register(POINTS)
    empty = QuarterHours(points=(ROOM,), horizon=DAY, values=np.full((1, 96), np.nan))
    assert await store.fill_history(empty) == 0
    assert await store.last_history_slot() is None


async def test_a_past_of_an_unregistered_point_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="register"):
        await store.fill_history(_past())


async def test_a_quarter_hour_is_the_mean_of_its_good_samples(store: Store) -> None:
    await store.register(POINTS)
    minute = timedelta(minutes=1)
    await store.add_readings(
        [
            reading(10.0, NOON - minute),
            reading(20.0, NOON),
            reading(22.0, NOON + minute, Quality.OVERRIDDEN),
            reading(99.0, NOON + 2 * minute, Quality.OUT_OF_RANGE),
            reading(math.nan, NOON + 3 * minute),
            reading(30.0, NOON + 15 * minute),
        ]
    )
    assert await store.roll_up(FIRST) == 1
    assert (await store.quarter_hours([ROOM], Horizon(FIRST, 2))).values[0, 0] == 21.0


async def test_late_samples_enter_when_a_slot_is_rolled_up_again(store: Store) -> None:
    await store.register(POINTS)
    await store.add_readings([reading(20.0)])
    await store.roll_up(FIRST)
    await store.add_readings([reading(24.0, NOON + timedelta(minutes=1))])
    await store.roll_up(FIRST)
    assert (await store.quarter_hours([ROOM], Horizon(FIRST, 1))).values[0, 0] == 22.0


async def test_a_point_without_a_good_sample_gets_no_mean(store: Store) -> None:
    await store.register(POINTS)
    await store.add_readings([reading(math.nan, quality=Quality.COMM_FAIL)])
    assert await store.roll_up(FIRST) == 0
    assert await store.last_history_slot() is None
