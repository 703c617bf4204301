"""One valid message of each kind on BACnet, to be fuzzed."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from ems.config import SMARTSEILLE, load_district
from ems.devices import bacnet_event_messages as events
from ems.devices.bacnet_apdu import Notice, Service, confirmed, unconfirmed
from ems.devices.bacnet_cov import PROCESS
from ems.devices.bacnet_cov_messages import (
    Notification,
    Subscription,
    notification,
    subscribe_request,
)
from ems.devices.bacnet_messages import (
    Command,
    Property,
    read_one_request,
    read_request,
    write_multiple_request,
    write_request,
)
from ems.devices.bacnet_packets import Packet, packed
from ems.devices.bacnet_schedule import SpecialEvent, TimeValue, encoded_day, encoded_event
from ems.devices.bacnet_tags import NULL, ObjectId, real
from ems.devices.bacnet_time import encoded_moment
from ems.devices.bacnet_values import object_id
from ems.devices.maps import map_of
from ems.domain.district import Device, DeviceKind, Protocol
from simulations.bacnet_clock import DeviceClock
from simulations.bacnet_controller import Controller
from simulations.image import ProcessImage

NOW = datetime(2026, 1, 12, 11, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
ASKER = ("127.64.0.1", 47900)
DISTRICT = load_district(SMARTSEILLE)
ZONE = DISTRICT.of_kind(DeviceKind.ZONE)[0]
DWELLING = next(d for d in DISTRICT.of_kind(DeviceKind.DWELLING) if d.protocol is Protocol.BACNET)
OBJECTS = [object_id(spec) for spec in map_of(ZONE).points.values()]
BOTH = (Property.PRESENT_VALUE, Property.STATUS_FLAGS)
SETPOINT = ObjectId(2, 1)
DAY = (TimeValue(time(6), real(21.0)), TimeValue(time(22), NULL))
EVENT = encoded_event(SpecialEvent(day=NOW.date(), entries=DAY))
STAMP = events.dated(NOW.replace(tzinfo=None))
ALARM = events.EventNotification(
    1, ObjectId(8, ZONE.unit), ObjectId(0, 7), STAMP, 1, 100, 1, "alarm", 0, True, 0, 2
)
SUMMARY = events.EventSummary(ObjectId(0, 7), 2, (0, 1, 1), (STAMP,) * 3, 0, (1, 1, 1), (9, 9, 9))


def requests(device: Device) -> list[bytes]:
    """One of each kind of request."""
    command = Command(SETPOINT, Property.PRESENT_VALUE, real(21.0), 12)
    week = Command(ObjectId(17, 1), Property.WEEKLY_SCHEDULE, encoded_day(DAY) * 7, None)
    exception = Command(ObjectId(17, 1), Property.EXCEPTION_SCHEDULE, EVENT, None)
    asked = {
        Service.READ_PROPERTY: read_one_request(SETPOINT, Property.PRIORITY_ARRAY, 12),
        Service.READ_PROPERTY_MULTIPLE: read_request((o, BOTH) for o in OBJECTS[:3]),
        Service.WRITE_PROPERTY_MULTIPLE: write_multiple_request([command]),
        Service.SUBSCRIBE_COV: subscription(),
        Service.ACKNOWLEDGE_ALARM: acknowledgement(),
        Service.GET_EVENT_INFORMATION: events.event_information_request(ObjectId(0, 7)),
    }
    bodies = [confirmed(1, service, content) for service, content in asked.items()]
    written = [write_request(one) for one in (command, week, exception)]
    bodies += [confirmed(2, Service.WRITE_PROPERTY, content) for content in written]
    bodies += [unconfirmed(Notice.WHO_IS, bytes.fromhex("09011a0400"))]
    bodies += [unconfirmed(Notice.UTC_TIME_SYNCHRONIZATION, encoded_moment(NOW))]
    to = (device.network, bytes((device.station,))) if device.network else None
    return [packed(Packet(to, None, None, body, expects_reply=True)) for body in bodies]


def notices() -> list[bytes]:
    """One of each kind of message that comes unasked."""
    return [
        unconfirmed(Notice.COV, told()),
        confirmed(1, Service.CONFIRMED_COV, told()),
        unconfirmed(Notice.EVENT, events.event_notification(ALARM)),
        confirmed(2, Service.CONFIRMED_EVENT, events.event_notification(ALARM)),
        bytes((0x30, 1, 14)) + answers()[-1],
    ]


def packet(body: bytes) -> bytes:
    """A message on its way, with nothing around it that a router needs."""
    return packed(Packet(None, None, None, body))


def answers() -> list[bytes]:
    """What our own controller answers to questions for one of its points, for some, and for all."""
    image = ProcessImage.create(DISTRICT.with_devices([ZONE]))
    image.values[:] = 20.0
    controller = Controller(ZONE, image, DeviceClock(lambda: NOW, PARIS))
    questions = [read_request((o, BOTH) for o in OBJECTS[:n]) for n in (1, 2, 4, len(OBJECTS))]
    asked = [confirmed(1, Service.READ_PROPERTY_MULTIPLE, question) for question in questions]
    return [(controller.answer(one, (ASKER, None)) or b"")[3:] for one in asked]


def told() -> bytes:
    """A COV notification."""
    head = Notification(PROCESS, ObjectId(8, ZONE.unit), ObjectId(0, 1), 300, ())
    flags = bytes.fromhex("820400")
    return notification(head, {Property.PRESENT_VALUE: real(21.0), Property.STATUS_FLAGS: flags})


def subscription() -> bytes:
    """A request for COV."""
    return subscribe_request(Subscription(PROCESS, ObjectId(0, 1), True, 300))


def acknowledgement() -> bytes:
    """A person has seen an alarm."""
    moment = NOW.replace(tzinfo=None)
    return events.acknowledge_request(1, ObjectId(0, 7), 2, STAMP, "Camille", moment)


def i_am() -> bytes:
    """A device says that it is there."""
    return bytes.fromhex("c40200004d2205c49103") + bytes.fromhex("2203e7")
