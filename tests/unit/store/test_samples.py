import math
from datetime import timedelta

import pytest
from store_examples import NOON, POINTS, ROOM, reading

from ems.domain.errors import StoreError
from ems.domain.points import Quality, Reading
from ems.store import Store

LATER = NOON + timedelta(seconds=60, microseconds=123_457)


async def test_points_come_back_as_registered_and_can_be_described_anew(store: Store) -> None:
    await store.register(POINTS)
    await store.register(POINTS)
    assert await store.points() == tuple(sorted(POINTS, key=lambda p: p.id))


async def test_the_same_batch_twice_is_kept_once(store: Store) -> None:
    await store.register(POINTS)
    batch = [reading(20.0), reading(20.5, LATER)]
    assert await store.add_readings(batch) == 2
    assert await store.add_readings(batch) == 0
    assert await store.readings(ROOM, NOON, LATER + timedelta(seconds=1)) == tuple(batch)


async def test_the_newest_reading_is_the_latest_whatever_order_they_come_in(store: Store) -> None:
    await store.register(POINTS)
    await store.add_readings([reading(21.0, LATER), reading(20.0)])
    await store.add_readings([reading(19.0, NOON - timedelta(hours=1))])
    snapshot = await store.latest(LATER)
    assert snapshot.readings == {ROOM: reading(21.0, LATER)}
    assert snapshot.taken_at == LATER
    assert (await store.latest()).taken_at == LATER


async def test_a_reading_without_a_value_keeps_its_quality(store: Store) -> None:
    await store.register(POINTS)
    await store.add_readings([reading(math.nan, quality=Quality.COMM_FAIL)])
    kept = (await store.latest()).readings[ROOM]
    assert math.isnan(kept.value)
    assert kept.quality is Quality.COMM_FAIL


async def test_an_unregistered_point_is_named(store: Store) -> None:
    with pytest.raises(StoreError, match="X/y"):
        await store.add_readings([Reading("X/y", 1.0, Quality.GOOD, NOON)])


async def test_the_store_is_empty_before_anything_is_measured(store: Store) -> None:
    assert await store.add_readings([]) == 0
    assert (await store.latest()).readings == {}
