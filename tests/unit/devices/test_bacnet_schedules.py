"""Plans in the Schedule objects of controllers, ours and of another make; and their clocks."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
import rusty_bacnet as foreign

from ems.devices.bacnet import BacnetNetwork
from ems.devices.bacnet_apdu import Service
from ems.devices.bacnet_connection import BacnetConnection
from ems.devices.bacnet_messages import Command, Property, write_request
from ems.devices.bacnet_peer import Peer
from ems.devices.bacnet_schedule import SpecialEvent, TimeValue, encoded_day, encoded_event
from ems.devices.bacnet_schedules import ScheduleObject
from ems.devices.bacnet_tags import ObjectId, real
from ems.devices.bacnet_time import Clocks
from ems.devices.maps import map_of
from ems.domain.district import Device, DeviceKind, District
from ems.domain.plans import Outcome
from simulations import bacnet_servers
from simulations.bacnet_controller import Controller
from simulations.bacnet_servers import BacnetServers
from simulations.image import ProcessImage

EMS = ("127.83.0.4", 47900)
PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 1, 12)
PLAN = (TimeValue(time(0), real(19.0)), TimeValue(time(6), real(21.5)))


@dataclass
class Site:
    """A zone controller that follows a Schedule, on a district whose clock is set by hand."""

    zone: Device
    image: ProcessImage
    controller: Controller
    network: BacnetNetwork
    connection: BacnetConnection
    now: list[datetime]

    @property
    def schedule(self) -> ScheduleObject:
        return ScheduleObject(self.connection, map_of(self.zone).schedules["heat_setpoint_c"])

    def setpoint_at(self, day: date, hour: int) -> float:
        """What the controller holds for its setpoint at a local hour."""
        self.now[0] = datetime.combine(day, time(hour), PARIS).astimezone(UTC)
        list(self.controller.notices(0.0))
        return self.image[f"{self.zone.id}/heat_setpoint_c"]


@pytest_asyncio.fixture
async def site(district: District, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr(bacnet_servers, "TELL_S", 60.0)  # the controller looks when we say so
    here = district.on_loopback(83)
    zone = here.of_kind(DeviceKind.ZONE)[2]
    few = here.with_devices([zone])
    image = ProcessImage.create(few)
    now = [datetime(2026, 1, 12, 11, tzinfo=UTC)]
    servers = BacnetServers(few, image, lambda: now[0])
    await servers.start()
    network = BacnetNetwork(*EMS, timeout_s=1.0)
    connection = BacnetConnection(network, Peer.of(zone))
    yield Site(zone, image, servers.controllers[zone.id], network, connection, now)
    await connection.close()
    await servers.stop()


async def test_the_controller_obeys_the_plan_on_its_day_and_no_other(site: Site) -> None:
    assert await site.schedule.put(MONDAY, PLAN) is Outcome.OK

    assert site.setpoint_at(MONDAY, 5) == 19.0
    assert site.setpoint_at(MONDAY, 6) == 21.5
    assert site.setpoint_at(MONDAY + timedelta(days=1), 6) == 20.0  # its own again


async def test_a_withdrawn_plan_leaves_nothing(site: Site) -> None:
    await site.schedule.put(MONDAY, PLAN)
    assert site.setpoint_at(MONDAY, 7) == 21.5

    assert await site.schedule.withdraw(MONDAY) is Outcome.OK

    assert site.setpoint_at(MONDAY, 7) == 20.0
    assert await site.schedule.event(MONDAY) is None


async def test_a_new_plan_for_the_day_takes_the_place_of_the_old(site: Site) -> None:
    await site.schedule.put(MONDAY, PLAN)
    tomorrow = MONDAY + timedelta(days=1)
    await site.schedule.put(tomorrow, PLAN[:1])
    await site.schedule.put(MONDAY, (TimeValue(time(0), real(23.0)),))

    assert site.setpoint_at(MONDAY, 7) == 23.0
    assert site.setpoint_at(tomorrow, 7) == 19.0


async def test_the_lists_and_events_of_the_sites_people_stay(site: Site) -> None:
    people = SpecialEvent(day=MONDAY, entries=(TimeValue(time(12), real(17.0)),), priority=1)
    weekday = encoded_day((TimeValue(time(0), real(18.5)),))
    schedule = ObjectId(17, 1)
    for number, raw in ((Property.EXCEPTION_SCHEDULE, encoded_event(people)),
                        (Property.WEEKLY_SCHEDULE, weekday * 7)):  # fmt: skip
        command = Command(schedule, number, raw, None)
        await site.connection.request(Service.WRITE_PROPERTY, write_request(command))

    await site.schedule.put(MONDAY, PLAN)
    assert [site.setpoint_at(MONDAY, hour) for hour in (7, 13)] == [21.5, 17.0]

    await site.schedule.withdraw(MONDAY)
    assert [site.setpoint_at(MONDAY, hour) for hour in (7, 13)] == [18.5, 17.0]


async def test_a_command_of_the_ems_stands_above_the_schedule(site: Site) -> None:
    await site.schedule.put(MONDAY, PLAN)
    setpoint = map_of(site.zone).points["heat_setpoint_c"]

    await site.connection.write(site.zone, {setpoint: 22.5})
    assert site.setpoint_at(MONDAY, 7) == 22.5

    await site.connection.relinquish(site.zone, [setpoint])
    assert site.setpoint_at(MONDAY, 7) == 21.5


async def test_a_schedule_that_is_not_there_rejects_and_a_silent_device_is_unreachable(
    site: Site,
) -> None:
    ghost = ScheduleObject(site.connection, 99)
    assert await ghost.put(MONDAY, PLAN) is Outcome.REJECTED
    site.image.silent[:] = 1
    assert await site.schedule.put(MONDAY, PLAN) is Outcome.UNREACHABLE


async def test_a_controller_that_keeps_something_else_is_a_mismatch(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from simulations.bacnet_schedules import Schedule

    monkeypatch.setattr(Schedule, "write", lambda *_: None)

    assert await site.schedule.put(MONDAY, PLAN) is Outcome.MISMATCH


async def test_a_schedule_of_another_make_takes_a_plan_and_gives_it_back(site: Site) -> None:
    peer = Peer(host="127.83.30.3")
    server = foreign.BACnetServer(
        device_instance=79, interface=peer.host, port=peer.port, share_port_by_address=True
    )
    server.add_schedule(1, "offices")
    await server.start()
    connection = BacnetConnection(site.network, peer)
    schedule = ScheduleObject(connection, 1)
    read = (foreign.ObjectIdentifier(foreign.ObjectType.SCHEDULE, 1),
            foreign.PropertyIdentifier.EXCEPTION_SCHEDULE)  # fmt: skip
    try:
        assert await schedule.put(MONDAY, PLAN) is Outcome.OK
        async with foreign.BACnetClient(
            interface="127.83.0.5", port=47902, share_port_by_address=True
        ) as client:
            (event,) = (await client.read_property(f"{peer.host}:{peer.port}", *read)).value
            assert event["priority"] == 9
            assert await schedule.withdraw(MONDAY) is Outcome.OK
            assert (await client.read_property(f"{peer.host}:{peer.port}", *read)).value == []
    finally:
        await connection.close()
        await server.stop()


def clocks(site: Site) -> Clocks:
    return Clocks(site.network, PARIS, lambda: site.now[0])


async def test_a_clock_that_is_fast_is_reported_and_set(site: Site) -> None:
    site.controller.clock.wrong_by = timedelta(minutes=7)

    (found,) = await clocks(site).set_all([(site.zone, site.connection)])
    await asyncio.sleep(0.05)
    (after,) = await clocks(site).set_all([(site.zone, site.connection)])

    assert (found.device, found.ahead) == (site.zone.id, timedelta(minutes=7))
    assert after.ahead == timedelta()


async def test_a_device_without_utc_is_told_local_time(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    this = next(iter(site.controller._objects.values()))
    monkeypatch.delitem(this._readers, Property.UTC_OFFSET)  # type: ignore[attr-defined]
    site.controller.clock.wrong_by = -timedelta(hours=2)
    site.now[0] = datetime(2026, 7, 14, 11, tzinfo=UTC)

    (found,) = await clocks(site).set_all([(site.zone, site.connection)])
    await asyncio.sleep(0.05)

    assert found.ahead == -timedelta(hours=2)
    assert site.controller.clock.wrong_by == timedelta()


async def test_a_clock_that_can_not_be_read_is_said(site: Site) -> None:
    site.image.silent[:] = 1

    (found,) = await clocks(site).set_all([(site.zone, site.connection)])

    assert found.ahead is None
    assert "did not answer" in found.error


async def test_the_clock_of_a_controller_of_another_make_is_set() -> None:
    network = BacnetNetwork(*EMS, timeout_s=1.0)
    peer = Peer(host="127.83.30.4")
    server = foreign.BACnetServer(
        device_instance=80, interface=peer.host, port=peer.port, share_port_by_address=True
    )
    await server.start()
    connection = BacnetConnection(network, peer)
    device: Any = Device(
        id="F", kind=DeviceKind.ZONE, map="zone-bacnet", serves="F", protocol="bacnet",  # type: ignore[arg-type]
        host=peer.host, port=peer.port, unit=80,
    )  # fmt: skip
    true = datetime(2026, 1, 12, 11, tzinfo=UTC)
    try:
        (found,) = await Clocks(network, ZoneInfo("UTC"), lambda: true).set_all(
            [(device, connection)]
        )
        await asyncio.sleep(0.2)
        (after,) = await Clocks(network, ZoneInfo("UTC"), lambda: true).set_all(
            [(replace(device), connection)]
        )
    finally:
        await connection.close()
        await server.stop()
    assert found.ahead is not None
    assert abs(found.ahead) > timedelta(days=30)  # it showed the present
    assert after.ahead is not None
    assert abs(after.ahead) < timedelta(seconds=5)


async def test_a_client_of_another_make_sets_our_controllers_clock(site: Site) -> None:
    async with foreign.BACnetClient(
        interface="127.83.0.6", port=47902, share_port_by_address=True
    ) as client:
        address = f"{site.zone.host}:{site.zone.port}"
        await client.time_synchronization(address, (2026, 1, 12, 1), (12, 30, 0, 0))
        await asyncio.sleep(0.1)

    assert site.controller.clock.wrong_by == timedelta(minutes=30)
