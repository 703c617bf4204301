"""The BACnet controllers of the virtual district, on real UDP ports.

Controllers of zones and substations have an address each; those of dwellings lie on networks behind
a router, which hands a message on to the station it is for and puts the station's address on the
answer.
"""

import asyncio
from collections.abc import Iterator
from typing import Protocol as Interface

from ems.devices import bacnet_packets as packets
from ems.devices.bacnet_packets import Packet
from ems.devices.bacnet_tags import BadEncodingError
from ems.domain.district import District, Protocol
from ems.domain.errors import DeviceError
from simulations.bacnet_controller import Controller
from simulations.image import ProcessImage


class Node(Interface):
    """What listens at an address."""

    def answers(self, packet: Packet) -> Iterator[bytes]:
        """Datagrams to send back."""
        ...


class Station:
    """A controller with an address of its own."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def answers(self, packet: Packet) -> Iterator[bytes]:
        """What the controller says."""
        if packet.network_message is not None:
            return
        if packet.destination is not None and packet.destination[0] != packets.EVERY_NETWORK:
            return
        body = self._controller.answer(packet.body)
        if body is not None:
            yield packets.packed(Packet(packet.source, None, None, body))


class Router:
    """Stands between IP and one network of controllers."""

    def __init__(self, network: int, controllers: list[Controller]) -> None:
        self._network = network
        self._stations = {bytes((c.device.station,)): c for c in controllers}

    def answers(self, packet: Packet) -> Iterator[bytes]:
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
                body = controller.answer(packet.body) if controller is not None else None
                if body is not None:
                    yield packets.packed(Packet(packet.source, (self._network, at), None, body))

    def _network_answers(self, packet: Packet) -> Iterator[bytes]:
        wanted = int.from_bytes(packet.body[:2], "big") if packet.body else self._network
        if packet.network_message == packets.WHO_IS_ROUTER and wanted == self._network:
            yield packets.i_am_router(self._network, packet)


class _Port(asyncio.DatagramProtocol):
    def __init__(self, node: Node) -> None:
        self._node = node
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None  # noqa: S101 made before anything is received
        try:
            for datagram in self._node.answers(packets.unpacked(data)):
                self._transport.sendto(datagram, addr)
        except BadEncodingError:
            return  # a device drops what it can't understand


class BacnetServers:
    """All BACnet devices of a district."""

    def __init__(self, district: District, image: ProcessImage) -> None:
        spoken = [d for d in district.devices.values() if d.protocol is Protocol.BACNET]
        self._nodes = _nodes([Controller(device, image) for device in spoken])
        self._ports: list[asyncio.DatagramTransport] = []

    async def start(self) -> None:
        """Listen at every address.

        Raises:
            DeviceError: an address is taken, or not of this machine.
        """
        loop = asyncio.get_running_loop()
        for (host, port), node in self._nodes.items():
            try:
                transport, _ = await loop.create_datagram_endpoint(
                    lambda node=node: _Port(node),  # type: ignore[misc]
                    local_addr=(host, port),
                )
            except OSError as error:
                await self.stop()
                raise DeviceError(
                    f"no virtual BACnet device can listen at {host}:{port}: {error.strerror}",
                    fix="stop the other virtual district, or give this one another network",
                ) from error
            self._ports.append(transport)

    async def stop(self) -> None:
        """Close all of them."""
        for transport in self._ports:
            transport.close()
        self._ports.clear()
        await asyncio.sleep(0)


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
