"""What goes wrong on the way into the store is told once, with what to do, and told when over."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ems.domain.alarms import AlarmState, DeviceAlarm
from ems.store_watch import StoreWatch

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass
class Way:
    """A way into the store."""

    away: bool = False
    disk_fails: bool = False
    lost: int = 0


class Watched:
    def __init__(self) -> None:
        self.way, self.now, self.told = Way(lost=7), NOON, list[DeviceAlarm]()
        self.watch = StoreWatch(self.way, self.told.append, lambda: self.now)
        self.look()

    def look(self) -> list[tuple[str, AlarmState]]:
        self.told.clear()
        self.watch.look()
        return [(alarm.item, alarm.state) for alarm in self.told]


def test_a_lost_database_and_a_full_disk_are_alarms_until_they_are_over() -> None:
    watched = Watched()
    assert watched.look() == []
    watched.way.away = watched.way.disk_fails = True
    assert watched.look() == [("database", AlarmState.FAULT), ("spool", AlarmState.FAULT)]
    assert all("free" in alarm.text for alarm in watched.told)
    assert watched.look() == []
    watched.way.disk_fails = False
    assert watched.look() == [("spool", AlarmState.NORMAL)]


def test_lost_readings_stay_an_alarm_for_an_hour_after_the_last_of_them() -> None:
    watched = Watched()
    watched.way.lost = 8
    assert watched.look() == [("readings", AlarmState.FAULT)]
    watched.now += timedelta(minutes=50)
    watched.way.lost = 9
    assert watched.look() == []
    watched.now += timedelta(minutes=50)
    assert watched.look() == []
    watched.now += timedelta(minutes=20)
    assert watched.look() == [("readings", AlarmState.NORMAL)]


def test_what_is_well_at_the_start_ends_what_an_earlier_run_left() -> None:
    told: list[DeviceAlarm] = []
    StoreWatch(Way(), told.append, lambda: NOON).look()
    assert [alarm.item for alarm in told] == ["database", "spool", "readings"]
    assert {alarm.state for alarm in told} == {AlarmState.NORMAL}
