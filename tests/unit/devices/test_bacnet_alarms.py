"""What controllers report as wrong reaches the EMS, is kept, and is acknowledged by a person."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
import rusty_bacnet as foreign
from bacpypes3 import apdu, basetypes
from bacpypes3.app import Application
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import Date, Time

from ems.devices import bacnet_alarm_rounds, bacnet_alarms
from ems.devices.bacnet import BacnetNetwork
from ems.devices.bacnet_alarm_rounds import AlarmRounds
from ems.devices.bacnet_alarms import BacnetAlarms
from ems.devices.bacnet_connection import BacnetConnection, bacnet_connections
from ems.devices.bacnet_event_messages import (
    ACKNOWLEDGED,
    ALARM,
    EventNotification,
    EventSummary,
    acknowledge_request,
    dated,
    event_information,
    event_notification,
    moment_of,
    read_acknowledgement,
    read_event_information,
    read_event_notification,
)
from ems.devices.bacnet_tags import ObjectId, context
from ems.devices.connection import connection_key
from ems.devices.maps import map_of
from ems.domain.alarms import AlarmState, DeviceAlarm
from ems.domain.district import Device, DeviceKind, District
from ems.domain.errors import DeviceRejectedError, DeviceUnreachableError
from simulations import bacnet_servers
from simulations.bacnet_servers import BacnetServers
from simulations.image import ProcessImage

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 1, 12, 11, tzinfo=UTC)
LOCAL_NOON = datetime(2026, 1, 12, 12)
VISITOR = "127.83.0.8"


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.02)


@dataclass
class Site:
    """Two zone controllers that report to the EMS."""

    zone: Device
    other: Device
    image: ProcessImage
    servers: BacnetServers
    network: BacnetNetwork
    alarms: BacnetAlarms
    changes: list[DeviceAlarm]
    connections: Mapping[str, BacnetConnection]
    told_all: set[str]

    def set_alarm(self, code: float) -> None:
        self.image[f"{self.zone.id}/alarm"] = code


@pytest_asyncio.fixture
async def site(district: District, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr(bacnet_servers, "TELL_S", 0.02)
    here = district.on_loopback(83)
    zone, other = here.of_kind(DeviceKind.ZONE)[3:5]
    few = here.with_devices([zone, other])
    image = ProcessImage.create(few)
    servers = BacnetServers(few, image, lambda: NOON)
    network = BacnetNetwork(here.station.host, here.station.port, timeout_s=0.5)
    connections = bacnet_connections([zone, other], network)
    changes: list[DeviceAlarm] = []
    told_all: set[str] = set()
    alarms = BacnetAlarms(
        network, [zone, other], connections, PARIS, lambda: NOON, changes.append,
        lambda device, _: told_all.add(device),
    )  # fmt: skip
    await network.open()
    await servers.start()
    yield Site(zone, other, image, servers, network, alarms, changes, connections, told_all)
    for connection in connections.values():
        await connection.close()
    await servers.stop()


async def test_an_alarm_is_heard_at_once_and_its_end_too(site: Site) -> None:
    site.set_alarm(3.0)
    await until(lambda: bool(site.alarms.open))

    assert site.alarms.open == (
        DeviceAlarm(
            device=site.zone.id, item="alarm", state=AlarmState.OFF_NORMAL, since=NOON,
            priority=100, text="alarm code 3", wants_acknowledgement=True,
        ),
    )  # fmt: skip

    site.set_alarm(0.0)
    await until(lambda: not site.alarms.open)
    assert [alarm.state for alarm in site.changes] == [AlarmState.OFF_NORMAL, AlarmState.NORMAL]


async def test_what_was_wrong_before_is_asked_for(site: Site) -> None:
    for controller in site.servers.controllers.values():
        controller.events.recipients.clear()
    site.set_alarm(3.0)
    watched = site.servers.controllers[site.zone.id].events
    await until(lambda: b"\x02" in watched.information(b"")[:10])
    assert site.alarms.open == ()

    await site.alarms.ask()

    (found,) = site.alarms.open
    assert (found.device, found.item, found.since) == (site.zone.id, "alarm", NOON)
    assert found.wants_acknowledgement


async def test_a_word_that_got_lost_is_made_up_for(site: Site) -> None:
    site.set_alarm(3.0)
    await until(lambda: bool(site.alarms.open))
    events = site.servers.controllers[site.zone.id].events
    events.recipients.clear()
    site.set_alarm(0.0)
    watched = next(iter(events._watched.values()))
    await until(lambda: watched.state == 0)
    watched.acknowledged = True
    assert site.alarms.open

    await site.alarms.ask()

    assert site.alarms.open == ()


async def test_one_that_is_silent_is_passed_over(site: Site) -> None:
    site.image.silent[:] = 1
    await site.alarms.ask()
    assert site.alarms.open == ()


async def test_who_was_away_is_asked_when_it_answers_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bacnet_alarm_rounds, "LOOK_S", 0.02)
    rounds = asyncio.create_task(AlarmRounds(site.network, site.alarms).run())
    connection = site.connections[connection_key(site.zone)]
    points = tuple(map_of(site.zone).points.values())[:1]
    await until(lambda: site.told_all == {site.zone.id, site.other.id})
    await site.servers.stop()
    with pytest.raises(DeviceUnreachableError):
        await connection.read(site.zone, points)
    site.told_all.clear()

    await site.servers.start()
    await connection.read(site.zone, points)

    await until(lambda: bool(site.told_all))
    assert site.told_all == {site.zone.id}
    rounds.cancel()
    await asyncio.gather(rounds, return_exceptions=True)


async def test_a_person_acknowledges(site: Site) -> None:
    site.set_alarm(3.0)
    await until(lambda: bool(site.alarms.open))

    await site.alarms.acknowledge(site.alarms.open[0], "Camille")

    (seen,) = site.alarms.open
    assert not seen.wants_acknowledgement
    assert seen.state is AlarmState.OFF_NORMAL
    with pytest.raises(DeviceRejectedError, match="has changed meanwhile"):
        await site.alarms.acknowledge(site.changes[0], "Camille")


async def test_of_too_many_the_oldest_gives_way(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bacnet_alarms, "KEPT", 2)
    for number in range(4):
        site.alarms._take(site.zone, event(ObjectId(0, 100 + number)))

    assert [alarm.item for alarm in site.alarms.open] == ["analog-input 102", "analog-input 103"]


async def test_a_stranger_is_not_believed(site: Site) -> None:
    async with visitor() as app:
        answer = await send(app, site, their_event("device", 4711))

    assert isinstance(answer, apdu.ErrorPDU)
    assert site.alarms.open == ()


async def send(app: Application, site: Site, request: Any) -> Any:
    request.pduDestination = Address(f"{site.network.host}:{site.network.port}")
    try:
        return await app.request(request)
    except apdu.ErrorRejectAbortNack as refusal:
        return refusal


class visitor:  # noqa: N801 reads as a context
    """A station of bacpypes3."""

    async def __aenter__(self) -> Application:
        self.app = Application.from_object_list(
            [
                DeviceObject(objectIdentifier=("device", 9), objectName="visitor"),
                NetworkPortObject(
                    f"{VISITOR}/32:47903", objectIdentifier=("network-port", 1), objectName="port"
                ),
            ]
        )
        return self.app

    async def __aexit__(self, *_: object) -> None:
        self.app.close()


def event(about: ObjectId) -> EventNotification:
    return EventNotification(
        1, ObjectId(8, 9), about, dated(LOCAL_NOON), 7, 20, 5, "room too cold", ALARM, True, 0, 4
    )


def their_event(kind: str, instance: int) -> Any:
    return apdu.ConfirmedEventNotificationRequest(
        processIdentifier=1, initiatingDeviceIdentifier=(kind, instance),
        eventObjectIdentifier=("analog-input", 33),
        timeStamp=basetypes.TimeStamp(
            dateTime=basetypes.DateTime(date=Date((126, 1, 12, 1)), time=Time((12, 0, 0, 0)))
        ),
        notificationClass=7, priority=20, eventType="out-of-range", messageText="room too cold",
        notifyType="alarm", ackRequired=True, fromState="normal", toState="low-limit",
    )  # fmt: skip


async def test_an_event_of_bacpypes3_is_taken_and_acknowledged(site: Site) -> None:
    site.alarms._devices[(VISITOR, 47903), None] = site.zone.__class__(
        **{**site.zone.__dict__, "unit": 9}
    )
    async with visitor() as app:
        answer = await send(app, site, their_event("device", 9))

    assert isinstance(answer, apdu.SimpleAckPDU)
    (alarm,) = site.alarms.open
    assert (alarm.item, alarm.state, alarm.text) == (
        "analog-input 33", AlarmState.LOW_LIMIT, "room too cold",
    )  # fmt: skip
    assert alarm.since == NOON


async def test_garbage_is_rejected_and_believed_by_nobody(site: Site) -> None:
    async with visitor() as app:
        garbage = apdu.ConfirmedRequestPDU(2, None, bytes.fromhex("0901 1c020000"))
        answer = await send(app, site, garbage)

    assert isinstance(answer, apdu.RejectPDU)
    assert site.alarms.open == ()


async def test_a_client_of_another_make_asks_our_controller_and_acknowledges(site: Site) -> None:
    site.set_alarm(3.0)
    await until(lambda: bool(site.alarms.open))
    address = f"{site.zone.host}:{site.zone.port}"
    async with foreign.BACnetClient(
        interface="127.83.0.9", port=47902, share_port_by_address=True
    ) as client:
        ((summary,), more) = read_event_information(await client.get_event_information(address))
    assert (summary.state, summary.acknowledged, more) == (2, (0, 1, 1), False)
    assert moment_of(summary.stamps[0]) == LOCAL_NOON


def theirs(message: Any) -> bytes:
    return bytes(message.encode().pduData)


def test_an_event_notification_is_that_of_bacpypes3() -> None:
    message = theirs(their_event("device", 9))
    assert event_notification(event(ObjectId(0, 33))) == message
    assert read_event_notification(message) == event(ObjectId(0, 33))


def test_word_of_an_acknowledgement_has_no_from_state() -> None:
    said = event(ObjectId(0, 33))._replace(
        notify_type=ACKNOWLEDGED, wants_acknowledgement=False, text=""
    )
    assert read_event_notification(event_notification(said)) == said


def test_an_acknowledgement_is_that_of_bacpypes3() -> None:
    stamp = basetypes.TimeStamp(
        dateTime=basetypes.DateTime(date=Date((126, 1, 12, 1)), time=Time((12, 0, 0, 0)))
    )
    request = apdu.AcknowledgeAlarmRequest(
        acknowledgingProcessIdentifier=1, eventObjectIdentifier=("analog-input", 33),
        eventStateAcknowledged="low-limit", timeStamp=stamp, acknowledgmentSource="Camille",
        timeOfAcknowledgment=stamp,
    )  # fmt: skip
    ours = acknowledge_request(1, ObjectId(0, 33), 4, dated(LOCAL_NOON), "Camille", LOCAL_NOON)
    assert ours == theirs(request)
    said = read_acknowledgement(ours)
    assert (said.object, said.state, said.by) == (ObjectId(0, 33), 4, "Camille")
    assert said.stamp == dated(LOCAL_NOON)


def test_event_information_is_that_of_bacpypes3() -> None:
    stamps = [
        basetypes.TimeStamp(
            dateTime=basetypes.DateTime(date=Date((126, 1, 12, 1)), time=Time((12, 0, 0, 0)))
        ),
        basetypes.TimeStamp(sequenceNumber=0),
        basetypes.TimeStamp(sequenceNumber=7),
    ]
    answer = apdu.GetEventInformationACK(
        listOfEventSummaries=[
            apdu.GetEventInformationEventSummary(
                objectIdentifier=("analog-input", 33), eventState="low-limit",
                acknowledgedTransitions=basetypes.EventTransitionBits([0, 1, 1]),
                eventTimeStamps=stamps, notifyType="alarm",
                eventEnable=basetypes.EventTransitionBits([1, 1, 1]), eventPriorities=[20, 20, 30],
            )
        ],
        moreEvents=True,
    )  # fmt: skip
    summary = EventSummary(
        ObjectId(0, 33), 4, (0, 1, 1),
        (dated(LOCAL_NOON), context(1, b"\0"), context(1, b"\7")), ALARM, (1, 1, 1), (20, 20, 30),
    )  # fmt: skip
    assert event_information([summary], more=True) == theirs(answer)
    assert read_event_information(theirs(answer)) == ([summary], True)
