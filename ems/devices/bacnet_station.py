"""The EMS's own BACnet device: what others see when they ask who is there.

The library bacpypes3 answers for it - Who-Is, reads of the device object, refusals of all else -
on the socket of the EMS, which hands on whatever is no answer and no notification. A message that
the library can't digest is logged and dropped.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from bacpypes3.app import Application
from bacpypes3.basetypes import Segmentation
from bacpypes3.comm import Server, bind
from bacpypes3.errors import ExecutionError
from bacpypes3.ipv4.bvll import BVLLCodec
from bacpypes3.ipv4.service import BIPNormal
from bacpypes3.local.device import DeviceObject
from bacpypes3.pdu import PDU, IPv4Address

from ems.devices.bacnet_packets import IpAddress

log = logging.getLogger("ems.devices")

Send = Callable[[bytes, IpAddress], None]


class Station:
    """A device object with nothing to write."""

    def __init__(self, instance: int, address: IpAddress, send: Send) -> None:
        self._address = IPv4Address("{}/32:{}".format(*address))
        self._wire = _Wire(send)
        self._under_way: set[asyncio.Task[None]] = set()
        device = DeviceObject(
            objectIdentifier=("device", instance),
            objectName="EMS",
            description="Energy management of the district",
            segmentationSupported=Segmentation.noSegmentation,
            maxApduLengthAccepted=1476,
        )
        application = _Application.from_object_list([device])
        link, codec = BIPNormal(), BVLLCodec()
        bind(link, codec, self._wire)
        application.nsap.bind(link, address=self._address)

    def hear(self, datagram: bytes, sender: IpAddress) -> None:
        """Answer a datagram of `sender`, in time."""
        message = PDU(datagram, source=IPv4Address(sender), destination=self._address)
        task = asyncio.ensure_future(self._wire.response(message))
        self._under_way.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.debug("a BACnet message was not understood: %r", failure)


class _Wire(Server):  # type: ignore[misc]
    """The library's lower end."""

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send

    async def indication(self, message: Any) -> None:
        self._send(bytes(message.pduData), message.pduDestination.addrTuple)


class _Application(Application):  # type: ignore[misc]
    async def do_WritePropertyRequest(self, apdu: Any) -> None:  # noqa: N802 the library's name
        raise ExecutionError("property", "writeAccessDenied")

    async def do_WritePropertyMultipleRequest(self, apdu: Any) -> None:  # noqa: N802
        raise ExecutionError("property", "writeAccessDenied")
