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


class FeedShelf:
    """Bodies of the present slot."""

    def __init__(self, clock: Clock, places: int = PLACES) -> None:
        self._clock = clock
        self._places = places
        self._slot: Slot | None = None
        self._held: OrderedDict[Hashable, asyncio.Future[Ready]] = OrderedDict()

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Ready]]) -> Ready:
        """What is held under `key` in this slot; made by `make` when it is not there yet."""
        self._turn_over()
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = asyncio.ensure_future(make())
            held.add_done_callback(lambda done: self._drop_failed(key, done))
            while len(self._held) > self._places:
                self._held.popitem(last=False)
        return await asyncio.shield(held)

    def _turn_over(self) -> None:
        slot = Slot.containing(self._clock.now())
        if slot != self._slot:
            self._slot = slot
            self._held.clear()

    def _drop_failed(self, key: Hashable, done: "asyncio.Future[Ready]") -> None:
        """What could not be made is tried again when it is asked for again."""
        if (done.cancelled() or done.exception()) and self._held.get(key) is done:
            del self._held[key]
