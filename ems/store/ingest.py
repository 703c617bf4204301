"""Readings on their way into the store: first to disk, then to the database, then forgotten.

Whoever measures puts readings in and never waits. Two tasks do the rest, so that a database that
does not answer never keeps readings from the disk:

    keep     everything put in goes to the spool, a few times a second
    deliver  one batch of what is new, then one of what waits from before, in turn: a long absence
             of the database is made up for in order, while live values stay live

A batch is forgotten when the database has confirmed it, and may be sent twice. Quarter hours whose
readings come late are summed up again. A disk that is full or fails is no end: readings then go
through memory as before, a bounded number of them; what must be dropped is counted.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Protocol, TypeVar

from ems.domain.errors import SpoolError, StoreAwayError, StoreError
from ems.domain.points import Reading
from ems.domain.slots import Slot
from ems.store.spool import Batch, Spool

BATCH = 40_000
"""Readings kept and stored at once."""
GATHER_S = 0.25
"""Wall seconds between two batches, so that single readings travel together."""
RETRY_S = (0.25, 5.0)
"""First and longest wait before the database, or the disk, is tried again."""
IN_MEMORY = 500_000
"""Readings held in memory at most, where the disk does not take them."""
ON_NO_DISK = 0
"""Number of a batch that is in memory only."""

_log = logging.getLogger(__name__)

T = TypeVar("T")


class KeepsReadings(Protocol):
    """What readings end up in."""

    async def add_readings(self, readings: Sequence[Reading]) -> int:
        """Keep them: how many were new."""
        ...

    async def roll_up(self, slot: Slot) -> int:
        """Sum up a quarter hour again."""
        ...


class Ingest:
    """A bounded spool in front of the store."""

    def __init__(self, store: KeepsReadings, spool: Spool, *, in_memory: int = IN_MEMORY) -> None:
        self._store = store
        self._spool = spool
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._in_memory = in_memory
        self._fresh: deque[Reading] = deque()
        self._live: deque[Batch] = deque()
        self._saving = 0
        self._backlog_to = spool.last_number
        self._confirmed: set[int] = set()
        self._late: set[Slot] = set()
        self._arrived, self._ready = asyncio.Event(), asyncio.Event()
        self._idle = asyncio.Event()
        self.away = False
        """Whether the database was away at the last try."""
        self.disk_fails = False
        """Whether the spool could not be written at the last try."""
        self.dropped = 0
        """Readings that neither disk nor memory had room for, since the start."""
        self.stored = 0
        """Readings that the store has taken, since the start."""
        if spool.waiting:
            _log.info("%d readings wait from before", spool.waiting)
            self._ready.set()
        else:
            self._idle.set()

    @property
    def waiting(self) -> int:
        """Readings not stored yet."""
        in_memory = sum(len(b.readings) for b in self._live if b.number == ON_NO_DISK)
        return len(self._fresh) + self._saving + in_memory + self._spool.waiting

    @property
    def lost(self) -> int:
        """Readings lost for good: by the spool ever, by memory since the start."""
        return self.dropped + self._spool.lost

    def put(self, readings: Sequence[Reading]) -> None:
        """Take `readings` in; never blocks."""
        self._fresh.extend(readings)
        while len(self._fresh) > self._in_memory:
            self._fresh.popleft()
            self.dropped += 1
        if self._fresh:
            self._arrived.set()
            self._idle.clear()

    async def forget_points(self, points: Collection[str], before: datetime) -> int:
        """Take readings of `points` from before a moment out of what waits on disk: how many.

        Raises:
            SpoolError: the disk does not answer.
        """
        return await self._on_disk(lambda: self._spool.forget_points(points, before))

    async def drained(self) -> None:
        """Wait until everything put in so far is stored."""
        await self._idle.wait()

    async def run(self) -> None:
        """Keep and deliver what is put in, until cancelled; what waits then stays on disk."""
        tasks = [asyncio.create_task(self._keep()), asyncio.create_task(self._deliver())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._disk.shutdown()

    async def _keep(self) -> None:
        while True:
            await self._arrived.wait()
            while self._fresh:
                await self._keep_some()
            self._arrived.clear()
            await asyncio.sleep(GATHER_S)

    async def _keep_some(self) -> None:
        some = tuple(self._fresh.popleft() for _ in range(min(BATCH, len(self._fresh))))
        self._saving = len(some)
        try:
            batch = await self._on_disk(lambda: self._spool.keep(some))
        except SpoolError as error:
            self._note_disk(error)
            batch = Batch(number=ON_NO_DISK, readings=some)
        else:
            self._note_disk(None)
        self._saving = 0
        self._live.append(batch)
        self._bound_memory()
        self._ready.set()

    def _bound_memory(self) -> None:
        """Batches on disk need not be in memory too; of the others, the oldest are dropped."""
        if self.away:
            self._leave_to_disk()
        while sum(len(batch.readings) for batch in self._live) > self._in_memory:
            batch = self._live.popleft()
            if batch.number == ON_NO_DISK:
                self.dropped += len(batch.readings)
            self._backlog_to = max(self._backlog_to, batch.number)

    def _leave_to_disk(self) -> None:
        """What is on disk is delivered from there, when the database is back."""
        self._backlog_to = max([self._backlog_to, *(batch.number for batch in self._live)])
        self._live = deque(batch for batch in self._live if batch.number == ON_NO_DISK)

    async def _deliver(self) -> None:
        wait_s, longest_s = RETRY_S
        while True:
            await self._ready.wait()
            try:
                more = await self._deliver_some()
            except (StoreAwayError, SpoolError) as error:
                self._note_trouble(error)
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, longest_s)
                continue
            wait_s = RETRY_S[0]
            if not more:
                self._ready.clear()
                if not self.waiting:
                    self._idle.set()

    async def _deliver_some(self) -> bool:
        """One live batch and one that waited: whether there is more to do.

        Raises:
            StoreAwayError: the database does not answer; nothing is forgotten.
            SpoolError: the disk does not answer.
        """
        if self._live:
            batch = self._live[0]
            await self._store_batch(batch)
            if self._live and self._live[0] is batch:
                self._live.popleft()
        if self._backlog_to:
            await self._deliver_old()
        elif self._late and not self._live:
            await self._sum_up_again()
        return bool(self._live or self._backlog_to or self._late)

    async def _deliver_old(self) -> None:
        """One batch that waited, the oldest first."""
        last = self._backlog_to
        batch = await self._on_disk(lambda: self._spool.oldest(before=last + 1))
        if batch is None:
            self._backlog_to = 0 if self._backlog_to == last else self._backlog_to
            return
        if batch.number not in self._confirmed:
            await self._store_batch(batch)
            self._late |= {Slot.containing(reading.at) for reading in batch.readings}
        else:
            await self._on_disk(lambda: self._spool.forget(batch.number))
            self._confirmed.discard(batch.number)

    async def _store_batch(self, batch: Batch) -> None:
        try:
            await self._store.add_readings(batch.readings)
        except StoreAwayError:
            raise
        except StoreError as error:
            await self._refused(batch, error)
        else:
            self.stored += len(batch.readings)
            await self._forget(batch.number)
        self._note_back()

    async def _forget(self, number: int) -> None:
        """The database has it; a disk that does not let go of it is asked again later."""
        if number == ON_NO_DISK:
            return
        try:
            await self._on_disk(lambda: self._spool.forget(number))
        except SpoolError as error:
            self._note_disk(error)
            self._confirmed.add(number)
            self._backlog_to = max(self._backlog_to, number)

    async def _refused(self, batch: Batch, error: StoreError) -> None:
        """A fault of the program or of the description: told, and not tried for ever."""
        _log.error("%d readings are set aside: %s", len(batch.readings), error.message)
        if batch.number:
            await self._on_disk(lambda: self._spool.set_aside(batch.number, error.message))
        else:
            self.dropped += len(batch.readings)

    async def _sum_up_again(self) -> None:
        """The quarter hours that were summed up without the readings that came late."""
        for slot in sorted(self._late):
            await self._store.roll_up(slot)
            self._late.discard(slot)

    async def _on_disk(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._disk, work)

    def _note_disk(self, error: SpoolError | None) -> None:
        if error is not None and not self.disk_fails:
            _log.error("readings wait in memory only: %s", error.message)
        if error is None and self.disk_fails:
            _log.warning("readings are kept on disk again")
        self.disk_fails = error is not None

    def _note_trouble(self, error: StoreAwayError | SpoolError) -> None:
        if isinstance(error, SpoolError):
            self._note_disk(error)
        elif not self.away:
            self.away = True
            self._leave_to_disk()
            _log.warning("readings wait on disk: %s", error.message)

    def _note_back(self) -> None:
        if self.away:
            self.away = False
            _log.warning(
                "the database is back: %d readings wait, %d are lost", self.waiting, self.lost
            )
