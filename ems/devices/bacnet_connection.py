"""One BACnet device, its points as objects.

A point is the present value of an object. Reading asks for the status flags beside it, so that a
sensor which its controller calls faulty is not taken for a measurement. Writing goes to the
priority array at the priority of the device map: a person who holds the object above it (a manual
operator writes at 8) keeps it, and giving a point back is a Null at our own priority.
"""

from collections.abc import Iterable, Mapping, Sequence

from ems.devices.bacnet import BacnetNetwork, Service
from ems.devices.bacnet_messages import (
    Answers,
    Command,
    Property,
    write_multiple_request,
    write_request,
)
from ems.devices.bacnet_peer import Peer
from ems.devices.bacnet_properties import PropertyReads
from ems.devices.bacnet_refusals import ServiceUnknownError
from ems.devices.bacnet_tags import NULL, ObjectId
from ems.devices.bacnet_values import command, encoded, held_above, judged, object_id
from ems.devices.connection import Values
from ems.devices.maps import PointSpec
from ems.devices.turns import Turns
from ems.domain.district import Device, Protocol

_READ = (Property.PRESENT_VALUE, Property.STATUS_FLAGS)


def bacnet_connections(
    devices: Iterable[Device], network: BacnetNetwork
) -> dict[str, "BacnetConnection"]:
    """A connection for each BACnet device among `devices`, by its key."""
    peers = [Peer.of(device) for device in devices if device.protocol is Protocol.BACNET]
    made = [BacnetConnection(network, peer) for peer in peers]
    return {connection.key: connection for connection in made}


class BacnetConnection:
    """The conversation with one BACnet device; a `Connection`."""

    def __init__(self, network: BacnetNetwork, peer: Peer) -> None:
        self.peer = peer
        self._network = network
        self._reads = PropertyReads(network, peer)
        self._turns = Turns()
        self._one_by_one = False
        network.join(self)

    @property
    def key(self) -> str:
        """`127.20.11.1:47808`, or `127.20.10.1:47808/1001:17` behind a router."""
        return str(self.peer)

    async def read(self, device: Device, points: Sequence[PointSpec]) -> Values:
        """The present values of `points`; a point that the device lacks is DEVICE_INVALID."""
        answers = await self.properties([object_id(spec) for spec in points], _READ)
        return {spec.name: judged(spec, answers) for spec in points}

    async def write(self, device: Device, values: Mapping[PointSpec, float]) -> None:
        """Command `values` at the priorities of the device map, all in one request."""
        await self._command([command(spec, encoded(spec, v)) for spec, v in values.items()])

    async def relinquish(self, device: Device, points: Sequence[PointSpec]) -> None:
        """Give `points` back: Null at our priority, so that the next lower one rules."""
        await self._command([command(spec, NULL) for spec in points])

    async def held_on_site(self, device: Device, points: Sequence[PointSpec]) -> frozenset[str]:
        """Names of the points of which a higher priority than ours is in use."""
        answers = await self.properties(
            [object_id(spec) for spec in points], (Property.PRIORITY_ARRAY,)
        )
        return frozenset(spec.name for spec in points if held_above(spec, answers))

    async def close(self) -> None:
        """End the conversation; the last one to leave closes the network."""
        self._network.leave(self)

    async def properties(self, objects: Sequence[ObjectId], properties: Sequence[int]) -> Answers:
        """The same properties of several objects, each that is lacking as an error.

        Raises:
            DeviceUnreachableError: no answer in time.
            DeviceReplyInvalidError: what comes back is not what was asked for.
        """
        async with self._turns.turn():
            return await self._reads.read(objects, properties)

    async def request(self, service: Service, parameters: bytes) -> bytes:
        """The answer to any other request, when it is its turn.

        Raises:
            DeviceUnreachableError: no answer in time.
            DeviceRejectedError: the device refused.
        """
        async with self._turns.turn():
            return await self._network.request(self.peer, service, parameters)

    async def _command(self, commands: Sequence[Command]) -> None:
        if not commands:
            return
        async with self._turns.turn(urgent=True):
            if not self._one_by_one:
                try:
                    await self._send(Service.WRITE_PROPERTY_MULTIPLE, commands)
                except ServiceUnknownError:
                    self._one_by_one = True
            if self._one_by_one:
                for command in commands:
                    await self._send(Service.WRITE_PROPERTY, [command])

    async def _send(self, service: Service, commands: Sequence[Command]) -> None:
        single = service is Service.WRITE_PROPERTY
        payload = write_request(commands[0]) if single else write_multiple_request(commands)
        await self._network.request(self.peer, service, payload)
