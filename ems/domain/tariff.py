"""What a kilowatt-hour costs at the district's meter, and what an exported one earns.

Energy (fixed by time class, or day-ahead plus a margin), the network's tariff by time class (TURPE
7, HTA) and the excise add up. Export is worth the avoided purchase of the dwellings that share it,
less what the network keeps; what they don't use earns the feed-in price.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ems.domain.bounds import Between, Hour, NonNegative, Positive
from ems.domain.slots import Slot

_STRICT = {"extra": "forbid", "allow_inf_nan": False}


class TimeClass(StrEnum):
    """The five time classes of TURPE at medium voltage, dearest first."""

    PEAK = "P"
    HIGH_FULL = "HPH"
    HIGH_OFF = "HCH"
    LOW_FULL = "HPB"
    LOW_OFF = "HCB"


@dataclass(frozen=True, kw_only=True)
class Window:
    """Hours of the local day, `to_h` not included."""

    __pydantic_config__ = _STRICT

    from_h: Hour
    to_h: Hour

    def holds(self, hour: float) -> bool:
        """Whether `hour` lies inside; a window may span midnight."""
        if self.from_h <= self.to_h:
            return self.from_h <= hour < self.to_h
        return hour >= self.from_h or hour < self.to_h


@dataclass(frozen=True, kw_only=True)
class Tariff:
    """Prices at the district's connection."""

    __pydantic_config__ = _STRICT

    name: str
    source: str
    assumption: str
    subscribed_kw: Positive
    """Power that may be drawn as a 10-minute mean without an overrun."""
    overrun_eur_per_kwh: Positive
    """What energy above the subscribed power is charged where no month is known."""
    energy_eur_per_kwh: dict[TimeClass, Annotated[float, Between(-1, 5)]]
    """Fixed energy price, used where no day-ahead price is given."""
    day_ahead_margin_eur_per_kwh: NonNegative
    """Added to a day-ahead price."""
    network_eur_per_kwh: dict[TimeClass, NonNegative]
    """TURPE, energy part."""
    network_eur_per_kw_year: dict[TimeClass, NonNegative]
    """TURPE, power part: of the subscribed power, whatever is drawn."""
    overrun_share: NonNegative = 0.0
    """A month's overruns cost this share of it, by kW of the root of their squares in ten-minute
    means (TURPE: 0.04); zero: `overrun_eur_per_kwh` alone is charged."""
    peak_eur_per_kw_month: NonNegative = 0.0
    """What a month's highest ten-minute mean costs; nothing under TURPE."""
    excise_eur_per_kwh: NonNegative
    shared_eur_per_kwh: NonNegative
    """Worth of an exported kWh that a dwelling of the district uses."""
    feed_in_eur_per_kwh: Annotated[float, Between(-1, 5)]
    """Worth of any other exported kWh."""
    co2_kg_per_kwh_by_month: tuple[NonNegative, ...]
    high_months: tuple[Annotated[int, Between(1, 12)], ...]
    peak_months: tuple[Annotated[int, Between(1, 12)], ...]
    peak_windows: tuple[Window, ...]
    """Monday to Saturday."""
    off_windows: tuple[Window, ...]
    """Monday to Saturday; Sundays are off-peak all day."""

    def __post_init__(self) -> None:
        if not (self.source or self.assumption):
            raise ValueError("says neither `source` nor `assumption`")
        if len(self.co2_kg_per_kwh_by_month) != 12:
            raise ValueError("co2_kg_per_kwh_by_month needs twelve values")
        for name in ("energy_eur_per_kwh", "network_eur_per_kwh", "network_eur_per_kw_year"):
            if missing := [c.value for c in TimeClass if c not in getattr(self, name)]:
                raise ValueError(f"{name} has no price for {', '.join(missing)}")

    def time_class(self, slot: Slot, zone: ZoneInfo) -> TimeClass:
        """The class of a slot in the local time `zone`."""
        local = slot.start.astimezone(zone)
        hour = local.hour + local.minute / 60
        high = local.month in self.high_months
        if local.isoweekday() == 7 or any(w.holds(hour) for w in self.off_windows):
            return TimeClass.HIGH_OFF if high else TimeClass.LOW_OFF
        if local.month in self.peak_months and any(w.holds(hour) for w in self.peak_windows):
            return TimeClass.PEAK
        return TimeClass.HIGH_FULL if high else TimeClass.LOW_FULL

    def import_eur_per_kwh(
        self, slots: Sequence[int], zone: ZoneInfo, day_ahead: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """What one more imported kWh costs, all in. Shape [slots].

        `day_ahead` in EUR/kWh takes the place of the fixed energy price where it is finite.
        """
        classes = [self.time_class(Slot(index), zone) for index in slots]
        energy = np.array([self.energy_eur_per_kwh[c] for c in classes])
        if day_ahead is not None:
            known = np.isfinite(day_ahead)
            energy[known] = day_ahead[known] + self.day_ahead_margin_eur_per_kwh
        network = np.array([self.network_eur_per_kwh[c] for c in classes])
        price: NDArray[np.float64] = energy + network + self.excise_eur_per_kwh
        return price

    def co2_kg_per_kwh(self, slots: Sequence[int], zone: ZoneInfo) -> NDArray[np.float64]:
        """Carbon dioxide of the grid's electricity. Shape [slots]."""
        months = [Slot(index).start.astimezone(zone).month for index in slots]
        return np.array([self.co2_kg_per_kwh_by_month[month - 1] for month in months])
