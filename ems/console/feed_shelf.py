"""Feeds made ready once for each quarter hour, so that thousands of readers at once are served.

A body is made when it is first asked for, packed, and handed to everyone who asks for the same
until the next slot begins; those who ask while it is being made wait for that one making. The
shelf is bounded: when it is full the oldest body goes.
"""

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

from ems.domain.slots import Clock, Slot

PLACES = 6_000


@dataclass(frozen=True, kw_only=True)
class Ready:
    """One body, as it is sent."""

    media_type: str
    """For the reader's program."""

    plain: bytes = field(repr=False)
    """As it is."""

    packed: bytes = field(repr=False)
    """Compressed with gzip."""

    etag: str
    """Changes when the body does."""

    next_since: str
    """Where the next page begins, ISO 8601; empty when there is none."""


def ready(body: bytes, media_type: str, next_since: str) -> Ready:
    """`body` packed and named."""
    return Ready(
        media_type=media_type,
        plain=body,
        packed=gzip.compress(body, compresslevel=6, mtime=0),
        etag=f'"{hashlib.sha256(body).hexdigest()[:24]}"',
        next_since=next_since,
    )


Make = Callable[[], Awaitable[Ready]]


class FeedShelf:
    """Bodies of the present slot."""

    def __init__(self, clock: Clock, places: int = PLACES) -> None:
        self._clock = clock
        self._places = places
        self._slot: Slot | None = None
        self._held: OrderedDict[Hashable, asyncio.Future[Ready]] = OrderedDict()
        self._makers: dict[Hashable, Make] = {}
        self._renewal: asyncio.Task[None] | None = None

    async def get(self, key: Hashable, make: Make) -> Ready:
        """What is held under `key` in this slot; made by `make` when it is not there yet."""
        self._turn_over()
        return await asyncio.shield(self._begun(key, make))

    def _begun(self, key: Hashable, make: Make) -> "asyncio.Future[Ready]":
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = asyncio.ensure_future(make())
            self._makers[key] = make
            held.add_done_callback(lambda done: self._drop_failed(key, done))
            while len(self._held) > self._places:
                oldest, _ = self._held.popitem(last=False)
                del self._makers[oldest]
        return held

    def _turn_over(self) -> None:
        """In a new slot nothing is held; what was asked in the one before is made anew."""
        slot = Slot.containing(self._clock.now())
        if slot == self._slot:
            return
        self._slot = slot
        before, self._makers = self._makers, {}
        self._held.clear()
        if self._renewal is not None:
            self._renewal.cancel()
        self._renewal = asyncio.ensure_future(self._renew(slot, before))

    async def _renew(self, slot: Slot, makers: dict[Hashable, Make]) -> None:
        """One after the other, so that readers come in between."""
        for key, make in makers.items():
            if self._slot != slot:
                return
            await asyncio.wait([self._begun(key, make)])

    def _drop_failed(self, key: Hashable, done: "asyncio.Future[Ready]") -> None:
        """What could not be made is tried again when it is asked for again."""
        if (done.cancelled() or done.exception()) and self._held.get(key) is done:
            del self._held[key], self._makers[key]
