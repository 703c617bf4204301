"""The Modbus and SunSpec devices of the virtual district, each at its own address.

One server per gateway, serial line or device, all in one asyncio loop; behind a gateway one unit
for each device. What is served and accepted lies in the process image; a device that the image
marks as silent does not answer.
"""

import ssl
from collections.abc import Mapping, Sequence
from functools import lru_cache

from pymodbus.constants import ExcCodes
from pymodbus.exceptions import NoSuchIdException
from pymodbus.simulator import DataType, SimData, SimDevice

from ems.devices.connection import connection_key
from ems.devices.maps import load_map
from ems.devices.registers import BIT_TABLES, Table
from ems.domain.district import Device, District, Protocol
from ems.domain.errors import DeviceError
from ems.domain.modbus_address import modbus_address
from ems.domain.points import point_id
from simulations.image import ProcessImage
from simulations.modbus_listeners import Listener
from simulations.register_tables import RegisterTable, accepted, served, tables_of

_TABLES: Mapping[int, Table] = {
    1: "coil", 2: "discrete", 3: "holding", 4: "input", 5: "coil", 6: "holding", 15: "coil",
    16: "holding", 22: "holding", 23: "holding",
}  # fmt: skip
"""By function code."""
_WORD = 16
"""Bits that pymodbus keeps in a number."""

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
        """What exists, as pymodbus wants it: one list, or four when not all is holding."""
        if self._tables.keys() == {"holding"}:
            return _runs(self._tables["holding"])
        coils, discrete = [self._bits(table) for table in ("coil", "discrete")]
        holding, inputs = [self._words(table) for table in ("holding", "input")]
        return coils, discrete, holding, inputs

    def _words(self, table: Table) -> Block:
        if table in self._tables:
            return _runs(self._tables[table])
        return [SimData(0, values=[0], datatype=DataType.REGISTERS)]

    def _bits(self, table: Table) -> Block:
        """Bits in whole words, so that nothing but them is ever out of step with the numbers."""
        held = self._tables[table].words if table in self._tables else ()
        words = sorted({address // _WORD for address in held}) or [0]
        return [SimData(_WORD * w, values=[False] * _WORD, datatype=DataType.BITS) for w in words]

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
        name = _TABLES[function]
        table = self._tables.get(name)
        if table is None:
            return ExcCodes.ILLEGAL_ADDRESS
        if name in BIT_TABLES:
            start *= _WORD
        if values is not None:
            held = _bits_of(registers) if name in BIT_TABLES else registers
            return self._take(table, start, address, held, [int(v) for v in values])
        if name in BIT_TABLES:
            self._show_bits(table, start, registers)
            return None
        if count > self._longest_read:
            return ExcCodes.ILLEGAL_VALUE
        for point in table.points_in(address, count):
            at = point.register.address - start
            value = self._image.values[self._places[point.spec.name]]
            registers[at : at + point.register.type.registers] = served(value, point)
        return None

    def _show_bits(self, table: RegisterTable, start: int, registers: list[int]) -> None:
        for point in table.read:
            at, bit = divmod(point.register.address - start, _WORD)
            (shown,) = served(self._image.values[self._places[point.spec.name]], point)
            registers[at] = registers[at] & ~(1 << bit) | shown << bit

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


def _bits_of(registers: Sequence[int]) -> list[int]:
    return [word >> bit & 1 for word in registers for bit in range(_WORD)]


@lru_cache(maxsize=64)
def _tables(name: str, serial: str) -> Mapping[Table, RegisterTable]:
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
    """All Modbus and SunSpec devices of a district; `tls` for those that speak TLS."""

    def __init__(
        self, district: District, image: ProcessImage, tls: ssl.SSLContext | None = None
    ) -> None:
        self._image, self._tls = image, tls
        self._peers: dict[str, list[Device]] = {}
        for device in district.devices.values():
            if device.protocol in (Protocol.MODBUS, Protocol.SUNSPEC):
                self._peers.setdefault(connection_key(device), []).append(device)
        self._listeners: list[Listener] = []

    @property
    def listeners(self) -> int:
        """How many addresses answer."""
        return len(self._listeners)

    async def start(self) -> None:
        """Listen at every address.

        Raises:
            DeviceError: an address is taken.
        """
        for devices in self._peers.values():
            address = modbus_address(devices[0].host, devices[0].port)
            listener = Listener(address, [self._unit(device) for device in devices], self._tls)
            try:
                await listener.start()
            except DeviceError:
                await self.stop()
                raise
            self._listeners.append(listener)

    async def stop(self) -> None:
        """Close every address and its connections."""
        for listener in self._listeners:
            await listener.stop()
        self._listeners.clear()

    def _unit(self, device: Device) -> SimDevice:
        virtual = VirtualDevice(device, self._image)
        return SimDevice(device.unit, simdata=virtual.registers(), action=virtual.answer)
