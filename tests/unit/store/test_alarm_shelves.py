"""A person keeps an alarm still for a while, with a reason that stands in the trail."""

from datetime import timedelta

import pytest
from store_examples import NOON

from ems.clock import wall_clock
from ems.commands.alarm_list import listed
from ems.domain.alarm_life import Priority, Standing
from ems.domain.alarms import AlarmState, DeviceAlarm
from ems.domain.errors import StoreError
from ems.store import Store


def alarm(item: str, priority: int) -> DeviceAlarm:
    return DeviceAlarm(
        device="EMS",
        item=item,
        state=AlarmState.FAULT,
        since=NOON,
        priority=priority,
        text="something",
        wants_acknowledgement=True,
    )


async def test_a_shelved_alarm_comes_last_until_its_time_is_over(store: Store) -> None:
    await store.keep_alarm(alarm("database", Priority.HIGH))
    await store.keep_alarm(alarm("ntp", Priority.LOW))
    later = wall_clock() + timedelta(hours=1)
    await store.shelve_alarm("EMS", "database", until=later, by="ana", reason="being moved")
    rows = await listed(store, "fr")
    assert [(r["about"], r["stands"]) for r in rows] == [
        ("ntp", Standing.UNACKNOWLEDGED),
        ("database", Standing.SHELVED),
    ]
    assert "NTP" in rows[0]["do"]
    over = wall_clock() - timedelta(hours=1)
    await store.shelve_alarm("EMS", "database", until=over, by="ana", reason="being moved")
    assert [r["about"] for r in await listed(store)] == ["database", "ntp"]
    (entry, *_) = await store.audit_trail()
    assert (entry.who, entry.what["action"], entry.what["reason"]) == (
        "ana", "alarm shelved", "being moved",
    )  # fmt: skip


async def test_out_of_service_lasts_until_it_is_put_back(store: Store) -> None:
    await store.keep_alarm(alarm("ntp", Priority.LOW))
    await store.shelve_alarm("EMS", "ntp", until=None, by="ana", reason="no network yet")
    assert [r["stands"] for r in await listed(store)] == [Standing.OUT_OF_SERVICE]
    assert await store.unshelve_alarm("EMS", "ntp", by="bob")
    assert not await store.unshelve_alarm("EMS", "ntp", by="bob")
    assert [r["stands"] for r in await listed(store)] == [Standing.UNACKNOWLEDGED]


async def test_nothing_is_shelved_without_a_reason(store: Store) -> None:
    with pytest.raises(StoreError):
        await store.shelve_alarm("EMS", "ntp", until=None, by="ana", reason=" ")
