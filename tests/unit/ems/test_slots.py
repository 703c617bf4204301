"""A quarter hour is counted, so that clock changes neither skip nor repeat one."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.domain.errors import NaiveTimeError
from ems.domain.slots import SLOT, Horizon, Slot, slots_of_local_day

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("day", "slots"),
    [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (date(2026, 6, 1), 96)],
    ids=["to summer time", "to winter time", "any other day"],
)
def test_a_local_day_has_as_many_slots_as_its_clock_allows(day: date, slots: int) -> None:
    assert len(slots_of_local_day(day, PARIS)) == slots


@given(st.datetimes(min_value=datetime(1980, 1, 1), max_value=datetime(2100, 1, 1)))
def test_a_moment_lies_in_its_slot(moment: datetime) -> None:
    aware = moment.replace(tzinfo=PARIS)
    slot = Slot.containing(aware)
    assert slot.start <= aware < slot.end
    assert slot.end - slot.start == SLOT


def test_a_moment_without_time_zone_is_refused() -> None:
    with pytest.raises(NaiveTimeError, match="no time zone"):
        Slot.containing(datetime(2026, 1, 1))


def test_a_horizon_knows_where_its_slots_are() -> None:
    horizon = Horizon(Slot(100), 4)
    assert [horizon.offset(Slot(index)) for index in horizon.slots] == [0, 1, 2, 3]
    assert Slot(104) not in horizon
    with pytest.raises(IndexError, match="outside"):
        horizon.offset(Slot(104))
