"""Readings on their way into the store, kept in memory while the database is away.

Whoever measures puts readings in and never waits. They are stored in the order they came. When more
wait than the spool may hold, the oldest are dropped and counted: what is newest matters most to
control, and nothing is lost unseen.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from ems.domain.errors import StoreAwayError
from ems.domain.points import Reading

BATCH = 10_000
"""Readings stored at once."""
GATHER_S = 0.25
"""Wall seconds between two batches, so that single readings travel together."""
RETRY_S = (0.25, 5.0)
"""First and longest wait before the database is tried again."""

_log = logging.getLogger(__name__)


class KeepsReadings(Protocol):
    """What readings end up in."""

    async def add_readings(self, readings: Sequence[Reading]) -> int:
        """Keep them: how many were new."""
        ...


class Ingest:
    """A bounded spool in front of the store."""

    def __init__(self, store: KeepsReadings, limit: int = 1_000_000) -> None:
        self._store = store
        self._limit = limit
        self._spool: deque[Reading] = deque()
        self._leaving: list[Reading] = []
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.away = False
        """Whether the database was away at the last try."""
        self.dropped = 0
        """Readings that no room was left for, since the start."""
        self.stored = 0
        """Readings that the store has taken, since the start."""

    @property
    def waiting(self) -> int:
        """Readings not stored yet."""
        return len(self._spool) + len(self._leaving)

    def put(self, readings: Sequence[Reading]) -> None:
        """Take `readings` in; never blocks."""
        self._spool.extend(readings)
        while self._spool and self.waiting > self._limit:
            self._spool.popleft()
            self.dropped += 1
        if self._spool:
            self._work.set()
            self._idle.clear()

    async def run(self) -> None:
        """Store what is put in, until cancelled; what waits then stays in the spool.

        Raises:
            StoreError: the store refuses a reading, which is a fault of the program.
        """
        while True:
            await self._work.wait()
            while self.waiting:
                await self._store_some()
            self._work.clear()
            self._idle.set()
            await asyncio.sleep(GATHER_S)

    async def drained(self) -> None:
        """Wait until everything put in so far is stored."""
        await self._idle.wait()

    async def _store_some(self) -> None:
        if not self._leaving:
            count = min(BATCH, len(self._spool))
            self._leaving = [self._spool.popleft() for _ in range(count)]
        wait_s, longest_s = RETRY_S
        while True:
            try:
                await self._store.add_readings(self._leaving)
            except StoreAwayError as error:
                self._note_away(error)
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, longest_s)
            else:
                break
        self.stored += len(self._leaving)
        self._leaving = []
        self._note_back()

    def _note_away(self, error: StoreAwayError) -> None:
        if not self.away:
            self.away = True
            _log.warning("readings wait in memory: %s", error.message)

    def _note_back(self) -> None:
        if self.away:
            self.away = False
            _log.warning(
                "the database is back: %d readings wait, %d were dropped since the start",
                self.waiting,
                self.dropped,
            )
