"""The EMS's own figures as readings: how late devices are asked, how many are down or held."""

from datetime import datetime

from ems.devices.on_site import OnSite
from ems.devices.poller import Poller
from ems.domain.own_points import DOWN, LATE_P50, LATE_P99, ON_SITE
from ems.domain.points import Quality, Reading
from ems.domain.slots import Clock

EVERY_S = 10.0
"""Wall seconds between two."""


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
