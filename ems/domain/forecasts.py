"""Forecasts: what is expected, how surely, and when that was known.

A series is named `<subject>/<quantity with unit>`: `district/base_load_kw`,
`weather/outdoor_temp_c`, `B1/hot_water_kw`, `price/import_eur_per_kwh`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ems.domain.errors import ForecastError
from ems.domain.slots import Horizon


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """One series ahead. Nothing made after `issued_at` has entered it."""

    name: str
    """Subject and quantity, the quantity with its unit."""

    horizon: Horizon
    """The slots it speaks of."""

    issued_at: datetime
    """When it was made, UTC."""

    source: str
    """The method or service, for people: `mean of 4 weeks`, `pvlib`, `ENTSO-E`."""

    values: NDArray[np.float64] = field(repr=False)
    """Expected values. Shape [horizon.length]."""

    quantiles: Mapping[float, NDArray[np.float64]] = field(default_factory=dict, repr=False)
    """By level (0.1, 0.5, 0.9); each of shape [horizon.length]. Empty when it is known for sure."""

    degraded: str = ""
    """Why this is less than the usual method gives; empty when it is not."""

    def __post_init__(self) -> None:
        for array in (self.values, *self.quantiles.values()):
            if array.shape != (self.horizon.length,):
                raise ForecastError(
                    f"{self.name} has shape {array.shape} for {self.horizon.length} slots"
                )
        if not np.isfinite(self.values).all():
            raise ForecastError(f"{self.name} holds values that are not finite")


@dataclass(frozen=True, kw_only=True)
class Forecasts:
    """All series that a plan needs, over the same slots."""

    horizon: Horizon
    """The slots that all of them speak of."""

    issued_at: datetime
    """When they were made, UTC."""

    series: Mapping[str, Forecast] = field(repr=False)
    """By name."""

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Expected values of the series `name`. Shape [horizon.length].

        Raises:
            ForecastError: there is no such series.
        """
        if name not in self.series:
            raise ForecastError(f"no forecast of {name}", fix="see the forecast step of the log")
        return self.series[name].values

    @property
    def degraded(self) -> tuple[str, ...]:
        """Each series that is less than usual, with the reason."""
        return tuple(f"{f.name}: {f.degraded}" for f in self.series.values() if f.degraded)
