"""The live feed: one WebSocket per page, the overview once a second.

All pages share one reading of the store. A page whose session has ended is told so and closed; when
the database is away the page is told too, and keeps its last values, dimmed.
"""

import asyncio

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from ems.console.desk import Desk
from ems.console.guard import same_origin
from ems.console.rights import may
from ems.console.wire import text
from ems.domain.errors import EmsError, StoreError

LIVE = "/live"
EVERY_S = 1.0
CHECK_SESSION_EVERY = 30
"""Frames between two looks at the session."""

FORBIDDEN = 4403
SIGNED_OUT = 4401
TRY_AGAIN = 1013
"""The database is away and sessions can't be looked up; the page comes back by itself."""


def router(desk: Desk) -> APIRouter:
    """The socket `/live`."""
    routes = APIRouter()

    @routes.websocket(LIVE)
    async def live(socket: WebSocket) -> None:
        if not same_origin(socket):
            await socket.close(FORBIDDEN)
            return
        await socket.accept()
        try:
            await _feed(desk, socket)
        except WebSocketDisconnect:
            return
        except StoreError:
            await socket.close(TRY_AGAIN)

    return routes


async def _feed(desk: Desk, socket: WebSocket) -> None:
    count = 0
    while count % CHECK_SESSION_EVERY or await _may_watch(desk, socket):
        await socket.send_text(await frame(desk))
        await asyncio.sleep(EVERY_S)
        count += 1
    await socket.close(SIGNED_OUT)


async def _may_watch(desk: Desk, socket: WebSocket) -> bool:
    session = await desk.door.session(desk.token(socket))
    return session is not None and may(session.user, ("GET", LIVE))


async def frame(desk: Desk) -> str:
    """One message: the overview, or why there is none."""
    try:
        return text(await desk.overview_document())
    except EmsError as error:
        return text({"fault": error.message})
