"""The stop button: who may press it, from where, and what it does."""

from typing import Any

import httpx
import pytest
from console_in_memory import StoreInMemory

from ems.commands.stop_writing import stopped
from ems.console.stopping import PAGES
from ems.domain.plans import Mode
from ems.store.accounts import Role
from ems.store.stopping import REQUEST

CSRF = "csrf of token-0"


async def press(visitor: httpx.AsyncClient, what: str, **form: str) -> httpx.Response:
    data = {"form_token": CSRF, "back": "/devices", **form}
    return await visitor.post(f"/{what}-writing", data=data)


async def test_one_press_ends_all_writing_as_the_command_does(
    operator: httpx.AsyncClient, store: StoreInMemory
) -> None:
    answer = await press(operator, "stop")
    assert (answer.status_code, answer.headers["location"]) == (303, "/devices")
    assert store.chosen_mode is Mode.MANUAL
    by_button = [(entry.who, dict(entry.what)) for entry in store.trail]
    store.trail.clear()
    pressed = store.settings.pop(REQUEST)
    await stopped(store, "operator", 0.0)  # type: ignore[arg-type]
    assert [(entry.who, dict(entry.what)) for entry in store.trail] == by_button
    assert store.settings[REQUEST] != pressed


@pytest.mark.parametrize(
    ("form", "origin", "role", "status"),
    [
        ({"form_token": "forged"}, "http://console.test", Role.OPERATOR, 403),
        ({}, "http://elsewhere.test", Role.OPERATOR, 403),
        ({}, "http://console.test", Role.VIEWER, 403),
        ({}, "http://console.test", Role.RESIDENT, 403),
        ({}, "http://console.test", Role.ADMIN, 303),
    ],
    ids=["a forged form", "another site", "a viewer", "a resident", "an administrator"],
)
async def test_who_may_stop(
    visitor: httpx.AsyncClient, store: StoreInMemory,
    form: dict[str, str], origin: str, role: Role, status: int,
) -> None:  # fmt: skip
    store.role = role
    visitor.cookies.set("ems_session", await store.open_session("someone"))
    visitor.headers["Origin"] = origin
    assert (await press(visitor, "stop", **form)).status_code == status
    assert store.chosen_mode is (Mode.MANUAL if status == 303 else Mode.AUTOMATIC)


async def test_to_go_on_is_a_deliberate_act(
    operator: httpx.AsyncClient, store: StoreInMemory
) -> None:
    await press(operator, "stop")
    assert (await press(operator, "resume")).status_code == 422
    assert await store.mode() is Mode.MANUAL
    assert (await press(operator, "resume", sure="yes")).status_code == 303
    assert await store.mode() is Mode.AUTOMATIC


@pytest.mark.parametrize("back", ["//elsewhere.test", "https://elsewhere.test", "/sign-out", ""])
async def test_nobody_is_led_elsewhere(operator: httpx.AsyncClient, back: str) -> None:
    answer = await press(operator, "stop", back=back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
async def test_the_button_is_on_every_page_for_those_who_may(
    visitor: httpx.AsyncClient, store: StoreInMemory, page: str, role: Role
) -> None:
    store.role = role
    visitor.cookies.set("ems_session", await store.open_session("someone"))
    text = (await visitor.get(page)).text
    assert ('action="/stop-writing"' in text) is (role is Role.OPERATOR)


async def test_every_page_learns_how_far_it_has_come(
    operator: httpx.AsyncClient, store: StoreInMemory
) -> None:
    async def said() -> Any:
        return (await operator.get("/api/v1/overview")).json()["stopped"]

    assert await said() is None
    await press(operator, "stop")
    assert await said() == {"done": False, "devices": 0, "unreached": []}


async def test_what_was_not_reached_is_named(
    operator: httpx.AsyncClient, store: StoreInMemory
) -> None:
    await press(operator, "stop")
    store.service_says(547, ["HP-2"])
    seen = (await operator.get("/api/v1/overview")).json()
    assert seen["stopped"] == {"done": True, "devices": 547, "unreached": ["HP-2"]}
    assert seen["overview"]["mode"] == "manual"
