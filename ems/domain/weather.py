"""Weather and prices over slots: what a file, a service or a generator gives."""

from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from ems.domain.errors import SourceError
from ems.domain.slots import Horizon


@dataclass(frozen=True, kw_only=True)
class Weather:
    """Quarter-hour means. Every array has shape [horizon.length]."""

    horizon: Horizon
    """The slots it covers."""

    source: str
    """File, service or generator, for people."""

    outdoor_temp_c: NDArray[np.float64] = field(repr=False)
    """Air temperature."""

    ghi_w_m2: NDArray[np.float64] = field(repr=False)
    """Global horizontal irradiance."""

    dni_w_m2: NDArray[np.float64] = field(repr=False)
    """Direct normal irradiance."""

    dhi_w_m2: NDArray[np.float64] = field(repr=False)
    """Diffuse horizontal irradiance."""

    wind_m_per_s: NDArray[np.float64] = field(repr=False)
    """Wind at 10 m."""

    sea_temp_c: NDArray[np.float64] = field(repr=False)
    """Seawater at the intake."""

    degraded: str = ""
    """Why this is less than the usual source gives; empty when it is not."""

    def over(self, horizon: Horizon) -> "Weather":
        """The part of it that covers `horizon`.

        Raises:
            SourceError: it does not cover all of it.
        """
        begin = horizon.first.index - self.horizon.first.index
        if begin < 0 or begin + horizon.length > self.horizon.length:
            raise SourceError(
                f"{self.source} covers {self.horizon.slots}, not {horizon.slots}",
                fix="give a longer file, or ask for fewer days",
            )
        part = slice(begin, begin + horizon.length)
        arrays = {
            f.name: getattr(self, f.name)[part]
            for f in fields(self)
            if isinstance(getattr(self, f.name), np.ndarray)
        }
        return replace(self, horizon=horizon, **arrays)


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What is known of the coming slots from outside the district."""

    weather: Weather
    """Forecast weather over the horizon."""

    day_ahead_eur_per_kwh: NDArray[np.float64] = field(repr=False)
    """Day-ahead prices; NaN where they are not out yet. Shape [horizon.length]."""

    price_source: str
    """Where the prices come from, for people."""
