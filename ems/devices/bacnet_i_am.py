"""Who-Is and I-Am: the two messages by which BACnet devices find each other (clause 16.10)."""

from typing import NamedTuple

from ems.devices.bacnet_reader import Reader
from ems.devices.bacnet_tags import (
    BadEncodingError,
    Kind,
    Type,
    context,
    natural,
    object_of,
)

INSTANCES = range(4194304)
"""All device instances that there can be."""
_DEVICE = 8


class IAm(NamedTuple):
    """What a device says of itself."""

    instance: int
    """Its device instance."""

    max_apdu: int
    """Longest message that it takes, octets."""

    segmentation: int
    """0 both ways, 1 sends, 2 takes, 3 none."""

    vendor: int
    """Its maker's number at ASHRAE."""


def who_is(instances: range = INSTANCES) -> bytes:
    """The parameters of a Who-Is to the devices of `instances`."""
    if instances == INSTANCES:
        return b""
    return context(0, natural(instances[0])) + context(1, natural(instances[-1]))


def read_i_am(content: bytes) -> IAm:
    """What a device says of itself.

    Raises:
        BadEncodingError: it is no I-Am.
    """
    reader = Reader(content)
    device = object_of(reader.expect(Kind.APPLICATION, Type.OBJECT))
    if device.type != _DEVICE:
        raise BadEncodingError("an I-Am of what is no device")
    max_apdu, segmentation, vendor = (
        int.from_bytes(reader.expect(Kind.APPLICATION, kind), "big")
        for kind in (Type.UNSIGNED, Type.ENUMERATED, Type.UNSIGNED)
    )
    return IAm(device.instance, max_apdu, segmentation, vendor)
