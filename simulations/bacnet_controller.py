"""A virtual BACnet controller: application messages in, application messages out; no sockets here.

It answers ReadProperty, ReadPropertyMultiple, WriteProperty, WritePropertyMultiple, SubscribeCOV,
AcknowledgeAlarm, GetEventInformation and Who-Is (ASHRAE 135, clauses 13, 15 and 16), obeys its
Schedules, lets its clock be set, tells its subscribers what changes and its recipients what is
wrong, and rejects all else. One that the image calls silent answers and tells nothing.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from time import monotonic
from typing import NamedTuple

from ems.devices.bacnet_apdu import Message, Notice, Pdu, Service, message
from ems.devices.bacnet_cov_messages import read_subscription
from ems.devices.bacnet_messages import Property
from ems.devices.bacnet_reader import Reader
from ems.devices.bacnet_tags import (
    BadEncodingError,
    Kind,
    ObjectId,
    Tag,
    Type,
    application,
    closing,
    context,
    enumerated,
    identifier,
    natural,
    object_of,
    opening,
    unsigned,
)
from ems.devices.bacnet_time import read_moment
from ems.devices.bacnet_transactions import Where
from ems.domain.district import Device
from simulations import bacnet_frames as frames
from simulations.bacnet_clock import DeviceClock
from simulations.bacnet_cov import Subscriptions
from simulations.bacnet_device import ANY_DEVICE, NO_SEGMENTATION, VENDOR, alarms_of, objects_of
from simulations.bacnet_events import EventReports
from simulations.bacnet_frames import Request
from simulations.bacnet_objects import RefusedError, VirtualObject, unknown_object
from simulations.bacnet_schedules import Schedule
from simulations.image import ProcessImage

_ALL = (Property.ALL, Property.REQUIRED)
_LOWEST_PRIORITY = 16


class Controller:
    """One virtual controller: application messages in, application messages out."""

    def __init__(self, device: Device, image: ProcessImage, clock: DeviceClock) -> None:
        self.device = device
        self.clock = clock
        self._image = image
        self._place = image.device_index[device.id]
        self._objects = objects_of(device, image, clock)
        self._schedules = [o for o in self._objects.values() if isinstance(o, Schedule)]
        self.subscriptions = Subscriptions(next(iter(self._objects)))
        self.events = EventReports(next(iter(self._objects)), alarms_of(self._objects.values()))
        self._services: dict[int, Callable[[Request], bytes]] = {
            Service.ACKNOWLEDGE_ALARM: self._acknowledge,
            Service.GET_EVENT_INFORMATION: self._event_information,
            Service.READ_PROPERTY: self._read,
            Service.READ_PROPERTY_MULTIPLE: self._read_multiple,
            Service.WRITE_PROPERTY: self._write,
            Service.WRITE_PROPERTY_MULTIPLE: self._write_multiple,
        }

    def answer(self, body: bytes, asker: Where) -> bytes | None:
        """What it says to an application message; none for silence.

        Raises:
            BadEncodingError: it is none.
        """
        if self._image.silent[self._place]:
            return None
        asked = frames.request(body)
        if asked is None:
            return self._hear(message(body), asker)
        if asked.segmented:
            return frames.abort(asked, frames.Abort.NO_SEGMENTATION)
        service = self._services.get(asked.service)
        if service is None and asked.service != Service.SUBSCRIBE_COV:
            return frames.reject(asked, frames.Reject.UNKNOWN_SERVICE)
        try:
            return service(asked) if service else self._subscribe(asked, asker)
        except RefusedError as refused:
            return frames.error(asked, refused.error_class, refused.code)
        except BadEncodingError:
            return frames.reject(asked, frames.Reject.INVALID_TAG)

    def notices(self, now_s: float) -> Iterator[tuple[Where, bytes]]:
        """Obey the schedules; what it tells of its own accord, and to whom."""
        local = self.clock.now()
        for schedule in self._schedules:
            schedule.obey(local)
        if not self._image.silent[self._place]:
            yield from self.events.due(local)
            yield from self.subscriptions.due(now_s)

    def _hear(self, said: Message, sender: Where) -> bytes | None:
        """The answer to what is no request."""
        match said.pdu, said.service:
            case Pdu.UNCONFIRMED, Notice.WHO_IS:
                return self._heard_who_is(said.content)
            case Pdu.UNCONFIRMED, Notice.TIME_SYNCHRONIZATION:
                self.clock.set_local(read_moment(said.content))
            case Pdu.UNCONFIRMED, Notice.UTC_TIME_SYNCHRONIZATION:
                self.clock.set_utc(read_moment(said.content))
            case Pdu.SIMPLE_ACK, _:
                self.subscriptions.acknowledged(sender, said.invoke_id)
        return None

    def _subscribe(self, asked: Request, asker: Where) -> bytes:
        wanted = read_subscription(asked.parameters)
        self.subscriptions.take(wanted, self._object(wanted.object), asker, monotonic())
        return frames.simple_ack(asked)

    def _acknowledge(self, asked: Request) -> bytes:
        self.events.acknowledge(asked.parameters)
        return frames.simple_ack(asked)

    def _event_information(self, asked: Request) -> bytes:
        return frames.complex_ack(asked, self.events.information(asked.parameters))

    def i_am(self) -> bytes:
        """What it says of itself."""
        this = next(iter(self._objects))
        return frames.i_am(
            application(Type.OBJECT, identifier(this))
            + unsigned(frames.MAX_APDU)
            + enumerated(NO_SEGMENTATION)
            + unsigned(VENDOR)
        )

    def _heard_who_is(self, parameters: bytes) -> bytes | None:
        reader = Reader(parameters)
        low, high = reader.optional(0), reader.optional(1)
        asked = low is None or high is None or low <= self.device.unit <= high
        return self.i_am() if asked else None

    def _object(self, object_id: ObjectId) -> VirtualObject:
        if object_id == ANY_DEVICE:
            object_id = next(iter(self._objects))
        found = self._objects.get(object_id)
        if found is None:
            raise unknown_object()
        return found

    def _read(self, asked: Request) -> bytes:
        reader = Reader(asked.parameters)
        object_id = object_of(reader.expect(Kind.CONTEXT, 0))
        number = reader.number(1)
        index = reader.optional(2)
        found = self._object(object_id)
        content = found.read(number, index)
        return frames.complex_ack(
            asked,
            context(0, identifier(found.id))
            + context(1, natural(number))
            + (b"" if index is None else context(2, natural(index)))
            + opening(3)
            + content
            + closing(3),
        )

    def _read_multiple(self, asked: Request) -> bytes:
        parts = []
        for object_id, references in _wanted(asked.parameters):
            results = b"".join(self._results(object_id, *reference) for reference in references)
            parts.append(context(0, identifier(object_id)) + opening(1) + results + closing(1))
        return frames.complex_ack(asked, b"".join(parts))

    def _results(self, object_id: ObjectId, number: int, index: int | None) -> bytes:
        if number not in (*_ALL, Property.OPTIONAL):
            return self._result(object_id, number, index)
        found = self._object(object_id)
        wanted = found.properties if number in _ALL else []
        listed = [n for n in wanted if n != Property.PROPERTY_LIST]
        return b"".join(self._result(object_id, n, None) for n in listed)

    def _result(self, object_id: ObjectId, number: int, index: int | None) -> bytes:
        head = context(2, natural(number)) + (b"" if index is None else context(3, natural(index)))
        try:
            return head + opening(4) + self._object(object_id).read(number, index) + closing(4)
        except RefusedError as refused:
            why = enumerated(refused.error_class) + enumerated(refused.code)
            return head + opening(5) + why + closing(5)

    def _write(self, asked: Request) -> bytes:
        reader = Reader(asked.parameters)
        object_id = object_of(reader.expect(Kind.CONTEXT, 0))
        self._object(object_id).write(*_written(reader, 1))
        return frames.simple_ack(asked)

    def _write_multiple(self, asked: Request) -> bytes:
        reader = Reader(asked.parameters)
        while not reader.done:
            object_id = object_of(reader.expect(Kind.CONTEXT, 0))
            reader.expect(Kind.OPENING, 1)
            while not reader.at(Kind.CLOSING, 1):
                wanted = _written(reader, 0)
                try:
                    self._object(object_id).write(*wanted)
                except RefusedError as refused:
                    why = (refused.error_class, refused.code)
                    return frames.write_error(asked, *why, identifier(object_id), wanted.number)
            reader.take()
        return frames.simple_ack(asked)


@lru_cache(maxsize=256)
def _wanted(parameters: bytes) -> list[tuple[ObjectId, list[tuple[int, int | None]]]]:
    """Objects, their properties and indices; the same question comes again and again."""
    reader = Reader(parameters)
    wanted = []
    while not reader.done:
        object_id = object_of(reader.expect(Kind.CONTEXT, 0))
        reader.expect(Kind.OPENING, 1)
        references = []
        while not reader.at(Kind.CLOSING, 1):
            number = reader.number(0)
            references.append((number, reader.optional(1)))
        reader.take()
        wanted.append((object_id, references))
    return wanted


class _Written(NamedTuple):
    number: int
    place: int | None
    content: list[Tag]
    priority: int


def _written(reader: Reader, first: int) -> _Written:
    """Property, index, value and priority, which stand at `first` and the three places after it."""
    number = reader.number(first)
    index = reader.optional(first + 1)
    content = reader.tags_of(first + 2)
    priority = reader.optional(first + 3)
    return _Written(number, index, content, _LOWEST_PRIORITY if priority is None else priority)
