"""Connections and poller together: what a zone tells is the latest reading before any poll."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ems.devices.connections import Connections
from ems.devices.poller import Poller
from ems.domain.alarms import AlarmState
from ems.domain.district import DeviceKind, District
from ems.domain.points import Quality
from simulations import bacnet_servers
from simulations.bacnet_servers import BacnetServers
from simulations.image import ProcessImage


class Wall:
    """The wall's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


async def test_what_a_zone_tells_reaches_the_poller_and_its_alarm_the_list(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bacnet_servers, "TELL_S", 0.02)
    monkeypatch.setattr("ems.devices.bacnet_subscriber._LOOK_S", 0.02)
    here = district.on_loopback(83)
    zone = here.of_kind(DeviceKind.ZONE)[6]
    few = replace(here.with_devices([zone]), station=replace(here.station, host="127.83.0.13"))
    image = ProcessImage.create(few)
    image.values[:] = 20.0
    image[f"{zone.id}/alarm"] = 0.0
    servers = BacnetServers(few, image)
    await servers.start()
    connections, clock = Connections(few), Wall()
    poller = Poller(few, connections.polled, clock, 1.0, lambda _: None)
    work = [
        asyncio.create_task(poller.run()),
        asyncio.create_task(connections.listen(poller.told, clock.now)),
    ]
    room = f"{zone.id}/room_temp_c"
    subscriptions = servers.controllers[zone.id].subscriptions
    try:
        async with asyncio.timeout(20):
            while len(subscriptions) < 5:
                await asyncio.sleep(0.02)
            image[room] = 23.5  # the next poll is minutes away
            image[f"{zone.id}/alarm"] = 4.0
            while (reading := poller.latest(room)) is None or reading.value != 23.5:
                await asyncio.sleep(0.02)
            while connections.alarms is None or not connections.alarms.open:
                await asyncio.sleep(0.02)
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await connections.close()
        await servers.stop()

    assert reading.quality is Quality.GOOD
    (alarm,) = connections.alarms.open
    assert (alarm.device, alarm.item, alarm.state) == (zone.id, "alarm", AlarmState.OFF_NORMAL)
    assert (await connections_set_clocks(few)) == []


async def connections_set_clocks(district: District) -> list[object]:
    """A district without BACnet devices has no clocks to set."""
    none = Connections(district.with_devices([]))
    reports = await none.set_clocks(Wall().now)
    await none.close()
    return list(reports)
