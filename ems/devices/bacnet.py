"""The EMS as one BACnet/IP device, and its requests to the others.

The library bacpypes3 does the network: sockets, routers, transactions with their time-outs, Who-Is
and the EMS's own device object. It does not throttle, and its codec is slow, so two things are done
here: at most eight requests are outstanding at a time, and the parameters of the three services
that are sent all day (ReadPropertyMultiple, WriteProperty, WritePropertyMultiple) pass through it
as plain bytes. Its refusals derive from BaseException; none of them leaves this file.

Routers are taken from the district's description, never searched for: a broadcast finds nothing on
a loopback network, and little in a building with more than one subnet.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from bacpypes3.apdu import (
    ComplexAckPDU,
    ConfirmedRequestPDU,
    ErrorPDU,
    ErrorRejectAbortNack,
)
from bacpypes3.app import Application
from bacpypes3.appservice import ApplicationServiceAccessPoint
from bacpypes3.basetypes import Segmentation
from bacpypes3.comm import ServiceAccessPoint, bind
from bacpypes3.errors import ExecutionError
from bacpypes3.ipv4.link import NormalLinkLayer
from bacpypes3.local.device import DeviceObject
from bacpypes3.pdu import IPv4Address

from ems.devices.bacnet_peer import BACNET_PORT, Peer
from ems.devices.bacnet_refusals import as_error
from ems.domain.errors import (
    DeviceError,
    DeviceUnreachableError,
)


class Service(IntEnum):
    """Confirmed services whose parameters are put together here."""

    READ_PROPERTY_MULTIPLE = 14
    WRITE_PROPERTY = 15
    WRITE_PROPERTY_MULTIPLE = 16


_PLAIN = frozenset(Service)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A device that answered a Who-Is."""

    address: str
    """Where it answered, as the library writes it: `127.20.11.1` or `1001:17`."""
    instance: int
    """Its device instance."""
    vendor: int
    """Its maker's number at ASHRAE."""


class _PlainServices(ApplicationServiceAccessPoint):  # type: ignore[misc]
    """Hands answers of `Service` on as bytes, and leaves all others to the library."""

    async def sap_response(self, apdu: Any) -> None:
        if isinstance(apdu, ComplexAckPDU | ErrorPDU) and apdu.apduService in _PLAIN:
            await ServiceAccessPoint.sap_response(self, apdu)
        else:
            await super().sap_response(apdu)


class _Station(Application):  # type: ignore[misc]
    """The EMS's own device: answers Who-Is and reads, takes no writes."""

    async def do_WritePropertyRequest(self, apdu: Any) -> None:  # noqa: N802 the library's name
        raise ExecutionError("property", "writeAccessDenied")

    async def do_WritePropertyMultipleRequest(self, apdu: Any) -> None:  # noqa: N802
        raise ExecutionError("property", "writeAccessDenied")


