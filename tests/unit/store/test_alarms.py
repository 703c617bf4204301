"""Alarms are kept with how long they held and who has seen them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ems.domain.alarms import AlarmState, DeviceAlarm
from ems.domain.errors import StoreError
from ems.store import Store

NOON = datetime(2026, 1, 12, 11, 0, 0, 250_000, tzinfo=UTC)
HIGH = DeviceAlarm(
    device="A1-Z01",
    item="alarm",
    state=AlarmState.HIGH_LIMIT,
    since=NOON,
    priority=100,
    text="too warm",
    wants_acknowledgement=True,
)
NORMAL = replace(
    HIGH, state=AlarmState.NORMAL, since=NOON + timedelta(hours=1), wants_acknowledgement=False
)


async def test_what_a_device_says_is_read_as_it_was_said(store: Store) -> None:
    urgent = replace(HIGH, device="A1-Z02", priority=3)
    await store.keep_alarm(HIGH)
    await store.keep_alarm(urgent)
    assert [one.alarm for one in await store.open_alarms()] == [urgent, HIGH]


async def test_the_next_state_ends_the_one_before(store: Store) -> None:
    worse = replace(HIGH, state=AlarmState.FAULT, since=NOON + timedelta(minutes=5))
    await store.keep_alarm(HIGH)
    await store.keep_alarm(worse)
    assert [one.alarm for one in await store.open_alarms()] == [worse]
    await store.keep_alarm(NORMAL)
    assert await store.open_alarms() == ()
    ended = {one.alarm.state: one.ended_at for one in await store.past_alarms()}
    assert ended == {AlarmState.HIGH_LIMIT: worse.since, AlarmState.FAULT: NORMAL.since}


async def test_the_same_word_twice_is_one_alarm_and_keeps_its_text(store: Store) -> None:
    await store.keep_alarm(HIGH)
    await store.keep_alarm(replace(HIGH, text=""))
    (one,) = await store.open_alarms()
    assert one.alarm == HIGH


async def test_who_has_seen_it_is_kept_and_the_device_is_to_be_told(store: Store) -> None:
    await store.keep_alarm(HIGH)
    (one,) = await store.open_alarms()
    await store.acknowledge_alarm(one.id, "marie")

    (due,) = await store.acknowledgements_due()
    assert (due.alarm, due.acknowledged_by) == (HIGH, "marie")
    await store.keep_alarm(replace(HIGH, wants_acknowledgement=False))  # the device has taken it

    assert await store.acknowledgements_due() == ()
    (seen,) = await store.open_alarms()
    assert (seen.acknowledged_by, seen.acknowledged_at) == ("marie", due.acknowledged_at)
    (entry,) = await store.audit_trail()
    assert (entry.who, entry.what["action"]) == ("marie", "alarm acknowledged")
    with pytest.raises(StoreError, match="no alarm"):
        await store.acknowledge_alarm(one.id, "paul")


async def test_what_somebody_on_site_has_seen_has_a_time_and_no_name(store: Store) -> None:
    await store.keep_alarm(HIGH)
    await store.keep_alarm(replace(HIGH, wants_acknowledgement=False))
    (one,) = await store.open_alarms()
    assert one.acknowledged_at is not None
    assert one.acknowledged_by is None


async def test_a_refused_acknowledgement_is_taken_back_and_told(store: Store) -> None:
    await store.keep_alarm(HIGH)
    (one,) = await store.open_alarms()
    await store.acknowledge_alarm(one.id, "marie")
    await store.acknowledgement_refused(one.id, "service", "the device does not take it")
    (again,) = await store.open_alarms()
    assert again.acknowledged_at is None
    assert (await store.audit_trail())[0].what["why"] == "the device does not take it"


async def test_a_return_to_normal_that_wants_to_be_seen_ends_when_it_was(store: Store) -> None:
    await store.keep_alarm(HIGH)
    back = replace(NORMAL, wants_acknowledgement=True)
    await store.keep_alarm(back)
    assert [one.alarm for one in await store.open_alarms()] == [back]
    await store.keep_alarm(NORMAL)
    assert await store.open_alarms() == ()


async def test_what_a_device_no_longer_names_when_asked_has_ended(store: Store) -> None:
    other = replace(HIGH, item="analog-input 9")
    await store.keep_alarm(HIGH)
    await store.keep_alarm(other)
    await store.end_alarms("A1-Z01", but=["alarm"], at=NORMAL.since)
    assert [one.alarm for one in await store.open_alarms()] == [HIGH]
    await store.end_alarms("A1-Z01", but=[], at=NORMAL.since)
    assert await store.open_alarms() == ()


async def test_old_alarms_are_forgotten_and_open_ones_never(store: Store) -> None:
    await store.keep_alarm(HIGH)
    assert await store.forget_alarms(NOON + timedelta(days=900)) == 0
    await store.keep_alarm(NORMAL)
    assert await store.forget_alarms(NORMAL.since) == 0
    assert await store.forget_alarms(NORMAL.since + timedelta(seconds=1)) == 1
