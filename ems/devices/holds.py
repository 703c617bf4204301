"""A device under command: what it was last told, until when, and when its heartbeat is due."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from ems.devices.maps import PointSpec, map_of
from ems.domain.district import Device

RENEW_AFTER = timedelta(minutes=4)
"""District time after which a heartbeat is due; looked at every minute, so changed within five."""
REWRITE_AFTER = timedelta(minutes=30)
"""District time after which an unchanged value is written again: the device may have restarted."""


class Hold:
    """The lease of one device; it ends at `until` unless it is extended."""

    def __init__(self, device: Device, until: datetime) -> None:
        self.device = device
        self.until = until
        self._told: dict[PointSpec, tuple[float, datetime]] = {}
        self._touched: dict[PointSpec, None] = {}
        self._beat: tuple[int, datetime] | None = None

    @property
    def touched(self) -> tuple[PointSpec, ...]:
        """The points that were written, whether or not that is known to have worked."""
        return tuple(self._touched)

    def needs(self, spec: PointSpec, value: float, now: datetime) -> bool:
        """Whether `value` is to be written: it is another one, or was written long ago."""
        last = self._told.get(spec)
        return last is None or last[0] != value or now - last[1] >= REWRITE_AFTER

    def changes(self, spec: PointSpec, value: float, now: datetime) -> bool:
        """Whether `value` goes over one that came back: somebody may have been there since."""
        return spec in self._told and self.needs(spec, value, now)

    def touch(self, specs: Iterable[PointSpec]) -> None:
        """These are about to be written: what they hold is unknown until it has worked."""
        for spec in specs:
            self._touched[spec] = None
            self._told.pop(spec, None)

    def told(self, spec: PointSpec, value: float, now: datetime) -> None:
        """`value` was written and came back."""
        self._told[spec] = (value, now)

    @property
    def known(self) -> Mapping[PointSpec, tuple[float, datetime]]:
        """What was written and came back, and when."""
        return dict(self._told)

    @property
    def last_beat(self) -> dict[PointSpec, float]:
        """The heartbeat that the device should show; empty when it has none, or none yet."""
        beat = map_of(self.device).heartbeat
        if beat is None or self._beat is None:
            return {}
        return {map_of(self.device).points[beat.point]: float(self._beat[0])}

    def lapse(self) -> None:
        """The device has forgotten all that it was told: it restarted."""
        self._told.clear()
        self._beat = None

    def extend(self, until: datetime) -> None:
        """Hold it until then, at least."""
        self.until = max(self.until, until)

    def due_beat(self, now: datetime) -> dict[PointSpec, float]:
        """The heartbeat to write now; empty when it is not due or the device has none."""
        device_map = map_of(self.device)
        beat = device_map.heartbeat
        if beat is None or (self._beat is not None and now - self._beat[1] < RENEW_AFTER):
            return {}
        span = beat.last - beat.first + 1
        last = self._beat[0] if self._beat else beat.first + int(now.timestamp()) % span
        return {device_map.points[beat.point]: float(beat.after(last))}

    def beaten(self, written: dict[PointSpec, float], now: datetime) -> None:
        """The heartbeat in `written` (if any) has reached the device."""
        for value in written.values():
            self._beat = (int(value), now)
