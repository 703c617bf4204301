"""Who brings a device back when the EMS dies: the device itself, the guard, or nobody.

A device with a heartbeat of its own drops commands that are not renewed. Of the others those can
be given back from outside whose points are BACnet objects (a Null at our priority) or have a safe
value in their map: the guard (`ems/guard.py`) does so when the EMS falls silent.
"""

from enum import StrEnum

from ems.devices.maps import DeviceMap, map_of
from ems.domain.district import Device, District


class Fallback(StrEnum):
    """Who brings a device back to its own control."""

    UNTOUCHED = "not written"
    """The EMS only reads it."""
    OWN = "own lease"
    """The device does, when its heartbeat stops."""
    GUARD = "guard"
    """The guard does, when the EMS's heartbeat stops."""
    NONE = "not fail-safe"
    """Nobody: some point has neither an owner to fall back to nor a safe value."""


def fallback(device_map: DeviceMap) -> Fallback:
    """Who brings a device of this map back."""
    if not device_map.written:
        return Fallback.UNTOUCHED
    if device_map.lease_s is not None and device_map.heartbeat is not None:
        return Fallback.OWN
    if all(spec.object is not None or spec.safe is not None for spec in device_map.written):
        return Fallback.GUARD
    return Fallback.NONE


def guarded(district: District) -> dict[str, Device]:
    """Devices that the guard must bring back as far as it can, by id."""
    outside = (Fallback.GUARD, Fallback.NONE)
    devices = district.devices
    return {name: d for name, d in devices.items() if fallback(map_of(d)) in outside}


def not_fail_safe(district: District) -> list[str]:
    """Ids of the devices that nobody brings back for sure."""
    devices = district.devices
    return [name for name, d in devices.items() if fallback(map_of(d)) is Fallback.NONE]
