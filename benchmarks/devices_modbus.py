"""What a Modbus request costs us, beside raw sockets, bare pymodbus and libmodbus.

400 units of 20 registers behind 40 gateways, one question at a time on each line, all lines at
once; each client in turn in the same run, the best of some rounds. "The EMS" is the whole adapter:
20 points with their qualities out of each answer; "its link" is the same without points. The raw
client does what a client can't do without: a time-out, the header and what it announces, numbers.
"Bare bytes" does not even that: it reads as many bytes as it happens to know of.
"""

import asyncio
import ctypes
import ctypes.util
import struct
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from pymodbus.client import AsyncModbusTcpClient

from benchmarks.figures import Figure
from benchmarks.modbus_gateways import GATEWAYS, HOST, PORTS, REGISTERS, UNITS, gateways
from ems.devices.maps import map_of
from ems.devices.modbus import ModbusConnection
from ems.devices.modbus_link import ModbusLink
from ems.domain.district import Device, DeviceKind, Protocol
from ems.domain.errors import DeviceReplyInvalidError
from ems.domain.modbus_address import TcpAddress

REQUESTS = GATEWAYS * UNITS
SLOWEST = 2.0
"""The EMS may take this many times the wall time of a raw asyncio client: half of its rate."""
CPU_GOAL_US = 100.0
_WORDS = list(range(REGISTERS))
_HEAD = struct.Struct(">HHHB")

_MAP = """\
title: Twenty registers
assumption: made up to be measured
kind: meter
protocol: modbus
points:
"""
_POINT = (
    '  p{n}: {{unit: "", poll: fast, low: 0, high: 100,'
    " register: {{table: holding, address: {n}, type: uint16}}}}\n"
)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a client takes for a request."""

    wall_us: float
    cpu_us: float


AskUnit = Callable[[int], Awaitable[None]]
"""Asks one unit of a line."""


def figures(quick: bool) -> list[Figure]:
    """Wall and CPU time of a request by each client, and ours against the raw one's."""
    rounds, turns = (5, 3) if quick else (10, 20)
    with gateways():
        measured = asyncio.run(_costs(rounds, turns))
        costs = {name: _best(of_rounds) for name, of_rounds in measured.items()}
        if (library := ctypes.util.find_library("modbus")) is not None:
            costs["libmodbus in C, one after the other"] = _libmodbus(library, rounds)
    ours = costs["the EMS"]
    told = [
        Figure(name=f"Modbus, {name}: {what} of a request", value=value, unit="us", goal=goal)
        for name, cost in costs.items()
        for what, value, goal in (
            ("wall", cost.wall_us, None),
            ("client CPU", cost.cpu_us, CPU_GOAL_US if cost is ours else None),
        )
    ]
    times = median(
        mine.wall_us / theirs.wall_us
        for mine, theirs in zip(measured["the EMS"], measured["raw asyncio sockets"], strict=True)
    )
    title = "Modbus, the EMS: times the wall of raw asyncio sockets, median"
    return [*told, Figure(name=title, value=times, unit="", goal=SLOWEST)]


async def _costs(rounds: int, turns: int) -> dict[str, list[Cost]]:
    """`rounds` of each client; they take turns, so that a busy moment hits all."""
    with TemporaryDirectory(prefix="ems-") as folder:
        openers = {
            "bare bytes": _bytes,
            "raw asyncio sockets": _raw,
            "bare pymodbus": _pymodbus,
            "the EMS's link": _link,
            "the EMS": _adapter(Path(folder)),
        }
        lines = {name: [await opened(port) for port in PORTS] for name, opened in openers.items()}
        found: dict[str, list[Cost]] = {name: [] for name in lines}
        for _ in range(rounds):
            for name, asks in lines.items():
                found[name].append(await _round(asks, turns))
    return found


def _best(costs: Sequence[Cost]) -> Cost:
    return Cost(
        wall_us=min(cost.wall_us for cost in costs), cpu_us=min(cost.cpu_us for cost in costs)
    )


