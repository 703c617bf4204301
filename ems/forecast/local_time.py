"""Slots by the people's clock: which day, which quarter hour of it, which kind of day.

People follow local time, so profiles do. A local day that changes clock has 92 or 100 slots: the
quarters of the hour that is skipped do not occur, those of the doubled hour occur twice.
"""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ems.domain.slots import SLOT_S, Horizon

QUARTERS = 96
"""Quarter hours of a plain day; a profile has this many."""
_THURSDAY = 3
"""Day 0, 1970-01-01, in days after Monday."""


@dataclass(frozen=True, kw_only=True)
class LocalTime:
    """The local time of consecutive slots. Every array has shape [slots]."""

    day: NDArray[np.int64] = field(repr=False)
    """Local days since 1970-01-01."""

    quarter: NDArray[np.int64] = field(repr=False)
    """Quarter hour of the local clock, 0 to 95."""

    @property
    def weekday(self) -> NDArray[np.int64]:
        """Days after Monday, 0 to 6."""
        return weekday_of(self.day)


def weekday_of(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Days after Monday of local days since 1970-01-01."""
    return (day + _THURSDAY) % 7


def local_time(horizon: Horizon, zone: ZoneInfo) -> LocalTime:
    """The local time of each slot of `horizon`."""
    utc_s = np.array(horizon.slots, dtype=np.int64) * SLOT_S
    hours, hour_of_slot = np.unique(utc_s // 3600, return_inverse=True)
    local_s = utc_s + np.array([_offset_s(int(hour), zone) for hour in hours])[hour_of_slot]
    return LocalTime(day=local_s // 86400, quarter=local_s % 86400 // SLOT_S)


def _offset_s(hour: int, zone: ZoneInfo) -> int:
    """Local clock less UTC in an hour since 1970; clocks change on the hour of UTC."""
    offset = datetime.fromtimestamp(hour * 3600, zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def likeness(
    target: NDArray[np.int64], past: NDArray[np.int64], half_life_days: float = 14.0
) -> NDArray[np.float64]:
    """How much each past day tells about each target day. Shape [targets, past days].

    The same weekday counts fully, another day of the same kind (Monday to Friday, Saturday,
    Sunday) a third, any other so little that it speaks only when nothing better is there; a day
    counts half as much after `half_life_days`. A day tells nothing about itself.
    """
    ours, theirs = weekday_of(target)[:, None], weekday_of(past)[None, :]
    same_kind = np.maximum(ours, 4) == np.maximum(theirs, 4)
    alike = np.where(ours == theirs, 1.0, np.where(same_kind, 0.33, 1e-4))
    age = np.abs(target[:, None] - past[None, :])
    return np.asarray(np.where(age == 0, 0.0, alike * 0.5 ** (age / half_life_days)))
