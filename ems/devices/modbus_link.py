"""One Modbus TCP socket: one request at a time, and a reply is believed only when it is exact.

pymodbus frames and matches, but takes replies that are too short, too long or of another function.
So it is shown a frame only when that is whole and has the head that the request calls for; the unit
and the transaction are checked after. A request that is cancelled or answered with garbage closes
the socket, so that a late answer never meets the next request.
"""

import asyncio
import logging
import struct
from collections.abc import Awaitable, Sequence
from time import monotonic

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from ems.devices.turns import Turns
from ems.domain.errors import (
    DeviceRejectedError,
    DeviceReplyInvalidError,
    DeviceUnreachableError,
)

# pymodbus reports each time-out as an error; the poller says once when a device goes and comes.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)

RECONNECT_S = 1.0
"""Wall seconds without a new attempt after a connection was refused."""

_READ = {"holding": 3, "input": 4}
_WRITE = 16
_WRITE_ONE = 6
_REFUSED = 0x80
_HEADER = 7
"""Bytes before the function code: transaction, protocol, length, unit."""


class ModbusLink:
    """A socket to one host and port, with the units behind it."""

    def __init__(self, host: str, port: int, *, timeout_s: float = 1.0) -> None:
        self.key = f"{host}:{port}"
        self._host, self._port, self._timeout_s = host, port, timeout_s
        self._client: AsyncModbusTcpClient | None = None
        self._turns = Turns()
        self._refused_until_s = 0.0
        self._heard = b""
        self._expected = b"", 0

    async def read(self, unit: int, table: str, address: int, count: int) -> list[int]:
        """`count` registers of `table` from `address` of a unit.

        Raises:
            DeviceUnreachableError: no answer in time.
            DeviceReplyInvalidError: an answer that is not exactly what was asked for.
            DeviceRejectedError: the device answered with an exception.
        """
        async with self._turns.turn():
            client = await self._connected()
            holding = table == "holding"
            ask = client.read_holding_registers if holding else client.read_input_registers
            self._expected = bytes([_READ[table], 2 * count]), 3 + 2 * count
            reply = await self._reply(unit, ask(address, count=count, device_id=unit))
            return list(reply.registers)

    async def write(
        self, unit: int, address: int, words: Sequence[int], *, single: bool = False
    ) -> None:
        """Write registers from `address` of a unit in one request.

        `single` writes the only one of them by function 6, else it is function 16.

        Raises:
            DeviceUnreachableError: no answer in time.
            DeviceReplyInvalidError: an answer that is not exactly an acknowledgement.
            DeviceRejectedError: the device answered with an exception.
        """
        async with self._turns.turn(urgent=True):
            client = await self._connected()
            if single:
                self._expected = struct.pack(">BHH", _WRITE_ONE, address, words[0]), 6
                ask = client.write_register(address, words[0], device_id=unit)
            else:
                self._expected = struct.pack(">BHH", _WRITE, address, len(words)), 6
                ask = client.write_registers(address, list(words), device_id=unit)
            await self._reply(unit, ask)

    async def close(self) -> None:
        """Close the socket; the next request opens a new one."""
        self._drop()

    async def _connected(self) -> AsyncModbusTcpClient:
        if self._client is not None and self._client.connected:
            return self._client
        if monotonic() < self._refused_until_s:
            raise self._unreachable()
        self._drop()
        client = AsyncModbusTcpClient(
            self._host,
            port=self._port,
            timeout=self._timeout_s,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._trace,
        )
        self._client = client
        if not await client.connect():
            self._refused_until_s = monotonic() + RECONNECT_S
            self._drop()
            raise self._unreachable()
        return client

    def _unreachable(self) -> DeviceUnreachableError:
        return DeviceUnreachableError(
            f"{self.key} takes no connection", fix="check power, network, host and port"
        )

    def _trace(self, sending: bool, data: bytes) -> bytes:
        """What pymodbus gets to see: all that is sent, and of what is heard only a whole reply."""
        self._heard = b"" if sending else data
        return data if sending or self._is_reply(data) else b""

    def _is_reply(self, data: bytes) -> bool:
        head, length = self._expected
        if len(data) < _HEADER + 2:
            return False
        protocol, given = struct.unpack(">2xHH", data[:6])
        refusal = given == 3 and data[_HEADER] == head[0] | _REFUSED
        answer = given == length and data[_HEADER:].startswith(head)
        return protocol == 0 and len(data) == 6 + given and (refusal or answer)

    async def _reply(self, unit: int, ask: Awaitable[ModbusPDU]) -> ModbusPDU:
        try:
            reply = await ask
        except asyncio.CancelledError:
            self._drop()
            raise
        except ModbusException as error:
            if self._heard:
                raise self._garbage(unit, "answers what is no reply to the request") from error
            if self._client is not None and not self._client.connected:
                self._drop()
            raise DeviceUnreachableError(
                f"{self.key} unit {unit} does not answer", fix="check the device and its unit id"
            ) from error
        if reply.dev_id != unit or reply.transaction_id == 0:
            raise self._garbage(unit, "answers for another unit or request")
        if isinstance(reply, ExceptionResponse):
            raise DeviceRejectedError(
                f"{self.key} unit {unit} refuses: Modbus exception {reply.exception_code}",
                fix="compare the device map with the maker's manual",
            )
        return reply

    def _garbage(self, unit: int, what: str) -> DeviceReplyInvalidError:
        self._drop()
        return DeviceReplyInvalidError(
            f"{self.key} unit {unit} {what}", fix="check cabling, gateway and firmware"
        )

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
