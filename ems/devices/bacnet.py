"""The EMS on its BACnet/IP network: requests to devices, and what they tell unasked.

At most eight requests are outstanding at a time, and a host that has just kept silent shares two of
these places with the others that do, so that the rest is hardly held up. Requests and answers are
plain bytes here (`bacnet_messages.py` and its neighbours know what they mean); the EMS's own device
is the library's (`bacnet_station.py`).

Routers are taken from the district's description, never searched for: a broadcast finds nothing on
a loopback network, and little in a building with more than one subnet.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext

from ems.devices import bus_log
from ems.devices.bacnet_apdu import Message, Notice, Pdu, Service
from ems.devices.bacnet_foreign import Registration
from ems.devices.bacnet_i_am import IAm, read_i_am
from ems.devices.bacnet_packets import EVERY_NETWORK, IpAddress, Link
from ems.devices.bacnet_peer import BACNET_PORT, Peer
from ems.devices.bacnet_port import Listener, Port
from ems.devices.bacnet_refusals import refusal
from ems.devices.bacnet_transactions import Transactions, Where
from ems.domain.errors import DeviceError, DeviceUnreachableError

__all__ = ["BacnetNetwork", "Service"]


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
        bbmd: IpAddress | None = None,
        recorder: bus_log.Listener = bus_log.nobody_listens,
    ) -> None:
        self.host, self.port = host, port
        self._recorder = recorder
        self.instance = instance
        self._slots = asyncio.Semaphore(outstanding)
        self._slots_in_doubt = asyncio.Semaphore(max(1, outstanding // 4))
        self._in_doubt: set[str] = set()
        self._silent: set[Where] = set()
        self._return_listeners: list[Callable[[Where], None]] = []
        self._transactions = Transactions(timeout_s, retries)
        self._i_am_listeners: list[Callable[[Where, IAm], None]] = []
        self._listeners: dict[tuple[int, int], Listener] = {
            (Pdu.UNCONFIRMED, Notice.I_AM): self._heard_i_am
        }
        self._bbmd = bbmd
        self.registration: Registration | None = None
        """With a BBMD, while the port is open."""
        self._registering: asyncio.Task[None] | None = None
        self._open: Port | None = None
        self._opening = asyncio.Lock()
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
        await self._port()

    def close(self) -> None:
        """Let go of the port; what waits for an answer gets none."""
        if self._registering is not None:
            self._registering.cancel()
        if self._open is not None:
            self._open.close()
        self._transactions.end("the EMS's BACnet port was closed")
        self._open = self._registering = self.registration = None

    def listen(self, pdu: Pdu, service: int, listener: Listener) -> None:
        """Hand notifications of a service to `listener` from now on."""
        self._listeners[pdu, service] = listener

    @contextmanager
    def hearing_i_am(self, listener: Callable[[Where, IAm], None]) -> Iterator[None]:
        """Tell `listener` of every device that says that it is there."""
        self._i_am_listeners.append(listener)
        try:
            yield
        finally:
            self._i_am_listeners.remove(listener)

    @contextmanager
    def hearing_return(self, listener: Callable[[Where], None]) -> Iterator[None]:
        """Tell `listener` of every device that answers again after it did not."""
        self._return_listeners.append(listener)
        try:
            yield
        finally:
            self._return_listeners.remove(listener)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Take one of the places of outstanding requests."""
        async with self._slots:
            yield

    async def request(self, peer: Peer, service: Service, parameters: bytes) -> bytes:
        """The answer's bytes; empty for a write.

        Raises:
            DeviceUnreachableError: no answer in time, or no way there.
            AnswerTooLongError: the device can't send that much at once.
            ServiceUnknownError: the device does not have this service.
            DeviceRejectedError: the device refused.
        """
        async with self._slot(peer):
            reply = await self._asked(peer, service, parameters)
        if (refused := refusal(peer, reply)) is not None:
            raise refused
        return reply.content

    async def _asked(self, peer: Peer, service: Service, parameters: bytes) -> Message:
        port, where = await self._port(), peer.where
        try:
            reply = await self._transactions.ask(
                where, service, lambda number: port.ask(where, number, service, parameters)
            )
        except DeviceUnreachableError:
            self._in_doubt.add(peer.host)
            self._silent.add(where)
            raise
        self._in_doubt.discard(peer.host)
        if where in self._silent:
            self._silent.discard(where)
            for listener in tuple(self._return_listeners):
                listener(where)
        return reply

    async def tell(self, peer: Peer, notice: Notice, parameters: bytes) -> None:
        """Send what nobody answers.

        Raises:
            DeviceError: the port can't be opened.
        """
        (await self._port()).tell(peer.where, notice, parameters)

    async def distribute(self, notice: Notice, parameters: bytes, *, wait_s: float) -> None:
        """Have the BBMD tell it to all devices of all networks; wait so long to be registered.

        Raises:
            DeviceError: there is no BBMD, or it does not forward to us.
        """
        port = await self._port()
        if self.registration is None:
            raise DeviceError("no BBMD is known", fix="give `bbmd` of the station")
        try:
            await asyncio.wait_for(self.registration.registered.wait(), wait_s)
        except TimeoutError:
            raise DeviceError(
                f"the BBMD {self.registration.bbmd[0]} has not registered the EMS",
                fix="see that it takes foreign devices, and that UDP reaches it",
            ) from None
        everybody = (self.registration.bbmd, (EVERY_NETWORK, b""))
        port.tell(everybody, notice, parameters, Link.DISTRIBUTE_BROADCAST)

    def _heard_i_am(self, where: Where, said: Message) -> None:
        device = read_i_am(said.content)
        for listener in tuple(self._i_am_listeners):
            listener(where, device)

    @asynccontextmanager
    async def _slot(self, peer: Peer) -> AsyncIterator[None]:
        while True:
            doubted = peer.host in self._in_doubt
            async with self._slots_in_doubt if doubted else nullcontext(), self._slots:
                if doubted or peer.host not in self._in_doubt:
                    yield
                    return

    async def _port(self) -> Port:
        if self._open is None:
            async with self._opening:
                if self._open is None:
                    await self._open_port()
        assert self._open is not None  # noqa: S101 opened above
        return self._open

    async def _open_port(self) -> None:
        self._open = port = await Port.opened(
            (self.host, self.port), self.instance, self._transactions, self._listeners
        )
        port.recorder = self._recorder
        if self._bbmd is not None:
            self.registration = Registration(self._bbmd, port.send)
            port.heard_result = self.registration.heard
            self._registering = asyncio.create_task(self.registration.run(), name="BBMD")
