"""The devices behind one connection: whose turn it is, and when.

Who answers goes before who does not, and who failed once before who failed often, the most overdue
first. A device that does not answer costs its time-out, during which nobody else behind the same
gateway can be asked; so all those together may cost no more than a third of the gateway's time.
"""

import math
from collections.abc import Sequence

from ems.devices.watch import Watch

DOUBT_SHARE = 0.5
"""Time that devices which do not answer may cost, as a share of the time left to the others."""


class Line:
    """Whose turn it is behind one connection."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        self._watches = watches
        self._doubt_until_s = -math.inf

    def turn(self, now_s: float, speed: float, wall_s: float) -> tuple[Watch, float]:
        """Who is next, and in how many wall seconds; zero or less: now."""
        turns = [(self._wait_s(watch, now_s, speed, wall_s), watch) for watch in self._watches]
        due = [watch for wait_s, watch in turns if wait_s <= 0]
        if not due:
            wait_s, watch = min(turns, key=lambda turn: turn[0])
            return watch, wait_s
        return min(due, key=lambda w: (w.failures, w.wait_s(now_s, speed, wall_s))), 0.0

    def lost(self, began_s: float, wall_s: float) -> None:
        """From `began_s` to `wall_s` somebody was waited for in vain."""
        self._doubt_until_s = wall_s + (wall_s - began_s) / DOUBT_SHARE

    def _wait_s(self, watch: Watch, now_s: float, speed: float, wall_s: float) -> float:
        own_s = watch.wait_s(now_s, speed, wall_s)
        return max(own_s, self._doubt_until_s - wall_s) if watch.failures else own_s
