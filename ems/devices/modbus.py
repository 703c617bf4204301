"""Modbus and SunSpec devices behind the common interface of connections.

Points go out in merged blocks and come back as values with their quality. Where a point lies is in
the device map; a SunSpec device, and one with scale registers, is asked once, and again after it
was away.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache, partial

from ems.devices.block_reader import BlockReader
from ems.devices.blocks import read_blocks, write_blocks
from ems.devices.bus_log import Listener, nobody_listens
from ems.devices.codec import Located, encoded
from ems.devices.connection import Values, connection_key
from ems.devices.maps import PointSpec, load_map, map_of
from ems.devices.modbus_link import ModbusLink
from ems.devices.scale_factors import with_factors
from ems.devices.sunspec import locate
from ems.domain.district import Device, District, Protocol
from ems.domain.errors import DeviceError, DeviceRejectedError, DeviceReplyInvalidError
from ems.domain.modbus_address import ModbusAddress, modbus_address
from ems.domain.points import Quality

Places = Mapping[str, Located]
_NOTHING = (math.nan, Quality.DEVICE_INVALID)


class ModbusConnection:
    """A `Connection` to the Modbus units at one port, or on one serial line."""

    def __init__(
        self,
        address: ModbusAddress,
        *,
        timeout_s: float = 1.0,
        listener: Listener = nobody_listens,
    ) -> None:
        self._link = ModbusLink(address, timeout_s=timeout_s, listener=listener)
        self._places: dict[str, Places] = {}
        self._blocks: dict[tuple[str, tuple[PointSpec, ...]], list[BlockReader]] = {}

    @property
    def key(self) -> str:
        """`host:port`, or the serial line's path."""
        return self._link.key

    async def read(self, device: Device, points: Sequence[PointSpec]) -> Values:
        """See `Connection.read`; points in a block that the device refuses have no value."""
        values: dict[str, tuple[float, Quality]] = {spec.name: _NOTHING for spec in points}
        try:
            places = await self._located(device)
            blocks = self._read_blocks(device, points, places)
            refusals = [r for b in blocks if (r := await self._fill(values, device, b))]
        except DeviceError:
            self._forget(device)
            raise
        if refusals and len(refusals) == len(blocks):
            self._forget(device)
            raise DeviceReplyInvalidError(refusals[0].message, fix=refusals[0].fix)
        return values

    async def _fill(
        self, values: dict[str, tuple[float, Quality]], device: Device, block: BlockReader
    ) -> DeviceRejectedError | None:
        """Put the values of a block in their places, or say why the device refuses it."""
        try:
            answer = await self._link.answer(device.unit, block.question)
        except DeviceRejectedError as refusal:
            return refusal
        values.update(block.values(answer))
        return None

    async def write(self, device: Device, values: Mapping[PointSpec, float]) -> None:
        """See `Connection.write`; neighbouring registers go in one request, in the order given."""
        places = await self._located(device)
        wanted = {_place(places, spec): value for spec, value in values.items()}
        order, single = list(wanted), map_of(device).single_writes
        blocks = write_blocks(wanted, 1) if single else write_blocks(wanted)
        for block in sorted(blocks, key=lambda b: min(map(order.index, b.points))):
            words = [word for point in block.points for word in encoded(wanted[point], point)]
            await self._link.write(
                device.unit, block.address, words, table=block.table, single=single
            )

    async def relinquish(self, device: Device, points: Sequence[PointSpec]) -> None:
        """See `Connection.relinquish`; points without a safe value are left alone."""
        await self.write(device, {s: s.safe for s in points if s.safe is not None})

    async def held_on_site(self, device: Device, points: Sequence[PointSpec]) -> frozenset[str]:
        """Nobody can be seen to hold a register."""
        return frozenset()

    async def close(self) -> None:
        """See `Connection.close`."""
        await self._link.close()

    async def _located(self, device: Device) -> Places:
        if device.id not in self._places:
            self._places[device.id] = await self._asked(device)
        return self._places[device.id]

    async def _asked(self, device: Device) -> Places:
        read = partial(self._link.read, device.unit)
        if device.protocol is Protocol.SUNSPEC:
            return await locate(partial(read, "holding"), map_of(device).points.values())
        places = _by_map(device.map)
        return await with_factors(read, places.values()) if _says_itself(device) else places

    def _read_blocks(
        self, device: Device, points: Sequence[PointSpec], places: Places
    ) -> list[BlockReader]:
        whose = device.id if _says_itself(device) else device.map
        key = whose, tuple(points)
        if key not in self._blocks:
            here = [places[spec.name] for spec in points if spec.name in places]
            device_map = map_of(device)
            blocks = read_blocks(here, device_map.gap, device_map.longest_read)
            self._blocks[key] = list(map(BlockReader, blocks))
        return self._blocks[key]

    def _forget(self, device: Device) -> None:
        """What a device said of itself may have changed while it was away."""
        if _says_itself(device):
            self._places.pop(device.id, None)
            self._blocks = {key: b for key, b in self._blocks.items() if key[0] != device.id}


@cache
def _by_map(name: str) -> Places:
    return {key: Located.by_map(spec) for key, spec in load_map(name).points.items()}


def _says_itself(device: Device) -> bool:
    """Whether only the device knows where its points lie, or how they are scaled."""
    return device.protocol is Protocol.SUNSPEC or _has_factors(device.map)


@cache
def _has_factors(name: str) -> bool:
    return any(spec.scale_register is not None for spec in load_map(name).points.values())


def _place(places: Places, spec: PointSpec) -> Located:
    if spec.name not in places:
        raise DeviceRejectedError(
            f"the device has no point {spec.name}", fix="compare it with its device map"
        )
    return places[spec.name]


def modbus_connections(
    district: District, *, timeout_s: float = 1.0, listener: Listener = nobody_listens
) -> dict[str, ModbusConnection]:
    """A connection for each gateway and device of the district that speaks Modbus or SunSpec."""
    spoken = (Protocol.MODBUS, Protocol.SUNSPEC)
    devices = [d for d in district.devices.values() if d.protocol in spoken]
    peers = {connection_key(d): modbus_address(d.host, d.port) for d in devices}
    return {
        key: ModbusConnection(address, timeout_s=timeout_s, listener=listener)
        for key, address in peers.items()
    }
