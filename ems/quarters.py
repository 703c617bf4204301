"""What is due in every quarter hour, rung on the district's own clock.

District time runs on monotonic time, so that a step of the machine's clock neither skips a slot nor
rings one twice. A scheduler that goes by the machine's clock can't promise that: an hour forward,
and what is due counts as missed; an hour back, and it waits an hour too long.

    coalescing  what was due several times while the program slept is rung once, for the last slot
    misfire     nothing is rung for a slot that has ended
    overlap     what still runs when it is due again is not started a second time
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from ems.clock import DistrictClock
from ems.domain.slots import Slot

LOOK_S = 5.0
"""Wall seconds between two looks at the clock at most, as its rate may be corrected."""

Work = Callable[[Slot], Awaitable[None]]


class SlotBell:
    """Rings at a fixed offset from the start of every slot, in district time."""

    def __init__(self, clock: DistrictClock, offset: timedelta) -> None:
        self._clock = clock
        self._offset = offset
        self._next = self._slot_due() + 1

    def _slot_due(self) -> Slot:
        """The last slot for which it was time to ring."""
        return Slot.containing(self._clock.now() - self._offset)

    @property
    def wait_s(self) -> float:
        """Wall seconds until it rings next; negative when it is late."""
        return self._clock.wall_s_until(self._next.start + self._offset)

    def ring(self) -> Slot:
        """The slot that it rings for now; of several that were due, the last."""
        due = max(self._slot_due(), self._next)
        self._next = due + 1
        return due

    async def run(self, work: Work) -> None:
        """Do `work` for every slot, one after the other, until cancelled."""
        while True:
            while (wait_s := self.wait_s) > 0:
                await asyncio.sleep(min(wait_s, LOOK_S))
            await work(self.ring())
