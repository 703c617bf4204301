"""Points of the EMS itself, stored beside those of the devices: how well the district is asked.

Pages, `ems doctor` and reports see them as they see a temperature, now and in the past.
"""

from ems.domain.points import PointInfo, Unit, point_id

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
