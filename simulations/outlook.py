"""What the virtual district knows of its future: weather forecasts with errors, prices once out.

A weather forecast is the truth plus an error that grows with lead. A new run comes every six hours;
within a run the errors hang together from slot to slot, and the same run always errs alike. The
sea is forecast as it is now: nobody foretells an upwelling.

Errors that it keeps to: near-surface temperature 1 to 2 K (root mean square) a day or two ahead, an
assumption; hourly global irradiance 20 to 35 % of its daylight mean in Spain and 40 to 60 % in
Central Europe (E. Lorenz and others, 24th European Photovoltaic Solar Energy Conference, 2009,
doi:10.4229/24thEUPVSEC2009-5BV.2.50), between which Marseille lies near the first.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ems.domain.slots import SLOT_S, Horizon, Slot
from ems.domain.weather import Weather
from ems.sources.prices import last_known_day_end

_RUN_S = 6 * 3600
_SLOTS_BACK = 24 * 4
"""Slots over which an error is built up before a run begins."""
_AIR_K = 1.4
"""Error of the air temperature a day ahead [K]. Assumption after European day-ahead scores."""
_SUN = 0.40
"""Error of the logarithm of irradiance a day ahead, fitted to 25 % of the mean."""
_SUN_SPREADS_H = 6.0
"""Hours in which the sun's error grows to that; clouds are lost sooner than warmth."""
_SUN_LIFT = 0.15
"""No forecast is brighter than a clear sky; this much brightness keeps the mean right."""
_WIND = 0.25
_GREATEST_DNI_W_M2 = 1000.0


class ForecastWeather:
    """A weather service whose forecasts are wrong in a known, repeatable way."""

    def __init__(self, truth: Weather, seed: int, *, wrong: float = 1.0) -> None:
        self._truth = truth
        self._seed = seed
        self.wrong = wrong
        """How many times as wrong as usual; 0 knows the weather."""

    def outlook(self, horizon: Horizon, issued_at: datetime) -> Weather:
        """The forecast over `horizon` as issued at `issued_at`; exact at lead 0.

        Raises:
            SourceError: the truth does not cover the horizon.
        """
        truth = self._truth.over(horizon)
        lead_h = np.maximum(np.array(horizon.slots) * SLOT_S - issued_at.timestamp(), 0) / 3600
        grown = self.wrong * np.sqrt(np.minimum(lead_h, 72) / 24)
        air, sun, wind = self._errors(horizon, issued_at)
        hidden = self.wrong * (1 - np.exp(-lead_h / _SUN_SPREADS_H)) * (1 + lead_h / 240)
        brightness = np.exp(_SUN * hidden * sun + _SUN_LIFT * hidden)
        ghi, dni, dhi = _under_another_sky(truth, brightness)
        return Weather(
            horizon=horizon,
            source=f"forecast of {truth.source}",
            outdoor_temp_c=truth.outdoor_temp_c + _AIR_K * grown * air,
            ghi_w_m2=ghi,
            dni_w_m2=dni,
            dhi_w_m2=dhi,
            wind_m_per_s=truth.wind_m_per_s * np.exp(_WIND * grown * wind),
            sea_temp_c=np.full(horizon.length, self._sea_now_c(truth, issued_at)),
            degraded=truth.degraded,
        )

    def _sea_now_c(self, truth: Weather, issued_at: datetime) -> float | NDArray[np.float64]:
        """The sea at the time of issue, as far back as it is known; all of it when nothing errs."""
        if self.wrong == 0:
            return truth.sea_temp_c
        whole = self._truth.horizon
        now = np.clip(Slot.containing(issued_at).index - whole.first.index, 0, whole.length - 1)
        return float(self._truth.sea_temp_c[now])

    def _errors(self, horizon: Horizon, issued_at: datetime) -> NDArray[np.float64]:
        """Errors of air, sun and wind: mean 0, spread 1, kept for hours. Shape [3, slots]."""
        run = int(issued_at.timestamp() // _RUN_S)
        first = run * _RUN_S // SLOT_S
        slots = max(horizon.first.index + horizon.length - first, 1)
        shocks = np.random.default_rng([self._seed, run]).standard_normal((slots + _SLOTS_BACK, 3))
        kept = np.exp(-np.arange(_SLOTS_BACK) / 4 / np.array([[12.0], [4.0], [6.0]]))
        kept /= np.sqrt((kept**2).sum(axis=1, keepdims=True))
        rows = [
            np.convolve(column, weights, mode="valid")
            for column, weights in zip(shocks.T, kept, strict=True)
        ]
        positions = np.maximum(np.array(horizon.slots) - first, 0)
        return np.array(rows)[:, positions]


def _under_another_sky(
    truth: Weather, brightness: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Global, direct and diffuse irradiance with the sky brighter or darker by a factor [slots].

    No brighter than a clear sky where the sun's height can be told from the truth itself:
    B. Haurwitz, Journal of Meteorology 2, 1945, 1098 s exp(-0.057 / s) for the sine s.
    """
    beam = truth.ghi_w_m2 - truth.dhi_w_m2
    shining = truth.dni_w_m2 > 1.0
    sine = np.divide(beam, truth.dni_w_m2, out=np.zeros_like(beam), where=shining)
    sine = np.clip(sine, 0.01, 1.0)
    clear = np.where(shining, 1098 * sine * np.exp(-0.057 / sine), np.inf)
    ghi = np.minimum(truth.ghi_w_m2 * brightness, np.maximum(clear, truth.ghi_w_m2))
    ratio = np.divide(ghi, truth.ghi_w_m2, out=np.ones_like(ghi), where=truth.ghi_w_m2 > 0)
    # a darker sky hides the disc before it dims the rest
    dni = np.minimum(truth.dni_w_m2 * ratio**2, np.maximum(_GREATEST_DNI_W_M2, truth.dni_w_m2))
    dni = np.minimum(dni, np.divide(ghi, sine, out=np.zeros_like(ghi), where=shining))
    return ghi, dni, np.where(shining, ghi - dni * sine, ghi)


def known_prices(
    prices_eur_per_kwh: NDArray[np.float64],
    horizon: Horizon,
    issued_at: datetime,
    zone: ZoneInfo,
) -> NDArray[np.float64]:
    """Day-ahead prices over `horizon` that are out at `issued_at`, NaN beyond. Shape [slots].

    Those of the next local day are out from 13:00 local time.
    """
    end = last_known_day_end(issued_at, zone)
    left = (end - horizon.first.start) // timedelta(seconds=SLOT_S)
    return np.where(np.arange(horizon.length) < left, prices_eur_per_kwh, np.nan)
