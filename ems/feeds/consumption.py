"""A dwelling's consumption by the quarter hour, for those who live there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import DeviceKind, District
from ems.domain.errors import EmsError
from ems.domain.points import point_id
from ems.domain.slots import SLOT_H, Horizon
from ems.domain.snapshot import QuarterHours
from ems.feeds.table import Cell, csv_text, json_text, times

SCHEMA = "smartseille-ems/consumption/1"
COLUMNS = ("start_utc", "start_local", "electricity_kwh", "heat_kwh")

_POWERS = ("electric_power_kw", "heat_power_kw")


class Past(Protocol):
    """Where quarter-hour means come from; the store is one."""

    async def quarter_hours(self, points: Sequence[str], horizon: Horizon) -> QuarterHours:
        """Means of `points` over `horizon`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Consumption:
    """What one dwelling used."""

    dwelling: str
    """Its id."""

    horizon: Horizon
    """The quarter hours."""

    electricity_kwh: NDArray[np.float64] = field(repr=False)
    """NaN where nothing good was measured. Shape [slots]."""

    heat_kwh: NDArray[np.float64] = field(repr=False)
    """Heating; NaN where nothing good was measured. Shape [slots]."""


async def consumption(
    store: Past, district: District, dwelling: str, horizon: Horizon
) -> Consumption:
    """What a dwelling used in each quarter hour, from the means of its powers.

    Whether the one who asks may see it is for the caller to know.

    Raises:
        EmsError: there is no such dwelling.
    """
    device = district.device_of.get((DeviceKind.DWELLING, dwelling))
    if device is None:
        raise EmsError(f"there is no dwelling {dwelling}", fix="see dwellings.csv for their ids")
    points = [point_id(device.id, name) for name in _POWERS]
    powers_kw = (await store.quarter_hours(points, horizon)).values
    electricity_kwh, heat_kwh = powers_kw * SLOT_H
    return Consumption(
        dwelling=dwelling, horizon=horizon, electricity_kwh=electricity_kwh, heat_kwh=heat_kwh
    )


def consumption_csv(used: Consumption, district: District) -> str:
    """As CSV with the columns `COLUMNS`; an empty cell where nothing was measured."""
    return csv_text(COLUMNS, _cells(used, district))


def consumption_json(used: Consumption, district: District) -> str:
    """As JSON; null where nothing was measured."""
    head = {
        "schema": SCHEMA,
        "site": district.site.id,
        "dwelling": used.dwelling,
        "time_zone": district.site.time_zone,
        "slot_minutes": 15,
        "units": {"electricity_kwh": "kWh", "heat_kwh": "kWh"},
    }
    return json_text(head, COLUMNS, _cells(used, district))


def _cells(used: Consumption, district: District) -> Iterator[tuple[Cell, ...]]:
    for start, electricity_kwh, heat_kwh in zip(
        used.horizon.starts, used.electricity_kwh, used.heat_kwh, strict=True
    ):
        yield (
            *times(start, district.site.zone),
            round(float(electricity_kwh), 6),
            round(float(heat_kwh), 6),
        )
