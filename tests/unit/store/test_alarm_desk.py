"""From a controller's alarm to the store, and from a person's word there to the controller."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import pytest_asyncio

from ems.alarm_desk import AlarmDesk
from ems.config import load_district
from ems.devices.connections import Connections
from ems.domain.alarms import AlarmState, DeviceAlarm
from ems.domain.district import Device, DeviceKind
from ems.domain.errors import DeviceRejectedError, DeviceUnreachableError, StoreAwayError
from ems.store import Store
from simulations import bacnet_servers
from simulations.bacnet_servers import BacnetServers
from simulations.image import ProcessImage

NOON = datetime(2026, 1, 12, 11, tzinfo=UTC)
WRONG = DeviceAlarm(
    device="A1-Z01", item="alarm", state=AlarmState.OFF_NORMAL, since=NOON, priority=100,
    wants_acknowledgement=True,
)  # fmt: skip


@dataclass
class Site:
    """A zone controller that reports to a desk over the store."""

    zone: Device
    image: ProcessImage
    connections: Connections
    store: Store
    desk: AlarmDesk

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(10):
            while not await true():
                await asyncio.sleep(0.02)
                await self.desk.look()


@pytest_asyncio.fixture
async def site(store: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr(bacnet_servers, "TELL_S", 0.02)
    here = load_district().on_loopback(87)
    zone = here.of_kind(DeviceKind.ZONE)[5]
    few = here.with_devices([zone])
    image = ProcessImage.create(few)
    servers = BacnetServers(few, image, lambda: NOON)
    await servers.start()
    connections = Connections(few)
    desk = AlarmDesk(store, lambda: connections.alarms, lambda: NOON)
    listening = asyncio.create_task(
        connections.listen(lambda *_: None, lambda: NOON, desk.take, desk.told_all)
    )
    await asyncio.sleep(0.1)
    yield Site(zone, image, connections, store, desk)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await connections.close()
    await servers.stop()


async def test_an_alarm_is_written_down_seen_by_a_person_told_and_ended(site: Site) -> None:
    store, alarms = site.store, site.connections.alarms
    assert alarms is not None

    async def one_open() -> bool:
        return len(await store.open_alarms()) == 1

    async def told() -> bool:
        return not (await store.open_alarms())[0].alarm.wants_acknowledgement

    async def over() -> bool:
        return await store.open_alarms() == ()

    site.image[f"{site.zone.id}/alarm"] = 3.0
    await site.until(one_open)
    (stored,) = await store.open_alarms()
    assert stored.alarm == alarms.open[0]

    await store.acknowledge_alarm(stored.id, "marie")
    await site.until(told)
    assert not alarms.open[0].wants_acknowledgement
    assert await store.acknowledgements_due() == ()

    site.image[f"{site.zone.id}/alarm"] = 0.0
    await site.until(over)
    (past,) = await store.past_alarms()
    assert (past.acknowledged_by, past.alarm.state) == ("marie", AlarmState.OFF_NORMAL)


async def test_what_ended_while_nobody_listened_is_ended_at_the_next_start(
    store: Store, site: Site
) -> None:
    await store.keep_alarm(replace(WRONG, device=site.zone.id))
    assert site.connections.alarms is not None
    await site.connections.alarms.ask()
    await site.desk.look()
    assert await store.open_alarms() == ()


class Devices:
    """One that is wrong and answers an acknowledgement with an error."""

    def __init__(self, error: Exception) -> None:
        self.open, self.error, self.asked = (WRONG,), error, 0

    async def acknowledge(self, alarm: DeviceAlarm, by: str) -> None:
        self.asked += 1
        raise self.error


@pytest.mark.parametrize(
    ("error", "stays"),
    [(DeviceRejectedError("has no such alarm"), False), (DeviceUnreachableError("silent"), True)],
)
async def test_a_refusal_takes_the_word_back_and_silence_is_tried_again_later(
    store: Store, error: Exception, stays: bool
) -> None:
    devices = Devices(error)
    desk = AlarmDesk(store, lambda: devices, lambda: NOON)
    desk.take(WRONG)
    await desk.look()
    (stored,) = await store.open_alarms()
    await store.acknowledge_alarm(stored.id, "marie")
    await desk.look()
    await desk.look()
    assert devices.asked == 1
    assert bool(await store.acknowledgements_due()) is stays


async def test_nothing_is_lost_while_the_store_is_away() -> None:
    kept: list[DeviceAlarm] = []

    class StoreThatComesBack:
        away = True

        async def keep_alarm(self, alarm: DeviceAlarm) -> None:
            if self.away:
                raise StoreAwayError("the database does not answer")
            kept.append(alarm)

        async def acknowledgements_due(self) -> tuple[Any, ...]:
            return ()

    store = StoreThatComesBack()
    desk = AlarmDesk(cast(Store, store), lambda: None, lambda: NOON)
    worse = replace(WRONG, state=AlarmState.FAULT)
    desk.take(WRONG)
    with pytest.raises(StoreAwayError):
        await desk.look()
    desk.take(worse)
    store.away = False
    await desk.look()
    assert kept == [WRONG, worse]
