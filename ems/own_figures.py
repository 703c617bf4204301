"""The EMS's own figures as readings, stored beside those of the devices: `EMS/poll_late_p99_s`.

So pages, `ems doctor` and any report see how well the district is asked, now and in the past, the
same way as they see a temperature.
"""

from datetime import datetime

from ems.devices.on_site import OnSite
from ems.devices.poller import Poller
from ems.domain.points import PointInfo, Quality, Reading, Unit, point_id
from ems.domain.slots import Clock

EVERY_S = 10.0
"""Wall seconds between two."""

DEVICE = "EMS"
LATE_P50, LATE_P99 = point_id(DEVICE, "poll_late_p50_s"), point_id(DEVICE, "poll_late_p99_s")
"""How late devices were asked since the figure before, wall seconds."""
DOWN = point_id(DEVICE, "devices_down")
"""Devices that do not answer."""
ON_SITE = point_id(DEVICE, "points_held_on_site")
"""Points that people on site hold."""

_UNITS = {LATE_P50: Unit.SECOND, LATE_P99: Unit.SECOND, DOWN: Unit.NONE, ON_SITE: Unit.NONE}


def own_points() -> list[PointInfo]:
    """What the store must know to take them."""
    return [
        PointInfo(id=point, device=DEVICE, name=point.partition("/")[2], unit=unit, writable=False)
        for point, unit in _UNITS.items()
    ]


def own_figures(poller: Poller, on_site: OnSite, clock: Clock) -> list[Reading]:
    """The figures of the last seconds; nobody asked gives none for lateness."""
    late, now = poller.punctuality, clock.now()
    down = sum(not health.up for health in poller.health.values())
    found = [_figure(DOWN, down, now), _figure(ON_SITE, len(on_site.held), now)]
    if late.count:
        found += [
            _figure(LATE_P50, late.percentile_s(50), now),
            _figure(LATE_P99, late.percentile_s(99), now),
        ]
        late.reset()
    return found


def _figure(point: str, value: float, at: datetime) -> Reading:
    return Reading(point, float(value), Quality.GOOD, at)
