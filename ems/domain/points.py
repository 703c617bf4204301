"""Points: what a device measures or takes, and the readings that come of it.

A point is named `<device>/<name>`; the name carries the unit (`room_temp_c`) and is the same for
all devices of a kind, whatever protocol they speak. A value never travels without its quality.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class Unit(StrEnum):
    """Units of points, as written for people."""

    KILOWATT = "kW"
    KILOWATT_HOUR = "kWh"
    CELSIUS = "°C"
    KELVIN = "K"
    AMPERE = "A"
    VOLT = "V"
    HERTZ = "Hz"
    KILOVAR = "kvar"
    PERCENT = "%"
    CUBIC_METRE = "m³"
    CUBIC_METRE_PER_HOUR = "m³/h"
    BAR = "bar"
    SECOND = "s"
    MINUTE = "min"
    HOUR = "h"
    PPM = "ppm"
    WATT_PER_SQUARE_METRE = "W/m²"
    NONE = ""


class Quality(IntEnum):
    """How far a value can be believed; the number is what the store keeps."""

    GOOD = 0
    STALE = 1
    """Too old for its poll class."""
    COMM_FAIL = 2
    """The device did not answer, or its answer was not credible."""
    OUT_OF_RANGE = 3
    """Outside the range that the device map allows."""
    DEVICE_INVALID = 4
    """The device itself marked the value as invalid."""
    OVERRIDDEN = 5
    """Good, but held by a person on site."""

    @property
    def usable(self) -> bool:
        """Whether the value may enter a sum or a plan."""
        return self in (Quality.GOOD, Quality.OVERRIDDEN)


def point_id(device: str, name: str) -> str:
    """The name of a point in the whole district: `D1-0304/room_temp_c`."""
    return f"{device}/{name}"


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one point."""

    point: str
    """Which point: `<device>/<name>`."""

    value: float
    """In the point's unit; NaN when there is none."""

    quality: Quality
    """How far it can be believed."""

    at: datetime
    """When the source had this value, in district time (UTC)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PointInfo:
    """What the store and the pages need to know of a point."""

    id: str
    """`<device>/<name>`."""

    device: str
    """The device that has it."""

    name: str
    """Its name within the device."""

    unit: Unit
    """Unit of its values."""

    writable: bool
    """Whether the plan may write it."""

    dwelling: str = ""
    """The dwelling whose life it tells of; empty: nobody's. Decides how long it may be kept."""
