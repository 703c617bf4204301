"""The past that forecasts and plans look back on, kept in memory and topped up each quarter hour.

Loads need weeks, rooms a day. Only what is new is asked of the store; the last hour is asked for
again, since late samples may still have changed it. While the store is away, what came since is
unknown, and asked for when it is back.
"""

from collections.abc import Awaitable, Callable, Sequence

import numpy as np

from ems.domain.errors import StoreAwayError
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import Histories, QuarterHours

Query = Callable[[Sequence[str], Horizon], Awaitable[QuarterHours]]

_LATE_SLOTS = 4


class Window:
    """Some points over a fixed number of slots up to now."""

    def __init__(self, query: Query, points: Sequence[str], slots: int) -> None:
        self._query = query
        self._points = tuple(points)
        self._slots = slots
        self._held: QuarterHours | None = None
        self._known_to = 0

    async def before(self, slot: Slot) -> QuarterHours:
        """The slots that end with the one before `slot`."""
        wanted = Horizon(Slot(slot.index - self._slots), self._slots)
        begin = self._first_unknown(wanted)
        new = await self._since(Horizon(Slot(begin), slot.index - begin))
        values = np.full((len(self._points), self._slots), np.nan)
        if self._held is not None:
            values = self._held.quarter_hours(self._points, wanted)
        fresh = slot.index - begin
        values[:, self._slots - fresh :] = new.quarter_hours(self._points, new.horizon)
        self._held = QuarterHours(points=self._points, horizon=wanted, values=values)
        return self._held

    async def _since(self, horizon: Horizon) -> QuarterHours:
        """What the store knows of some slots; nothing while it is away.

        Raises:
            StoreAwayError: it is away and there is no past at all.
        """
        try:
            new = await self._query(self._points, horizon)
        except StoreAwayError:
            if self._held is None:
                raise
            held = self._held.quarter_hours(self._points, horizon)
            return QuarterHours(points=self._points, horizon=horizon, values=held)
        self._known_to = horizon.slots.stop
        return new

    def _first_unknown(self, wanted: Horizon) -> int:
        if self._held is None or wanted.first < self._held.horizon.first:
            return wanted.first.index
        return max(wanted.first.index, min(self._known_to - _LATE_SLOTS, wanted.slots.stop - 1))


class Past:
    """What the forecaster and the planner need, as one history."""

    def __init__(self, query: Query, needs: Sequence[tuple[Sequence[str], int]]) -> None:
        self._windows = [Window(query, points, slots) for points, slots in needs if points]

    async def before(self, slot: Slot) -> Histories:
        """All of it, up to but not including `slot`."""
        return Histories(pieces=tuple([await window.before(slot) for window in self._windows]))
