"""A ledger that goes on while its store is away, so that control does too.

The last plan and mode are remembered; what should be written down waits, in its order, and is
written when the store is back. A store that has just failed is left alone for some seconds, so that
an absence costs a quarter hour one wait and not one for each question; one that does not answer in
time counts as away. What waits is bounded; when the store stays away longer, the oldest is dropped
and counted.

Slots are claimed from memory meanwhile, but only while no other instance is known that might lead
instead: with two of them, nothing is written that the store has not allowed.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from ems.cycle import Ledger
from ems.domain.cycle_record import CycleRecord
from ems.domain.errors import StoreAwayError
from ems.domain.forecasts import Forecasts
from ems.domain.plan_life import Claim, Refusal
from ems.domain.plans import Dispatched, Mode, Plan
from ems.domain.slots import Slot
from ems.slot_mark import SlotMark

log = logging.getLogger("ems.cycle")

WAITING = 192
"""Entries kept at most: a day of plans and their records."""
LEFT_ALONE_S = 5.0
"""Wall seconds between two tries of a store that is away."""

ANSWER_S = 8.0
"""Wall seconds that the store may take for one answer."""

T = TypeVar("T")
Entry = Callable[[], Awaitable[None]]


class LastingLedger:
    """`Ledger` over one that may be away."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        alone: Callable[[], bool] = lambda: True,
        mark: SlotMark | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`alone` tells whether no other instance might lead; `mark` outlives a sudden death."""
        self._ledger = ledger
        self._alone = alone
        self._mark = mark or SlotMark()
        self._timer = timer
        self._plan: Plan | None = None
        self._claim: Claim | None = None
        self._mode: Mode | None = None
        self._waiting: deque[Entry] = deque()
        self._try_again_s = float("-inf")
        self.away = False
        """Whether the store was away at the last try."""
        self.dropped = 0
        """Entries that were never written down, since the start."""

    @property
    def waiting(self) -> int:
        """Entries that wait for the store."""
        return len(self._waiting)

    async def live_plan(self) -> Plan | None:
        """The plan in force; while the store is away, the last one made."""
        if await self._written():
            try:
                self._plan = await self._answer(self._ledger.live_plan())
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
                self._mode = await self._answer(self._ledger.mode())
            except StoreAwayError as error:
                self._note_away(error)
                if self._mode is None:
                    raise
        return self._mode

    async def commit(self, plan: Plan, forecasts: Forecasts | None) -> None:
        """Keep `plan`, in the store as soon as it is there; it takes over where nobody decides."""
        if self._mode is not Mode.ADVISORY:
            self._plan = plan
        await self._write(partial(self._ledger.commit, plan, forecasts))

    async def claim(self, slot: Slot) -> Claim:
        """The right to write `slot`; while the store is away, for the plan known to be in force."""
        last, claim = self._mark.last, None
        if last is not None and slot <= last:
            return Claim(slot=slot, plan_id="", refused=Refusal.TAKEN)
        if await self._written():
            try:
                claim = await self._answer(self._ledger.claim(slot))
            except StoreAwayError as error:
                self._note_away(error)
        claim = claim or self._claim_from_memory(slot)
        if claim.refused is None:
            self._claim = claim
            self._mark.note(slot)
        return claim

    def _claim_from_memory(self, slot: Slot) -> Claim:
        last, plan = self._claim, self._plan
        if not self._alone():
            return Claim(slot=slot, plan_id="", refused=Refusal.FENCED)
        if plan is None or slot not in plan.horizon:
            return Claim(slot=slot, plan_id="", refused=Refusal.NO_PLAN)
        authority, epoch = (last.authority, last.epoch) if last else ("", 0)
        return Claim(slot=slot, plan_id=plan.id, authority=authority, epoch=epoch)

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
                await self._answer(self._waiting[0]())
                self._waiting.popleft()
        except StoreAwayError as error:
            self._note_away(error)
            return False
        self._note_back()
        return True

    async def _answer(self, question: Awaitable[T]) -> T:
        try:
            return await asyncio.wait_for(question, ANSWER_S)
        except TimeoutError as error:
            raise StoreAwayError(f"no answer in {ANSWER_S:g} s") from error

    def _note_away(self, error: StoreAwayError) -> None:
        self._try_again_s = self._timer() + LEFT_ALONE_S
        if not self.away:
            self.away = True
            log.warning("control goes on without the database: %s", error.message)

    def _note_back(self) -> None:
        if self.away:
            self.away = False
            log.warning("plans are written down again; %d entries were lost", self.dropped)
