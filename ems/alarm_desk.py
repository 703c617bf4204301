"""Between devices that report what is wrong, the store, and the persons who have seen it.

What devices say is written down in its order; while the store is away it waits, a bounded number of
words. What a person has acknowledged in the store is told to the device; one that does not answer
is tried again, one that refuses is said in the audit trail, and the alarm wants to be seen again.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol

from ems.domain.alarms import DeviceAlarm
from ems.domain.errors import (
    DeviceError,
    DeviceRejectedError,
    EmsError,
    StoreAwayError,
    StoreError,
)
from ems.domain.own_points import DEVICE
from ems.store.alarms import StoredAlarm
from ems.store.store import Store

log = logging.getLogger("ems.service")

LOOK_S = 1.0
"""Wall seconds between two looks at what was acknowledged."""
TRY_AGAIN_S = 30.0
"""Wall seconds before a device that did not answer is told again."""
WAITING = 5000
"""Words of devices that wait at most; the oldest gives way."""
WHO = "service"
"""Who stands in the audit trail."""


class Reporting(Protocol):
    """Devices that report what is wrong."""

    @property
    def open(self) -> tuple[DeviceAlarm, ...]:
        """What is not normal, or not yet acknowledged."""
        ...

    async def acknowledge(self, alarm: DeviceAlarm, by: str) -> None:
        """Tell the device that `by` has seen it.

        Raises:
            DeviceError: it was not told, or does not take it.
        """
        ...


class AlarmDesk:
    """Takes what devices say, and hands back what persons say."""

    def __init__(
        self,
        store: Store,
        reporting: Callable[[], Reporting | None],
        now: Callable[[], datetime],
    ) -> None:
        """`reporting`: the devices, once they are listened to; `now` gives UTC."""
        self._store, self._reporting, self._now = store, reporting, now
        self._waiting: deque[Callable[[], Awaitable[None]]] = deque(maxlen=WAITING)
        self._not_before_s: dict[int, float] = {}

    def take(self, alarm: DeviceAlarm) -> None:
        """Take the last word of a device on one of its items."""
        self._waiting.append(partial(self._store.keep_alarm, alarm))

    def told_all(self, device: str, items: Collection[str]) -> None:
        """Take that of all items of a device only `items` are not normal, or not seen."""
        end = partial(self._store.end_alarms, device, but=tuple(items), at=self._now())
        self._waiting.append(end)

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                await self.look()
            except EmsError as error:
                log.warning("alarms wait: %s", error.message)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Write down what waits, then tell devices what was acknowledged.

        Raises:
            StoreAwayError: the store is away; nothing is lost.
        """
        await self._write_down()
        due = [stored for stored in await self._store.acknowledgements_due() if self._turn(stored)]
        await asyncio.gather(*map(self._tell, due))
        await self._write_down()

    async def _write_down(self) -> None:
        while self._waiting:
            entry = self._waiting[0]
            try:
                await entry()
            except StoreAwayError:
                raise
            except StoreError as error:  # one that the store never takes must not stop the others
                log.error("an alarm could not be kept: %s", error.message)
            if self._waiting and self._waiting[0] is entry:
                self._waiting.popleft()

    def _turn(self, stored: StoredAlarm) -> bool:
        not_before_s = self._not_before_s.get(stored.id, 0.0)
        return asyncio.get_running_loop().time() >= not_before_s

    async def _tell(self, stored: StoredAlarm) -> None:
        reporting, said = self._reporting(), stored.alarm
        if said.device == DEVICE:  # the EMS's own: nobody else has to be told
            await self._store.keep_alarm(replace(said, wants_acknowledgement=False))
            return
        heard = next((a for a in reporting.open if _same(a, said)), None) if reporting else None
        if reporting is None or heard is None:  # not asked yet since the start
            return
        try:
            await reporting.acknowledge(heard, stored.acknowledged_by or WHO)
        except DeviceRejectedError as error:
            log.warning("%s/%s refuses: %s", said.device, said.item, error.message)
            await self._store.acknowledgement_refused(stored.id, WHO, error.message)
        except DeviceError as error:
            log.warning("%s/%s: not told of it: %s", said.device, said.item, error.message)
            self._not_before_s[stored.id] = asyncio.get_running_loop().time() + TRY_AGAIN_S
        else:
            self._not_before_s.pop(stored.id, None)


def _same(one: DeviceAlarm, other: DeviceAlarm) -> bool:
    return (one.device, one.item, one.state, one.since) == (
        other.device,
        other.item,
        other.state,
        other.since,
    )
