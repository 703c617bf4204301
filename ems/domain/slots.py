"""Quarter-hour slots, the unit in which the district is planned.

A slot is counted from the Unix epoch, so that it has no time zone, no gap and no repeat: a local
day that changes clock simply has 92 or 100 of them.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol, Self
from zoneinfo import ZoneInfo

from ems.domain.errors import NaiveTimeError

SLOT = timedelta(minutes=15)
SLOT_H = 0.25
SLOT_S = 900
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Tells district time; the only way anything inside learns what time it is."""

    def now(self) -> datetime:
        """The present district time, in UTC."""
        ...


@dataclass(frozen=True, order=True, slots=True)
class Slot:
    """One quarter hour of absolute time."""

    index: int
    """Quarter hours since 1970-01-01T00:00Z."""

    @classmethod
    def containing(cls, moment: datetime) -> Self:
        """The slot that holds `moment`.

        Raises:
            NaiveTimeError: `moment` has no time zone.
        """
        if moment.tzinfo is None:
            raise NaiveTimeError(moment)
        return cls(int(moment.timestamp() // SLOT_S))

    @property
    def start(self) -> datetime:
        """When it begins, in UTC."""
        return EPOCH + self.index * SLOT

    @property
    def end(self) -> datetime:
        """When it ends, in UTC."""
        return EPOCH + (self.index + 1) * SLOT

    def __add__(self, slots: int) -> "Slot":
        return Slot(self.index + slots)


@dataclass(frozen=True, slots=True)
class Horizon:
    """Consecutive slots, for which something is planned, forecast or measured."""

    first: Slot
    """The first slot."""

    length: int
    """How many slots."""

    @property
    def slots(self) -> range:
        """Their indices."""
        return range(self.first.index, self.first.index + self.length)

    @property
    def starts(self) -> list[datetime]:
        """When each begins, in UTC."""
        return [Slot(index).start for index in self.slots]

    def offset(self, slot: Slot) -> int:
        """The position of `slot` in this horizon.

        Raises:
            IndexError: `slot` lies outside.
        """
        position = slot.index - self.first.index
        if not 0 <= position < self.length:
            raise IndexError(f"slot {slot.index} is outside {self.slots}")
        return position

    def __contains__(self, slot: Slot) -> bool:
        return slot.index in self.slots


def slots_of_local_day(day: date, zone: ZoneInfo) -> range:
    """Indices of the slots of a local day: 96 of them, or 92 and 100 when the clock changes."""
    first = datetime.combine(day, time(), zone)
    last = datetime.combine(day + timedelta(days=1), time(), zone)
    return range(Slot.containing(first).index, Slot.containing(last).index)
