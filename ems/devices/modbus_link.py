"""One Modbus TCP socket: one request at a time, and a reply is believed only when it is exact.

pymodbus frames and matches; what it lets through is checked here: the function, the count, the
unit, the transaction, and that the frame holds nothing but the reply. A request that is cancelled
or answered with garbage closes the socket, so that a late answer never meets the next request.
"""

import asyncio
import logging
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


class ModbusLink:
    """A socket to one host and port, with the units behind it."""

    def __init__(self, host: str, port: int, *, timeout_s: float = 1.0) -> None:
        self.key = f"{host}:{port}"
        self._host, self._port, self._timeout_s = host, port, timeout_s
        self._client: AsyncModbusTcpClient | None = None
        self._turns = Turns()
        self._refused_until_s = 0.0
        self._heard = b""

    async def read(self, unit: int, table: str, address: int, count: int) -> list[int]:
        """`count` registers of `table` from `address` of a unit.

        Raises:
            DeviceUnreachableError: no answer in time.
            DeviceReplyInvalidError: an answer that is not exactly what was asked for.
            DeviceRejectedError: the device answered with an exception.
        """
        async with self._turns.turn():
            client = await self._connected()
            ask = (
                client.read_holding_registers if table == "holding" else client.read_input_registers
            )
            reply = await self._reply(client, unit, ask(address, count=count, device_id=unit))
            self._check(reply, unit, _READ[table], 9 + 2 * count)
            return list(reply.registers)

    async def write(self, unit: int, address: int, words: Sequence[int]) -> None:
        """Write registers from `address` of a unit in one request (function 16).

        Raises:
            DeviceUnreachableError: no answer in time.
            DeviceReplyInvalidError: an answer that is not exactly an acknowledgement.
            DeviceRejectedError: the device answered with an exception.
        """
        async with self._turns.turn(urgent=True):
            client = await self._connected()
            ask = client.write_registers(address, list(words), device_id=unit)
            reply = await self._reply(client, unit, ask)
            self._check(reply, unit, _WRITE, 12)
            if (reply.address, reply.count) != (address, len(words)):
                raise self._garbage(unit, "acknowledges other registers")

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
        self._heard = b"" if sending else data
        return data

    async def _reply(
        self, client: AsyncModbusTcpClient, unit: int, ask: Awaitable[ModbusPDU]
    ) -> ModbusPDU:
        try:
            return await ask
        except asyncio.CancelledError:
            self._drop()
            raise
        except ModbusException as error:
            if self._heard:
                raise self._garbage(
                    unit, "answers what is no Modbus reply to the request"
                ) from error
            if not client.connected:
                self._drop()
            raise DeviceUnreachableError(
                f"{self.key} unit {unit} does not answer", fix="check the device and its unit id"
            ) from error

    def _check(self, reply: ModbusPDU, unit: int, function: int, length: int) -> None:
        if isinstance(reply, ExceptionResponse) and reply.function_code == function | 0x80:
            raise DeviceRejectedError(
                f"{self.key} unit {unit} refuses: Modbus exception {reply.exception_code}",
                fix="compare the device map with the maker's manual",
            )
        if reply.function_code != function:
            raise self._garbage(unit, f"answers function {reply.function_code}, not {function}")
        if reply.dev_id != unit or reply.transaction_id == 0:
            raise self._garbage(unit, "answers for another unit or request")
        if len(self._heard) != length:
            raise self._garbage(unit, f"answers {len(self._heard)} bytes, not {length}")

    def _garbage(self, unit: int, what: str) -> DeviceReplyInvalidError:
        self._drop()
        return DeviceReplyInvalidError(
            f"{self.key} unit {unit} {what}", fix="check cabling, gateway and firmware"
        )

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
