"""How late devices are asked: a count of requests by how long after their turn they began.

Bins grow by a fifth from a millisecond to a quarter of an hour, so that a percentile is known to a
tenth of its value, in a memory that does not grow with time.
"""

import math
from itertools import accumulate

LEAST_S = 1e-3
GROWTH = 1.2
BINS = 76
"""1 ms x 1.2^75 is a little less than a quarter of an hour."""


class Punctuality:
    """Lateness of all requests since the start or the last `reset`, in wall seconds."""

    def __init__(self) -> None:
        self._counts = [0] * BINS
        self.worst_s = 0.0
        """The latest of all."""

    @property
    def count(self) -> int:
        """Requests that were counted."""
        return sum(self._counts)

    def add(self, late_s: float) -> None:
        """One request began `late_s` after its turn; before it counts as 0."""
        place = math.ceil(math.log(max(late_s, LEAST_S) / LEAST_S, GROWTH))
        self._counts[min(place, BINS - 1)] += 1
        self.worst_s = max(self.worst_s, late_s)

    def percentile_s(self, percent: float) -> float:
        """So many percent of all requests were not later than this; NaN when there were none."""
        wanted = self.count * percent / 100
        for place, below in enumerate(accumulate(self._counts)):
            if below >= wanted > 0:
                return min(LEAST_S * GROWTH**place, self.worst_s)
        return math.nan

    def reset(self) -> None:
        """Begin anew."""
        self._counts = [0] * BINS
        self.worst_s = 0.0
