"""One device under watch: when its points are due, and how it fares.

Due times lie in district time: a poll class is due at every multiple of its interval after the
device's own phase, so that devices take turns and slower classes fall together with faster ones.
Waiting after a failure lies in wall time: 1 s, 2 s, 4 s ... 60 s, a little spread.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from ems.devices.maps import PointSpec, map_of
from ems.domain.district import Device

BACKOFF_MAX_S = 60.0
"""Longest wall time before a device that is away is tried again."""
DOWN_AFTER = 2
"""Failed requests in a row after which a device counts as down; one lost packet is no outage."""


@dataclass(frozen=True, kw_only=True)
class DeviceHealth:
    """How a device fares."""

    device: str
    """Its id."""

    up: bool
    """Whether it answers."""

    failures: int
    """Failed requests in a row."""

    last_good_s: float
    """District time of its last good answer, Unix seconds; NaN when there was none."""

    error: str
    """What went wrong last; empty when nothing did."""


class Watch:
    """The schedule and the state of one device."""

    def __init__(self, device: Device, interval_s: Callable[[str], float], *, share: float) -> None:
        self.device = device
        self.failures = 0
        self.retry_at_s = -math.inf
        self.last_good_s = math.nan
        self.error = ""
        self._specs = _by_class(device)
        self._interval_s = {poll: interval_s(poll) for poll in self._specs}
        self._phase_s = share * min(self._interval_s.values())
        self._due_s = dict.fromkeys(self._specs, -math.inf)
        self._together: dict[tuple[str, ...], tuple[PointSpec, ...]] = {}

    @property
    def down(self) -> bool:
        """Whether it has failed often enough to be given up for now."""
        return self.failures >= DOWN_AFTER

    @property
    def health(self) -> DeviceHealth:
        """How it fares."""
        return DeviceHealth(
            device=self.device.id,
            up=not self.down,
            failures=self.failures,
            last_good_s=self.last_good_s,
            error=self.error,
        )

    def wait_s(self, now_s: float, speed: float, wall_s: float) -> float:
        """Wall seconds until it is to be asked; zero or less: now."""
        due = (min(self._due_s.values()) - now_s) / speed
        return max(due, self.retry_at_s - wall_s)

    def due(self, now_s: float) -> tuple[PointSpec, ...]:
        """The points to ask for now, of all classes that are due."""
        polls = tuple(poll for poll, due_s in self._due_s.items() if due_s <= now_s)
        if polls not in self._together:
            self._together[polls] = tuple(spec for poll in polls for spec in self._specs[poll])
        return self._together[polls]

    def late_s(self, now_s: float) -> float:
        """District seconds since it was due; infinite when it was never asked."""
        return now_s - min(self._due_s.values())

    def succeeded(self, now_s: float) -> None:
        """It answered: what was due is due again at its next turn."""
        self.failures, self.error, self.last_good_s = 0, "", now_s
        for poll, due_s in self._due_s.items():
            if due_s <= now_s:
                self._due_s[poll] = self._next_s(self._interval_s[poll], now_s)

    def failed(self, error: str, wall_s: float) -> bool:
        """It did not; whether it counts as down from now on."""
        self.failures += 1
        self.error = error
        self.retry_at_s = wall_s + backoff_s(self.device.id, self.failures)
        return self.failures == DOWN_AFTER

    def _next_s(self, interval_s: float, now_s: float) -> float:
        turns = math.floor((now_s - self._phase_s) / interval_s) + 1
        return self._phase_s + turns * interval_s


def backoff_s(device: str, failures: int) -> float:
    """Wall seconds before the next try: doubling from 1 s, spread by a fifth."""
    spread = 0.8 + 0.4 * crc32(f"{device} {failures}".encode()) / 2**32
    return min(BACKOFF_MAX_S, 2.0 ** min(failures - 1, 6) * spread)


def _by_class(device: Device) -> Mapping[str, Sequence[PointSpec]]:
    found: dict[str, list[PointSpec]] = {}
    for spec in map_of(device).points.values():
        found.setdefault(spec.poll, []).append(spec)
    return found
