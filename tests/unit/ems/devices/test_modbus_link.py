"""Replies that are not exactly what was asked for never yield a value."""

import asyncio
import os
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from pyModbusTCP.server import ModbusServer

from ems.devices.maps import load_map
from ems.devices.modbus import ModbusConnection
from ems.devices.modbus_frames import with_checksum
from ems.devices.modbus_link import ModbusLink
from ems.devices.turns import Turns
from ems.domain.district import Device, DeviceKind, Protocol
from ems.domain.errors import (
    DeviceError,
    DeviceRejectedError,
    DeviceReplyInvalidError,
    DeviceUnreachableError,
)
from ems.domain.modbus_address import SerialAddress, TcpAddress
from ems.domain.points import Quality
from simulations.serial_lines import SerialLine

HOST = "127.31.99.1"
UNIT = 7

Reply = Callable[[int, int, bytes], bytes]
"""From transaction, unit and request PDU to the bytes sent back."""


def frame(
    tid: int, unit: int, pdu: bytes, *, protocol: int = 0, length: int | None = None
) -> bytes:
    return struct.pack(">HHHB", tid, protocol, (length or len(pdu) + 1), unit) + pdu


def registers(count: int, function: int = 3, byte_count: int | None = None) -> bytes:
    return (
        bytes([function, byte_count if byte_count is not None else 2 * count]) + b"\0\x2a" * count
    )


