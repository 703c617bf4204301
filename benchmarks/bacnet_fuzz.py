"""Fuzzed frames into each BACnet decoder, the EMS's port and the virtual controllers.

A decoder may give an answer or refuse with `BadEncodingError`; a value that is believed must be
finite and within what its map believes. The port and the controllers may answer or not.
"""

import asyncio
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from random import Random
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

from benchmarks.devices_fuzz import Case, UncaughtError, uncaught
from benchmarks.figures import Figure
from benchmarks.fuzzed_frames import fuzzed
from ems.config import SMARTSEILLE, load_district
from ems.devices import bacnet_event_messages as events
from ems.devices.bacnet_alarms import BacnetAlarms
from ems.devices.bacnet_answers import read_one, read_one_raw, read_results
from ems.devices.bacnet_apdu import Notice, Pdu, Service, confirmed, message, unconfirmed
from ems.devices.bacnet_connection import BacnetConnection
from ems.devices.bacnet_cov import PROCESS, CovDevice
from ems.devices.bacnet_cov_messages import (
    Notification,
    Subscription,
    notification,
    read_notification,
    read_subscription,
    subscribe_request,
)
from ems.devices.bacnet_i_am import read_i_am
from ems.devices.bacnet_messages import (
    Command,
    Property,
    read_one_request,
    read_request,
    write_multiple_request,
    write_request,
)
from ems.devices.bacnet_packets import Packet, link_result, packed, unpacked
from ems.devices.bacnet_peer import Peer
from ems.devices.bacnet_port import Port
from ems.devices.bacnet_reader import Reader
from ems.devices.bacnet_refusals import refusal
from ems.devices.bacnet_schedule import (
    SpecialEvent,
    TimeValue,
    encoded_day,
    encoded_event,
    read_day,
    read_event,
)
from ems.devices.bacnet_subscriber import CovSubscriber
from ems.devices.bacnet_tags import NULL, BadEncodingError, ObjectId, real
from ems.devices.bacnet_time import encoded_moment, read_moment
from ems.devices.bacnet_transactions import Transactions
from ems.devices.bacnet_values import judged, object_id
from ems.devices.maps import map_of
from ems.domain.district import Device, DeviceKind, Protocol
from simulations.bacnet_clock import DeviceClock
from simulations.bacnet_controller import Controller
from simulations.bacnet_servers import Router, Station, VirtualPort
from simulations.image import ProcessImage

NOW = datetime(2026, 1, 12, 11, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
ASKER = ("127.64.0.1", 47900)
_DISTRICT = load_district(SMARTSEILLE)
ZONE = _DISTRICT.of_kind(DeviceKind.ZONE)[0]
DWELLING = next(d for d in _DISTRICT.of_kind(DeviceKind.DWELLING) if d.protocol is Protocol.BACNET)
_OBJECTS = [object_id(spec) for spec in map_of(ZONE).points.values()]
_BOTH = (Property.PRESENT_VALUE, Property.STATUS_FLAGS)
_SETPOINT = ObjectId(2, 1)
_DAY = (TimeValue(time(6), real(21.0)), TimeValue(time(22), NULL))
_EVENT = encoded_event(SpecialEvent(day=NOW.date(), entries=_DAY))
_STAMP = events.dated(NOW.replace(tzinfo=None))
_ALARM = events.EventNotification(
    1, ObjectId(8, ZONE.unit), ObjectId(0, 7), _STAMP, 1, 100, 1, "alarm", 0, True, 0, 2
)
_SUMMARY = events.EventSummary(ObjectId(0, 7), 2, (0, 1, 1), (_STAMP,) * 3, 0, (1, 1, 1), (9, 9, 9))
_ERRORS = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, AssertionError)


def figures(quick: bool, seed: int) -> list[Figure]:
    """How many of a million frames for each decoder and simulator nobody had expected."""
    count = 20_000 if quick else 1_000_000
    return [
        Figure(
            name=f"{name}: uncaught in {count:,} fuzzed frames (seed {seed})",
            value=uncaught(case, count, seed),
            unit="",
            goal=0,
        )
        for name, case in targets().items()
    ]


def targets() -> Mapping[str, Case]:
    """Every decoder and simulator."""
    return {
        **{f"BACnet {name} decoder": case for name, case in _decoders().items()},
        "BACnet values": _values_case(),
        "BACnet port of the EMS": _port_case(),
        "BACnet simulator": _controller_case(ZONE),
        "BACnet simulator behind a router": _controller_case(DWELLING),
    }


