"""Weather and prices over slots: what a file, a service or a generator gives."""

from dataclasses import dataclass, field, fields, replace
from typing import Any

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
        return replace(self, horizon=horizon, **{k: v[part] for k, v in self._arrays.items()})

    def followed_by(self, later: "Weather") -> "Weather":
        """This one, and after its last slot another that begins there."""
        return replace(
            self,
            horizon=Horizon(self.horizon.first, self.horizon.length + later.horizon.length),
            source=f"{self.source}; {later.source}",
            degraded="; ".join(filter(None, [self.degraded, later.degraded])),
            **{k: np.concatenate([v, later._arrays[k]]) for k, v in self._arrays.items()},
        )

    @property
    def _arrays(self) -> dict[str, Any]:
        held = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: value for name, value in held.items() if isinstance(value, np.ndarray)}


@dataclass(frozen=True, kw_only=True)
class GridCo2:
    """What the grid's electricity is expected to emit."""

    kg_per_kwh: NDArray[np.float64] = field(repr=False)
    """NaN where nothing is known. Shape [horizon.length]."""

    source: str
    """Where it comes from, for people."""

    degraded: str = ""
    """Why this is less than the usual source gives; empty when it is not."""


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What is known of the coming slots from outside the district."""

    weather: Weather
    """Forecast weather over the horizon."""

    day_ahead_eur_per_kwh: NDArray[np.float64] = field(repr=False)
    """Day-ahead prices; NaN where they are not out yet. Shape [horizon.length]."""

    price_source: str
    """Where the prices come from, for people."""

    price_degraded: str = ""
    """Why fewer prices are known than could be; empty when they all are."""

    co2: GridCo2 | None = None
    """None: the tariff's values by month."""
