"""Nothing stays under command that nobody stands for any more, and the trail says that it is so.

Mode and plan are looked at every second. Devices may be held in the automatic mode, and in the
advisory one under a plan that a person has approved; in both only while a plan is live. Otherwise
every held device is given back at once, in the middle of a quarter hour too, and what stands in
Schedules is taken out; should a quarter hour that was just being written have taken hold of a
device since, so is that one a second later.
"""

import asyncio
import logging
import time

from ems.devices.writer import Writer
from ems.domain.errors import EmsError
from ems.domain.plans import Mode
from ems.schedule_publisher import SchedulePublisher
from ems.store.stopping import GAVE_BACK, REQUEST
from ems.store.store import Store

log = logging.getLogger("ems.service")

LOOK_S = 1.0
"""Wall seconds between two looks at the mode."""
WHO = "service"
"""Who stands in the audit trail."""


class ModeWatch:
    """Watches the mode for the writer."""

    def __init__(self, store: Store, writer: Writer, publisher: SchedulePublisher) -> None:
        self._store, self._writer, self._publisher = store, writer, publisher
        self._last: tuple[Mode, object] | None = None

    async def run(self) -> None:
        """Watch until cancelled; an unreachable store changes nothing until it is back."""
        while True:
            try:
                await self.look()
            except EmsError as error:
                log.warning("the mode is unknown: %s", error.message)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Give everything back if the mode says so."""
        seen = await self._store.mode(), await self._store.setting(REQUEST)
        changed, self._last = seen != (self._last or seen), seen
        if not await self._may_hold(seen[0]) and (changed or self._writer.held):
            await self._give_back(*seen)

    async def _may_hold(self, mode: Mode) -> bool:
        """Whether what is held now may be."""
        if mode not in (Mode.AUTOMATIC, Mode.ADVISORY):
            return False
        if not self._writer.held:
            return True
        live = await self._store.live_standing()
        return live is not None and (mode is Mode.AUTOMATIC or live.approved)

    async def _give_back(self, mode: Mode, request: object) -> None:
        held, began_s = self._writer.held, time.monotonic()
        kept = await asyncio.gather(self._writer.relinquish_all(), self._publisher.withdraw())
        unreached = dict.fromkeys(device for devices in kept for device in devices)
        took_s = round(time.monotonic() - began_s, 2)
        log.info("mode %s: %d devices given back in %.1f s", mode, len(held), took_s)
        figures = {"devices": len(held), "unreached": list(unreached), "seconds": took_s}
        why = {"action": GAVE_BACK, "mode": mode.value, "request": request}
        await self._store.audit(WHO, {**why, **figures})