def _decoders() -> dict[str, Case]:
    one = read_one_request(_SETPOINT, Property.EXCEPTION_SCHEDULE, 1)
    answer = one + b"\x3e" + _EVENT + b"\x3f"
    told = _told()
    by_name: dict[str, tuple[Callable[[bytes], object], list[bytes]]] = {
        "link": (link_result, [bytes.fromhex("810000060000")]),
        "network": (unpacked, _requests(DWELLING)),
        "application": (message, [confirmed(1, 14, one), bytes((0x30, 1, 14)) + answer]),
        "read": (read_results, [_answer()]),
        "single read": (read_one, [answer]),
        "raw read": (lambda data: read_one_raw(data, one), [answer]),
        "COV": (read_notification, [told]),
        "subscription": (read_subscription, [_subscription()]),
        "I-Am": (read_i_am, [_i_am()]),
        "event": (events.read_event_notification, [events.event_notification(_ALARM)]),
        "acknowledgement": (events.read_acknowledgement, [_acknowledgement()]),
        "event information": (
            events.read_event_information,
            [events.event_information([_SUMMARY] * 2, more=False)],
        ),
        "stamp": (events.moment_of, [_STAMP]),
        "weekday": (lambda data: read_day(Reader(data)), [encoded_day(_DAY)]),
        "special event": (lambda data: read_event(Reader(data)), [_EVENT]),
        "time": (read_moment, [encoded_moment(NOW)]),
        "refusal": (_refused, [b"\x50\x01\x0e\x91\x02\x91\x28", b"\x60\x01\x09", b"\x71\x01\x04"]),
    }
    return {name: _case(decode, valid) for name, (decode, valid) in by_name.items()}


def _case(act: Callable[[bytes], object], valid: list[bytes]) -> Case:
    """Have `act` take fuzzed frames; only what is no message may be refused."""

    def case(random: Random) -> None:
        frame = fuzzed(random, valid)
        try:
            act(frame)
        except BadEncodingError:
            return
        except _ERRORS as error:
            raise UncaughtError(f"{error!r} from {frame.hex(' ')}") from error

    return case


def _refused(body: bytes) -> object:
    reply = message(body)
    refused = reply.pdu in (Pdu.ERROR, Pdu.REJECT, Pdu.ABORT)
    return str(refusal(Peer(host="10.0.0.1"), reply)) if refused else None


def _values_case() -> Case:
    """What a connection believes of an answer."""
    specs = list(map_of(ZONE).points.values())

    def believe(frame: bytes) -> None:
        answers = {(r.object, r.property): r for r in read_results(frame)}
        for spec in specs:
            if (object_id(spec), Property.PRESENT_VALUE) in answers:
                value, quality = judged(spec, answers)
                if quality.usable and not spec.low <= value <= spec.high:
                    raise ValueError(f"{spec.name} = {value} was believed")
                if quality.usable and not math.isfinite(value):
                    raise ValueError(f"{spec.name} has no value and was believed")

    return _case(believe, [_answer()])


def _port_case() -> Case:
    """The EMS's port, with everybody listening and nobody sending; its own device is left out."""
    network: Any = SimpleNamespace(listen=lambda *key_and_listener: listen(*key_and_listener))
    listeners: dict[tuple[int, int], Any] = {}

    def listen(pdu: int, service: int, listener: Any) -> None:
        listeners[pdu, service] = listener

    connection = BacnetConnection(
        cast(Any, SimpleNamespace(join=lambda _: None)), Peer(host=ZONE.host, port=ZONE.port)
    )
    told = CovDevice(connection, ZONE)
    told.doubt()
    for place in told._points:
        told._until_s[place] = math.inf
    CovSubscriber(network, [told], lambda *_: None)
    BacnetAlarms(network, [ZONE], {str(connection.peer): connection}, PARIS, lambda: NOW)
    port = Port(Transactions(1.0, 0), listeners)
    where = (ZONE.host, ZONE.port)
    valid = [_packet(body) for body in _notices()] + [bytes.fromhex("810000060000")]
    return _case(lambda frame: port.datagram_received(_sized(frame), where), valid)


def _sized(frame: bytes) -> bytes:
    """With the right length in it, so that it is not refused for that alone; some as they are."""
    if len(frame) < 4 or len(frame) % 8 == 0:
        return frame
    return frame[:2] + len(frame).to_bytes(2, "big") + frame[4:]


