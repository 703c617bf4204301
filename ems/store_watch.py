"""What goes wrong on the way into the store, as the looks that the EMS's own alarms take.

A lost database and a full disk stop nothing: readings wait, and what must be dropped is counted.
People must know all the same, before it is too late.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

LOST_FOR = timedelta(hours=1)
"""How long after the last loss it still stands among the alarms."""


class Way(Protocol):
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
    def waiting(self) -> int:
        """Readings not stored yet."""
        ...

    @property
    def lost(self) -> int:
        """Readings lost for good."""
        ...


class StoreWatch:
    """Looks at the way into the store; each look tells what is wrong, or nothing."""

    def __init__(self, way: Way, now: Callable[[], datetime]) -> None:
        """`now` gives UTC."""
        self._way, self._now = way, now
        self._lost = way.lost
        self._lost_at: datetime | None = None

    def database(self) -> str:
        """Whether it takes readings."""
        return f"{self._way.waiting} readings wait" if self._way.away else ""

    def spool(self) -> str:
        """Whether the disk takes them."""
        return f"{self._way.waiting} readings wait" if self._way.disk_fails else ""

    def readings(self) -> str:
        """Whether some were lost within the last hour."""
        lost, now = self._way.lost, self._now()
        if lost > self._lost:
            self._lost, self._lost_at = lost, now
        recently = self._lost_at is not None and now - self._lost_at < LOST_FOR
        return f"{lost} since the data folder was made" if recently else ""
