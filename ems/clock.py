"""The one clock of all processes: district time runs from an anchor at a fixed speed.

    district time = start + (wall time - wall start) x speed

Speed 1 with equal anchors is a real site. The anchor is kept in a file, so that a restart resumes
the same mapping. Within a process the clock is monotonic: a step of the machine's clock does not
move the district. It follows such a step slowly, so that no slot is skipped and none comes twice:
an hour in twenty. Who wants the new time at once restarts the program.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from ems.domain.errors import EmsError

SLEW_SHARE = 0.05
"""How much faster or slower than the monotonic time the clock may run, to meet the machine's."""


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """Where district time and wall time meet, and how fast the first runs."""

    start: datetime
    """District time at the anchor, UTC."""

    wall_start: datetime
    """Wall time at the anchor, UTC."""

    speed: float
    """District seconds in a wall second."""

    def at(self, wall: datetime) -> datetime:
        """District time at a wall time."""
        return self.start + (wall - self.wall_start) * self.speed

    def wall_at(self, moment: datetime) -> datetime:
        """Wall time at a district time."""
        return self.wall_start + (moment - self.start) / self.speed

    def sped(self, speed: float, wall: datetime) -> "Anchor":
        """The same district time at `wall`, going on at another speed."""
        if speed == self.speed:
            return self
        return Anchor(start=self.at(wall), wall_start=wall, speed=speed)

    def write(self, path: Path) -> None:
        """Keep it in `path`."""
        text = {"start": self.start.isoformat(), "wall_start": self.wall_start.isoformat()}
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps({**text, "speed": self.speed}))
        fresh.replace(path)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The anchor kept in `path`; None when there is none.

        Raises:
            EmsError: the file holds something else.
        """
        if not path.exists():
            return None
        try:
            held = json.loads(path.read_text())
            return cls(
                start=datetime.fromisoformat(held["start"]),
                wall_start=datetime.fromisoformat(held["wall_start"]),
                speed=float(held["speed"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            fix = "remove the file: the demo then goes on from the present"
            raise EmsError(f"{path} does not hold a clock: {error}", fix=fix) from error


def wall_clock() -> datetime:
    """The machine's clock, UTC."""
    return datetime.now(UTC)


def monotonic_s() -> float:
    """Seconds that nobody can set; they count on while the machine sleeps, where it can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class DistrictClock:
    """Tells district time from an anchor and the machine's monotonic time.

    Tests pass their own sources of time.
    """

    def __init__(
        self,
        anchor: Anchor,
        *,
        monotonic: Callable[[], float] = monotonic_s,
        wall: Callable[[], datetime] = wall_clock,
    ) -> None:
        self.anchor = anchor
        self._monotonic, self._wall = monotonic, wall
        self._last_s = monotonic()
        self._counted = wall()

    @property
    def speed(self) -> float:
        """District seconds in a wall second."""
        return self.anchor.speed

    def wall_now(self) -> datetime:
        """Wall time, counted on from the start of this process and slewed to the machine's."""
        now_s = self._monotonic()
        passed_s, self._last_s = max(0.0, now_s - self._last_s), now_s
        self._counted += timedelta(seconds=passed_s)
        most_s = SLEW_SHARE * passed_s
        self._counted += timedelta(seconds=min(max(self._gap_s(), -most_s), most_s))
        return self._counted

    @property
    def gap_s(self) -> float:
        """Seconds by which the machine's clock goes before ours; after a step it is large."""
        self.wall_now()
        return self._gap_s()

    def _gap_s(self) -> float:
        return (self._wall() - self._counted).total_seconds()

    def now(self) -> datetime:
        """The present district time, in UTC."""
        return self.anchor.at(self.wall_now())

    def wall_s_until(self, moment: datetime) -> float:
        """Wall seconds until a district time; negative when it is past."""
        return (moment - self.now()).total_seconds() / self.speed
