"""What the writers of all devices share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ems.devices.on_site import OnSite
from ems.domain.points import Reading
from ems.domain.slots import Clock


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What all devices' writers share."""

    clock: Clock
    """District time."""

    on_site: OnSite
    """What people on site hold."""

    latest: Callable[[str], Reading | None]
    """The poller's latest reading of a point."""

    step: timedelta
    """District time between two times that a device is tended."""

    @property
    def now(self) -> datetime:
        """The present, district time."""
        return self.clock.now()
