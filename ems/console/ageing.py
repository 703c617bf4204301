"""When a reading is too old to be believed, seen from the console.

The device process marks what it could not read. If that process itself stops, nobody marks
anything, and old values would look alive; so the console looks at the ages too. A point may be as
old as its poll class allows: powers and states every few seconds, rooms every minute or so, meters'
registers every few minutes. When the clock runs fast the polls can't keep up with district time, so
the limit never falls below some wall time.
"""

from dataclasses import replace
from math import inf

from ems.domain import own_points
from ems.domain.district import DeviceKind, District
from ems.domain.points import Quality, Reading
from ems.domain.snapshot import Snapshot

LEAST_WALL_S = 60.0
"""However fast the clock runs, a reading is believed for this long of wall time."""

_FAST_KINDS = frozenset(
    {DeviceKind.METER, DeviceKind.CHARGE_POINT, DeviceKind.PV_INVERTER, DeviceKind.BATTERY}
)
_ROOM_KINDS = frozenset({DeviceKind.DWELLING, DeviceKind.ZONE})


class Ageing:
    """Knows how old each point's reading may be."""

    def __init__(self, district: District, speed: float) -> None:
        self._district = district
        self._least_s = LEAST_WALL_S * speed
        self._limits_s: dict[str, float] = {}

    def limit_s(self, point: str) -> float:
        """How many seconds of district time a reading of `point` stays believable."""
        device_id, _, name = point.partition("/")
        if device_id == own_points.DEVICE:
            return self._least_s
        device = self._district.devices.get(device_id)
        if device is None:
            return inf
        polling = self._district.polling
        interval_s = polling.interval_s(_poll_class(device.kind, name))
        return max(self._least_s, polling.stale_after * interval_s)

    def marked(self, snapshot: Snapshot) -> Snapshot:
        """`snapshot` with every good reading that is too old marked as stale."""
        old = {
            point: Reading(point, reading.value, Quality.STALE, reading.at)
            for point, reading in snapshot.readings.items()
            if reading.quality.usable and self._too_old(reading, snapshot.taken_at.timestamp())
        }
        return replace(snapshot, readings={**snapshot.readings, **old}) if old else snapshot

    def _too_old(self, reading: Reading, now_s: float) -> bool:
        limit_s = self._limits_s.get(reading.point)
        if limit_s is None:
            limit_s = self._limits_s[reading.point] = self.limit_s(reading.point)
        return now_s - reading.at.timestamp() > limit_s


def _poll_class(kind: DeviceKind, name: str) -> str:
    if name == "power_kw" and kind in _FAST_KINDS:
        return "fast"
    if kind in _ROOM_KINDS and name.startswith("room_temp"):
        return "normal"
    return "slow"
