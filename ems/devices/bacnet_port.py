"""The EMS's UDP port for BACnet: who gets what is heard there.

    an answer                       the request that waits for it
    a notification                  whoever listens for its service
    a result of a BBMD              the registration there
    anything else that is a message the EMS's own device

What is no BACnet message is dropped, as every device does.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Self

from ems.devices import bus_log
from ems.devices.bacnet_apdu import Message, Pdu, confirmed, error, message, simple_ack, unconfirmed
from ems.devices.bacnet_packets import (
    IpAddress,
    Link,
    Packet,
    link_function,
    link_result,
    packed,
    unpacked,
)
from ems.devices.bacnet_station import Station
from ems.devices.bacnet_tags import BadEncodingError
from ems.devices.bacnet_transactions import Transactions, Where
from ems.domain.errors import DeviceError

log = logging.getLogger("ems.devices")

Refused = tuple[int, int]
"""Class and code of an error."""
Listener = Callable[[Where, Message], Refused | None]
"""Takes a notification from an address; may say why it is not taken.

Raises BadEncodingError when it can't be read."""

_REJECT_INVALID_TAG = 4
_ABORT_NO_SEGMENTATION = 4
_ASKING = (Pdu.CONFIRMED, Pdu.UNCONFIRMED)


class Port(asyncio.DatagramProtocol):
    """One UDP port; `opened` makes it."""

    def __init__(self, transactions: Transactions, listeners: dict[tuple[int, int], Listener]):
        self._transactions = transactions
        self._listeners = listeners
        self._transport: asyncio.DatagramTransport | None = None
        self._station: Station | None = None
        self.heard_result: Callable[[IpAddress, int], None] = lambda _, __: None
        """Takes the result codes of BBMDs."""
        self.recorder: bus_log.Listener = bus_log.nobody_listens
        """Is told of each datagram."""

    @classmethod
    async def opened(
        cls,
        address: IpAddress,
        instance: int,
        transactions: Transactions,
        listeners: dict[tuple[int, int], Listener],
    ) -> Self:
        """The port at `address`, where the EMS is the device `instance`.

        Raises:
            DeviceError: someone else has the port, or the address is not of this machine.
        """
        port = cls(transactions, listeners)
        bound = _bound(address)
        port._station = Station(instance, address, port.send)
        loop = asyncio.get_running_loop()
        port._transport, _ = await loop.create_datagram_endpoint(lambda: port, sock=bound)
        return port

    def close(self) -> None:
        """Let go of it."""
        if self._transport is not None:
            self._transport.close()

    def send(self, datagram: bytes, address: IpAddress) -> None:
        """Put a datagram on the wire, if the port is open."""
        if self._transport is not None:
            self.recorder("{}:{}".format(*address), bus_log.Way.SENT, datagram)
            self._transport.sendto(datagram, address)

    def ask(self, where: Where, invoke_id: int, service: int, parameters: bytes) -> None:
        """Send a confirmed request."""
        body = confirmed(invoke_id, service, parameters)
        self.send(packed(Packet(where[1], None, None, body, expects_reply=True)), where[0])

    def tell(self, where: Where, notice: int, parameters: bytes, link: Link = Link.UNICAST) -> None:
        """Send a message that nobody answers."""
        body = unconfirmed(notice, parameters)
        self.send(packed(Packet(where[1], None, None, body), link), where[0])

    def datagram_received(self, data: bytes, addr: IpAddress) -> None:
        """Hand on what was heard."""
        self.recorder("{}:{}".format(*addr), bus_log.Way.HEARD, data)
        try:
            if link_function(data) == Link.RESULT:
                self.heard_result(addr, link_result(data))
            else:
                self._hear(data, addr)
        except BadEncodingError as surprise:
            log.debug("%s:%s sent what is no message: %s", *addr, surprise.message)

    def error_received(self, exc: Exception) -> None:
        """Nobody is at the address that was asked; the time-out says so as well."""
        log.debug("BACnet: %s", exc)

    def _hear(self, data: bytes, addr: IpAddress) -> None:
        packet = unpacked(data)
        if packet.network_message is None:
            said = message(packet.body)
            where = (packet.origin or addr, packet.source)
            if said.pdu not in _ASKING:
                self._answered(where, said)
                return
            listener = self._listeners.get((said.pdu, said.service))
            if listener is not None:
                self._notified(listener, where, said)
                return
        if self._station is not None:
            self._station.hear(data, addr)

    def _answered(self, where: Where, said: Message) -> None:
        if self._transactions.answered(where, said) and said.segmented:
            self._reply(where, bytes((Pdu.ABORT << 4, said.invoke_id, _ABORT_NO_SEGMENTATION)))

    def _notified(self, listener: Listener, where: Where, said: Message) -> None:
        wants_answer = said.pdu == Pdu.CONFIRMED
        try:
            refused = listener(where, said)
        except BadEncodingError:
            if wants_answer:
                bad = bytes((Pdu.REJECT << 4, said.invoke_id, _REJECT_INVALID_TAG))
                self._reply(where, bad)
            raise
        if wants_answer:
            self._reply(where, error(said, *refused) if refused else simple_ack(said))

    def _reply(self, where: Where, body: bytes) -> None:
        self.send(packed(Packet(where[1], None, None, body)), where[0])


def _bound(address: IpAddress) -> socket.socket:
    """A socket that no other process shares: answers would get lost."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        listening.setblocking(False)
        listening.bind(address)
    except OSError as failure:
        listening.close()
        raise DeviceError(
            f"the EMS can't use {address[0]}:{address[1]} for BACnet: {failure.strerror}",
            fix="give an address of this machine and a free UDP port",
        ) from failure
    return listening
