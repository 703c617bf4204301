"""Whether the machine's clock can be believed: kept by NTP, and not set by hand meanwhile."""

import ctypes
from dataclasses import dataclass

from ems.clock import DistrictClock

STEP_S = 2.0
"""A gap above this is a step; what NTP corrects by itself stays below."""
_UNSYNCHRONISED = 5
"""TIME_ERROR of adjtimex(2)."""
_TIMEX_BYTES = 512
"""More than any kernel's `struct timex`; all zero asks and changes nothing."""


@dataclass(frozen=True, kw_only=True)
class ClockHealth:
    """What is known of the machine's clock."""

    gap_s: float
    """Seconds by which it goes before the district's clock."""

    synchronised: bool | None
    """Whether something keeps it to the world's time; None: this system does not tell."""

    @property
    def stepped(self) -> bool:
        """Whether it was set while the program ran."""
        return abs(self.gap_s) > STEP_S


def clock_health(clock: DistrictClock) -> ClockHealth:
    """Look at it now."""
    return ClockHealth(gap_s=clock.gap_s, synchronised=kept_by_ntp())


def kept_by_ntp() -> bool | None:
    """Whether the kernel says that its clock is synchronised; None where it can't be asked."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    if adjtimex is None:
        return None
    state = int(adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))
    return None if state < 0 else state != _UNSYNCHRONISED
