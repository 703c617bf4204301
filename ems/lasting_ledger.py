"""A ledger that goes on while its store is away, so that control does too.

The last plan and mode are remembered; what should be written down waits, in its order, and is
written when the store is back. A store that has just failed is left alone for some seconds, so that
an absence costs a quarter hour one wait and not one for each question. What waits is bounded; when
the store stays away longer, the oldest is dropped and counted.
"""

import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from ems.cycle import Ledger
from ems.domain.cycle_record import CycleRecord
from ems.domain.errors import StoreAwayError
from ems.domain.forecasts import Forecasts
from ems.domain.plans import Dispatched, Mode, Plan

log = logging.getLogger("ems.cycle")

WAITING = 192
"""Entries kept at most: a day of plans and their records."""
LEFT_ALONE_S = 5.0
"""Wall seconds between two tries of a store that is away."""

Entry = Callable[[], Awaitable[None]]


class LastingLedger:
    """`Ledger` over one that may be away."""

    def __init__(self, ledger: Ledger, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._timer = timer
        self._plan: Plan | None = None
        self._mode: Mode | None = None
        self._waiting: deque[Entry] = deque()
        self._try_again_s = float("-inf")
        self.away = False
        """Whether the store was away at the last try."""
        self.dropped = 0
        """Entries that were never written down, since the start."""

    async def live_plan(self) -> Plan | None:
        """The plan in force; while the store is away, the last one made."""
        if await self._written():
            try:
                self._plan = await self._ledger.live_plan()
            except StoreAwayError as error:
                self._note_away(error)
        return self._plan

    async def mode(self) -> Mode:
        """Who decides what is written; while the store is away, as it was last known.

        Raises:
            StoreAwayError: it was never known.
        """
        if self._mode is None or await self._written():
            try:
                self._mode = await self._ledger.mode()
            except StoreAwayError as error:
                self._note_away(error)
                if self._mode is None:
                    raise
        return self._mode

    async def commit(self, plan: Plan, forecasts: Forecasts | None) -> None:
        """Make `plan` the one in force, in the store as soon as it is there."""
        self._plan = plan
        await self._write(partial(self._ledger.commit, plan, forecasts))

    async def record(
        self, plan: Plan, dispatched: Sequence[Dispatched], cycle: CycleRecord
    ) -> None:
        """Keep what each device took, in the store as soon as it is there."""
        await self._write(partial(self._ledger.record, plan, dispatched, cycle))

    async def tell(self, cycle: CycleRecord) -> None:
        """Keep the story of a quarter hour in which nothing was dispatched."""
        await self._write(partial(self._ledger.tell, cycle))

    async def _write(self, entry: Entry) -> None:
        self._waiting.append(entry)
        while len(self._waiting) > WAITING:
            self._waiting.popleft()
            self.dropped += 1
        await self._written()

    async def _written(self) -> bool:
        """Write down what waits: whether the store has all of it."""
        if self.away and self._timer() < self._try_again_s:
            return False
        try:
            while self._waiting:
                await self._waiting[0]()
                self._waiting.popleft()
        except StoreAwayError as error:
            self._note_away(error)
            return False
        self._note_back()
        return True

    def _note_away(self, error: StoreAwayError) -> None:
        self._try_again_s = self._timer() + LEFT_ALONE_S
        if not self.away:
            self.away = True
            log.warning("control goes on without the database: %s", error.message)

    def _note_back(self) -> None:
        if self.away:
            self.away = False
            log.warning("plans are written down again; %d entries were lost", self.dropped)
