"""All forecasts that a plan needs, from what is known when they are issued.

People's loads come from their weekly profiles (`profiles`), cars from past arrivals (`car_park`),
PV from the weather by physics and each roof's own past (`sun_power`), weather and prices from
outside (`outside`). History is asked for the slots that are over when the forecast is issued and no
others; readings that are later than that are left out. Where a series has no past, the description
speaks and `degraded` says so.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import District
from ems.domain.errors import ForecastError
from ems.domain.forecasts import Forecast, Forecasts
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import History, Snapshot
from ems.domain.weather import Outlook
from ems.forecast import description
from ems.forecast.car_park import future_charging
from ems.forecast.champions import Champion
from ems.forecast.cleaning import cleaned
from ems.forecast.features import KeptDays
from ems.forecast.local_time import QUARTERS, LocalTime, local_time
from ems.forecast.measured import Measured, MeasuredPoints, measured
from ems.forecast.outside import Ahead, lead_h, prices_ahead, weather_ahead
from ems.forecast.profiles import expect
from ems.forecast.shapes import Calendar
from ems.forecast.spread import LEVELS, around, guessed
from ems.forecast.sun_learning import ratios
from ems.forecast.sun_power import pv_ahead
from ems.forecast.sun_record import SunRecord

_FEW_DAYS = 7
"""With fewer days of history, the kinds of day are not all known."""
_GUESS_SHARE = 0.35
"""Quantiles of a forecast from the description: this much below and above."""


class Forecaster:
    """Makes all forecasts of one district."""

    days = 28
    """How far back it looks."""

    def __init__(self, district: District) -> None:
        self._district = district
        self._measured = MeasuredPoints(district)
        self._champion: Champion | None = None
        self._kept = KeptDays()
        self._suns: tuple[int, Mapping[str, NDArray[np.float64]]] | None = None
        self._sun_record = SunRecord(district, self._measured)
        self.points = self._measured.all
        """Points whose history it needs, over `days` before it is asked."""

    def adopt(self, champion: Champion | None) -> None:
        """Forecast loads by a learned model from now on, where it is better than the profile."""
        self._champion, self._kept = champion, KeptDays()

    def forecast(
        self,
        *,
        horizon: Horizon,
        issued_at: datetime,
        history: History,
        snapshot: Snapshot,
        outlook: Outlook,
    ) -> Forecasts:
        """Every series over `horizon`, which begins no earlier than the slot of `issued_at`.

        Raises:
            ForecastError: the horizon lies in the past, or the outlook is not finite.
            SourceError: the outlook's weather does not cover the horizon.
        """
        now = Slot.containing(issued_at)
        if horizon.first < now:
            raise ForecastError(
                f"the horizon begins at {horizon.first.start}, before {issued_at}",
                fix="ask for slots that are not over",
            )
        window = Horizon(now + -self.days * QUARTERS, self.days * QUARTERS)
        past = measured(self._measured, history, window)
        seen = _until(snapshot, issued_at)
        district = self._district
        weather, series = weather_ahead(district, outlook.weather.over(horizon), seen)
        series |= prices_ahead(district, outlook, horizon)
        leads = lead_h(horizon, seen)
        pv = pv_ahead(district, weather, leads, self._sun_ratios(history, window))
        series |= self._sun_record.corrected(pv, horizon, leads, history, window)
        series |= self._loads_ahead(past, horizon)
        series["car_park/future_kw"] = self._cars_ahead(past, seen, horizon)
        return Forecasts(
            horizon=horizon,
            issued_at=issued_at,
            series={
                name: Forecast(
                    name=name,
                    horizon=horizon,
                    issued_at=issued_at,
                    source=ahead.source,
                    values=ahead.values,
                    quantiles=ahead.quantiles,
                    degraded=ahead.degraded,
                )
                for name, ahead in series.items()
            },
        )

    def _sun_ratios(self, history: History, window: Horizon) -> Mapping[str, NDArray[np.float64]]:
        """What each roof gives over what physics says, learned once for a day."""
        day = window.first.index // QUARTERS
        if self._suns is None or self._suns[0] != day:
            whole = Horizon(Slot(day * QUARTERS), window.length)
            self._suns = day, ratios(self._district, self._measured, history, whole)
        return self._suns[1]

    def _loads_ahead(self, past: Measured, horizon: Horizon) -> dict[str, Ahead]:
        """Base load, dwellings and hot water by their weekly profiles."""
        zone = self._district.site.zone
        ahead = local_time(horizon, zone)
        fallbacks = _fallbacks(self._district, ahead)
        rows = np.vstack([past.base_load_kw, past.dwellings_kw, past.hot_water_kw])
        believed = cleaned(rows, QUARTERS)
        first_lead = horizon.first.index - (past.horizon.first.index + past.horizon.length) + 1
        before = local_time(past.horizon, zone)
        expected = expect(believed.values, before, ahead, first_lead)
        loads = {
            name: _load(
                expected.values[row],
                expected.deviations[:, row],
                int(expected.days[row]),
                float(expected.fading_h[row]),
                fallback,
            )
            for row, (name, fallback) in enumerate(fallbacks.items())
        }
        champion = self._champion
        if champion and champion.names == tuple(fallbacks) and champion.better.any():
            loads |= _learned(champion, believed.values, past.horizon, horizon, zone, self._kept)
        return {
            name: replace(load, source=", ".join(filter(None, [load.source, mark])))
            for (name, load), mark in zip(loads.items(), believed.marks, strict=True)
        }

    def _cars_ahead(self, past: Measured, snapshot: Snapshot, horizon: Horizon) -> Ahead:
        future = future_charging(self._district, past, snapshot, horizon)
        missing = "no history of the charge points: usual hours of the description"
        return Ahead(
            values=future.values_kw,
            quantiles=future.quantiles_kw,
            source=f"arrivals of {future.days} past days" if future.days else "description",
            degraded="" if future.days >= _FEW_DAYS else _too_few(future.days, missing),
        )


def _learned(
    champion: Champion,
    past: NDArray[np.float64],
    before: Horizon,
    horizon: Horizon,
    zone: ZoneInfo,
    kept: KeptDays,
) -> dict[str, Ahead]:
    """The loads that a learned model forecasts better than their profile, from a cleaned past."""
    whole = Horizon(before.first, horizon.slots.stop - before.first.index)
    time = local_time(whole, zone)
    calendar = Calendar(day=time.day, step=time.quarter, per_day=QUARTERS)
    told = champion.fitted.predict(past, calendar, kept=kept)
    ahead = slice(-horizon.length, None)
    return {
        name: Ahead(
            values=np.maximum(told.values[row, ahead], 0.0),
            quantiles=dict(
                zip(LEVELS, np.maximum(told.quantiles[:, row, ahead], 0.0), strict=True)
            ),
            source="learned model",
        )
        for row, name in enumerate(champion.names)
        if champion.better[row] and np.isfinite(told.quantiles[:, row, ahead]).all()
    }


def _until(snapshot: Snapshot, moment: datetime) -> Snapshot:
    """The snapshot as it could be at `moment`: without later readings."""
    readings = {key: value for key, value in snapshot.readings.items() if value.at <= moment}
    return Snapshot(taken_at=moment, readings=readings)


def _fallbacks(district: District, ahead: LocalTime) -> Mapping[str, NDArray[np.float64]]:
    """What the description expects of each load, by name, in the order of the profiles."""
    loads = {
        "district/base_load_kw": description.base_load_kw(district, ahead),
        "district/dwellings_kw": description.dwellings_kw(district, ahead),
    }
    for building in district.heated:
        name = f"{building}/hot_water_kw"
        loads[name] = description.hot_water_kw(district, building, ahead)
    return loads


def _load(
    values: NDArray[np.float64],
    deviations: NDArray[np.float64],
    days: int,
    fading_h: float,
    fallback: NDArray[np.float64],
) -> Ahead:
    """A load from its profile, or from the description when it has none."""
    if days == 0 or not np.isfinite(values).all():
        missing = "no history: areas, people and hours of the description"
        quantiles = guessed(fallback, _GUESS_SHARE)
        return Ahead(values=fallback, quantiles=quantiles, source="description", degraded=missing)
    lately = f", latest deviation halves in {fading_h:.1f} h" if fading_h > 0 else ""
    return Ahead(
        values=np.maximum(values, 0.0),
        quantiles=around(values, deviations),
        source=f"weekday profile of {days} days{lately}",
        degraded="" if days >= _FEW_DAYS else _too_few(days, ""),
    )


def _too_few(days: int, otherwise: str) -> str:
    return f"only {days} days of history" if days else otherwise
