"""Alarms and events of BACnet devices, as bytes (ASHRAE 135, clauses 13.5, 13.8, 13.9, 13.12)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ems.devices.bacnet_reader import Reader
from ems.devices.bacnet_schedule import date_of, encoded_date, encoded_time, time_of
from ems.devices.bacnet_tags import (
    BadEncodingError,
    Kind,
    ObjectId,
    Type,
    application,
    bits_content,
    bits_of,
    closing,
    context,
    encoded,
    identifier,
    natural,
    object_of,
    opening,
    text_content,
    text_of,
)

ALARM, EVENT, ACKNOWLEDGED = 0, 1, 2
"""Kinds of notifications; the last says that somebody has acknowledged."""
NORMAL, FAULT, OFF_NORMAL = 0, 1, 2
"""States of an object; 3 above its limit, 4 below it, 5 a danger to life."""
_DATED = 2


class EventNotification(NamedTuple):
    """What a device reports of one of its objects."""

    process: int
    device: ObjectId
    object: ObjectId
    stamp: bytes
    """When, as the device gave it; an acknowledgement repeats it."""
    notification_class: int
    priority: int
    event_type: int
    text: str
    notify_type: int
    """ALARM, EVENT or ACKNOWLEDGED."""
    wants_acknowledgement: bool
    from_state: int
    to_state: int


class EventSummary(NamedTuple):
    """An object of which a device says that it is not normal, or not acknowledged."""

    object: ObjectId
    state: int
    acknowledged: tuple[int, ...]
    """Whether the last change to off-normal, to fault and to normal was acknowledged."""
    stamps: tuple[bytes, ...]
    """Of these three changes."""
    notify_type: int
    enabled: tuple[int, ...]
    """Which of the three are reported."""
    priorities: tuple[int, ...]
    """Of the three."""


def dated(moment: datetime) -> bytes:
    """A stamp of a local date and time."""
    day = application(Type.DATE, encoded_date(moment.date()))
    return opening(_DATED) + day + application(Type.TIME, encoded_time(moment.time())) + closing(2)


def moment_of(stamp: bytes) -> datetime | None:
    """Local date and time of a stamp, without zone; none if it is but a time or a number.

    Raises:
        BadEncodingError: it is no stamp.
    """
    reader = Reader(stamp)
    if not reader.at(Kind.OPENING, _DATED):
        return None
    reader.take()
    day = reader.expect(Kind.APPLICATION, Type.DATE)
    at = reader.expect(Kind.APPLICATION, Type.TIME)
    return datetime.combine(date_of(day), time_of(at))


def event_notification(said: EventNotification, values: bytes = b"") -> bytes:
    """The parameters of an event notification; `values` say more of the event."""
    head = (
        context(0, natural(said.process))
        + context(1, identifier(said.device))
        + context(2, identifier(said.object))
        + opening(3) + said.stamp + closing(3)
        + context(4, natural(said.notification_class))
        + context(5, natural(said.priority))
        + context(6, natural(said.event_type))
        + (context(7, text_content(said.text)) if said.text else b"")
        + context(8, natural(said.notify_type))
    )  # fmt: skip
    if said.notify_type == ACKNOWLEDGED:
        return head + context(11, natural(said.to_state))
    return (
        head
        + context(9, bytes((said.wants_acknowledgement,)))
        + context(10, natural(said.from_state))
        + context(11, natural(said.to_state))
        + (opening(12) + values + closing(12) if values else b"")
    )


def read_event_notification(data: bytes) -> EventNotification:
    """What a device reports.

    Raises:
        BadEncodingError: it is no event notification.
    """
    reader = Reader(data)
    process = reader.number(0)
    device = object_of(reader.expect(Kind.CONTEXT, 1))
    about = object_of(reader.expect(Kind.CONTEXT, 2))
    stamp = b"".join(map(encoded, reader.tags_of(3)))
    notification_class, priority, event_type = reader.number(4), reader.number(5), reader.number(6)
    text = text_of(reader.take().content) if reader.at(Kind.CONTEXT, 7) else ""
    notify_type = reader.number(8)
    wants = bool(reader.optional(9))
    from_state = reader.optional(10) or NORMAL
    return EventNotification(
        process, device, about, stamp, notification_class, priority, event_type, text,
        notify_type, wants, from_state, reader.number(11),
    )  # fmt: skip


def acknowledge_request(
    process: int, about: ObjectId, state: int, stamp: bytes, by: str, at: datetime
) -> bytes:
    """The parameters of AcknowledgeAlarm: `by` whom, and when, local time."""
    return (
        context(0, natural(process))
        + context(1, identifier(about))
        + context(2, natural(state))
        + opening(3) + stamp + closing(3)
        + context(4, text_content(by))
        + opening(5) + dated(at) + closing(5)
    )  # fmt: skip


class Acknowledgement(NamedTuple):
    """What AcknowledgeAlarm says."""

    object: ObjectId
    state: int
    stamp: bytes
    by: str


def read_acknowledgement(data: bytes) -> Acknowledgement:
    """Which event somebody acknowledges.

    Raises:
        BadEncodingError: it is no acknowledgement.
    """
    reader = Reader(data)
    reader.number(0)
    about = object_of(reader.expect(Kind.CONTEXT, 1))
    state = reader.number(2)
    stamp = b"".join(map(encoded, reader.tags_of(3)))
    return Acknowledgement(about, state, stamp, text_of(reader.expect(Kind.CONTEXT, 4)))


def event_information_request(after: ObjectId | None) -> bytes:
    """The parameters of GetEventInformation: those that follow an object already heard of."""
    return b"" if after is None else context(0, identifier(after))


def event_information(summaries: Sequence[EventSummary], *, more: bool) -> bytes:
    """The answer to GetEventInformation."""
    listed = b"".join(
        context(0, identifier(summary.object))
        + context(1, natural(summary.state))
        + context(2, bits_content(summary.acknowledged))
        + opening(3) + b"".join(summary.stamps) + closing(3)
        + context(4, natural(summary.notify_type))
        + context(5, bits_content(summary.enabled))
        + opening(6)
        + b"".join(application(Type.UNSIGNED, natural(p)) for p in summary.priorities)
        + closing(6)
        for summary in summaries
    )  # fmt: skip
    return opening(0) + listed + closing(0) + context(1, bytes((more,)))


def read_event_information(data: bytes) -> tuple[list[EventSummary], bool]:
    """What a device says is not normal, and whether there is more.

    Raises:
        BadEncodingError: it is no such answer.
    """
    reader = Reader(data)
    reader.expect(Kind.OPENING, 0)
    summaries = []
    while not reader.at(Kind.CLOSING, 0):
        summaries.append(_summary(reader))
    reader.take()
    return summaries, bool(reader.number(1))


def _summary(reader: Reader) -> EventSummary:
    about = object_of(reader.expect(Kind.CONTEXT, 0))
    state = reader.number(1)
    acknowledged = _three(bits_of(reader.expect(Kind.CONTEXT, 2)))
    stamps = _stamps(reader)
    notify_type = reader.number(4)
    enabled = _three(bits_of(reader.expect(Kind.CONTEXT, 5)))
    priorities = tuple(number for _, number in reader.group(6) if isinstance(number, int))
    return EventSummary(
        about, state, acknowledged, stamps, notify_type, enabled, _three(priorities)
    )


def _three(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if len(numbers) != 3:
        raise BadEncodingError(f"{len(numbers)} transitions, not three")
    return numbers


def _stamps(reader: Reader) -> tuple[bytes, ...]:
    """Three stamps: each a tag of its own, or a date and time in a group."""
    stamps: list[bytes] = []
    reader.expect(Kind.OPENING, 3)
    while not reader.at(Kind.CLOSING, 3):
        if reader.at(Kind.OPENING, _DATED):
            inner = b"".join(map(encoded, reader.tags_of(_DATED)))
            stamps.append(opening(_DATED) + inner + closing(_DATED))
        else:
            stamps.append(encoded(reader.take()))
    reader.take()
    if len(stamps) != 3:
        raise BadEncodingError(f"{len(stamps)} stamps, not three")
    return tuple(stamps)
