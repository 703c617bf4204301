"""Laying a recording on the slots of a horizon.

A typical year is laid by month, day and hour of its own clock: 29 February repeats 28 February,
and 31 December is followed by 1 January. Temperatures and wind are interpolated between the
middles of the intervals. Irradiance can't be: a straight line between hours would shine before
dawn. So the clearness (irradiance over the sine of the sun's height) is interpolated, turned back
into irradiance every five minutes, scaled so that each interval keeps its energy, and summed over
each slot. Direct normal irradiance follows from global less diffuse, so that the three agree.
"""

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import SeaLoop, Site
from ems.domain.slots import SLOT_S, Horizon
from ems.domain.weather import Weather
from ems.sources.recording import YEAR_S, Recording
from ems.sources.sea import sea_temp_c
from ems.sources.sun import DAY_S, sun_over

FINE_S = 300
_REFERENCE_S = 1672531200.0
"""2023-01-01T00:00Z: a common year midway between leap years."""
_GREATEST_SCALE = 3.0
"""An interval that the sun barely touches is scaled no more than this."""
_LOWEST_SUN = 0.02
"""Sine of the height under which no direct irradiance is derived."""


def covers(recording: Recording, horizon: Horizon) -> bool:
    """Whether the recording has every slot of `horizon`."""
    if recording.start_s is None:
        return True
    first = horizon.first.index * SLOT_S
    last = first + horizon.length * SLOT_S
    end = recording.start_s + recording.length * recording.step_s
    return recording.start_s <= first and last <= end


def laid_out(recording: Recording, site: Site, loop: SeaLoop, horizon: Horizon) -> Weather:
    """The weather of `recording` over `horizon`, which it covers."""
    begins = np.array(horizon.slots, dtype=np.float64) * SLOT_S
    positions = _positions(recording, site, begins)
    sin_elevation = slot_sin_elevation(site, begins)
    ghi, dhi = (
        np.where(sin_elevation > 0, _irradiance(recording, site, name, positions), 0.0)
        for name in ("ghi_w_m2", "dhi_w_m2")
    )
    dhi = np.minimum(dhi, ghi)
    sea = _between(recording, "sea_temp_c", positions)
    return Weather(
        horizon=horizon,
        source=recording.source,
        outdoor_temp_c=_between(recording, "temp_air_c", positions),
        ghi_w_m2=ghi,
        dni_w_m2=_direct(recording, positions, ghi - dhi, sin_elevation),
        dhi_w_m2=dhi,
        wind_m_per_s=_between(recording, "wind_m_per_s", positions),
        sea_temp_c=sea if sea.size else sea_temp_c(loop, horizon),
        degraded=recording.degraded,
    )


def slot_sin_elevation(site: Site, begins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over each slot of the sine of the sun's height, 0 when it is down. Shape [slots]."""
    fine = begins[:, None] + np.arange(FINE_S / 2, SLOT_S, FINE_S)
    return np.asarray(np.maximum(sun_over(site, fine).sin_elevation, 0).mean(axis=1))


def _positions(
    recording: Recording, site: Site, begins: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where each slot begins in the recording, seconds. Shape [slots]."""
    if recording.start_s is not None:
        return begins - recording.start_s
    ahead = recording.ahead_s
    local = begins + (sun_over(site, begins).solar_ahead_s if ahead is None else ahead)
    return _common_year_s(local)


def _common_year_s(local_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds since 1 January, 00:00, with 29 February counted as 28 February."""
    years = np.floor(local_s).astype(np.int64).astype("datetime64[s]").astype("datetime64[Y]")
    into_year_s = local_s - years.astype("datetime64[s]").astype(np.int64)
    following = (years + np.timedelta64(1, "Y")).astype("datetime64[D]")
    leap = (following - years.astype("datetime64[D]")).astype(np.int64) == 366
    return np.asarray(into_year_s - DAY_S * (leap & (into_year_s >= 59 * DAY_S)))


def _between(
    recording: Recording, name: str, positions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A quantity at the middle of each slot; empty if the recording does not have it."""
    if name not in recording.columns:
        return np.empty(0)
    middles = (np.arange(recording.length) + 0.5) * recording.step_s
    period = YEAR_S if recording.start_s is None else None
    values = recording.columns[name]
    return np.interp(positions + SLOT_S / 2, middles, values, period=period)


def _irradiance(
    recording: Recording, site: Site, name: str, positions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Slot means of a horizontal irradiance that keep the energy of each interval [W/m2]."""
    fine = _fine_irradiance(recording.columns[name], _fine_sun(recording, site))
    if recording.start_s is None:
        fine = np.concatenate([fine, fine[: DAY_S // FINE_S]])
    summed = np.concatenate([[0.0], np.cumsum(fine)]) * FINE_S
    edges = np.arange(len(summed)) * FINE_S
    first, last = (np.interp(positions + shift, edges, summed) for shift in (0, SLOT_S))
    return np.asarray(np.maximum(last - first, 0) / SLOT_S)


def _fine_sun(recording: Recording, site: Site) -> NDArray[np.float64]:
    """Sine of the sun's height, 0 when it is down. Shape [intervals, fine steps]."""
    parts = recording.step_s // FINE_S
    own_s = np.arange(0.5, recording.length * parts) * FINE_S
    if recording.start_s is not None:
        unix_s = recording.start_s + own_s
    elif recording.ahead_s is not None:
        unix_s = _REFERENCE_S + own_s - recording.ahead_s
    else:
        about_s = _REFERENCE_S + own_s - site.longitude / 360 * DAY_S
        unix_s = _REFERENCE_S + own_s - sun_over(site, about_s).solar_ahead_s
    height = np.maximum(sun_over(site, unix_s).sin_elevation, 0)
    return np.asarray(height.reshape(recording.length, parts))


def _fine_irradiance(means: NDArray[np.float64], sun: NDArray[np.float64]) -> NDArray[np.float64]:
    """Irradiance at each fine step [W/m2]; a missing mean takes its neighbours' clearness."""
    height = sun.mean(axis=1)
    usable = np.flatnonzero((height > 0) & np.isfinite(means))
    if usable.size == 0:
        return np.zeros(sun.size)
    clearness = means[usable] / height[usable]
    middles = np.arange(len(means)) + 0.5
    parts = (np.arange(sun.size) + 0.5) / sun.shape[1]
    fine = np.interp(parts, middles[usable], clearness).reshape(sun.shape) * sun
    shaped = fine.mean(axis=1)
    scale = np.divide(means, shaped, out=np.ones_like(means), where=shaped > 0)
    scale[np.isnan(means)] = 1.0
    return np.asarray((fine * np.minimum(scale, _GREATEST_SCALE)[:, None]).ravel())


def _direct(
    recording: Recording,
    positions: NDArray[np.float64],
    beam_w_m2: NDArray[np.float64],
    sin_elevation: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Direct normal irradiance, no greater than the file has around that time [W/m2]."""
    recorded = np.nan_to_num(recording.columns["dni_w_m2"])
    around = np.maximum.reduce([np.roll(recorded, shift) for shift in (-1, 0, 1)])
    row = ((positions + SLOT_S / 2) // recording.step_s).astype(np.int64) % recording.length
    up = sin_elevation > _LOWEST_SUN
    direct = np.divide(beam_w_m2, sin_elevation, out=np.zeros_like(beam_w_m2), where=up)
    return np.asarray(np.minimum(direct, 1.1 * around[row]))
