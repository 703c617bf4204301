"""Devices out of a bus log: Modbus lines answer on TCP, BACnet peers on UDP.

What was never asked in the log is refused on Modbus (exception 2), and not answered on BACnet.
"""

import asyncio
import re
import struct
from collections.abc import Iterable
from contextlib import suppress
from typing import cast

from ems.devices.bus_log import Entry
from ems.domain.errors import DeviceError
from simulations.recorded_answers import Answers, answers_by_line

_HEADER = struct.Struct(">HHH")
_UNKNOWN = 2
_SERIAL_PORT = 1502
"""Where the first serial line of a log answers; the next ones follow."""

Address = tuple[str, int]


def replay_addresses(lines: Iterable[str], net: int) -> dict[str, Address]:
    """Where each line of a log answers: 10.0.1.20:502 on 127.NET.1.20, a serial line on .255.1."""
    found: dict[str, Address] = {}
    serial = 0
    for line in lines:
        if at := re.fullmatch(r"\d+\.\d+\.(\d+)\.(\d+):(\d+)", line):
            found[line] = f"127.{net}.{at[1]}.{at[2]}", int(at[3])
        else:
            found[line] = f"127.{net}.255.1", _SERIAL_PORT + serial
            serial += 1
    return found


class ReplayedDevices:
    """All lines of a log, each at its address."""

    def __init__(self, entries: Iterable[Entry], net: int) -> None:
        self._answers = answers_by_line(entries)
        self.addresses = replay_addresses(self._answers, net)
        self._closing: list[asyncio.Server | asyncio.DatagramTransport] = []
        self._talks: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Listen.

        Raises:
            DeviceError: an address is taken.
        """
        loop = asyncio.get_running_loop()
        for line, (host, port) in self.addresses.items():
            answers = self._answers[line]
            try:
                if answers.protocol == "bacnet":
                    transport, _ = await loop.create_datagram_endpoint(
                        lambda answers=answers: _Peer(answers),  # type: ignore[misc]
                        (host, port),
                    )
                    self._closing.append(transport)
                else:
                    self._closing.append(await self._modbus(answers, host, port))
            except OSError as error:
                await self.stop()
                raise DeviceError(
                    f"{host}:{port} is taken", fix="stop what listens there, or give another net"
                ) from error

    async def stop(self) -> None:
        """Close them with their connections."""
        for one in self._closing:
            one.close()
        for writer in tuple(self._talks):
            writer.close()
        self._closing.clear()

    async def _modbus(self, answers: Answers, host: str, port: int) -> asyncio.Server:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._talks.add(writer)
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    transaction, _, length = _HEADER.unpack(await reader.readexactly(6))
                    answer = _answer(answers, await reader.readexactly(length))
                    if answer is not None:
                        writer.write(_HEADER.pack(transaction, 0, len(answer)) + answer)
            self._talks.discard(writer)
            writer.close()

        return await asyncio.start_server(talk, host, port)


def _answer(answers: Answers, request: bytes) -> bytes | None:
    try:
        return answers.to(request)
    except KeyError:
        return bytes((request[0], request[1] | 0x80, _UNKNOWN)) if len(request) > 1 else None


class _Peer(asyncio.DatagramProtocol):
    """A BACnet device."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.DatagramProtocol`."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """See `asyncio.DatagramProtocol`."""
        with suppress(KeyError):
            answer = self._answers.to(data)
            if answer is not None and self._transport is not None:
                self._transport.sendto(answer, addr)
