"""Demand response: a cap on the district's import that the grid asks for during some slots."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ems.domain.errors import PlanError
from ems.domain.slots import Horizon, Slot

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
        """Cap and price over other slots; infinite and zero where it does not hold. [slots]."""
        cap, price = np.full(horizon.length, np.inf), np.zeros(horizon.length)
        slots = np.arange(horizon.length) + horizon.first.index - self.horizon.first.index
        inside = (slots >= 0) & (slots < self.horizon.length)
        cap[inside], price[inside] = self.import_kw[slots[inside]], self.eur_per_kwh[slots[inside]]
        return cap, price


@dataclass(frozen=True, kw_only=True)
class ImportEvent:
    """An event as an operator has entered it."""

    id: int
    """Its number in the store."""

    begins: datetime
    """From when it holds, UTC."""

    ends: datetime
    """Until when, UTC."""

    import_kw: float
    """Import that is not to be exceeded."""

    eur_per_kwh: float
    """What each kWh above it costs, beside all other prices."""

    @property
    def cap(self) -> ImportCap:
        """The same by slots: every quarter hour of which some part is asked for."""
        first = Slot.containing(self.begins)
        last = Slot.containing(self.ends)
        length = last.index - first.index + (last.start < self.ends)
        return ImportCap(
            horizon=Horizon(first, length),
            import_kw=np.full(length, self.import_kw),
            eur_per_kwh=np.full(length, self.eur_per_kwh),
        )


def check_event(begins: datetime, ends: datetime, import_kw: float, eur_per_kwh: float) -> None:
    """Refuse what can't be asked of a plan.

    Raises:
        PlanError: it ends before it begins, or a figure is negative or none.
    """
    if ends <= begins:
        raise PlanError("the event ends before it begins", fix="give --until after --from")
    if not (0 <= import_kw < np.inf and 0 < eur_per_kwh < np.inf):
        raise PlanError(
            f"an event of {import_kw:g} kW at {eur_per_kwh:g} EUR/kWh can't be planned",
            fix="give a cap of 0 kW or more, and a price above 0",
        )


def joined(caps: Sequence[ImportCap], horizon: Horizon) -> tuple[Floats, Floats]:
    """Cap and price of several events over `horizon`: the least cap, the highest price. [slots].

    The cap is zero, like its price, where no event holds.
    """
    kw, price = np.full(horizon.length, np.inf), np.zeros(horizon.length)
    for cap in caps:
        its_kw, its_price = cap.over(horizon)
        kw, price = np.minimum(kw, its_kw), np.maximum(price, its_price)
    return np.where(price > 0, kw, 0.0), price
