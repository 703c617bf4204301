import asyncio
from contextlib import aclosing

import pytest
from store_examples import a_plan

from ems.domain.plans import Mode
from ems.store import Store
from ems.store.events import Changed, StoreEvent


async def test_nothing_is_written_to_devices_until_somebody_says_so(store: Store) -> None:
    assert await store.mode() is Mode.SHADOW
    await store.set_mode(Mode.AUTOMATIC, "ana")
    assert await store.mode() is Mode.AUTOMATIC


@pytest.mark.parametrize("value", [True, 3.5, "text", None, {"a": [1, 2]}], ids=str)
async def test_a_setting_comes_back_as_it_was_set(store: Store, value: object) -> None:
    assert await store.setting("x", "unset") == "unset"
    await store.set_setting("x", value, "ana")
    assert await store.setting("x", "unset") == value


async def test_who_changed_what_stands_in_the_audit_trail_newest_first(store: Store) -> None:
    await store.set_mode(Mode.MANUAL, "ana")
    await store.set_setting("limit_kw", 900, "bob")
    await store.audit("cleo", {"action": "signed in"})
    trail = await store.audit_trail()
    assert [entry.who for entry in trail] == ["cleo", "bob", "ana"]
    assert trail[2].what == {"action": "mode", "mode": "manual"}
    assert await store.audit_trail(before=trail[1].id, limit=1) == trail[2:]


async def test_who_listens_is_told_of_plans_and_modes(store: Store) -> None:
    told: list[StoreEvent] = []

    async def listen() -> None:
        async with aclosing(store.events()) as events:
            async for event in events:
                told.append(event)
                if len(told) == 4:
                    return

    listening = asyncio.create_task(listen())
    plan = a_plan()
    while not told:
        await store.set_setting("ready", 1, "test")
        await asyncio.sleep(0.02)
    told.clear()
    await asyncio.sleep(0.1)
    told.clear()
    await store.commit_plan(plan, Mode.ADVISORY)
    await store.approve_plan(plan.id, by="ana", reason="", now=plan.issued_at)
    await store.set_mode(Mode.MANUAL, "ana")
    await store.set_setting("limit_kw", 1, "ana")
    await asyncio.wait_for(listening, 5)
    assert told == [
        StoreEvent(kind=Changed.PLAN, id=plan.id),
        StoreEvent(kind=Changed.PLAN, id=plan.id),
        StoreEvent(kind=Changed.MODE, id="manual"),
        StoreEvent(kind=Changed.SETTING, id="limit_kw"),
    ]
