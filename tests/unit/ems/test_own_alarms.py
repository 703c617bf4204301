"""An alarm is raised when something holds, says what to do, and keeps still when it chatters."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ems.domain.alarm_life import (
    CHATTERS,
    FLOOD,
    Condition,
    Rate,
    Shelf,
    Standing,
    Timing,
    standing,
)
from ems.domain.alarms import AlarmState, DeviceAlarm
from ems.domain.district import District
from ems.domain.own_alarms import OWN_ALARMS
from ems.own_alarm_watch import OwnAlarmWatch, devices_down, nearly_full

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("situation", "active", "seen", "shelf", "stands"),
    [
        ("nothing is wrong", False, True, None, Standing.NORMAL),
        ("wrong, nobody has seen it", True, False, None, Standing.UNACKNOWLEDGED),
        ("wrong, and seen", True, True, None, Standing.ACKNOWLEDGED),
        ("over, nobody has seen it", False, False, None, Standing.RETURNED),
        ("shelved for an hour", True, False, 1, Standing.SHELVED),
        ("the shelf has ended", True, False, -1, Standing.UNACKNOWLEDGED),
        ("out of service", True, False, 0, Standing.OUT_OF_SERVICE),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_where_an_alarm_stands(
    situation: str, active: bool, seen: bool, shelf: int | None, stands: Standing
) -> None:
    until = None if not shelf else NOON + timedelta(hours=shelf)
    kept = None if shelf is None else Shelf(by="ana", reason="pump out", until=until)
    assert standing(active=active, seen=seen, shelf=kept, now=NOON) is stands


def test_a_condition_must_hold_and_must_be_gone_for_a_while() -> None:
    condition = Condition(Timing(after=10 * SECOND, gone_for=30 * SECOND))
    assert not condition.see(True, NOON)
    assert condition.see(True, NOON + 10 * SECOND)
    assert not condition.see(False, NOON + 20 * SECOND)
    assert not condition.see(False, NOON + 49 * SECOND)
    assert condition.see(False, NOON + 50 * SECOND)
    assert not condition.active


def test_what_comes_and_goes_rings_once_until_it_has_been_quiet() -> None:
    condition, now, rang = Condition(Timing(after=0 * SECOND, gone_for=0 * SECOND)), NOON, 0
    for k in range(60):
        rang += condition.see(k % 4 < 2, now) and condition.active
        now += 5 * SECOND
    assert rang <= CHATTERS + 1
    assert condition.chatters
    for _ in range(80):
        condition.see(False, now)
        now += 5 * SECOND
    assert not condition.active
    assert not condition.chatters


def test_more_than_ten_in_ten_minutes_are_a_flood() -> None:
    rate = Rate()
    for k in range(FLOOD + 1):
        rate.add(NOON + k * SECOND)
    assert rate.flooded(NOON + timedelta(minutes=1))
    assert not rate.flooded(NOON + timedelta(minutes=20))


def test_every_alarm_says_in_two_languages_what_it_means_and_what_to_do() -> None:
    for kind in OWN_ALARMS.values():
        assert set(kind.words) == {"en", "fr"}
        for words in kind.words.values():
            assert all([words.what, words.meaning, words.do])
        assert kind.words["en"] != kind.words["fr"]


def test_an_alarm_is_raised_once_and_ended_once() -> None:
    told: list[DeviceAlarm] = []
    wrong, now = [""], [NOON]
    watch = OwnAlarmWatch({"database": lambda: wrong[0]}, lambda: now[0], told.append)
    for second in range(200):
        wrong[0] = "no answer in 5 s" if 20 <= second < 100 else ""
        now[0] = NOON + second * SECOND
        watch.look()
    assert [alarm.state for alarm in told] == [AlarmState.FAULT, AlarmState.NORMAL]
    assert "no answer in 5 s" in told[0].text
    assert (watch.active, watch.lately) == ((), 1)


def test_a_hundred_devices_down_are_one_alarm(district: District) -> None:
    down = [name for name in district.devices if name.startswith("CP-")]
    assert devices_down(district, down) == f"{len(down)} charge_point"
    assert devices_down(district, []) == ""


def test_a_disk_with_room_is_no_alarm(tmp_path: Path) -> None:
    assert isinstance(nearly_full(tmp_path), str)
