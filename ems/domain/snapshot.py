"""What the district looked like at one moment, as the cycle sees it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ems.domain.points import Quality, Reading
from ems.domain.slots import Horizon


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The latest reading of every point."""

    taken_at: datetime
    """When it was taken, UTC."""

    readings: Mapping[str, Reading] = field(repr=False)
    """By point id."""

    def value(self, point: str, default: float = float("nan")) -> float:
        """The value of `point` if it is usable, else `default`."""
        reading = self.readings.get(point)
        return reading.value if reading is not None and reading.quality.usable else default

    def held(self, point: str) -> float:
        """The value at which a person on site holds `point`; NaN when nobody does."""
        reading = self.readings.get(point)
        held = reading is not None and reading.quality is Quality.OVERRIDDEN
        return reading.value if reading is not None and held else float("nan")

    def values(self, points: Iterable[str]) -> NDArray[np.float64]:
        """Values of many points, NaN where there is none that is usable. Shape [points]."""
        return np.array([self.value(point) for point in points])

    def usable(self, point: str) -> bool:
        """Whether `point` has a value that may enter a plan."""
        reading = self.readings.get(point)
        return reading is not None and reading.quality.usable

    def aged(self, oldest: timedelta) -> "Snapshot":
        """The same, with every good reading older than `oldest` marked stale."""
        limit = self.taken_at - oldest
        return Snapshot(
            taken_at=self.taken_at,
            readings={key: _aged(reading, limit) for key, reading in self.readings.items()},
        )


def _aged(reading: Reading, limit: datetime) -> Reading:
    if reading.at >= limit or not reading.quality.usable:
        return reading
    return Reading(reading.point, reading.value, Quality.STALE, reading.at)


class History(Protocol):
    """Quarter-hour means of the past; the store has it, and so has a simulation in memory."""

    def quarter_hours(self, points: Sequence[str], horizon: Horizon) -> NDArray[np.float64]:
        """Means of `points` in their units; NaN where nothing good was measured.

        Shape [points, horizon.length]. Never holds anything later than the moment of the call.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class QuarterHours:
    """A piece of the past, held in memory: a `History` that can be handed to another process."""

    points: tuple[str, ...]
    """Point ids, one for each row."""

    horizon: Horizon
    """The slots, one for each column."""

    values: NDArray[np.float64] = field(repr=False)
    """Means in the points' units; NaN where nothing good was measured. Shape [points, slots]."""

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {point: row for row, point in enumerate(self.points)}

    def quarter_hours(self, points: Sequence[str], horizon: Horizon) -> NDArray[np.float64]:
        """Means of `points` over `horizon`; NaN for what this piece does not hold."""
        result = np.full((len(points), horizon.length), np.nan)
        shift = horizon.first.index - self.horizon.first.index
        begin, end = max(0, shift), min(self.horizon.length, shift + horizon.length)
        if begin >= end:
            return result
        held = [(row, self._rows[p]) for row, p in enumerate(points) if p in self._rows]
        for row, source in held:
            result[row, begin - shift : end - shift] = self.values[source, begin:end]
        return result


@dataclass(frozen=True, kw_only=True)
class Histories:
    """Several pieces of the past as one `History`; the first that has a point speaks for it."""

    pieces: tuple[QuarterHours, ...]
    """In the order in which they are asked."""

    def quarter_hours(self, points: Sequence[str], horizon: Horizon) -> NDArray[np.float64]:
        """Means of `points` over `horizon`; NaN for what no piece holds."""
        result = np.full((len(points), horizon.length), np.nan)
        missing = list(range(len(points)))
        for piece in self.pieces:
            held = set(piece.points)
            rows = [row for row in missing if points[row] in held]
            result[rows] = piece.quarter_hours([points[row] for row in rows], horizon)
            missing = [row for row in missing if points[row] not in held]
        return result
