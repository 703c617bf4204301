"""Points that a person on site holds: seen, respected until released, and told to everyone.

    BACnet    a priority above ours is in use in the point's priority array
    Modbus    the register differs from what was written and came back, in two reads in a row,
              while the device's heartbeat still is the one written: so it did not restart

A Modbus point is released when it shows what the EMS wrote or the safe value of its map again:
`ems devices release` does that, and so does whoever presses the device's own reset. A BACnet point
is released when the higher priorities are empty. The poller marks what is held as `OVERRIDDEN`, so
that pages show it and the plan takes it as given.
"""

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ems.devices.commands import came_back
from ems.devices.point_spec import PointSpec
from ems.domain.points import point_id

log = logging.getLogger("ems.devices")


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A value that nobody here wrote."""

    told: float
    """What the EMS had written; NaN where it can't be compared."""

    value: float
    """What was read; NaN where the device says itself that somebody holds the point."""

    at: datetime
    """When."""


class OnSite:
    """What is held on site now."""

    def __init__(self) -> None:
        self._held: dict[str, Sighting] = {}
        self._suspected: dict[str, Sighting] = {}

    def __contains__(self, point: str) -> bool:
        return point in self._held

    @property
    def held(self) -> frozenset[str]:
        """Ids of the points that are held."""
        return frozenset(self._held)

    def told(self, point: str) -> float:
        """What the EMS wrote before somebody held `point`; NaN when nobody does."""
        return self._held[point].told if point in self._held else math.nan

    def by_priority(
        self, device: str, specs: Iterable[PointSpec], names: frozenset[str], at: datetime
    ) -> None:
        """Of `specs`, the points `names` are held in their priority arrays, and no others."""
        for spec in specs:
            point = point_id(device, spec.name)
            if spec.name not in names:
                self.released(point)
            elif point not in self._held:
                self._hold(point, Sighting(told=math.nan, value=math.nan, at=at))

    def seen(self, device: str, spec: PointSpec, sighting: Sighting) -> None:
        """A register was read: nobody holds it, somebody might, or somebody does."""
        point, value = point_id(device, spec.name), sighting.value
        ours = came_back(spec, sighting.told, value)
        if ours or (spec.safe is not None and came_back(spec, spec.safe, value)):
            self.released(point)
            return
        first = self._suspected.setdefault(point, sighting)
        if point not in self._held and first.at < sighting.at:
            self._hold(point, sighting)

    def suspected(self, point: str) -> bool:
        """Whether it was seen to differ once: a second look decides."""
        return point in self._suspected and point not in self._held

    def released(self, point: str) -> None:
        """Nobody holds it."""
        self._suspected.pop(point, None)
        if self._held.pop(point, None) is not None:
            log.info("%s is no longer held on site", point)

    def _hold(self, point: str, sighting: Sighting) -> None:
        self._held[point] = sighting
        log.info("%s is held on site: %g, where %g was written", point, sighting.value,
                 sighting.told)  # fmt: skip
