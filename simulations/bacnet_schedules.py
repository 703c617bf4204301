"""The Schedule objects of a virtual controller, which it obeys.

Each commands one written point, at a priority under that of the EMS's plans. Lists and events are
written over BACnet as a whole or one by one; the controller looks at its clock and takes what
rules then.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from ems.devices.bacnet_messages import Property
from ems.devices.bacnet_reader import Reader
from ems.devices.bacnet_schedule import (
    WEEKDAYS,
    SpecialEvent,
    TimeValue,
    encoded_day,
    encoded_event,
    read_day,
    read_event,
    ruling,
)
from ems.devices.bacnet_tags import (
    NULL,
    BadEncodingError,
    ObjectId,
    Tag,
    Type,
    application,
    bits,
    boolean,
    context,
    enumerated,
    identifier,
    tags,
    text,
    unsigned,
)
from simulations.bacnet_objects import (
    BAD_INDEX,
    WRITE_DENIED,
    WRONG_TYPE,
    Commanded,
    Content,
    RefusedError,
    VirtualObject,
)

SCHEDULE = 17
PRIORITY_FOR_WRITING = 15
EVENTS_MAX = 32
_ALWAYS = application(Type.DATE, b"\xff\xff\xff\xff") * 2
_NO_SPACE = (3, 18)

Entry = TypeVar("Entry")


class Schedule(VirtualObject):
    """One Schedule object."""

    def __init__(self, instance: int, target: Commanded) -> None:
        self._target = target
        self._week: list[tuple[TimeValue, ...]] = [()] * WEEKDAYS
        self._events: list[SpecialEvent] = []
        self._rules: bytes | None = None
        super().__init__(ObjectId(SCHEDULE, instance), self._all())

    def obey(self, now: datetime) -> None:
        """Command the point as it is to be at the local moment `now`."""
        rules = ruling(self._week, self._events, now)
        if rules != self._rules:
            self._rules = rules
            (tag,) = tags(rules or NULL)
            self._target.write(Property.PRESENT_VALUE, None, [tag], PRIORITY_FOR_WRITING)

    def write(self, number: int, index: int | None, content: Sequence[Tag], priority: int) -> None:
        """Take weekday lists or special events."""
        match number:
            case Property.WEEKLY_SCHEDULE:
                days = _replaced(self._week, index, _all_of(content, read_day))
                if len(days) != WEEKDAYS:
                    raise RefusedError("a week has seven days", *WRONG_TYPE)
                self._week = days
            case Property.EXCEPTION_SCHEDULE:
                events = _replaced(self._events, index, _all_of(content, _event))
                if len(events) > EVENTS_MAX:
                    raise RefusedError("too many special events", *_NO_SPACE)
                self._events = events
            case _:
                raise RefusedError("the property takes no writes", *WRITE_DENIED)

    def _all(self) -> dict[int, Callable[[], Content]]:
        reference = context(0, identifier(self._target.id)) + context(1, bytes((85,)))
        return {
            Property.OBJECT_IDENTIFIER: lambda: application(Type.OBJECT, identifier(self.id)),
            Property.OBJECT_NAME: lambda: text(f"schedule of {self._target.spec.name}"),
            Property.OBJECT_TYPE: lambda: enumerated(self.id.type),
            Property.PRESENT_VALUE: lambda: self._rules or NULL,
            Property.EFFECTIVE_PERIOD: lambda: _ALWAYS,
            Property.WEEKLY_SCHEDULE: lambda: [encoded_day(day) for day in self._week],
            Property.EXCEPTION_SCHEDULE: lambda: [encoded_event(e) for e in self._events],
            Property.SCHEDULE_DEFAULT: lambda: NULL,
            Property.REFERENCES: lambda: reference,
            Property.PRIORITY_FOR_WRITING: lambda: unsigned(PRIORITY_FOR_WRITING),
            Property.STATUS_FLAGS: lambda: bits((0, 0, 0, 0)),
            Property.RELIABILITY: lambda: enumerated(0),
            Property.OUT_OF_SERVICE: lambda: boolean(False),
        }


def _all_of(content: Sequence[Tag], read: Callable[[Reader], Entry]) -> list[Entry]:
    reader, entries = Reader(content), []
    while not reader.done:
        entries.append(read(reader))
    return entries


def _event(reader: Reader) -> SpecialEvent:
    event = read_event(reader)
    if event is None:
        raise RefusedError("only events of single dates are taken", *WRONG_TYPE)
    return event


def _replaced(old: list[Entry], index: int | None, new: list[Entry]) -> list[Entry]:
    """The array after a write of all of it, or of one element."""
    if index is None:
        return new
    if not 1 <= index <= len(old):
        raise RefusedError("the array has no such element", *BAD_INDEX)
    if len(new) != 1:
        raise BadEncodingError("an element is one list")
    return [*old[: index - 1], *new, *old[index:]]
