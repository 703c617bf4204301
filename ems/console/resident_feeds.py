"""A resident's private feed: no account, only the secret in its address, or in a header.

`/feed/<secret>/<file>` is for readers that take an address; programs send the secret as a bearer
token to `/api/v1/feed/<file>`. An unknown secret finds nothing, however often it is tried: 128 bits
can't be guessed, so nobody else is locked out. A secret that asks too often waits.
"""

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response
from pydantic import AwareDatetime

from ems.console.desk import Desk
from ems.console.feed_shelf import FeedShelf, Ready, ready
from ems.console.wire import Json
from ems.domain.errors import NotAllowedError
from ems.domain.slots import Clock
from ems.domain.steps import Step
from ems.feeds.feed_files import feed_csv, feed_json, feed_schema, french_csv
from ems.feeds.green_button import MEDIA_TYPE, green_button
from ems.feeds.resident import Page, Wanted, feed_page
from ems.store.residents import Purpose

PREFIX = "/api/v1"
ASKED_MOST, WITHIN_S = 120, 60.0
"""Requests that one secret may make in a minute."""
ASKING_AT_ONCE = 3
"""Questions that readers of feeds have with the database at once; the others wait their turn here,
so that the console's own pages always find a connection."""


class FeedFile(StrEnum):
    """The formats, by the name of the file."""

    GREEN_BUTTON = "green-button.xml"
    JSON = "feed.json"
    CSV = "feed.csv"
    FRENCH_CSV = "courbe-de-charge.csv"


_MAKERS: dict[FeedFile, tuple[str, Callable[[Page], bytes]]] = {
    FeedFile.GREEN_BUTTON: (MEDIA_TYPE, lambda page: green_button(page.feed)),
    FeedFile.JSON: ("application/json", lambda page: feed_json(page.feed, page.next_since)),
    FeedFile.CSV: ("text/csv; charset=utf-8", lambda page: feed_csv(page.feed)),
    FeedFile.FRENCH_CSV: ("text/csv; charset=utf-8", lambda page: french_csv(page.feed)),
}


def _wanted(
    detail: Annotated[Step, Query(description="How long the intervals are.")] = Step.DAY,
    since: Annotated[
        AwareDatetime | None, Query(description="Intervals that begin then or later, with offset.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Intervals of each series.")] = 3_000,
) -> Wanted:
    return Wanted(detail=detail, since=since, limit=limit)


def _bearer(authorization: Annotated[str, Header()] = "") -> str:
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise HTTPException(
            401, "send `Authorization: Bearer SECRET`", headers={"WWW-Authenticate": "Bearer"}
        )
    return secret.strip()


Asked = Annotated[Wanted, Depends(_wanted)]


def router(desk: Desk, clock: Clock, wall: Callable[[], float] = time.monotonic) -> APIRouter:
    """The feeds, open to whoever has a dwelling's secret."""
    routes = APIRouter()
    reader = FeedReader(desk, clock, wall)

    @routes.get("/feed/{secret}/{file}", summary="A dwelling's feed, by its private address")
    async def by_address(secret: str, file: FeedFile, wanted: Asked, request: Request) -> Response:
        return await reader.answer(secret, file, wanted, request)

    @routes.get(f"{PREFIX}/feed/{{file}}", summary="A dwelling's feed, by a bearer token")
    async def by_header(
        file: FeedFile, wanted: Asked, request: Request, secret: Annotated[str, Depends(_bearer)]
    ) -> Response:
        return await reader.answer(secret, file, wanted, request)

    @routes.get(f"{PREFIX}/schemas/feed-1.json", summary="The JSON feed's schema")
    async def schema() -> Json:
        return Json(feed_schema())

    return routes


class FeedReader:
    """Answers readers of feeds."""

    def __init__(self, desk: Desk, clock: Clock, wall: Callable[[], float]) -> None:
        self._desk = desk
        self._clock = clock
        self._shelf = FeedShelf(clock)
        self._pace = Pace(wall)
        self._few = asyncio.Semaphore(ASKING_AT_ONCE)

    async def answer(
        self, secret: str, file: FeedFile, wanted: Wanted, request: Request
    ) -> Response:
        """The feed that `secret` opens.

        Raises:
            HTTPException: the secret opens nothing, asks too often, or asks for what is not kept.
        """
        async with self._few:
            access = await self._desk.store.feed_access(secret, Purpose.OWN_FEED)
        if access is None:
            raise HTTPException(404, "there is no such feed")
        dwelling, allowed = access
        self._pace.check(dwelling)
        key = (secret, file, wanted, allowed)

        async def make() -> Ready:
            return await self._make(secret, access, file, wanted)

        try:
            return _response(await self._shelf.get(key, make), request)
        except NotAllowedError as error:
            raise HTTPException(403, f"{error.message}; {error.fix}") from error

    async def _make(
        self, secret: str, access: tuple[str, bool], file: FeedFile, wanted: Wanted
    ) -> Ready:
        """The body, as long as the secret opens the same as when it was asked for."""
        dwelling, allowed = access
        async with self._few:
            if await self._desk.store.feed_access(secret, Purpose.OWN_FEED) != access:
                raise NotAllowedError("this feed was closed or changed", fix="ask anew")
            page = await feed_page(
                self._desk.store,
                self._desk.district,
                dwelling,
                pseudonym=_pseudonym(secret),
                allowed=allowed,
                wanted=wanted,
                now=self._clock.now(),
            )
        media_type, maker = _MAKERS[file]
        return ready(maker(page), media_type, _iso(page.next_since))


class Pace:
    """Holds each dwelling's readers to so many requests a minute, apart from all others."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._times: dict[str, deque[float]] = {}

    def check(self, who: str) -> None:
        """Count one request.

        Raises:
            HTTPException: there were too many; says how long to wait.
        """
        now = self._wall()
        times = self._times.setdefault(who, deque(maxlen=ASKED_MOST))
        if len(times) == ASKED_MOST and now - times[0] < WITHIN_S:
            wait = str(round(WITHIN_S - (now - times[0])) + 1)
            raise HTTPException(
                429, f"more than {ASKED_MOST} requests a minute", headers={"Retry-After": wait}
            )
        times.append(now)


def _pseudonym(secret: str) -> str:
    """Stands for the dwelling inside the feed; a new secret makes a new one."""
    return hashlib.sha256(b"subscription " + secret.encode()).hexdigest()[:16]


def _iso(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")


def _response(body: Ready, request: Request) -> Response:
    headers = {"ETag": body.etag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    if body.next_since:
        headers["X-Next-Since"] = body.next_since
    if request.headers.get("if-none-match") == body.etag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(body.packed, media_type=body.media_type, headers=headers)
    return Response(body.plain, media_type=body.media_type, headers=headers)
