"""Keeps what the district draws in ten-minute means, as its network tariff counts it.

For each quarter hour two figures of the EMS's own are kept beside its means: the root of the
squared overruns of the ten minutes that ended in it, and the highest of their means. A month is
read back from them; single samples need not be kept.
"""

from datetime import timedelta

import numpy as np

from ems.domain.district import DeviceKind, District
from ems.domain.overruns import Drawn, drawn_so_far, ended_in, month_until
from ems.domain.own_points import OVERRUN, TEN_MINUTES_PEAK
from ems.domain.points import point_id
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.store.store import Store

READINGS_MAX = 20_000
"""Of the meter in half an hour; more than any pace of polls."""


class OverrunBook:
    """Of one district's connection."""

    def __init__(self, store: Store, district: District) -> None:
        self._store = store
        self._tariff, self._zone = district.tariff, district.site.zone
        self._meter = point_id(district.device_of[DeviceKind.METER, "HTA"].id, "power_kw")

    async def sum_up(self, slot: Slot) -> None:
        """Keep the figures of the ten minutes that ended in `slot`."""
        begin = slot.start - timedelta(minutes=slot.start.minute % 10)
        read = await self._store.readings(self._meter, begin, slot.end, limit=READINGS_MAX)
        good = [reading for reading in read if reading.quality.usable]
        power = np.array([reading.value for reading in good])
        found = ended_in(slot, [r.at for r in good], power, self._tariff.subscribed_kw)
        values = np.array(found)[:, None]
        points = (OVERRUN, TEN_MINUTES_PEAK)
        past = QuarterHours(points=points, horizon=Horizon(slot, 1), values=values)
        await self._store.fill_history(past)

    async def drawn(self, until: Slot) -> Drawn:
        """The month of the slot before `until`, up to that slot."""
        month = month_until(until, self._zone)
        found = await self._store.quarter_hours((OVERRUN, TEN_MINUTES_PEAK), month)
        overrun, peak = found.quarter_hours((OVERRUN, TEN_MINUTES_PEAK), month)
        return drawn_so_far(self._tariff, self._zone, month, overrun, peak)
