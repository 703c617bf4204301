"""Charging of cars that have not arrived yet.

Cars that are connected are planned one by one; what is forecast here is the rest. Each past day is
asked at the same local time: of the power in the hours that followed, how much came from sessions
that began after that moment? A charge point that was charging and has not stopped since is the
same session and does not count. The mean over like days is the forecast, their spread its
quantiles.

It never exceeds what the charge points could give that are free now, or will be by then (by the
departures that drivers gave), nor the feeder's limit.

Known weakness: a session that the plan interrupts and resumes looks like a new one, so the forecast
is somewhat high where charging is controlled.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import DeviceKind, District
from ems.domain.points import point_id
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import Snapshot
from ems.forecast import description
from ems.forecast.local_time import LocalTime, likeness, local_time
from ems.forecast.measured import Measured
from ems.forecast.spread import around, guessed, quantiles_of

_CHARGING_KW = 0.1
"""Above this a charge point is charging."""
_LEAST_SHARE = 0.5
"""Of the charge points that must have been measured for a day to count."""
_LEAST_DAYS = 3
_SESSION_H = 3.0
"""Hours in which the cars that are here now have faded from the total. Assumption."""
_POOL_SLOTS = 3
"""Slots to each side that are pooled for the quantiles."""


@dataclass(frozen=True, kw_only=True)
class FutureCharging:
    """What cars yet to come will draw. Shape [slots] each."""

    values_kw: NDArray[np.float64] = field(repr=False)
    quantiles_kw: Mapping[float, NDArray[np.float64]] = field(repr=False)
    days: int
    """Past days that were asked; 0: the description spoke instead."""


def future_charging(
    district: District, past: Measured, snapshot: Snapshot, horizon: Horizon
) -> FutureCharging:
    """Charging over `horizon` by cars that are not here when `past` ends."""
    ahead = local_time(horizon, district.site.zone)
    limit_kw = _free_kw(district, snapshot, horizon)
    days = _past_days(past, horizon, district.site.zone)
    if len(days.starts) < _LEAST_DAYS:
        values = np.minimum(_from_description(district, ahead, past, horizon), limit_kw)
        return FutureCharging(values_kw=values, quantiles_kw=guessed(values, 0.6), days=0)
    values = np.minimum(days.mean(ahead), limit_kw)
    quantiles = around(values, days.deviations(ahead))
    capped = {level: np.minimum(row, limit_kw) for level, row in quantiles.items()}
    return FutureCharging(values_kw=values, quantiles_kw=capped, days=len(days.starts))


@dataclass(frozen=True, kw_only=True)
class _PastDays:
    """The hours that followed the same local time on past days."""

    starts: tuple[int, ...]
    """Index of the first slot of each."""

    power_kw: NDArray[np.float64] = field(repr=False)
    """From sessions that began after it. Shape [days, slots]."""

    local_day: NDArray[np.int64] = field(repr=False)
    """Shape [days, slots]."""

    def mean(self, ahead: LocalTime) -> NDArray[np.float64]:
        """The mean over days, weighted by likeness. Shape [slots]."""
        weights = self._weights(ahead)
        return np.asarray((weights * self.power_kw).sum(axis=0) / weights.sum(axis=0))

    def deviations(self, ahead: LocalTime) -> NDArray[np.float64]:
        """Quantiles less the mean, from days of the same kind. Shape [levels, slots]."""
        alike = self._weights(ahead) > 1e-3
        residuals = np.where(alike, self.power_kw - self.mean(ahead), np.nan)
        padded = np.pad(residuals, ((0, 0), (_POOL_SLOTS, _POOL_SLOTS)), mode="edge")
        pool = np.lib.stride_tricks.sliding_window_view(padded, 2 * _POOL_SLOTS + 1, axis=1)
        slots = self.power_kw.shape[1]
        return quantiles_of(pool.transpose(1, 0, 2).reshape(slots, -1))

    def _weights(self, ahead: LocalTime) -> NDArray[np.float64]:
        """How much each past day tells about each slot. Shape [days, slots]."""
        targets, row = np.unique(ahead.day, return_inverse=True)
        theirs, column = np.unique(self.local_day, return_inverse=True)
        table = likeness(targets, theirs)
        return np.asarray(table[row[None, :], column.reshape(self.local_day.shape)])


def _past_days(past: Measured, horizon: Horizon, zone: ZoneInfo) -> _PastDays:
    starts = _same_time_before(past.horizon, horizon, zone)
    windows = [past.horizon.offset(Slot(start)) + np.arange(horizon.length) for start in starts]
    power = [_begun_after(past.charging_kw[:, window]) for window in windows]
    known = [row for row, after in enumerate(power) if np.isfinite(after).all()]
    day = local_time(past.horizon, zone).day
    shape = (len(known), horizon.length)
    return _PastDays(
        starts=tuple(starts[row] for row in known),
        power_kw=np.array([power[row] for row in known]).reshape(shape),
        local_day=np.array([day[windows[row]] for row in known], dtype=np.int64).reshape(shape),
    )


def _same_time_before(past: Horizon, horizon: Horizon, zone: ZoneInfo) -> list[int]:
    """Slots at the local time of the horizon's first one, whose hours ahead are all past."""
    local = horizon.first.start.astimezone(zone)
    end = past.first.index + past.length
    days = range(1, past.length // 96 + 1)
    slots = [Slot.containing(local - timedelta(days=day)).index for day in days]
    return [slot for slot in slots if slot >= past.first.index and slot + horizon.length <= end]


def _begun_after(power_kw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power of sessions that began after the first slot; NaN where too few measured. [slots].

    `power_kw` has shape [charge points, slots].
    """
    known = np.isfinite(power_kw)
    unbroken = np.cumprod(power_kw > _CHARGING_KW, axis=1).astype(bool)
    later = np.where(known & ~unbroken, power_kw, 0.0).sum(axis=0)
    share = known.mean(axis=0)
    return np.where(share >= _LEAST_SHARE, later / np.maximum(share, _LEAST_SHARE), np.nan)


def _from_description(
    district: District, ahead: LocalTime, past: Measured, horizon: Horizon
) -> NDArray[np.float64]:
    """The description's usual charging, less cars that are here now, who fade in a few hours."""
    now = past.horizon.first.index + past.horizon.length
    lead_h = (np.array(horizon.slots) - now + 0.5) / 4
    arrived = 1 - np.exp(-lead_h / _SESSION_H)
    return np.asarray(description.charging_kw(district, ahead) * arrived)


def _free_kw(district: District, snapshot: Snapshot, horizon: Horizon) -> NDArray[np.float64]:
    """What the charge points could give that no present car holds. Shape [slots]."""
    taken_s = snapshot.taken_at.timestamp()
    lead_min = (np.array(horizon.slots) * 900 + 450 - taken_s) / 60
    free = np.zeros(horizon.length)
    for point in district.charge_points.values():
        device = district.device_of[DeviceKind.CHARGE_POINT, point.id].id
        leaves_min = 0.0
        if snapshot.value(point_id(device, "state"), 0.0) >= 1:
            leaves_min = snapshot.value(point_id(device, "departure_min"), 0.0)
        free += point.power_kw_max * (lead_min >= leaves_min)
    return np.minimum(free, district.car_park.feeder_kw)
