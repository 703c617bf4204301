"""The circumstances of a plan, out of the store; while it is away, those that were known last."""

import logging

from ems.domain.circumstances import NOTHING_SPECIAL, Circumstances
from ems.domain.district import District
from ems.domain.errors import StoreAwayError
from ems.domain.learned_rooms import LearnedRooms, LearnedRoomsError, of_setting
from ems.domain.slots import Horizon
from ems.overrun_book import OverrunBook
from ems.store.store import Store

log = logging.getLogger("ems.cycle")

LEARNED = "calibration"
"""Setting that holds what was learned of the rooms."""


class StoreStanding:
    """`Standing` over the store."""

    def __init__(self, store: Store, district: District) -> None:
        self._store = store
        self._book = OverrunBook(store, district)
        self._last = NOTHING_SPECIAL

    async def circumstances(self, horizon: Horizon) -> Circumstances:
        """What holds for a plan over `horizon`."""
        try:
            self._last = await self._asked(horizon)
        except StoreAwayError as error:
            log.warning("events and rooms as they were known last: %s", error.message)
        return self._last

    async def _asked(self, horizon: Horizon) -> Circumstances:
        end = (horizon.first + horizon.length).start
        events = await self._store.import_events(horizon.first.start)
        return Circumstances(
            caps=tuple(event.cap for event in events if event.begins < end),
            drawn=await self._book.drawn(horizon.first),
            learned=await self._learned(),
        )

    async def _learned(self) -> LearnedRooms | None:
        """Of the rooms; none where it can't be read, so that plans go on by the description."""
        try:
            return of_setting(await self._store.setting(LEARNED))
        except LearnedRoomsError as error:
            log.warning("rooms as described: %s; %s", error.message, error.fix)
            return None
