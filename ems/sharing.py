"""Each quarter hour's share of the common sun, kept beside what each dwelling used.

What a dwelling gets is a point like any other (`D1-0304/shared_sun_kw`), so that feeds, pages and
statements read it as they read its consumption. Sharing a quarter hour again changes nothing.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import DeviceKind, District
from ems.domain.points import PointInfo, Unit, point_id
from ems.domain.shared_sun import Key, shared_sun
from ems.domain.slots import SLOT_H, Horizon
from ems.domain.snapshot import QuarterHours
from ems.feeds.resident import FeedStore

NAME = "shared_sun_kw"
USED = "electric_power_kw"
CONNECTION = point_id("M-HTA", "power_kw")
_WH_PER_KWH = 1000


class SharingStore(FeedStore, Protocol):
    """Where quarter hours come from and go to; the store is one."""

    async def participants(self) -> frozenset[str]:
        """Dwellings whose residents consent to their quarter hours being used for sharing."""
        ...

    async def fill_history(self, past: QuarterHours) -> int:
        """Keep means; what is there already stays."""
        ...


class Sharing:
    """Shares the district's export among its dwellings."""

    def __init__(self, store: SharingStore, district: District, key: Key = Key.DEFAULT) -> None:
        self._store = store
        self._key = key
        self._devices = {d.serves: d.id for d in district.of_kind(DeviceKind.DWELLING)}

    @property
    def points(self) -> list[PointInfo]:
        """What the store must know to take the shares."""
        return [
            PointInfo(
                id=point_id(device, NAME),
                device=device,
                name=NAME,
                unit=Unit.KILOWATT,
                writable=False,
            )
            for device in self._devices.values()
        ]

    async def share(self, horizon: Horizon) -> int:
        """Share the export of `horizon`: how many quarter hours of dwellings are new."""
        used = [point_id(device, USED) for device in self._devices.values()]
        past = await self._store.quarter_hours([CONNECTION, *used], horizon)
        takes_part = await self._takes_part()
        received_wh = shared_sun(
            past.values[0], past.values[1:], takes_part, self._key
        ).received_wh.astype(np.float64)
        counted = np.isfinite(past.values[0]) & np.isfinite(past.values[1:])
        part = takes_part[:, None] | (self._key is Key.STATIC)
        values = np.where(counted & part, received_wh / _WH_PER_KWH / SLOT_H, np.nan)
        return await self._store.fill_history(
            QuarterHours(
                points=tuple(point.id for point in self.points), horizon=horizon, values=values
            )
        )

    async def _takes_part(self) -> NDArray[np.bool_]:
        consenting = await self._store.participants()
        return np.array([dwelling in consenting for dwelling in self._devices], dtype=bool)
