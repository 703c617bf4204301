"""The Modbus and SunSpec devices of the virtual district, each at its own address.

One TCP server per gateway or device, all in one asyncio loop; behind a gateway one unit for each
device. What is served and accepted lies in the process image; a device that the image marks as
silent does not answer.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from pymodbus.constants import ExcCodes
from pymodbus.exceptions import NoSuchIdException
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from ems.devices.connection import connection_key
from ems.devices.maps import load_map
from ems.domain.district import Device, District, Protocol
from ems.domain.errors import DeviceError
from ems.domain.points import point_id
from simulations.image import ProcessImage
from simulations.register_tables import RegisterTable, accepted, served, tables_of

_READ_INPUT = 4
Block = list[SimData]
Registers = Block | tuple[Block, Block, Block, Block]
"""One block for all, or coils, discrete inputs, holding and input registers."""


class VirtualDevice:
    """One device: its tables, and where its points lie in the image."""

    def __init__(self, device: Device, image: ProcessImage) -> None:
        serial = device.id if device.protocol is Protocol.SUNSPEC else ""
        self._tables = _tables(device.map, serial)
        self._longest_read = load_map(device.map).longest_read
        self._image = image
        self._number = image.device_index[device.id]
        names = load_map(device.map).points
        self._places = {name: image.index[point_id(device.id, name)] for name in names}

    def registers(self) -> Registers:
        """What exists, as pymodbus wants it: one list, or four when there are input registers."""
        holding = _runs(self._tables["holding"]) if "holding" in self._tables else []
        if "input" not in self._tables:
            return holding
        bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
        nothing = [SimData(0, values=[0], datatype=DataType.REGISTERS)]
        return bits, list(bits), holding or nothing, _runs(self._tables["input"])

    async def answer(
        self,
        function: int,
        start: int,
        address: int,
        count: int,
        registers: list[int],
        values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """Serve one request; `registers` are all those of the table, from `start` on.

        Raises:
            NoSuchIdException: the device is silent; the server then sends nothing.
        """
        if self._image.silent[self._number]:
            raise NoSuchIdException("silent")
        table = self._tables.get("input" if function == _READ_INPUT else "holding")
        if table is None:
            return ExcCodes.ILLEGAL_ADDRESS
        if values is not None:
            return self._take(table, start, address, registers, [int(v) for v in values])
        if count > self._longest_read:
            return ExcCodes.ILLEGAL_VALUE
        for point in table.points_in(address, count):
            at = point.register.address - start
            value = self._image.values[self._places[point.spec.name]]
            registers[at : at + point.register.type.registers] = served(value, point)
        return None

    def _take(
        self,
        table: RegisterTable,
        start: int,
        address: int,
        registers: Sequence[int],
        values: Sequence[int],
    ) -> ExcCodes | None:
        written = range(address, address + len(values))
        if any(register in table.closed for register in written):
            return ExcCodes.ILLEGAL_ADDRESS
        after = list(registers)
        after[address - start : address - start + len(values)] = values
        taken: dict[int, float] = {}
        for point in table.written:
            place = point.write_register
            if place.end > written.start and place.address < written.stop:
                value = accepted(after[place.address - start : place.end - start], point)
                if isinstance(value, ExcCodes):
                    return value
                taken[self._places[point.spec.name]] = value
        for position, value in taken.items():
            self._image.values[position] = value
        return None


@lru_cache(maxsize=64)
def _tables(name: str, serial: str) -> Mapping[str, RegisterTable]:
    return tables_of(load_map(name), serial)


def _runs(table: RegisterTable) -> list[SimData]:
    """Registers that exist, in runs without a hole."""
    runs: list[tuple[int, list[int]]] = []
    for address, word in sorted(table.words.items()):
        if runs and address == runs[-1][0] + len(runs[-1][1]):
            runs[-1][1].append(word)
        else:
            runs.append((address, [word]))
    return [SimData(start, values=words, datatype=DataType.REGISTERS) for start, words in runs]


class ModbusServers:
    """All Modbus and SunSpec devices of a district."""

    def __init__(self, district: District, image: ProcessImage) -> None:
        self._image = image
        self._peers: dict[str, list[Device]] = {}
        for device in district.devices.values():
            if device.protocol in (Protocol.MODBUS, Protocol.SUNSPEC):
                self._peers.setdefault(connection_key(device), []).append(device)
        self._servers: list[ModbusTcpServer] = []

    @property
    def listeners(self) -> int:
        """How many addresses answer."""
        return len(self._servers)

    async def start(self) -> None:
        """Listen at every address.

        Raises:
            DeviceError: an address is taken.
        """
        for key, devices in self._peers.items():
            server = ModbusTcpServer(
                [self._unit(device) for device in devices],
                address=(devices[0].host, devices[0].port),
                ignore_missing_devices=True,
            )
            try:
                await server.serve_forever(background=True)
            except RuntimeError as error:
                await self.stop()
                raise DeviceError(f"{key} is taken", fix="stop what listens there") from error
            self._servers.append(server)

    async def stop(self) -> None:
        """Close every address and its connections."""
        for server in self._servers:
            await server.shutdown()  # type: ignore[no-untyped-call]
        self._servers.clear()

    def _unit(self, device: Device) -> SimDevice:
        virtual = VirtualDevice(device, self._image)
        return SimDevice(device.unit, simdata=virtual.registers(), action=virtual.answer)
