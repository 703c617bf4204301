"""Weather as a file records it: evenly spaced, on the file's own clock, before any calendar.

A recording of a typical year runs from 1 January, 00:00 of its clock, over 365 days, and is laid
on whatever year is asked for. Any other runs over the real time that it was made in.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ems.domain.errors import SourceError

YEAR_S = 365 * 86400
LONGEST_GAP_S = 3 * 3600
"""Longer gaps are not filled."""

_LIMITS = {
    "temp_air_c": (-50.0, 60.0),
    "ghi_w_m2": (0.0, 1500.0),
    "dni_w_m2": (0.0, 1400.0),
    "dhi_w_m2": (0.0, 1200.0),
    "wind_m_per_s": (0.0, 80.0),
    "sea_temp_c": (-3.0, 40.0),
}
IRRADIANCE = ("ghi_w_m2", "dni_w_m2", "dhi_w_m2")


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Means over consecutive intervals."""

    source: str
    """File, for people."""

    step_s: int
    """Length of an interval: a divisor of an hour, at least five minutes."""

    ahead_s: float | None
    """The file's clock less UTC; None: true solar time."""

    start_s: float | None
    """Unix seconds when the first interval begins; None: a typical year."""

    columns: dict[str, NDArray[np.float64]] = field(repr=False)
    """By quantity (see `_LIMITS`); NaN where nothing was recorded. Each of shape [intervals]."""

    lines: NDArray[np.int64] = field(repr=False)
    """Line of the file of each interval (of the one before, where it is missing)."""

    degraded: str = ""
    """What had to be filled in."""

    @property
    def length(self) -> int:
        """How many intervals."""
        return len(self.lines)

    @property
    def span(self) -> str:
        """What it covers, for people."""
        if self.start_s is None:
            return "a typical year"
        first, last = (self.start_s, self.start_s + self.length * self.step_s)
        return f"{_day(first)} to {_day(last)}"

    def place(self, row: int, name: str) -> str:
        """`nice.epw:12 temp_air_c`: where a value stands."""
        return f"{self.source}:{self.lines[row]} {name}"


def _day(unix_s: float) -> str:
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M} UTC"


def checked(recording: Recording) -> Recording:
    """The same, with short gaps announced in `degraded`; irradiance in them is still NaN.

    Raises:
        SourceError: a value is not credible, or a gap is too long.
    """
    for name, values in recording.columns.items():
        _check_limits(recording, name, values)
    gaps = [_gaps(recording, name, values) for name, values in recording.columns.items()]
    filled = {
        name: values if name in IRRADIANCE else _bridged(values)
        for name, values in recording.columns.items()
    }
    notes = "; ".join(filter(None, [recording.degraded, *gaps]))
    return replace(recording, columns=filled, degraded=notes)


def _check_limits(recording: Recording, name: str, values: NDArray[np.float64]) -> None:
    low, high = _LIMITS[name]
    wrong = np.flatnonzero((values < low) | (values > high))
    if wrong.size:
        row = int(wrong[0])
        raise SourceError(
            f"{recording.place(row, name)}: {values[row]:g} is not between {low:g} and {high:g}",
            fix="correct the value or its unit, or leave the cell empty",
        )


def _gaps(recording: Recording, name: str, values: NDArray[np.float64]) -> str:
    """What is missing in a column, for people; empty when nothing is."""
    missing = np.isnan(values)
    if not missing.any():
        return ""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], missing, [0]))))
    begins, lengths = edges[::2], edges[1::2] - edges[::2]
    longest = int(np.argmax(lengths))
    if lengths[longest] * recording.step_s > LONGEST_GAP_S:
        hours = lengths[longest] * recording.step_s / 3600
        raise SourceError(
            f"{recording.place(int(begins[longest]), name)}: nothing for {hours:g} h from here",
            fix=f"fill the gap; only gaps up to {LONGEST_GAP_S // 3600} h are filled in",
        )
    first = int(begins[0])
    return f"{len(begins)} gaps filled in {name}, the first at line {recording.lines[first]}"


def _bridged(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`values` with straight lines across what is missing."""
    known = np.flatnonzero(np.isfinite(values))
    return np.interp(np.arange(len(values)), known, values[known])
