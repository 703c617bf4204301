"""People on site: what they set is seen, left alone, told, and taken up again once released."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from test_writer import SetClock, Shelf, wish

from ems.devices.connection import connection_key
from ems.devices.on_site import OnSite
from ems.devices.poller import Poller
from ems.devices.writer import Writer
from ems.domain.district import District
from ems.domain.plans import Outcome
from ems.domain.points import Quality, Reading
from ems.domain.slots import Slot

ROOM, OBJECT = "D1-0101/setpoint_c", "B1-0201/setpoint_c"


class House:
    """Two dwellings, one register and one object, that are written and polled."""

    def __init__(self, district: District) -> None:
        self.clock, self.on_site = SetClock(), OnSite()
        self.shelves = {name: Shelf() for name in ("D1-0101", "B1-0201")}
        devices = [district.devices[name] for name in self.shelves]
        self.district = district.with_devices(devices)
        by_key = {connection_key(d): self.shelves[d.id] for d in devices}
        self.polled: dict[str, Reading] = {}
        self.poller = Poller(
            self.district, by_key, self.clock, 1.0, lambda readings: None, on_site=self.on_site
        )
        self.writer = Writer(
            self.district, by_key, self.clock, on_site=self.on_site, latest=self.polled.get
        )

    async def told(self, value: float, point: str = ROOM) -> Outcome:
        """The next slot's setpoint, and what became of it."""
        self.clock.time += timedelta(minutes=15)
        (done,) = await self.writer.apply([wish(point, value, Slot.containing(self.clock.time))])
        return done.outcome

    async def by_hand(self, value: float) -> None:
        """Somebody turns the knob, the poller sees it, a minute passes."""
        self.shelves["D1-0101"].held["setpoint_c"] = value
        self.clock.time += timedelta(minutes=2)
        self.polled[ROOM] = Reading(ROOM, value, Quality.GOOD, self.clock.time)
        self.clock.time += timedelta(minutes=1)
        await self.writer.renew()

    @property
    def register(self) -> float:
        return self.shelves["D1-0101"].held["setpoint_c"]


@pytest.fixture
def house(district: District) -> House:
    return House(district)


async def test_a_value_set_by_hand_is_respected_by_every_later_plan(house: House) -> None:
    assert await house.told(20.0) is Outcome.OK
    await house.by_hand(17.0)
    assert house.on_site.held == {ROOM}
    for value in (20.0, 21.0, 22.0):
        assert await house.told(value) is Outcome.OVERRIDDEN
    assert house.register == 17.0


@pytest.mark.parametrize("released_to", [20.0, 19.0], ids=["what was planned", "the safe value"])
async def test_it_is_taken_up_again_once_released(house: House, released_to: float) -> None:
    await house.told(20.0)
    await house.by_hand(17.0)
    await house.by_hand(released_to)
    await house.told(21.0)
    assert await house.told(21.5) is Outcome.OK
    assert not house.on_site.held


async def test_a_hand_between_poll_and_plan_is_not_overwritten_either(house: House) -> None:
    await house.told(20.0)
    house.shelves["D1-0101"].held["setpoint_c"] = 17.0
    assert await house.told(21.0) is Outcome.MISMATCH
    assert await house.told(21.5) is Outcome.OVERRIDDEN
    assert house.register == 17.0


async def test_one_odd_reading_is_no_hand(house: House) -> None:
    await house.told(20.0)
    house.clock.time += timedelta(minutes=2)
    house.polled[ROOM] = Reading(ROOM, 17.0, Quality.GOOD, house.clock.time)
    await house.writer.renew()
    assert not house.on_site.held
    assert await house.told(21.0) is Outcome.OK


async def test_a_controller_that_restarted_is_told_anew(house: House) -> None:
    await house.told(20.0)
    house.shelves["D1-0101"].held["heartbeat"] = 0.0
    await house.by_hand(16.0)
    assert not house.on_site.held
    assert await house.told(20.5) is Outcome.OK
    assert house.register == 20.5


async def test_stopping_leaves_what_somebody_set_by_hand(house: House) -> None:
    await house.told(20.0)
    await house.by_hand(17.0)
    await house.writer.relinquish_all()
    assert house.shelves["D1-0101"].released == []
    assert await house.told(21.0) is Outcome.OVERRIDDEN, "nor is it forgotten meanwhile"


async def test_a_higher_priority_is_respected_while_it_lasts(house: House) -> None:
    shelf = house.shelves["B1-0201"]
    assert await house.told(20.0, OBJECT) is Outcome.OK
    shelf.on_site = frozenset({"setpoint_c"})
    assert await house.told(21.0, OBJECT) is Outcome.OVERRIDDEN
    assert house.on_site.held == {OBJECT}
    shelf.on_site = frozenset()
    assert await house.told(21.0, OBJECT) is Outcome.OK
    assert not house.on_site.held


async def test_the_poller_marks_what_is_held(house: House) -> None:
    await house.told(20.0)
    running = asyncio.create_task(house.poller.run())
    await until(lambda: house.poller.asked_all)
    assert house.poller.snapshot().readings[ROOM].quality is Quality.GOOD
    await house.by_hand(17.0)
    seen = house.poller.snapshot().readings[ROOM]
    assert (seen.quality, seen.quality.usable) == (Quality.OVERRIDDEN, True)
    house.poller.stop()
    await running


async def until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


def test_who_has_set_what_is_told_once(caplog: pytest.LogCaptureFixture, house: House) -> None:
    caplog.set_level("INFO", "ems.devices")

    async def a_day() -> None:
        await house.told(20.0)
        await house.by_hand(17.0)
        for _ in range(4):
            await house.told(20.0)
            await house.by_hand(17.0)
        await house.by_hand(20.0)

    asyncio.run(a_day())
    assert [record.message for record in caplog.records] == [
        "D1-0101/setpoint_c is held on site: 17, where 20 was written",
        "D1-0101/setpoint_c is no longer held on site",
    ]
