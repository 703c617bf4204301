"""An open way to Modbus units: a TCP socket, one with TLS, or a serial line.

It carries one question at a time. What nobody waits for is dropped; what comes while someone waits
is handed over when it is whole, or condemned at once when it can't become the answer.
"""

import asyncio
import termios
from typing import cast

import serial
from pymodbus.transport.serialtransport import create_serial_connection

from ems.devices.certificates import client_context, distrust
from ems.devices.modbus_frames import Frames, HeaderFrames, SerialFrames
from ems.devices.modbus_messages import NotAReplyError, Question
from ems.domain.errors import DeviceUnreachableError
from ems.domain.modbus_address import ModbusAddress, SerialAddress, TcpAddress, TlsAddress


class Wire(asyncio.Protocol):
    """One open connection."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[bytes] | None = None
        self.heard = bytearray()
        self.lost_by: Exception | None = None
        self.answered = False

    @property
    def open(self) -> bool:
        """Whether a question can be sent."""
        return self._transport is not None

    async def ask(self, unit: int, question: Question, timeout_s: float) -> bytes:
        """The checked answer to a question.

        Raises:
            NotAReplyError: something else was heard.
            TimeoutError: nothing was heard.
            ConnectionError: the other side hung up.
        """
        if self._transport is None:
            raise ConnectionResetError
        loop = asyncio.get_running_loop()
        self.heard.clear()
        waiting: asyncio.Future[bytes] = loop.create_future()
        self._waiting = waiting
        timer = loop.call_later(timeout_s, self._give_up, waiting)
        try:
            self._transport.write(self._frames.wrap(unit, question))
            answer = await waiting
        finally:
            timer.cancel()
            self._waiting = None
        self.answered = True
        return answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._transport = None
        self.lost_by = exc
        self._fail(ConnectionResetError("the other side hung up"))

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self._waiting is None or self._waiting.done():
            return
        self.heard += data
        try:
            answer = self._frames.unwrap(self.heard)
        except NotAReplyError as error:
            self._waiting.set_exception(error)
        else:
            if answer is not None:
                self._waiting.set_result(answer)

    def _give_up(self, waiting: asyncio.Future[bytes]) -> None:
        if waiting.done():
            return
        self._frames.given_up()
        if self.heard:
            waiting.set_exception(NotAReplyError("breaks off in the middle of an answer"))
        else:
            waiting.set_exception(TimeoutError())

    def _fail(self, error: Exception) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)


async def opened(address: ModbusAddress, timeout_s: float) -> Wire:
    """A wire to `address`.

    Raises:
        DeviceUnreachableError: it can't be opened; says what stands in the way.
        DeviceError: a certificate or a key of ours can't be used.
    """
    match address:
        case SerialAddress():
            return await _serial(address)
        case TlsAddress():
            return await _tls(address, timeout_s)
        case TcpAddress():
            return await _tcp(address, timeout_s)


async def _tcp(address: TcpAddress, timeout_s: float) -> Wire:
    wire = Wire(SerialFrames() if address.serial_frames else HeaderFrames())
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            await loop.create_connection(lambda: wire, address.host, address.port)
    except OSError as error:
        raise DeviceUnreachableError(
            f"{address.line} takes no connection", fix="check power, network, host and port"
        ) from error
    return wire


async def _tls(address: TlsAddress, timeout_s: float) -> Wire:
    wire = Wire(HeaderFrames())
    context = client_context(address)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            await loop.create_connection(
                lambda: wire,
                address.host,
                address.port,
                ssl=context,
                server_hostname=address.name,
            )
    except OSError as error:
        raise distrust(address, error) from error
    return wire


async def _serial(address: SerialAddress) -> Wire:
    wire = Wire(SerialFrames())
    try:
        await create_serial_connection(
            asyncio.get_running_loop(),
            lambda: wire,
            address.path,
            baudrate=address.baud,
            bytesize=serial.EIGHTBITS,
            parity=address.parity,
            stopbits=address.stop_bits,
            timeout=0,
        )
    except OSError as error:
        raise DeviceUnreachableError(
            f"the serial line {address.path} can't be opened: {error.strerror or error}",
            fix="check the path, the adapter and the rights of the group dialout",
        ) from error
    except termios.error as error:
        raise DeviceUnreachableError(
            f"the serial line {address.path} does not take baud, parity or stop bits as given",
            fix="give settings that the adapter can do; a terminal of the system has no parity",
        ) from error
    while not wire.open:  # the library connects in the next turn of the loop
        await asyncio.sleep(0)
    return wire
