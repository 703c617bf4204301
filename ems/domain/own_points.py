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
DWELLINGS_POWER = point_id(DEVICE, "dwellings_power_kw")
"""What all dwellings take together; the store sums it up from the dwellings' own curves."""

OVERRUN = point_id(DEVICE, "overrun_kw")
"""Root of the squared overruns of the ten-minute means that ended in a quarter hour."""
TEN_MINUTES_PEAK = point_id(DEVICE, "import_ten_minutes_kw")
"""Highest ten-minute mean of import that ended in a quarter hour."""

_UNITS = {
    LATE_P50: Unit.SECOND,
    LATE_P99: Unit.SECOND,
    DOWN: Unit.NONE,
    ON_SITE: Unit.NONE,
    DWELLINGS_POWER: Unit.KILOWATT,
    OVERRUN: Unit.KILOWATT,
    TEN_MINUTES_PEAK: Unit.KILOWATT,
}


def own_points() -> list[PointInfo]:
    """What the store must know to take them."""
    return [
        PointInfo(id=point, device=DEVICE, name=point.partition("/")[2], unit=unit, writable=False)
        for point, unit in _UNITS.items()
    ]
