"""Weather forecasts of Meteo-France's AROME and ARPEGE by the JSON API of Open-Meteo.

Asked for are quarter hours of today and the two days after it, in UTC and Unix seconds, so that no
clock changes. By the service's documents irradiance is the mean of the quarter hour *before* the
time it is given for, temperature and wind hold at that time: the quarter hour from one time to the
next has the irradiance of its end and the mean of both for the others.

Since when a run is known comes from the metadata of AROME, which says when its last run was out.

Documents: open-meteo.com/en/docs, /en/docs/meteofrance-api, /en/docs/model-updates.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from ems.domain.district import Site
from ems.domain.errors import SourceError
from ems.domain.slots import SLOT_S
from ems.sources.kept import Answer
from ems.sources.keys import key_of
from ems.sources.recording import Recording, checked
from ems.sources.web import asked, unreadable

NAME = "Open-Meteo"
FREE = "https://api.open-meteo.com"
"""For those who don't earn with it; others have an address and a key of their own."""
KEY = "OPEN_METEO_API_KEY"
MODEL = "meteofrance_seamless"
"""AROME where and as far as it reaches, then ARPEGE."""
RUNS_OF = "meteofrance_arome_france0025"
"""The model whose runs tell the forecast's age."""
DAYS = 3

_INSTANT = {"temp_air_c": "temperature_2m", "wind_m_per_s": "wind_speed_10m"}
_MEANS = {
    "ghi_w_m2": "shortwave_radiation",
    "dni_w_m2": "direct_normal_irradiance",
    "dhi_w_m2": "diffuse_radiation",
}
_UNITS = {
    "temperature_2m": "°C",
    "wind_speed_10m": "m/s",
    "shortwave_radiation": "W/m²",
    "direct_normal_irradiance": "W/m²",
    "diffuse_radiation": "W/m²",
}

Numbers = list[float | None]


class _Quarters(BaseModel):
    time: list[int]
    temperature_2m: Numbers
    wind_speed_10m: Numbers
    shortwave_radiation: Numbers
    direct_normal_irradiance: Numbers
    diffuse_radiation: Numbers


class _Forecast(BaseModel):
    minutely_15_units: dict[str, str]
    minutely_15: _Quarters


class _Runs(BaseModel):
    last_run_initialisation_time: int
    last_run_availability_time: int


@dataclass(frozen=True, kw_only=True)
class OpenMeteo:
    """`Service` that gives a `Recording` of the hours to come."""

    site: Site
    url: str = FREE
    name: str = NAME
    every: timedelta = timedelta(minutes=30)

    def ask(self, now: datetime) -> Answer:
        """The newest forecast, and since when its run is out."""
        held = key_of(NAME, KEY)
        key = {"apikey": held} if held else {}
        meta = asked(NAME, f"{self.url}/data/{RUNS_OF}/static/meta.json", key)
        question = {
            "latitude": f"{self.site.latitude:g}",
            "longitude": f"{self.site.longitude:g}",
            "elevation": f"{self.site.altitude_m:g}",
            "minutely_15": ",".join(_UNITS),
            "models": MODEL,
            "wind_speed_unit": "ms",
            "timeformat": "unixtime",
            "timezone": "GMT",
            "forecast_days": str(DAYS),
        }
        body = asked(NAME, f"{self.url}/v1/forecast", question | key)
        return Answer(known_at=min(_out_since(meta), now), body=body)

    def read(self, answer: Answer) -> Recording:
        """The forecast as a recording of quarter hours."""
        forecast = _parsed(answer.body)
        units = forecast.minutely_15_units
        for name, unit in _UNITS.items():
            if units.get(name) != unit:
                raise unreadable(NAME, f"{name} is in {units.get(name, 'no unit')}, not {unit}")
        quarters = forecast.minutely_15
        times = np.array(quarters.time)
        if len(times) < 2 or times[0] % SLOT_S or (np.diff(times) <= 0).any():
            raise unreadable(NAME, "times that don't rise by quarter hours")
        places = (times - times[0]) // SLOT_S
        columns = {name: _placed(quarters, of, places) for name, of in (_INSTANT | _MEANS).items()}
        return checked(_recording(columns, float(times[0]), answer.known_at))


def _out_since(meta: str) -> datetime:
    try:
        return datetime.fromtimestamp(
            _Runs.model_validate_json(meta).last_run_availability_time, UTC
        )
    except (ValidationError, OverflowError, OSError) as error:
        raise unreadable(NAME, "no metadata of the model's runs") from error


def _parsed(body: str) -> _Forecast:
    try:
        return _Forecast.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise unreadable(NAME, f"{where} {first['msg']}".strip()) from error


def _placed(quarters: _Quarters, name: str, places: NDArray[np.int64]) -> NDArray[np.float64]:
    """A variable by quarter hour since the first, NaN where nothing is given."""
    values: Numbers = getattr(quarters, name)
    if len(values) != len(places):
        raise unreadable(NAME, f"{len(values)} values of {name} for {len(places)} times")
    if places[-1] > 16 * 96:
        raise unreadable(NAME, "times that lie more than 16 days apart")
    placed = np.full(int(places[-1]) + 1, np.nan)
    placed[places] = [np.nan if value is None else value for value in values]
    return placed


def _recording(
    at_times: dict[str, NDArray[np.float64]], start_s: float, known_at: datetime
) -> Recording:
    """Quarter hours between the times, up to the last that has everything."""
    columns = {name: (at_times[name][1:] + at_times[name][:-1]) / 2 for name in _INSTANT}
    columns |= {name: at_times[name][1:] for name in _MEANS}
    whole = np.flatnonzero(np.all([np.isfinite(v) for v in columns.values()], axis=0))
    if not whole.size:
        raise SourceError(
            f"{NAME} has no values for this place", fix="check the site's latitude and longitude"
        )
    length = int(whole[-1]) + 1
    return Recording(
        source=f"{NAME} {MODEL}, known at {known_at:%Y-%m-%d %H:%M} UTC",
        step_s=SLOT_S,
        ahead_s=0.0,
        start_s=start_s,
        columns={name: values[:length] for name, values in columns.items()},
        lines=np.arange(1, length + 1),
    )
