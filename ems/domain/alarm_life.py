"""Alarms after ISA-18.2 (IEC 62682): when one is raised, what it is worth, when it keeps still.

    normal -> unacknowledged -> acknowledged -> normal          what holds, and whether it was seen
              unacknowledged -> returned unacknowledged -> normal

A condition must hold for its delay before it is an alarm, and must be gone for a while before it is
none: one that comes and goes does not ring each time. What still comes more than three times in a
minute chatters, and is held until it has been quiet. More than ten alarms in ten minutes are a
flood. A person may shelve an alarm for a while, or take it out of service; both with a reason.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum


class Priority(IntEnum):
    """How urgent; the values are those that devices use, 0 to 255, small ones first."""

    CRITICAL = 30
    """Act at once: people or equipment."""
    HIGH = 80
    """Act within the quarter hour: control is poorer than it should be."""
    MEDIUM = 140
    """Act today."""
    LOW = 200
    """Look when you have time."""


class Standing(StrEnum):
    """Where an alarm stands."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    """Over, but nobody has seen it yet."""
    SHELVED = "shelved"
    """A person keeps it still until a moment."""
    OUT_OF_SERVICE = "out_of_service"
    """A person has taken it out, until put back."""


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A person keeps an alarm still."""

    by: str
    """Who."""

    reason: str
    """Why."""

    until: datetime | None
    """Until when, UTC; None: out of service."""

    def holds(self, now: datetime) -> bool:
        """Whether it still does."""
        return self.until is None or now < self.until


def standing(*, active: bool, seen: bool, shelf: Shelf | None, now: datetime) -> Standing:
    """Where an alarm stands; `active`: its condition holds."""
    if shelf is not None and shelf.holds(now):
        return Standing.OUT_OF_SERVICE if shelf.until is None else Standing.SHELVED
    if active:
        return Standing.ACKNOWLEDGED if seen else Standing.UNACKNOWLEDGED
    return Standing.NORMAL if seen else Standing.RETURNED


@dataclass(frozen=True, kw_only=True)
class Timing:
    """When a condition is an alarm."""

    after: timedelta = timedelta(seconds=10)
    """How long it must hold."""

    gone_for: timedelta = timedelta(seconds=30)
    """How long it must be gone."""


CHATTERS = 3
"""More changes than this in `CHATTER_WINDOW` are chatter."""
CHATTER_WINDOW = timedelta(minutes=1)
QUIET = timedelta(minutes=5)
"""What chattered is held until it has been quiet for so long."""
FLOOD = 10
"""More alarms than this in `FLOOD_WINDOW` are a flood (ISA-18.2, for one operator)."""
FLOOD_WINDOW = timedelta(minutes=10)


class Condition:
    """One condition over time: whether it is an alarm now."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._since: datetime | None = None
        self._gone: datetime | None = None
        self._changes: deque[datetime] = deque()
        self.active = False
        """Whether it is an alarm."""
        self.chatters = False
        """Whether it comes and goes too often to be told each time."""

    def see(self, holds: bool, now: datetime) -> bool:
        """Take what is so now: whether `active` has changed."""
        self._count(holds, now)
        before = self.active
        if holds:
            self._since, self._gone = self._since or now, None
            self.active |= now - self._since >= self._timing.after
        else:
            self._gone, self._since = self._gone or now, None
            wait = QUIET if self.chatters else self._timing.gone_for
            self.active &= now - self._gone < wait
        return self.active != before

    def _count(self, holds: bool, now: datetime) -> None:
        if holds and self._since is None:
            self._changes.append(now)
        while self._changes and now - self._changes[0] > QUIET:
            self._changes.popleft()
        lately = sum(now - at <= CHATTER_WINDOW for at in self._changes)
        self.chatters = lately > CHATTERS or (self.chatters and bool(self._changes))


class Rate:
    """How many alarms came lately."""

    def __init__(self) -> None:
        self._raised: deque[datetime] = deque()

    def add(self, at: datetime) -> None:
        """One was raised."""
        self._raised.append(at)

    def lately(self, now: datetime) -> int:
        """How many in the last ten minutes."""
        while self._raised and now - self._raised[0] > FLOOD_WINDOW:
            self._raised.popleft()
        return len(self._raised)

    def flooded(self, now: datetime) -> bool:
        """Whether there are more than an operator can handle."""
        return self.lately(now) > FLOOD
