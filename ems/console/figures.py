"""Figures as the console shows them: a value with its age, and what had to be left out.

A value that is stale keeps being shown, in italics and with its age, but never enters a sum, a
comparison or an alarm; and what was never measured is `None`, not 0.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from ems.domain import own_points
from ems.domain.points import Quality, Reading
from ems.domain.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number of the overview: a measured point, or a sum of several."""

    value: float | None
    """The last value, in the unit that the figure's name says; None: never measured."""

    usable: bool
    """Whether the value may be believed now; a stale one is shown, but not reckoned with."""

    at: datetime | None
    """When the oldest part of it was measured."""

    left_out: int = 0
    """How many points had no usable value and are not in the sum."""

    points: int = 1
    """How many points the figure is made of."""

    planned: float | None = None
    """What the live plan expects now; None: no plan says."""


def measured(snapshot: Snapshot, point: str, planned: float | None = None) -> Figure:
    """The figure of a single point: stale values are kept, and marked."""
    reading = snapshot.readings.get(point)
    if reading is None or not isfinite(reading.value):
        return Figure(value=None, usable=False, at=None, left_out=1, planned=planned)
    usable = reading.quality.usable
    return Figure(
        value=reading.value,
        usable=usable,
        at=reading.at,
        left_out=0 if usable else 1,
        planned=planned,
    )


def total(snapshot: Snapshot, points: Iterable[str], planned: float | None = None) -> Figure:
    """The sum of the usable values of `points`; what is left out is counted."""
    wanted = list(points)
    used = [reading for p in wanted if (reading := snapshot.readings.get(p)) and _counts(reading)]
    return Figure(
        value=sum(reading.value for reading in used) if used else None,
        usable=bool(used),
        at=min((reading.at for reading in used), default=None),
        left_out=len(wanted) - len(used),
        points=len(wanted),
        planned=planned,
    )


def _counts(reading: Reading) -> bool:
    return reading.quality.usable and isfinite(reading.value)


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many of a group are as they should be."""

    good: int
    """As they should be."""

    known: int
    """With a usable value; only these are judged."""

    total: int
    """All that are judged at this hour, measured or not."""

    worst: tuple[str, ...] = ()
    """Ids of those that are not, worst first; at most ten."""

    worst_by: float | None = None
    """How far the worst one lies outside, in the group's unit."""


@dataclass(frozen=True, kw_only=True)
class DataAge:
    """How fresh the readings are."""

    newest_at: datetime | None
    """When the newest reading was taken; None: nothing was ever read."""

    points: int
    """Points that have a reading."""

    stale: int
    """Points whose last value is too old."""

    failed: int
    """Points whose value can't be believed for another reason (no answer, out of range)."""

    on_site: int = 0
    """Points that people on site hold."""


def data_age(snapshot: Snapshot) -> DataAge:
    """How fresh the devices' readings in `snapshot` are."""
    own = f"{own_points.DEVICE}/"
    readings = [
        reading for point, reading in snapshot.readings.items() if not point.startswith(own)
    ]
    qualities = [reading.quality for reading in readings]
    stale = qualities.count(Quality.STALE)
    unusable = sum(not quality.usable for quality in qualities)
    return DataAge(
        newest_at=max((reading.at for reading in readings), default=None),
        points=len(qualities),
        stale=stale,
        failed=unusable - stale,
        on_site=qualities.count(Quality.OVERRIDDEN),
    )
