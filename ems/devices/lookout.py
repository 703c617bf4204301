"""Watching one device for hands on site: who set a point there keeps it until it is released.

On BACnet a priority above ours says so. A register says nothing: there another value than the one
written does, seen twice, while the heartbeat beside it still is ours.
"""

import logging
import math
from collections.abc import Sequence
from datetime import datetime

from ems.devices.commands import Command, came_back
from ems.devices.connection import Connection
from ems.devices.holds import Hold
from ems.devices.maps import PointSpec
from ems.devices.on_site import Sighting
from ems.devices.surroundings import Surroundings
from ems.domain.district import Device
from ems.domain.points import Quality, point_id

log = logging.getLogger("ems.devices")

_NOTHING = (math.nan, Quality.COMM_FAIL)


class Lookout:
    """Watches one device."""

    def __init__(self, device: Device, connection: Connection, around: Surroundings) -> None:
        self._device, self._connection = device, connection
        self._around, self._on_site = around, around.on_site

    def _id(self, spec: PointSpec) -> str:
        return point_id(self._device.id, spec.name)

    def held(self, spec: PointSpec) -> bool:
        """Whether somebody on site holds a point."""
        return self._id(spec) in self._on_site

    def waits(self, spec: PointSpec) -> bool:
        """Whether somebody on site holds a point, or may do: the next look decides."""
        return self.held(spec) or self._on_site.suspected(self._id(spec))

    async def look_before(self, hold: Hold, commands: Sequence[Command]) -> None:
        """See what is held on site before anything is written."""
        objects = [c.spec for c in commands if c.spec.object is not None]
        if objects:
            names = await self._connection.held_on_site(self._device, objects)
            self._on_site.by_priority(self._device.id, objects, names, self._around.now)
        doubtful = [
            c.spec
            for c in commands
            if c.spec.object is None
            and (self.waits(c.spec) or hold.changes(c.spec, c.value, self._around.now))
        ]
        if doubtful:
            await self.look(hold, doubtful)

    def suspects(self, hold: Hold) -> list[PointSpec]:
        """Registers that, as last polled, show something else than what was written."""
        for spec, (value, told_at) in hold.known.items():
            reading = self._around.latest(self._id(spec)) if spec.object is None else None
            if reading is not None and reading.quality.usable and reading.at > told_at:
                self.seen(spec, value, reading.value, reading.at)
        return [spec for spec in hold.known if self._on_site.suspected(self._id(spec))]

    async def look(self, hold: Hold, specs: Sequence[PointSpec]) -> None:
        """Read registers on the wire, and the heartbeat: a device that restarted held nothing."""
        beat = hold.last_beat
        read = await self._connection.read(self._device, [*specs, *beat])
        if any(not came_back(s, v, read.get(s.name, (v, 0))[0]) for s, v in beat.items()):
            log.info("%s has restarted: it is told anew", self._device.id)
            hold.lapse()
            for spec in specs:
                self._on_site.released(self._id(spec))
            return
        for spec in specs:
            told = hold.known[spec][0] if spec in hold.known else self._told_before(spec)
            value, quality = read.get(spec.name, _NOTHING)
            if quality.usable and math.isfinite(told):
                self.seen(spec, told, value, self._around.now)

    def _told_before(self, spec: PointSpec) -> float:
        return self._on_site.told(self._id(spec))

    def seen(self, spec: PointSpec, told: float, value: float, at: datetime) -> None:
        """A point of ours showed `value` where `told` was written."""
        sighting = Sighting(told=told, value=value, at=at)
        self._on_site.seen(self._device.id, spec, sighting)
