"""The alarms in the console: how urgent, what each means, and who has seen it."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from console_in_memory import NOW, StoreInMemory

from ems.console.alarm_list import device_words, rank
from ems.domain.alarm_life import Priority, Shelf
from ems.domain.alarms import AlarmState, DeviceAlarm
from ems.store.accounts import Role

CSRF = "csrf of token-0"


def alarm(device: str, priority: int, *, item: str = "power_kw", **given: Any) -> DeviceAlarm:
    since = NOW - timedelta(minutes=12)
    values = {"state": AlarmState.HIGH_LIMIT, "wants_acknowledgement": True, **given}
    return DeviceAlarm(device=device, item=item, since=since, priority=priority, **values)


async def listed(operator: httpx.AsyncClient, query: str = "") -> dict[str, Any]:
    answer = await operator.get(f"/api/v1/alarms{query}")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def test_the_four_priorities_are_the_four_ranks() -> None:
    assert [rank(priority) for priority in Priority] == [1, 2, 3, 4]
    assert [rank(0), rank(63), rank(64), rank(255)] == [1, 1, 2, 4]


@pytest.mark.parametrize("state", list(AlarmState))
def test_every_state_says_what_it_means_and_what_to_do(state: AlarmState) -> None:
    words = device_words(state, str)
    assert all((words.what, words.meaning, words.do))


async def test_the_unseen_and_urgent_come_first(
    operator: httpx.AsyncClient, store: StoreInMemory
) -> None:
    for device, priority in (("BAT-1", 200), ("HP-1", 30), ("HP-2", 80)):
        store.raise_alarm(alarm(device, priority))
    await store.acknowledge_alarm(2, "ana")
    body = await listed(operator)
    assert [row["device"] for row in body["alarms"]] == ["HP-2", "BAT-1", "HP-1"]
    assert [row["standing"] for row in body["alarms"]][-1] == "acknowledged"
    assert body["count"] == {"unseen": 2, "worst": 2, "open": 3}
    assert body["alarms"][-1]["untold"] is True


async def test_the_emss_own_alarms_speak_the_language_of_the_reader(
    operator: httpx.AsyncClient, store: StoreInMemory
) -> None:
    store.raise_alarm(alarm("EMS", Priority.HIGH, item="database", state=AlarmState.FAULT))
    (row,) = (await listed(operator, "?lang=fr"))["alarms"]
    assert row["what"] == "La base de données ne répond pas"
    assert "PostgreSQL" in row["do"]


async def test_what_is_normal_again_and_unseen_still_wants_to_be_seen(
    operator: httpx.AsyncClient, store: StoreInMemory
) -> None:
    store.raise_alarm(alarm("HP-1", 80, state=AlarmState.NORMAL))
    store.raise_alarm(alarm("HP-2", 80), ended_at=NOW)
    assert [row["standing"] for row in (await listed(operator))["alarms"]] == ["returned"]
    assert [row["device"] for row in (await listed(operator, "?which=ended"))["alarms"]] == ["HP-2"]


async def test_an_alarm_is_acknowledged_once_and_in_ones_own_name(
    operator: httpx.AsyncClient, store: StoreInMemory
) -> None:
    number = store.raise_alarm(alarm("HP-1", 80))
    address = f"/api/v1/alarms/{number}/acknowledge"
    assert (await operator.post(address, data={"form_token": CSRF})).status_code == 204
    assert store.alarms[0].acknowledged_by == "operator"
    assert (await listed(operator))["count"] == {"unseen": 0, "worst": None, "open": 1}
    again = await operator.post(address, data={"form_token": CSRF})
    assert again.status_code == 409
    assert again.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("token", "origin", "role"),
    [
        ("forged", "http://console.test", Role.OPERATOR),
        (CSRF, "http://elsewhere.test", Role.OPERATOR),
        (CSRF, "http://console.test", Role.VIEWER),
    ],
    ids=["a forged form", "another site", "a viewer"],
)
async def test_who_may_not_acknowledge(
    visitor: httpx.AsyncClient, store: StoreInMemory, token: str, origin: str, role: Role
) -> None:
    store.role = role
    visitor.cookies.set("ems_session", await store.open_session("someone"))
    number = store.raise_alarm(alarm("HP-1", 80))
    answer = await visitor.post(
        f"/api/v1/alarms/{number}/acknowledge",
        data={"form_token": token},
        headers={"Origin": origin},
    )
    assert answer.status_code == 403
    assert store.alarms[0].acknowledged_at is None


async def test_every_page_counts_the_alarms_that_nobody_has_seen(
    operator: httpx.AsyncClient, store: StoreInMemory
) -> None:
    store.raise_alarm(alarm("HP-1", 140))
    seen = (await operator.get("/api/v1/overview")).json()["alarms"]
    assert seen == {"unseen": 1, "worst": 3, "open": 1}


async def test_a_shelf_keeps_an_alarm_still_until_it_is_put_back(
    operator: httpx.AsyncClient, store: StoreInMemory
) -> None:
    address = f"/api/v1/alarms/{store.raise_alarm(alarm('HP-1', 80))}"
    form = {"form_token": CSRF, "reason": "the pump is being changed"}
    assert (await operator.post(f"{address}/shelve", data={**form, "hours": "8"})).is_success
    body = await listed(operator)
    assert body["alarms"][0]["standing"] == "shelved"
    assert body["alarms"][0]["shelf"]["reason"] == "the pump is being changed"
    assert body["count"]["unseen"] == 0
    assert (await operator.post(f"{address}/shelve", data=form)).is_success
    assert (await listed(operator))["alarms"][0]["standing"] == "out_of_service"
    assert (await operator.post(f"{address}/put-back", data={"form_token": CSRF})).is_success
    assert (await listed(operator))["count"]["unseen"] == 1


async def test_a_shelf_whose_time_is_over_keeps_nothing_still(
    operator: httpx.AsyncClient, store: StoreInMemory
) -> None:
    store.raise_alarm(alarm("HP-1", 80))
    store.shelves["HP-1", "power_kw"] = Shelf(by="ana", reason="work", until=NOW)
    assert (await listed(operator))["alarms"][0]["standing"] == "unacknowledged"


@pytest.mark.parametrize(
    ("given", "status"),
    [({}, 422), ({"reason": "  "}, 422), ({"reason": "x", "hours": "200"}, 422),
     ({"reason": "x", "form_token": "forged"}, 403)],
)  # fmt: skip
async def test_a_shelf_needs_a_reason_and_an_end(
    operator: httpx.AsyncClient, store: StoreInMemory, given: dict[str, str], status: int
) -> None:
    number = store.raise_alarm(alarm("HP-1", 80))
    form = {"form_token": CSRF, "hours": "8", **given}
    answer = await operator.post(f"/api/v1/alarms/{number}/shelve", data=form)
    assert answer.status_code == status
    assert store.shelves == {}
