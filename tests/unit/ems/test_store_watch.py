"""What goes wrong on the way into the store is told for as long as it lasts."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ems.store_watch import StoreWatch

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass
class Way:
    """A way into the store."""

    away: bool = False
    disk_fails: bool = False
    waiting: int = 12
    lost: int = 7


def test_a_lost_database_and_a_full_disk_are_told_until_they_are_over() -> None:
    way = Way()
    watch = StoreWatch(way, lambda: NOON)
    assert (watch.database(), watch.spool()) == ("", "")
    way.away = way.disk_fails = True
    assert (watch.database(), watch.spool()) == ("12 readings wait",) * 2
    way.disk_fails = False
    assert watch.spool() == ""


def test_lost_readings_are_told_for_an_hour_after_the_last_of_them() -> None:
    way, now = Way(), NOON
    watch = StoreWatch(way, lambda: now)
    assert watch.readings() == "", "what an earlier run lost was told by it"
    way.lost = 8
    assert watch.readings()
    now += timedelta(minutes=50)
    way.lost = 9
    assert watch.readings()
    now += timedelta(minutes=50)
    assert watch.readings()
    now += timedelta(minutes=20)
    assert watch.readings() == ""
