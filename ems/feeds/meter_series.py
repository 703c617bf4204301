"""What a dwelling's meters counted, interval by interval, in whole watt-hours.

An interval that was not measured is not there: a feed never says zero for what nobody knows. A day
or a month is made of the quarter hours of the local calendar, so it lasts 23 to 25 hours where the
clock changes; one with some quarter hours missing is kept and marked as not complete.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ems.domain.slots import SLOT_H, SLOT_S, Horizon
from ems.domain.steps import Step

_WH_PER_KWH = 1000


class Commodity(StrEnum):
    """What is counted."""

    ELECTRICITY = "electricity"
    HEAT = "heat"
    """Of rooms."""
    HOT_WATER = "hot_water"
    """Heat of the hot water drawn."""
    SHARED_SUN = "shared_sun"
    """Of the electricity, the part that the district's roofs gave."""


@dataclass(frozen=True, kw_only=True)
class MeterSeries:
    """The known intervals of one meter, by time."""

    commodity: Commodity
    """What it counts."""

    starts_s: NDArray[np.int64] = field(repr=False)
    """When each interval begins, seconds since 1970 UTC. Shape [intervals]."""

    lengths_s: NDArray[np.int64] = field(repr=False)
    """How long each lasts. Shape [intervals]."""

    energy_wh: NDArray[np.int64] = field(repr=False)
    """Shape [intervals]."""

    complete: NDArray[np.bool_] = field(repr=False)
    """Whether all of the interval was measured. Shape [intervals]."""

    def __len__(self) -> int:
        return len(self.starts_s)

    def rows(self) -> Iterator[tuple[int, int, int, bool]]:
        """Start, length, energy and completeness of each interval."""
        columns = self.starts_s, self.lengths_s, self.energy_wh, self.complete
        yield from zip(*(column.tolist() for column in columns), strict=True)

    def since(self, moment: datetime, limit: int) -> "MeterSeries":
        """The first `limit` intervals that begin at `moment` or later."""
        first = int(np.searchsorted(self.starts_s, moment.timestamp()))
        return self.part(slice(first, first + limit))

    def part(self, chosen: slice) -> "MeterSeries":
        """Some of the intervals."""
        return MeterSeries(
            commodity=self.commodity,
            starts_s=self.starts_s[chosen],
            lengths_s=self.lengths_s[chosen],
            energy_wh=self.energy_wh[chosen],
            complete=self.complete[chosen],
        )


def quarter_hours(
    commodity: Commodity, horizon: Horizon, power_kw: NDArray[np.float64]
) -> MeterSeries:
    """From mean powers [slots] in kW; NaN where nothing was measured."""
    return of_energies(commodity, horizon, power_kw * SLOT_H * _WH_PER_KWH)


def of_energies(
    commodity: Commodity, horizon: Horizon, energy_wh: NDArray[np.float64]
) -> MeterSeries:
    """From energies [slots] in Wh; NaN where nothing was measured."""
    known = np.isfinite(energy_wh)
    return MeterSeries(
        commodity=commodity,
        starts_s=np.array(horizon.slots, dtype=np.int64)[known] * SLOT_S,
        lengths_s=np.full(int(known.sum()), SLOT_S, dtype=np.int64),
        energy_wh=_whole(energy_wh[known]),
        complete=np.ones(int(known.sum()), dtype=bool),
    )


def _whole(energy_wh: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rounded so that the sum since the first is right to the watt-hour."""
    counted = np.rint(np.cumsum(energy_wh)).astype(np.int64)
    return np.diff(counted, prepend=0)


def steps(
    commodity: Commodity,
    starts: Sequence[datetime],
    lengths_s: NDArray[np.int64],
    power_kw: NDArray[np.float64],
    measured_slots: NDArray[np.int64],
) -> MeterSeries:
    """From mean powers of longer steps, and how many quarter hours of each were measured.

    Shape of each: [steps]; a mean is NaN where nothing was measured.
    """
    known = np.isfinite(power_kw)
    energy_wh = power_kw[known] * measured_slots[known] * SLOT_H * _WH_PER_KWH
    return MeterSeries(
        commodity=commodity,
        starts_s=np.array([int(s.timestamp()) for s in starts], dtype=np.int64)[known],
        lengths_s=lengths_s[known],
        energy_wh=_whole(energy_wh),
        complete=(measured_slots * SLOT_S >= lengths_s)[known],
    )


def summed(series: MeterSeries, detail: Step, zone: ZoneInfo) -> MeterSeries:
    """Quarter hours added up by the steps, local to `zone`, in which they begin."""
    if detail is Step.QUARTER_HOUR or not len(series):
        return series
    edges = _edges(series, detail, zone)
    place = np.searchsorted(edges, series.starts_s, side="right") - 1
    periods = np.unique(place)
    starts, ends = edges[periods], edges[periods + 1]
    return MeterSeries(
        commodity=series.commodity,
        starts_s=starts,
        lengths_s=ends - starts,
        energy_wh=_sums(place, series.energy_wh, periods),
        complete=_sums(place, series.lengths_s * series.complete, periods) == ends - starts,
    )


def _sums(
    place: NDArray[np.intp], what: NDArray[np.int64], periods: NDArray[np.intp]
) -> NDArray[np.int64]:
    totals = np.zeros(int(periods[-1]) + 1, dtype=np.int64)
    np.add.at(totals, place, what)
    return totals[periods]


def _edges(series: MeterSeries, detail: Step, zone: ZoneInfo) -> NDArray[np.int64]:
    """Where the steps around a series begin, and where the last ends."""
    first, last = (datetime.fromtimestamp(int(at), UTC) for at in series.starts_s[[0, -1]])
    begin = detail.start(first, zone)
    starts = detail.starts(begin, detail.after(detail.start(last, zone), zone), zone)
    ends = [*starts, detail.after(starts[-1], zone)]
    return np.array([int(edge.timestamp()) for edge in ends], dtype=np.int64)