async def _round(asks: Sequence[AskUnit], turns: int) -> Cost:
    """Every unit asked `turns` times."""

    async def line(ask: AskUnit) -> None:
        for _ in range(turns):
            for unit in range(1, UNITS + 1):
                await ask(unit)

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(line, asks))
    return _cost(wall, cpu, turns * len(asks) * UNITS)


def _cost(wall_s: float, cpu_s: float, requests: int) -> Cost:
    return Cost(
        wall_us=1e6 * (time.perf_counter() - wall_s) / requests,
        cpu_us=1e6 * (time.process_time() - cpu_s) / requests,
    )


async def _raw(port: int) -> AskUnit:
    reader, writer = await asyncio.open_connection(HOST, port)

    async def ask(unit: int) -> None:
        writer.write(_question(unit))
        async with asyncio.timeout(1.0):
            head = await reader.readexactly(_HEAD.size)
            body = await reader.readexactly(_HEAD.unpack(head)[2] - 1)
        _expect(list(struct.unpack_from(f">{REGISTERS}H", body, 2)), _WORDS)

    return ask


def _question(unit: int) -> bytes:
    return _HEAD.pack(1, 0, 6, unit) + struct.pack(">BHH", 3, 0, REGISTERS)


async def _bytes(port: int) -> AskUnit:
    reader, writer = await asyncio.open_connection(HOST, port)
    questions = [_question(unit) for unit in range(UNITS + 1)]

    async def ask(unit: int) -> None:
        writer.write(questions[unit])
        _expect(len(await reader.readexactly(9 + 2 * REGISTERS)), 9 + 2 * REGISTERS)

    return ask


async def _pymodbus(port: int) -> AskUnit:
    client = AsyncModbusTcpClient(HOST, port=port, retries=0)
    await client.connect()

    async def ask(unit: int) -> None:
        reply = await client.read_holding_registers(0, count=REGISTERS, device_id=unit)
        _expect(reply.registers, _WORDS)

    return ask


async def _link(port: int) -> AskUnit:
    link = ModbusLink(TcpAddress(host=HOST, port=port))

    async def ask(unit: int) -> None:
        _expect(await link.read(unit, "holding", 0, REGISTERS), _WORDS)

    return ask


def _adapter(folder: Path) -> Callable[[int], Awaitable[AskUnit]]:
    file = folder / "twenty-registers.yaml"
    file.write_text(_MAP + "".join(_POINT.format(n=n) for n in range(REGISTERS)))

    async def opened(port: int) -> AskUnit:
        connection = ModbusConnection(TcpAddress(host=HOST, port=port))
        devices = {unit: _device(unit, port, str(file)) for unit in range(1, UNITS + 1)}
        specs = tuple(map_of(devices[1]).points.values())

        async def ask(unit: int) -> None:
            values = await connection.read(devices[unit], specs)
            _expect(values["p19"][0], 19.0)

        return ask

    return opened


def _device(unit: int, port: int, file: str) -> Device:
    return Device(
        id=f"{port}-{unit}", kind=DeviceKind.METER, map=file, serves="", host=HOST, port=port,
        protocol=Protocol.MODBUS, unit=unit,
    )  # fmt: skip


def _libmodbus(name: str, rounds: int) -> Cost:
    library = ctypes.CDLL(name)
    library.modbus_new_tcp.restype = ctypes.c_void_p
    lines = [ctypes.c_void_p(library.modbus_new_tcp(HOST.encode(), port)) for port in PORTS]
    for line in lines:
        _expect(library.modbus_connect(line), 0)
    room = (ctypes.c_uint16 * REGISTERS)()
    costs = []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        for line in lines:
            for unit in range(1, UNITS + 1):
                library.modbus_set_slave(line, unit)
                _expect(library.modbus_read_registers(line, 0, REGISTERS, room), REGISTERS)
        costs.append(_cost(wall, cpu, REQUESTS))
    for line in lines:
        library.modbus_close(line)
        library.modbus_free(line)
    return _best(costs)


def _expect(found: object, expected: object) -> None:
    """A client that saw something else is not measured.

    Raises:
        DeviceReplyInvalidError: it did.
    """
    if found != expected:
        raise DeviceReplyInvalidError(f"{found} instead of {expected}", fix="mend the client")
