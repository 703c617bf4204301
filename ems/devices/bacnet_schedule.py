"""A day's plan as the entries of a BACnet Schedule object; no sockets here (ASHRAE 135, 12.24).

A Schedule holds seven weekday lists of times and values, and special events: lists that rule on one
date, above the weekday's. From its time each value rules until the next of its list. A Null, and
the hours before the first entry, leave the word to the next lower list; with none left the default
of the Schedule rules. All of it is the controller's local time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ems.devices.bacnet_reader import Reader
from ems.devices.bacnet_tags import (
    BadEncodingError,
    Kind,
    Type,
    application,
    closing,
    context,
    encoded,
    natural,
    opening,
    value,
)

OUR_PRIORITY = 9
"""Of our special events; together with their date it tells them from those of the site's people."""
NULL = b"\0"
"""An encoded value that gives the word to the next lower list."""
WEEKDAYS = 7
_YEAR_0 = 1900
_ANY = 255


class TimeValue(NamedTuple):
    """A value, and from when it rules."""

    at: time
    """Local time."""

    encoded: bytes
    """The value with its tag; a Null gives the word to the next lower list."""


@dataclass(frozen=True, kw_only=True)
class SpecialEvent:
    """What rules on one date. Of those that overlap the one of the lowest number rules."""

    day: date
    """The local date."""

    entries: tuple[TimeValue, ...]
    """In the order of their times."""

    priority: int = OUR_PRIORITY
    """1 to 16."""

    @property
    def is_ours(self) -> bool:
        """Whether the EMS wrote it."""
        return self.priority == OUR_PRIORITY


def day_entries(
    plan: Sequence[tuple[datetime, bytes]], day: date, zone: ZoneInfo
) -> tuple[TimeValue, ...]:
    """The entries of a local day from a plan of moments and encoded values.

    A value that only goes on is left out. In the hour that comes twice in autumn the values of
    the second pass rule.
    """
    local = [(moment.astimezone(zone), raw) for moment, raw in plan]
    of_day = {at.time(): raw for at, raw in local if at.date() == day}
    kept = [next(group) for _, group in groupby(sorted(of_day.items()), key=lambda entry: entry[1])]
    return tuple(TimeValue(at, raw) for at, raw in kept)


def encoded_day(entries: Sequence[TimeValue]) -> bytes:
    """The list of one weekday."""
    return opening(0) + _entries(entries) + closing(0)


def encoded_event(event: SpecialEvent) -> bytes:
    """A special event."""
    return (
        opening(0)
        + context(0, encoded_date(event.day))
        + closing(0)
        + opening(2)
        + _entries(event.entries)
        + closing(2)
        + context(3, natural(event.priority))
    )


def _entries(entries: Sequence[TimeValue]) -> bytes:
    return b"".join(
        application(Type.TIME, encoded_time(entry.at)) + entry.encoded for entry in entries
    )


def encoded_date(day: date) -> bytes:
    """A date in four octets, the last its weekday."""
    return bytes((day.year - _YEAR_0, day.month, day.day, day.isoweekday()))


def encoded_time(at: time) -> bytes:
    """A time of day in four octets, to the hundredth of a second."""
    return bytes((at.hour, at.minute, at.second, at.microsecond // 10_000))


def date_of(octets: bytes) -> date:
    """The date in four octets.

    Raises:
        BadEncodingError: they are none, or a pattern of several dates.
    """
    try:
        year, month, day, _ = octets
        if year == _ANY:
            raise ValueError("any year")
        return date(_YEAR_0 + year, month, day)
    except ValueError:
        raise BadEncodingError(f"{octets.hex()} is no single date") from None


def time_of(octets: bytes) -> time:
    """The time of day in four octets.

    Raises:
        BadEncodingError: they are none.
    """
    try:
        hour, minute, second, hundredths = octets
        return time(hour, minute, second, hundredths % _ANY * 10_000)  # 255: not known
    except ValueError:
        raise BadEncodingError(f"{octets.hex()} is no time of day") from None


def read_day(reader: Reader) -> tuple[TimeValue, ...]:
    """The next list of a weekday.

    Raises:
        BadEncodingError: there is none.
    """
    return _read_entries(reader, 0)


def read_event(reader: Reader) -> SpecialEvent | None:
    """The next special event; none if it rules by a calendar or on several dates.

    Raises:
        BadEncodingError: there is none.
    """
    day = _read_period(reader)
    entries = _read_entries(reader, 2)
    priority = reader.number(3)
    return None if day is None else SpecialEvent(day=day, entries=entries, priority=priority)


def _read_period(reader: Reader) -> date | None:
    if reader.at(Kind.CONTEXT, 1):  # a calendar object
        reader.take()
        return None
    reader.expect(Kind.OPENING, 0)
    if not reader.at(Kind.CONTEXT, 0):  # a range of dates or a pattern of weeks
        reader.skip_to_end()
        return None
    octets = reader.take().content
    reader.expect(Kind.CLOSING, 0)
    try:
        return date_of(octets)
    except BadEncodingError:  # a pattern: each Christmas, the last day of each month
        return None


def _read_entries(reader: Reader, number: int) -> tuple[TimeValue, ...]:
    entries = []
    reader.expect(Kind.OPENING, number)
    while not reader.at(Kind.CLOSING, number):
        at = time_of(reader.expect(Kind.APPLICATION, Type.TIME))
        tag = reader.take()
        if tag.kind is not Kind.APPLICATION:
            raise BadEncodingError("a time without a value")
        value(tag)
        entries.append(TimeValue(at, encoded(tag)))
    reader.take()
    return tuple(sorted(entries))


def ruling(
    week: Sequence[Sequence[TimeValue]], events: Sequence[SpecialEvent], now: datetime
) -> bytes | None:
    """The encoded value that rules at the local moment `now`; none: the default does."""
    today = [e for e in events if e.day == now.date()]
    lists = [event.entries for event in sorted(today, key=lambda event: event.priority)]
    for entries in (*lists, week[now.weekday()]):
        latest = next((e for e in reversed(entries) if e.at <= now.time()), None)
        if latest is not None and latest.encoded != NULL:
            return latest.encoded
    return None