class BacnetNetwork:
    """One UDP port, from which all BACnet devices of the district are reached."""

    def __init__(
        self,
        host: str,
        port: int = BACNET_PORT,
        *,
        instance: int = 4194000,
        timeout_s: float = 3.0,
        retries: int = 0,
        outstanding: int = 8,
    ) -> None:
        self.host = host
        self.port = port
        self.instance = instance
        self.timeout_s = timeout_s
        self.retries = retries
        self._slots = asyncio.Semaphore(outstanding)
        self._slots_in_doubt = asyncio.Semaphore(max(1, outstanding // 4))
        self._in_doubt: set[str] = set()
        self._application: Application | None = None
        self._link: NormalLinkLayer | None = None
        self._users: set[object] = set()

    def join(self, user: object) -> None:
        """Keep the port for `user`."""
        self._users.add(user)

    def leave(self, user: object) -> None:
        """`user` needs the port no longer; the last one to leave closes it."""
        self._users.discard(user)
        if not self._users:
            self.close()

    async def open(self) -> None:
        """Bind the port; also done by the first request.

        Raises:
            DeviceError: someone else has the port, or the address is not of this machine.
        """
        if self._application is not None:
            return
        listening = _bound(self.host, self.port)
        address = IPv4Address(f"{self.host}/32:{self.port}")
        device = DeviceObject(
            objectIdentifier=("device", self.instance),
            objectName="EMS",
            description="Energy management of the district",
            segmentationSupported=Segmentation.noSegmentation,
            maxApduLengthAccepted=1476,
            apduTimeout=round(1000 * self.timeout_s),
            numberOfApduRetries=self.retries,
        )
        application = _Station.from_object_list([device])
        application.asap = _PlainServices(device, application.device_info_cache)
        bind(application, application.asap, application.nsap)
        self._link = NormalLinkLayer(address, bind_socket=listening)
        application.nsap.bind(self._link, address=address)
        self._application = application
        # Closed while it is still being made, the library's socket would stay open for ever.
        await self._link.server._local_transport_ready.wait()

    def close(self) -> None:
        """Let go of the port."""
        if self._link is not None:
            self._link.close()
        self._link = self._application = None

    async def request(self, peer: Peer, service: Service, parameters: bytes) -> bytes:
        """The answer's bytes; empty for a write.

        Raises:
            DeviceUnreachableError: no answer in time, or no way there.
            AnswerTooLongError: the device can't send that much at once.
            ServiceUnknownError: the device does not have this service.
            DeviceRejectedError: the device refused.
        """
        async with self._slot(peer):
            application = await self._reach(peer)
            question = ConfirmedRequestPDU(service, None, parameters, destination=peer.address)
            try:
                answer = await application.request(question)
            except ErrorRejectAbortNack as refusal:
                error = as_error(peer, refusal)
                self._judge(peer, answered=not isinstance(error, DeviceUnreachableError))
                raise error from refusal
            self._judge(peer, answered=True)
            return bytes(answer.pduData)

    async def who_is(self, peer: Peer, *, wait_s: float = 1.0) -> list[Found]:
        """Devices that say I-Am to a Who-Is sent to `peer`, or to all stations behind it."""
        async with self._slots:
            application = await self._reach(peer)
            heard = await application.who_is(address=peer.address, timeout=wait_s)
        if peer.network:  # what others say at the same time is heard as well
            heard = [said for said in heard if said.pduSource.addrNet == peer.network]
        return [
            Found(
                address=str(said.pduSource),
                instance=said.iAmDeviceIdentifier[1],
                vendor=said.vendorID,
            )
            for said in heard
        ]

    @asynccontextmanager
    async def _slot(self, peer: Peer) -> AsyncIterator[None]:
        while True:
            doubted = peer.host in self._in_doubt
            async with self._slots_in_doubt if doubted else nullcontext(), self._slots:
                if doubted or peer.host not in self._in_doubt:
                    yield
                    return

    def _judge(self, peer: Peer, *, answered: bool) -> None:
        (self._in_doubt.discard if answered else self._in_doubt.add)(peer.host)

    async def _reach(self, peer: Peer) -> Application:
        await self.open()
        if peer.host.startswith("127.") and peer.port == self.port:
            raise DeviceError(
                f"{peer} has the EMS's own port {self.port}, so a loopback datagram never leaves",
                fix="give the EMS another BACnet port, such as 47900",
            )
        assert self._application is not None  # noqa: S101 opened above
        if peer.network:  # each time: a stray message may have put another router in its place
            nsap = self._application.nsap
            await nsap.update_router_references(None, peer.router, [peer.network])
        return self._application


async def discover(
    network: BacnetNetwork, peers: Iterable[Peer], *, wait_s: float = 1.0
) -> dict[Peer, list[Found]]:
    """Who answers at each of `peers`; each is asked directly, none by a local broadcast."""
    asked = list(peers)
    heard = await asyncio.gather(*(network.who_is(peer, wait_s=wait_s) for peer in asked))
    return dict(zip(asked, heard, strict=True))


def _bound(host: str, port: int) -> socket.socket:
    """A socket that no other process shares: the library's own would be, and answers get lost."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        listening.setblocking(False)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise DeviceError(
            f"the EMS can't use {host}:{port} for BACnet: {error.strerror}",
            fix="give an address of this machine and a free UDP port",
        ) from error
    return listening
