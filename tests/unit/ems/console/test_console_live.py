"""The live feed: for pages of this console, as long as their session lasts."""

import asyncio
import json
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import pytest
from console_in_memory import StoreInMemory
from fastapi import FastAPI

from ems.console.live import FORBIDDEN, SIGNED_OUT, TRY_AGAIN
from ems.domain.errors import StoreAwayError

OWN = "http://console.test"

Message = MutableMapping[str, Any]


async def first_answer(app: FastAPI, *, origin: str = OWN, token: str) -> Message:
    """The first message, or the close, that the feed sends to a page."""
    answers: asyncio.Queue[Message] = asyncio.Queue()
    connect: list[Message] = [{"type": "websocket.connect"}]

    async def receive() -> Message:
        return connect.pop() if connect else await asyncio.get_running_loop().create_future()

    async def send(message: Message) -> None:
        if message["type"] != "websocket.accept":
            answers.put_nowait(message)

    headers = {"host": "console.test", "origin": origin, "cookie": f"ems_session={token}"}
    scope = {
        "type": "websocket", "path": "/live", "raw_path": b"/live", "root_path": "",
        "query_string": b"", "scheme": "ws", "subprotocols": [], "client": ("10.0.0.7", 1),
        "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
    }  # fmt: skip
    talking = asyncio.ensure_future(app(scope, receive, send))
    answer = await asyncio.wait_for(answers.get(), 5)
    talking.cancel()
    with suppress(asyncio.CancelledError):
        await talking
    return answer


@pytest.fixture
async def token(store: StoreInMemory) -> str:
    """A session."""
    return await store.open_session("operator")


def break_down(store: StoreInMemory, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    async def away(*_: object) -> None:
        raise StoreAwayError("the database is away")

    monkeypatch.setattr(store, name, away)


async def test_a_page_gets_the_overview(app: FastAPI, token: str) -> None:
    message = json.loads((await first_answer(app, token=token))["text"])
    assert message["overview"]["connection"]["net_kw"]["value"] == 612.0
    assert message["levels"]["data"] == "quiet"


@pytest.mark.parametrize("origin", ["http://evil.test", "null", ""])
async def test_a_page_of_another_site_is_refused(app: FastAPI, token: str, origin: str) -> None:
    assert (await first_answer(app, origin=origin, token=token))["code"] == FORBIDDEN


async def test_a_stranger_is_sent_to_the_door(app: FastAPI) -> None:
    assert (await first_answer(app, token="guess"))["code"] == SIGNED_OUT


async def test_a_page_is_told_that_the_figures_cannot_be_read(
    app: FastAPI, token: str, store: StoreInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_down(store, monkeypatch, "latest")
    answer = await first_answer(app, token=token)
    assert json.loads(answer["text"]) == {"fault": "the database is away"}


async def test_without_sessions_the_page_is_asked_to_come_back(
    app: FastAPI, token: str, store: StoreInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_down(store, monkeypatch, "session")
    assert (await first_answer(app, token=token))["code"] == TRY_AGAIN
