"""The nightly learning of rooms over a store: kept for plans, and no night breaks anything."""

from datetime import UTC, datetime

import numpy as np
import pytest

from ems.domain.district import District
from ems.domain.errors import ForecastError
from ems.domain.learned_rooms import LearnedRooms, RoomFactors
from ems.domain.own_points import own_points
from ems.domain.points import PointInfo, Unit
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.learning import LEARNED, learn_tonight, past_of
from ems.standing import StoreStanding
from ems.store import Store

NOON = Slot.containing(datetime(2026, 1, 14, 11, tzinfo=UTC))
FACTORS = RoomFactors(loss=1.2, coupling=1.0, capacity_air=1.0, capacity_mass=0.9, aperture=1.0)


async def test_plans_are_told_what_was_learned(store: Store, district: District) -> None:
    await store.register(own_points())
    learned = LearnedRooms(until=NOON.start, factors={"D1-0101": FACTORS})
    await store.set_setting(LEARNED, learned.kept(), "ems")
    told = await StoreStanding(store, district).circumstances(Horizon(NOON, 96))
    assert told.learned == learned


async def test_what_can_not_be_read_leaves_plans_with_the_description(
    store: Store, district: District, caplog: pytest.LogCaptureFixture
) -> None:
    await store.register(own_points())
    await store.set_setting(LEARNED, {"D1-0101": {"learned": True}}, "an older version")
    told = await StoreStanding(store, district).circumstances(Horizon(NOON, 96))
    assert told.learned is None
    assert "learn them anew" in caplog.text


async def test_without_history_there_is_nothing_to_learn_from(
    store: Store, district: District
) -> None:
    with pytest.raises(ForecastError, match="there is no history"):
        await past_of(district, store)


async def test_a_night_without_enough_history_leaves_what_was_learned_before(
    store: Store, district: District, caplog: pytest.LogCaptureFixture
) -> None:
    room = PointInfo(
        id="D1-0101/room_temp_c", device="D1-0101", name="room_temp_c", unit=Unit.CELSIUS,
        writable=False,
    )  # fmt: skip
    await store.register([room])
    hour = QuarterHours(points=(room.id,), horizon=Horizon(NOON, 4), values=np.full((1, 4), 20.0))
    await store.fill_history(hour)
    before = LearnedRooms(until=NOON.start, factors={"D1-0101": FACTORS}).kept()
    await store.set_setting(LEARNED, before, "ems")
    await learn_tonight(district, store)  # in a process of its own
    assert "outdoor temperature is known for less than half" in caplog.text
    assert await store.setting(LEARNED) == before
