"""What every protocol offers to the poller and the writer.

A connection is one conversation with the outside: a Modbus TCP socket with the units behind it, or
a BACnet peer. Points are asked for and written by the names and specifications of the device's map;
registers, objects, scales and sentinels stay on the other side of this line.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from ems.devices.maps import PointSpec
from ems.domain.district import Device
from ems.domain.points import Quality

Values = Mapping[str, tuple[float, Quality]]
"""By point name: the value in the point's unit (NaN when there is none) and its quality."""


class Readable(Protocol):
    """What can be asked for the points of one or more devices."""

    async def read(self, device: Device, points: Sequence[PointSpec]) -> Values:
        """The present values of `points`, as few requests as the protocol allows.

        Raises:
            DeviceUnreachableError: no answer in time.
            DeviceReplyInvalidError: an answer that can't be believed.
        """
        ...


class Connection(Readable, Protocol):
    """A conversation with one or more devices."""

    @property
    def key(self) -> str:
        """What tells it apart, `127.20.1.1:1502`; each key has one worker."""
        ...

    async def write(self, device: Device, values: Mapping[PointSpec, float]) -> None:
        """Write `values` (in the points' units), several at once where the protocol can.

        Raises:
            DeviceUnreachableError: no answer in time.
            DeviceReplyInvalidError: an answer that can't be believed.
            DeviceRejectedError: the device refused.
        """
        ...

    async def relinquish(self, device: Device, points: Sequence[PointSpec]) -> None:
        """Give `points` back: BACnet Null at our priority; Modbus the safe value of the map.

        Raises:
            DeviceUnreachableError: no answer in time.
            DeviceReplyInvalidError: an answer that can't be believed.
            DeviceRejectedError: the device refused.
        """
        ...

    async def held_on_site(self, device: Device, points: Sequence[PointSpec]) -> frozenset[str]:
        """Names of the points that someone on site holds above our priority."""
        ...

    async def close(self) -> None:
        """End the conversation."""
        ...


def connection_key(device: Device) -> str:
    """The key of the connection that serves `device`.

    Modbus units behind one gateway share it; BACnet stations behind a router have one each.
    """
    routed = f"/{device.network}:{device.station}" if device.network else ""
    return f"{device.line}{routed}"