def _controller_case(device: Device) -> Case:
    """A virtual controller, which may answer what it likes."""
    image = ProcessImage.create(_DISTRICT.with_devices([device]))
    controller = Controller(device, image, DeviceClock(lambda: NOW, PARIS))
    node = Router(device.network, [controller]) if device.network else Station(controller)
    port = VirtualPort(node)
    sink: Any = SimpleNamespace(sendto=lambda *_: None)
    port.connection_made(cast(asyncio.DatagramTransport, sink))

    def act(frame: bytes) -> None:
        port.datagram_received(_sized(frame), ASKER)
        if not math.isfinite(float(image.values[image.index[f"{device.id}/alarm"]])):
            raise ValueError("a measurement was changed")
        if len(controller.subscriptions) > 200:
            controller.subscriptions.clear()

    return _case(act, _requests(device))


def _requests(device: Device) -> list[bytes]:
    """One of each kind of request."""
    command = Command(_SETPOINT, Property.PRESENT_VALUE, real(21.0), 12)
    week = Command(ObjectId(17, 1), Property.WEEKLY_SCHEDULE, encoded_day(_DAY) * 7, None)
    exception = Command(ObjectId(17, 1), Property.EXCEPTION_SCHEDULE, _EVENT, None)
    asked = {
        Service.READ_PROPERTY: read_one_request(_SETPOINT, Property.PRIORITY_ARRAY, 12),
        Service.READ_PROPERTY_MULTIPLE: read_request((o, _BOTH) for o in _OBJECTS[:3]),
        Service.WRITE_PROPERTY_MULTIPLE: write_multiple_request([command]),
        Service.SUBSCRIBE_COV: _subscription(),
        Service.ACKNOWLEDGE_ALARM: _acknowledgement(),
        Service.GET_EVENT_INFORMATION: events.event_information_request(ObjectId(0, 7)),
    }
    bodies = [confirmed(1, service, content) for service, content in asked.items()]
    written = [write_request(one) for one in (command, week, exception)]
    bodies += [confirmed(2, Service.WRITE_PROPERTY, content) for content in written]
    bodies += [unconfirmed(Notice.WHO_IS, bytes.fromhex("09011a0400"))]
    bodies += [unconfirmed(Notice.UTC_TIME_SYNCHRONIZATION, encoded_moment(NOW))]
    to = (device.network, bytes((device.station,))) if device.network else None
    return [packed(Packet(to, None, None, body, expects_reply=True)) for body in bodies]


def _notices() -> list[bytes]:
    """One of each kind of message that comes unasked."""
    return [
        unconfirmed(Notice.COV, _told()),
        confirmed(1, Service.CONFIRMED_COV, _told()),
        unconfirmed(Notice.EVENT, events.event_notification(_ALARM)),
        confirmed(2, Service.CONFIRMED_EVENT, events.event_notification(_ALARM)),
        bytes((0x30, 1, 14)) + _answer(),
    ]


def _packet(body: bytes) -> bytes:
    return packed(Packet(None, None, None, body))


def _answer() -> bytes:
    """What our own controller answers to a question for all of its points."""
    image = ProcessImage.create(_DISTRICT.with_devices([ZONE]))
    image.values[:] = 20.0
    controller = Controller(ZONE, image, DeviceClock(lambda: NOW, PARIS))
    question = read_request((o, _BOTH) for o in _OBJECTS)
    answer = controller.answer(confirmed(1, 14, question), (ASKER, None))
    return (answer or b"")[3:]


def _told() -> bytes:
    told = Notification(PROCESS, ObjectId(8, ZONE.unit), ObjectId(0, 1), 300, ())
    flags = bytes.fromhex("820400")
    return notification(told, {Property.PRESENT_VALUE: real(21.0), Property.STATUS_FLAGS: flags})


def _subscription() -> bytes:
    return subscribe_request(Subscription(PROCESS, ObjectId(0, 1), True, 300))


def _acknowledgement() -> bytes:
    moment = NOW.replace(tzinfo=None)
    return events.acknowledge_request(1, ObjectId(0, 7), 2, _STAMP, "Camille", moment)


def _i_am() -> bytes:
    return bytes.fromhex("c40200004d2205c49103") + bytes.fromhex("2203e7")
