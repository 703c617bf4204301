"""A plan of quarter hours as the entries of a Schedule; bytes are those of bacpypes3."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bacpypes3 import basetypes
from bacpypes3.constructeddata import AnyAtomic
from bacpypes3.primitivedata import Date, Null, Real, Time

from ems.devices.bacnet_reader import Reader
from ems.devices.bacnet_schedule import (
    SpecialEvent,
    TimeValue,
    date_of,
    day_entries,
    encoded_day,
    encoded_event,
    read_day,
    read_event,
    ruling,
    time_of,
)
from ems.devices.bacnet_tags import NULL, BadEncodingError, boolean, real, unsigned

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 1, 12)
QUARTER = timedelta(minutes=15)
WARM, COOL = real(21.0), real(19.0)
EMPTY_WEEK: list[tuple[TimeValue, ...]] = [()] * 7


def quarters(day: date, values: list[bytes]) -> list[tuple[datetime, bytes]]:
    """A plan that begins at local midnight."""
    start = datetime.combine(day, time(), PARIS).astimezone(UTC)
    return [(start + number * QUARTER, raw) for number, raw in enumerate(values)]


def theirs(thing: Any) -> bytes:
    return bytes(thing.encode().encode().pduData)


def their_entries(*entries: tuple[tuple[int, int, int, int], Any]) -> list[Any]:
    return [basetypes.TimeValue(time=Time(at), value=AnyAtomic(value)) for at, value in entries]


def test_a_plan_becomes_one_entry_for_each_change() -> None:
    plan = quarters(MONDAY, [COOL] * 24 + [WARM] * 64 + [COOL] * 8)

    assert day_entries(plan, MONDAY, PARIS) == (
        TimeValue(time(0, 0), COOL),
        TimeValue(time(6, 0), WARM),
        TimeValue(time(22, 0), COOL),
    )


def test_only_the_day_itself_is_taken_from_a_longer_plan() -> None:
    plan = quarters(MONDAY - timedelta(days=1), [COOL] * 96 + [WARM] * 96 + [COOL] * 96)

    assert day_entries(plan, MONDAY, PARIS) == (TimeValue(time(0, 0), WARM),)


@pytest.mark.parametrize(("day", "slots"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100)])
def test_a_day_that_changes_clock_has_entries_in_order(day: date, slots: int) -> None:
    plan = quarters(day, [real(float(number)) for number in range(slots)])

    entries = day_entries(plan, day, PARIS)

    assert all(earlier.at < later.at for earlier, later in pairwise(entries))
    assert len(entries) == min(slots, 96)
    assert entries[-1] == TimeValue(time(23, 45), real(float(slots - 1)))


def test_in_the_hour_that_comes_twice_the_second_pass_rules() -> None:
    day = date(2026, 10, 25)
    plan = quarters(day, [COOL] * 12 + [WARM] * 4 + [COOL] * 84)

    assert TimeValue(time(2, 0), WARM) in day_entries(plan, day, PARIS)


def test_a_weekday_is_written_as_bacpypes3_writes_it() -> None:
    day = basetypes.DailySchedule(
        daySchedule=their_entries(((6, 0, 0, 0), Real(21.0)), ((22, 0, 0, 0), Null(())))
    )
    ours = (TimeValue(time(6), WARM), TimeValue(time(22), NULL))
    assert encoded_day(ours) == theirs(day)
    assert read_day(Reader(theirs(day))) == ours


def test_a_special_event_is_written_as_bacpypes3_writes_it() -> None:
    event = basetypes.SpecialEvent(
        period=basetypes.SpecialEventPeriod(
            calendarEntry=basetypes.CalendarEntry(date=Date((126, 1, 12, 1)))
        ),
        listOfTimeValues=their_entries(((6, 0, 0, 0), Real(21.0))),
        eventPriority=9,
    )
    ours = SpecialEvent(day=MONDAY, entries=(TimeValue(time(6), WARM),))
    assert encoded_event(ours) == theirs(event)
    assert read_event(Reader(theirs(event))) == ours


@pytest.mark.parametrize(
    "period",
    [
        basetypes.SpecialEventPeriod(calendarReference=("calendar", 3)),
        basetypes.SpecialEventPeriod(
            calendarEntry=basetypes.CalendarEntry(
                dateRange=basetypes.DateRange(
                    startDate=Date((126, 1, 1, 255)), endDate=Date((126, 1, 9, 255))
                )
            )
        ),
        basetypes.SpecialEventPeriod(
            calendarEntry=basetypes.CalendarEntry(date=Date((255, 12, 25, 255)))
        ),
    ],
    ids=["a calendar", "a range", "every Christmas"],
)
def test_events_of_the_site_on_other_dates_are_passed_over(period: Any) -> None:
    theirs_ = basetypes.SpecialEvent(
        period=period, listOfTimeValues=their_entries(((6, 0, 0, 0), Real(21.0))), eventPriority=9
    )
    ours = SpecialEvent(day=MONDAY, entries=())
    reader = Reader(theirs(theirs_) + encoded_event(ours))

    assert read_event(reader) is None
    assert read_event(reader) == ours


@pytest.mark.parametrize("raw", [boolean(True), boolean(False), unsigned(3), NULL, WARM])
def test_a_value_of_any_type_comes_back(raw: bytes) -> None:
    entries = (TimeValue(time(6), raw),)

    assert read_day(Reader(encoded_day(entries))) == entries


def at(hour: int, minute: int = 0, day: date = MONDAY) -> datetime:
    return datetime.combine(day, time(hour, minute), PARIS)


def test_the_special_event_rules_above_the_weekday_and_leaves_it_the_rest() -> None:
    week = [(TimeValue(time(0), COOL),)] * 7
    event = SpecialEvent(day=MONDAY, entries=(TimeValue(time(6), WARM), TimeValue(time(9), NULL)))

    assert ruling(week, [event], at(5, 59)) == COOL
    assert ruling(week, [event], at(6)) == WARM
    assert ruling(week, [event], at(9)) == COOL
    assert ruling(week, [event], at(7, day=date(2026, 1, 13))) == COOL


def test_of_two_events_on_one_date_the_lower_number_rules() -> None:
    people = SpecialEvent(day=MONDAY, entries=(TimeValue(time(0), COOL),), priority=1)
    ours = SpecialEvent(day=MONDAY, entries=(TimeValue(time(0), WARM),))

    assert ruling(EMPTY_WEEK, [ours, people], at(12)) == COOL
    assert ruling(EMPTY_WEEK, [], at(12)) is None


@pytest.mark.parametrize("octets", ["ff010c01", "7e0d0101", "7e01", ""])
def test_what_is_no_date_is_said_so(octets: str) -> None:
    with pytest.raises(BadEncodingError):
        date_of(bytes.fromhex(octets))


def test_a_clock_without_hundredths_shows_a_time() -> None:
    assert time_of(bytes((6, 30, 15, 255))) == time(6, 30, 15)
    with pytest.raises(BadEncodingError):
        time_of(bytes((255, 255, 255, 255)))
