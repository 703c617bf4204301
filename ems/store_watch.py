"""Turns what goes wrong on the way into the store into alarms of the EMS itself.

A lost database and a full disk stop nothing: readings wait, and what must be dropped is counted.
People must know all the same, before it is too late, so each stands among the alarms from the look
that finds it to the look that does not. An alarm on the database itself is written down once it is
back; until then the log has it.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from ems.domain.alarms import AlarmState, DeviceAlarm
from ems.domain.own_points import DEVICE

LOOK_S = 5.0
"""Wall seconds between two looks."""
URGENT, HIGH = 60, 100
"""Priorities, of 255."""
LOST_FOR = timedelta(hours=1)
"""How long after the last loss it still stands among the alarms."""

_TEXTS: Mapping[str, tuple[int, str]] = {
    "database": (
        HIGH,
        "The database does not answer. Readings wait on disk and control goes on by the last plan:"
        " start the server, or free its disk.",
    ),
    "spool": (
        URGENT,
        "The disk that readings wait on is full or fails. They go through memory, and are lost if"
        " the database goes too or the EMS ends: free the disk that holds the data folder.",
    ),
    "readings": (
        HIGH,
        "Readings were lost: neither disk nor memory had room. Curves have gaps; forecasts go by"
        " what is left. See why in the log, and give the spool's disk more room.",
    ),
}
"""Of each item its priority, what it means and what to do."""


class Wayside(Protocol):
    """What is watched; `ems.store.ingest.Ingest` is one."""

    @property
    def away(self) -> bool:
        """Whether the database was away at the last try."""
        ...

    @property
    def disk_fails(self) -> bool:
        """Whether the spool could not be written at the last try."""
        ...

    @property
    def lost(self) -> int:
        """Readings lost for good."""
        ...


class StoreWatch:
    """Looks at the way into the store."""

    def __init__(
        self,
        ingest: Wayside,
        take: Callable[[DeviceAlarm], None],
        now: Callable[[], datetime],
    ) -> None:
        """`take` is told each change; `now` gives UTC."""
        self._ingest, self._take, self._now = ingest, take, now
        self._lost = ingest.lost
        self._lost_at: datetime | None = None
        self._stands: dict[str, bool] = {}

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Tell what has changed since the last look; the first tells everything."""
        now, lost = self._now(), self._ingest.lost
        if lost > self._lost:
            self._lost, self._lost_at = lost, now
        recently = self._lost_at is not None and now - self._lost_at < LOST_FOR
        self._tell("database", self._ingest.away, now)
        self._tell("spool", self._ingest.disk_fails, now)
        self._tell("readings", recently, now)

    def _tell(self, item: str, wrong: bool, now: datetime) -> None:
        if self._stands.get(item) == wrong:
            return
        self._stands[item] = wrong
        priority, text = _TEXTS[item]
        self._take(
            DeviceAlarm(
                device=DEVICE,
                item=item,
                state=AlarmState.FAULT if wrong else AlarmState.NORMAL,
                since=now,
                priority=priority,
                text=text if wrong else "",
            )
        )
