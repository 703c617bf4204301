"""What came of the polls of some minutes, judged from outside: answers, gaps, wrong values."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.load_peers import FIRST
from ems.domain.points import Quality, Reading


@dataclass
class Answers:
    """The good answers of one device."""

    first_s: float
    last_s: float
    count: int = 1
    longest_s: float = 0.0
    """Longest time between two of them."""

    def another(self, now_s: float) -> None:
        """One more came."""
        self.longest_s = max(self.longest_s, now_s - self.last_s)
        self.last_s = now_s
        self.count += 1

    def lost(self, interval_s: float, until_s: float) -> int:
        """Polls without an answer: between the first and the last, and after it up to `until_s`."""
        turns = round((self.last_s - self.first_s) / interval_s)
        since = max(0, round((until_s - self.last_s) / interval_s) - 1)
        return max(0, turns - (self.count - 1)) + since


@dataclass
class Count:
    """What came of the polls; `take` is given every reading."""

    began_s: float
    """Readings before this are not counted, monotonic seconds."""
    readings: int = 0
    wrong: int = 0
    """Good readings with a value that the device never had."""
    answers: dict[str, Answers] = field(default_factory=dict)
    """By device."""

    def take(self, readings: Sequence[Reading]) -> None:
        """Count the readings of one answer."""
        now_s = time.monotonic()
        if now_s < self.began_s or readings[0].quality is Quality.COMM_FAIL:
            return
        device = readings[0].point.partition("/")[0]
        good = [reading for reading in readings if reading.quality is Quality.GOOD]
        self.readings += len(good)
        if device.startswith("L"):
            self.wrong += sum(r.value != FIRST + int(r.point[-2:]) for r in good)
        if device in self.answers:
            self.answers[device].another(now_s)
        else:
            self.answers[device] = Answers(first_s=now_s, last_s=now_s)

    def lost(self, devices: Mapping[str, object], interval_s: float, until_s: float) -> int:
        """Polls of `devices` without an answer; all of a device that was never heard."""
        of_all = round((until_s - self.began_s) / interval_s)
        return sum(
            self.answers[name].lost(interval_s, until_s) if name in self.answers else of_all
            for name in devices
        )

    @property
    def longest_s(self) -> float:
        """Longest time between two answers of a device."""
        return max((one.longest_s for one in self.answers.values()), default=0.0)
