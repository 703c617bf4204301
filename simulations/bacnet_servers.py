"""The BACnet controllers of the virtual district, on real UDP ports.

Controllers of zones and substations have an address each; those of dwellings lie on networks behind
a router, which hands a message on to the station it is for and puts the station's address on the
answer.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import monotonic
from typing import Protocol as Interface

from ems.devices import bacnet_packets as packets
from ems.devices.bacnet_packets import IpAddress, Packet
from ems.devices.bacnet_tags import BadEncodingError
from ems.devices.bacnet_transactions import Where
from ems.domain.district import District, Protocol
from ems.domain.errors import DeviceError
from simulations.bacnet_clock import DeviceClock
from simulations.bacnet_controller import Controller
from simulations.image import ProcessImage

TELL_S = 0.2
"""How often controllers look what to tell their subscribers, wall seconds."""


class Node(Interface):
    """What listens at an address."""

    def answers(self, packet: Packet, sender: IpAddress) -> Iterator[bytes]:
        """Datagrams to send back."""
        ...

    def notices(self, now_s: float) -> Iterator[tuple[bytes, IpAddress]]:
        """Datagrams to send unasked, and where to."""
        ...


class Station:
    """A controller with an address of its own."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def answers(self, packet: Packet, sender: IpAddress) -> Iterator[bytes]:
        """What the controller says."""
        if packet.network_message is not None:
            return
        if packet.destination is not None and packet.destination[0] != packets.EVERY_NETWORK:
            return
        body = self._controller.answer(packet.body, _asker(packet, sender))
        if body is not None:
            yield packets.packed(Packet(packet.source, None, None, body))

    def notices(self, now_s: float) -> Iterator[tuple[bytes, IpAddress]]:
        """What the controller tells its subscribers."""
        for (address, remote), body in self._controller.notices(now_s):
            yield packets.packed(Packet(remote, None, None, body)), address


class Router:
    """Stands between IP and one network of controllers."""

    def __init__(self, network: int, controllers: list[Controller]) -> None:
        self._network = network
        self._stations = {bytes((c.device.station,)): c for c in controllers}

    def answers(self, packet: Packet, sender: IpAddress) -> Iterator[bytes]:
        """What the controllers that the packet is for say."""
        if packet.network_message is not None:
            yield from self._network_answers(packet)
        elif packet.destination is not None:
            network, station = packet.destination
            if network not in (self._network, packets.EVERY_NETWORK):
                yield packets.not_my_network(network, packet)
                return
            for at in [station] if station else self._stations:
                controller = self._stations.get(at)
                asker = _asker(packet, sender)
                body = controller.answer(packet.body, asker) if controller is not None else None
                if body is not None:
                    yield packets.packed(Packet(packet.source, (self._network, at), None, body))

    def notices(self, now_s: float) -> Iterator[tuple[bytes, IpAddress]]:
        """What the controllers tell their subscribers."""
        for at, controller in self._stations.items():
            for (address, remote), body in controller.notices(now_s):
                yield packets.packed(Packet(remote, (self._network, at), None, body)), address

    def _network_answers(self, packet: Packet) -> Iterator[bytes]:
        wanted = int.from_bytes(packet.body[:2], "big") if packet.body else self._network
        if packet.network_message == packets.WHO_IS_ROUTER and wanted == self._network:
            yield packets.i_am_router(self._network, packet)


def _asker(packet: Packet, sender: IpAddress) -> Where:
    return packet.origin or sender, packet.source


class VirtualPort(asyncio.DatagramProtocol):
    """The UDP port at which a node listens."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Keep what datagrams are sent with."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Send what the node answers."""
        assert self._transport is not None  # noqa: S101 made before anything is received
        try:
            packet = packets.unpacked(data)
            for datagram in self._node.answers(packet, addr):
                self._transport.sendto(datagram, packet.origin or addr)
        except BadEncodingError:
            return  # a device drops what it can't understand

    def tell(self, now_s: float) -> None:
        """Send what is due to be told."""
        assert self._transport is not None  # noqa: S101 made before anything is told
        for datagram, address in self._node.notices(now_s):
            self._transport.sendto(datagram, address)


class BacnetServers:
    """All BACnet devices of a district."""

    def __init__(
        self,
        district: District,
        image: ProcessImage,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """The clocks of the controllers run with `now`, in the civil time of the site."""
        zone = district.site.zone
        spoken = [d for d in district.devices.values() if d.protocol is Protocol.BACNET]
        self.controllers = {
            device.id: Controller(device, image, DeviceClock(now, zone)) for device in spoken
        }
        station = (district.station.host, district.station.port)
        for controller in self.controllers.values():
            controller.events.recipients.append((station, None))
        self._nodes = _nodes(list(self.controllers.values()))
        self._ports: list[asyncio.DatagramTransport] = []
        self._teller: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen at every address.

        Raises:
            DeviceError: an address is taken, or not of this machine.
        """
        loop = asyncio.get_running_loop()
        ports: list[VirtualPort] = []
        for (host, port), node in self._nodes.items():
            try:
                transport, listening = await loop.create_datagram_endpoint(
                    lambda node=node: VirtualPort(node),  # type: ignore[misc]
                    local_addr=(host, port),
                )
            except OSError as error:
                await self.stop()
                raise DeviceError(
                    f"no virtual BACnet device can listen at {host}:{port}: {error.strerror}",
                    fix="stop the other virtual district, or give this one another network",
                ) from error
            self._ports.append(transport)
            ports.append(listening)
        self._teller = asyncio.create_task(_tell(ports), name="BACnet notices")

    async def announce(self, device: str, listener: IpAddress) -> None:
        """Have a controller with its own address say I-Am, as one that has started does."""
        controller = self.controllers[device]
        place = list(self._nodes).index((controller.device.host, controller.device.port))
        said = packets.packed(Packet(None, None, None, controller.i_am()))
        self._ports[place].sendto(said, listener)

    async def stop(self) -> None:
        """Close all of them."""
        if self._teller is not None:
            self._teller.cancel()
        for transport in self._ports:
            transport.close()
        self._ports.clear()
        await asyncio.sleep(0)


async def _tell(ports: list[VirtualPort]) -> None:
    while True:
        await asyncio.sleep(TELL_S)
        now_s = monotonic()
        for port in ports:
            port.tell(now_s)


def _nodes(controllers: list[Controller]) -> dict[tuple[str, int], Node]:
    nodes: dict[tuple[str, int], Node] = {}
    routed: dict[tuple[str, int, int], list[Controller]] = {}
    for controller in controllers:
        device = controller.device
        if device.network:
            routed.setdefault((device.host, device.port, device.network), []).append(controller)
        else:
            nodes[device.host, device.port] = Station(controller)
    for (host, port, network), behind in routed.items():
        nodes[host, port] = Router(network, behind)
    return nodes
