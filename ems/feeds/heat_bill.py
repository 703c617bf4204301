"""What each dwelling of a building owes for heat and hot water of a month.

By French rules for shared heating (Code de la construction et de l'habitation, R174-9 to R174-11) a
part of 0.30 of the cost is common and goes by floor area; the rest goes by each one's meter. Hot
water goes by its meter alone. A dwelling whose meter was not read, or was exchanged, is estimated
from the mean of the building's read meters per square metre, and marked.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import DeviceKind, District, Dwelling
from ems.domain.errors import EmsError
from ems.domain.points import point_id
from ems.domain.slots import Horizon, Slot
from ems.feeds.consumption import Past
from ems.feeds.table import csv_text

COMMON = 0.30
"""Part of the cost of heating that goes by floor area."""
COLUMNS = (
    "dwelling", "month", "heat_kwh", "heat_estimated", "hot_water_kwh", "hot_water_estimated",
    "heat_eur", "hot_water_eur",
)  # fmt: skip
HEAT, HOT_WATER = "heat_energy_kwh", "hot_water_energy_kwh"

_AROUND = timedelta(hours=6)
"""How far from the turn of the month a reading may lie."""


@dataclass(frozen=True, kw_only=True)
class Metered:
    """What a meter counted in a month."""

    energy_kwh: float
    """Counted, or estimated."""

    estimated: bool
    """Whether it was not read at both ends of the month, or ran backwards."""


@dataclass(frozen=True, kw_only=True)
class HeatBill:
    """One dwelling's month."""

    dwelling: str
    """Its id."""

    heat: Metered
    """Of rooms."""

    hot_water: Metered
    """Of the water drawn."""

    heat_eur: float
    """Its part of the building's cost of heating."""

    hot_water_eur: float
    """Its part of the building's cost of hot water."""


async def heat_bills(
    store: Past,
    district: District,
    building: str,
    first: date,
    *,
    heat_eur: float,
    hot_water_eur: float,
) -> tuple[HeatBill, ...]:
    """The bills of a building's dwellings.

    Args:
        store: the past.
        district: the description.
        building: whose dwellings.
        first: the first day of the month, local.
        heat_eur: the building's cost of heating in that month, to be shared.
        hot_water_eur: the building's cost of hot water.

    Raises:
        EmsError: the building has no dwellings, or none of its meters was read.
    """
    dwellings = district.dwellings_of(building)
    if not dwellings:
        raise EmsError(
            f"{building} has no dwellings",
            fix=f"one of {', '.join(sorted({d.building for d in district.dwellings.values()}))}",
        )
    areas_m2 = np.array([dwelling.area_m2 for dwelling in dwellings])
    metered = {
        name: estimated(await _counted_kwh(store, district, dwellings, name, first), areas_m2)
        for name in (HEAT, HOT_WATER)
    }
    by_meter = {name: _parts(rows) for name, rows in metered.items()}
    heat_parts = COMMON * areas_m2 / areas_m2.sum() + (1 - COMMON) * by_meter[HEAT]
    return tuple(
        HeatBill(
            dwelling=dwelling.id,
            heat=metered[HEAT][row],
            hot_water=metered[HOT_WATER][row],
            heat_eur=float(heat_eur * heat_parts[row]),
            hot_water_eur=float(hot_water_eur * by_meter[HOT_WATER][row]),
        )
        for row, dwelling in enumerate(dwellings)
    )


def estimated(
    counted_kwh: NDArray[np.float64], areas_m2: NDArray[np.float64]
) -> tuple[Metered, ...]:
    """Counted energies [dwellings] with NaN replaced by the mean per square metre, and marked.

    Raises:
        EmsError: none of the meters was read.
    """
    read = np.isfinite(counted_kwh)
    if not read.any():
        raise EmsError("no meter was read at both ends of the month", fix="choose another month")
    per_m2 = counted_kwh[read].sum() / areas_m2[read].sum()
    filled = np.where(read, counted_kwh, per_m2 * areas_m2)
    return tuple(
        Metered(energy_kwh=float(energy), estimated=not known)
        for energy, known in zip(filled, read, strict=True)
    )


def heat_bills_csv(bills: tuple[HeatBill, ...], first: date) -> str:
    """The bills with the columns `COLUMNS`; 1 marks what was estimated."""
    return csv_text(
        COLUMNS,
        (
            (
                bill.dwelling,
                f"{first:%Y-%m}",
                round(bill.heat.energy_kwh, 1),
                int(bill.heat.estimated),
                round(bill.hot_water.energy_kwh, 1),
                int(bill.hot_water.estimated),
                round(bill.heat_eur, 2),
                round(bill.hot_water_eur, 2),
            )
            for bill in bills
        ),
    )


async def _counted_kwh(
    store: Past, district: District, dwellings: list[Dwelling], name: str, first: date
) -> NDArray[np.float64]:
    """What counters rose from one turn of the month to the next. Shape [dwellings]."""
    devices = [district.device_of[DeviceKind.DWELLING, dwelling.id].id for dwelling in dwellings]
    points = [point_id(device, name) for device in devices]
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    begin, end = [await _reading(store, points, _midnight(day, district)) for day in (first, after)]
    rise = end - begin
    return np.where(rise >= 0, rise, np.nan)


async def _reading(store: Past, points: list[str], turn: datetime) -> NDArray[np.float64]:
    """The reading of each counter nearest to a turn of the month; NaN: none. Shape [points]."""
    first, last = Slot.containing(turn - _AROUND), Slot.containing(turn + _AROUND)
    horizon = Horizon(first, last.index - first.index)
    values = (await store.quarter_hours(points, horizon)).values
    distance = np.abs(np.arange(horizon.length) - horizon.length / 2 + 0.5)
    nearest = np.where(np.isfinite(values), distance, np.inf).argmin(axis=1)
    readings: NDArray[np.float64] = values[np.arange(len(points)), nearest]
    return readings


def _midnight(day: date, district: District) -> datetime:
    return datetime.combine(day, time(), district.site.zone).astimezone(UTC)


def _parts(rows: tuple[Metered, ...]) -> NDArray[np.float64]:
    """Each one's part of all; equal parts when nobody used anything. Shape [dwellings]."""
    energies = np.array([row.energy_kwh for row in rows])
    total = energies.sum()
    return energies / total if total > 0 else np.full(len(rows), 1 / len(rows))
