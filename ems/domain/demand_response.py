"""Demand response: a cap on the district's import that the grid asks for during some slots."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ems.domain.slots import Horizon

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ImportCap:
    """One event."""

    horizon: Horizon
    """The slots of the event."""

    import_kw: Floats = field(repr=False)
    """Import that is not to be exceeded. Shape [slots of the event]."""

    eur_per_kwh: Floats = field(repr=False)
    """What each kWh above it costs, beside all other prices. Shape [slots of the event]."""

    def over(self, horizon: Horizon) -> tuple[Floats, Floats]:
        """Cap and price over other slots, the price zero where it does not hold. [slots] each."""
        cap, price = np.zeros(horizon.length), np.zeros(horizon.length)
        slots = np.arange(horizon.length) + horizon.first.index - self.horizon.first.index
        inside = (slots >= 0) & (slots < self.horizon.length)
        cap[inside], price[inside] = self.import_kw[slots[inside]], self.eur_per_kwh[slots[inside]]
        return cap, price