@asynccontextmanager
async def a_device(reply: Reply) -> AsyncIterator[ModbusLink]:
    """A device that answers as `reply` says, and a link to it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                tid, _, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
                writer.write(reply(tid, unit, await reader.readexactly(length - 1)))
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    link = ModbusLink(TcpAddress(host=HOST, port=port), timeout_s=0.15)
    try:
        yield link
    finally:
        await link.close()
        await asyncio.sleep(0.01)  # the device sees the end of the connection
        server.close()


GARBAGE: dict[str, Reply] = {
    "too short": lambda t, u, p: frame(t, u, registers(3)),
    "too long": lambda t, u, p: frame(t, u, registers(5)),
    "empty": lambda t, u, p: frame(t, u, registers(0)),
    "function of input registers": lambda t, u, p: frame(t, u, registers(4, function=4)),
    "answer to a write": lambda t, u, p: frame(t, u, struct.pack(">BHH", 16, 0, 4)),
    "unknown function": lambda t, u, p: frame(t, u, b"\x63\x01\x02"),
    "another unit": lambda t, u, p: frame(t, u + 1, registers(4)),
    "another transaction": lambda t, u, p: frame(t + 1, u, registers(4)),
    "transaction 0": lambda t, u, p: frame(0, u, registers(4)),
    "another protocol": lambda t, u, p: frame(t, u, registers(4), protocol=9),
    "byte count larger than the frame": lambda t, u, p: frame(t, u, registers(4, byte_count=20)),
    "byte count smaller than the frame": lambda t, u, p: frame(t, u, registers(4, byte_count=6)),
    "bytes after the reply": lambda t, u, p: frame(t, u, registers(4) + b"\0\0"),
    "a frame that never ends": lambda t, u, p: frame(t, u, registers(4), length=200),
    "odd byte count": lambda t, u, p: frame(t, u, registers(4, byte_count=7)),
    "an exception to another function": lambda t, u, p: frame(t, u, b"\x84\x02"),
    "text": lambda t, u, p: b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "zeros": lambda t, u, p: bytes(17),
    "noise": lambda t, u, p: bytes(range(200, 230)),
}


@pytest.mark.parametrize("reply", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_is_never_a_value_in_a_hundred_replies(reply: Reply) -> None:
    async with a_device(reply) as link:
        for address in range(100):
            with pytest.raises((DeviceReplyInvalidError, DeviceUnreachableError)):
                await link.read(UNIT, "holding", address, 4)


def serial(unit: int, pdu: bytes) -> bytes:
    return with_checksum(bytes((unit,)) + pdu)


SERIAL_GARBAGE: dict[str, Callable[[int], bytes]] = {
    "too short": lambda u: serial(u, registers(3)),
    "too long": lambda u: serial(u, registers(5)),
    "empty": lambda u: serial(u, registers(0)),
    "function of input registers": lambda u: serial(u, registers(4, function=4)),
    "answer to a write": lambda u: serial(u, struct.pack(">BHH", 16, 0, 4)),
    "another unit": lambda u: serial(u + 1, registers(4)),
    "wrong checksum": lambda u: serial(u, registers(4))[:-1] + b"!",
    "no checksum": lambda u: serial(u, registers(4))[:-2],
    "byte count larger than the frame": lambda u: serial(u, registers(4, byte_count=20)),
    "byte count smaller than the frame": lambda u: serial(u, registers(4, byte_count=6)),
    "bytes after the reply": lambda u: serial(u, registers(4)) + b"\0\0",
    "the question's echo": lambda u: serial(u, struct.pack(">BHH", 3, 0, 4)),
    "an exception to another function": lambda u: serial(u, b"\x84\x02"),
    "noise": lambda u: bytes(range(200, 230)),
}


@pytest.mark.parametrize("reply", SERIAL_GARBAGE.values(), ids=SERIAL_GARBAGE)
async def test_garbage_on_a_serial_line_is_never_a_value_in_a_hundred_replies(
    reply: Callable[[int], bytes],
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while asked := await reader.readexactly(8):
                writer.write(reply(asked[0]))
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    link = ModbusLink(TcpAddress(host=HOST, port=port, serial_frames=True), timeout_s=0.004)
    for _ in range(100):
        with pytest.raises((DeviceReplyInvalidError, DeviceUnreachableError)):
            await link.read(UNIT, "holding", 0, 4)
    await link.close()
    await asyncio.sleep(0.01)
    server.close()


@pytest.mark.parametrize("reply", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_is_no_acknowledgement(reply: Reply) -> None:
    async with a_device(reply) as link:
        with pytest.raises(DeviceError):
            await link.write(UNIT, 5, [1, 2, 3, 4])


async def test_after_garbage_the_next_request_gets_its_own_answer() -> None:
    replies = iter([*GARBAGE.values()])

    def sometimes(tid: int, unit: int, pdu: bytes) -> bytes:
        if pdu[2] == 1:
            return next(replies)(tid, unit, pdu)
        return frame(tid, unit, registers(4))

    async with a_device(sometimes) as link:
        for _ in GARBAGE:
            with suppress(DeviceError):
                await link.read(UNIT, "holding", 1, 4)
            assert await link.read(UNIT, "holding", 0, 4) == [42, 42, 42, 42]


async def test_a_refusal_is_told_from_silence() -> None:
    async with a_device(lambda t, u, p: frame(t, u, bytes([p[0] | 0x80, 2]))) as link:
        with pytest.raises(DeviceRejectedError, match="exception 2"):
            await link.read(UNIT, "holding", 0, 4)
        with pytest.raises(DeviceRejectedError):
            await link.write(UNIT, 0, [1])
    async with a_device(lambda t, u, p: b"") as link:
        with pytest.raises(DeviceUnreachableError, match="does not answer"):
            await link.read(UNIT, "holding", 0, 4)


async def test_a_cancelled_request_never_leaves_its_answer_to_the_next() -> None:
    async with a_device(lambda t, u, p: frame(t, u, registers(4)) if p[2] else b"") as link:
        late = asyncio.create_task(link.read(UNIT, "holding", 0, 4))
        await asyncio.sleep(0.02)
        late.cancel()
        with suppress(asyncio.CancelledError):
            await late
        assert await link.read(UNIT, "holding", 1, 4) == [42] * 4


async def test_an_address_where_nothing_listens_is_unreachable() -> None:
    link = ModbusLink(TcpAddress(host="127.31.99.2", port=1), timeout_s=0.15)
    for _ in range(3):
        with pytest.raises(DeviceUnreachableError, match="takes no connection"):
            await link.read(UNIT, "holding", 0, 1)


async def test_commands_go_before_polls() -> None:
    turns, order = Turns(), list[str]()

    async def take(name: str, *, urgent: bool) -> None:
        async with turns.turn(urgent=urgent):
            order.append(name)
            await asyncio.sleep(0)

    async with turns.turn():
        waiting = [asyncio.create_task(take(f"poll {n}", urgent=False)) for n in range(3)]
        await asyncio.sleep(0)
        waiting.append(asyncio.create_task(take("command", urgent=True)))
        given_up = asyncio.create_task(take("given up", urgent=True))
        await asyncio.sleep(0)
        given_up.cancel()
    await asyncio.gather(*waiting)
    assert order == ["command", "poll 0", "poll 1", "poll 2"]


async def test_a_register_that_an_older_firmware_lacks_costs_only_its_own_points() -> None:
    def without_session(tid: int, unit: int, pdu: bytes) -> bytes:
        _, address, count = struct.unpack(">BHH", pdu)
        if address >= 1700:
            return frame(tid, unit, b"\x83\x02")
        return frame(tid, unit, registers(count))

    charger = Device(
        id="CP-01", kind=DeviceKind.CHARGE_POINT, map="charge-point-keba", serves="CP-01",
        protocol=Protocol.MODBUS, host=HOST, port=1, unit=UNIT,
    )  # fmt: skip
    points = load_map("charge-point-keba").points
    async with a_device(without_session) as link:
        address = TcpAddress(host=HOST, port=int(link.key.partition(":")[2]))
        connection = ModbusConnection(address, timeout_s=0.15)
        values = await connection.read(charger, list(points.values()))
        assert values["energy_wanted_kwh"][1] is Quality.DEVICE_INVALID
        assert values["session_energy_kwh"][1] is Quality.GOOD
        with pytest.raises(DeviceReplyInvalidError, match="exception 2"):
            await connection.read(charger, [points["departure_min"]])
        await connection.close()


@pytest.fixture
def foreign_server() -> Iterator[ModbusServer]:
    """A Modbus server written by others (pyModbusTCP)."""
    server = ModbusServer("127.31.99.3", 15021, no_block=True)
    server.start()
    yield server
    server.stop()


async def test_our_client_reads_and_writes_a_foreign_server(foreign_server: ModbusServer) -> None:
    device = Device(
        id="D1-0101", kind=DeviceKind.DWELLING, map="dwelling-modbus", serves="D1-0101",
        protocol=Protocol.MODBUS, host="127.31.99.3", port=15021, unit=1,
    )  # fmt: skip
    bank = foreign_server.data_bank
    bank.set_holding_registers(0, [2134, 0x8000, 1900])
    bank.set_holding_registers(10, [0, 1500])
    connection = ModbusConnection(TcpAddress(host="127.31.99.3", port=15021))
    points = load_map("dwelling-modbus").points
    values = await connection.read(device, list(points.values()))
    assert values["room_temp_c"] == (pytest.approx(21.34), Quality.GOOD)
    assert values["bedroom_temp_c"][1] is Quality.DEVICE_INVALID
    assert values["heat_power_kw"] == (1.5, Quality.GOOD)
    await connection.write(device, {points["setpoint_c"]: 20.5, points["heartbeat"]: 3.0})
    assert bank.get_holding_registers(2, 2) == [2050, 3]
    await connection.close()


async def test_a_late_answer_on_a_serial_line_is_never_another_question_s(tmp_path: Path) -> None:
    line = SerialLine(str(tmp_path / "line"))
    device = os.open(line.far_end, os.O_RDWR | os.O_NOCTTY)
    loop = asyncio.get_running_loop()

    def serve() -> None:
        asked = os.read(device, 300)
        late_s = 0.0 if asked[3] else 0.18
        loop.call_later(late_s, os.write, device, serial(UNIT, bytes((3, 2, 0, 10 + asked[3]))))

    loop.add_reader(device, serve)
    address = SerialAddress(path=str(tmp_path / "line"), baud=115200, parity="N", stop_bits=1)
    link = ModbusLink(address, timeout_s=0.15)
    with pytest.raises(DeviceUnreachableError):
        await link.read(UNIT, "holding", 0, 1)
    assert await link.read(UNIT, "holding", 1, 1) == [11]
    await link.close()
    loop.remove_reader(device)
    os.close(device)
    line.close()
