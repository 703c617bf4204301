"""One way to Modbus units: one question at a time, and an answer is believed only when it is exact.

A question that was given up or answered with garbage never leaves its late answer to the next: on
TCP the transaction tells them apart, or the socket is closed; a serial line, and one behind a
gateway that hands its frames on, is first left alone for as long as an answer may take.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic

from ems.devices.bus_log import Listener, Way, nobody_listens
from ems.devices.certificates import distrust
from ems.devices.modbus_messages import (
    NotAReplyError,
    Question,
    read_question,
    refusal_of,
    words_in,
    write_question,
)
from ems.devices.modbus_wire import Wire, opened
from ems.devices.registers import Table
from ems.devices.turns import Turns
from ems.domain.errors import (
    DeviceRejectedError,
    DeviceReplyInvalidError,
    DeviceUnreachableError,
)
from ems.domain.modbus_address import ModbusAddress, SerialAddress, TcpAddress, TlsAddress

RECONNECT_S = 1.0
"""Wall seconds without a new attempt after a connection was refused."""

_AROUND = 3
"""Bytes of a serial frame around its message: unit and checksum."""


class ModbusLink:
    """A socket or a serial line, with the units behind it; `timeout_s` for each answer."""

    def __init__(
        self,
        address: ModbusAddress,
        *,
        timeout_s: float = 1.0,
        listener: Listener = nobody_listens,
    ) -> None:
        self.key = address.line
        self._address, self._timeout_s, self._listener = address, timeout_s, listener
        self._wire: Wire | None = None
        self._turns = Turns()
        self._refusal: DeviceUnreachableError | None = None
        self._refused_until_s = 0.0
        self._silent_until_s = 0.0

    async def open(self) -> None:
        """Open the line without a question.

        Raises:
            DeviceUnreachableError: it can't be opened.
        """
        async with self._turns.turn():
            await self._opened()

    async def read(self, unit: int, table: Table, address: int, count: int) -> list[int]:
        """`count` registers or bits of `table` from `address` of a unit.

        Raises:
            DeviceUnreachableError: no answer in time.
            DeviceReplyInvalidError: an answer that is not exactly what was asked for.
            DeviceRejectedError: the device answered with an exception.
        """
        question = read_question(table, address, count)
        return words_in(await self.answer(unit, question), table, count)

    async def answer(self, unit: int, question: Question) -> bytes:
        """The checked answer to a read, from its function code on; raises as `read` does."""
        async with self._turns.turn():
            return await self._answer(unit, question)

    async def write(
        self,
        unit: int,
        address: int,
        words: Sequence[int],
        *,
        table: Table = "holding",
        single: bool = False,
    ) -> None:
        """Write registers or coils from `address` of a unit in one request.

        `single` writes the only one of them by function 6 (5 for a coil), else it is 16 (15).

        Raises:
            DeviceUnreachableError: no answer in time.
            DeviceReplyInvalidError: an answer that is not exactly an acknowledgement.
            DeviceRejectedError: the device answered with an exception.
        """
        question = write_question(table, address, words, single=single)
        async with self._turns.turn(urgent=True):
            await self._answer(unit, question)

    async def close(self) -> None:
        """Hang up; the next request opens the line again."""
        self._drop()

    async def _answer(self, unit: int, question: Question) -> bytes:
        wire = await self._opened()
        if (wait_s := self._silent_until_s - monotonic()) > 0:
            await asyncio.sleep(wait_s)
        try:
            answer = await self._exchange(wire, unit, question)
        except NotAReplyError as error:
            raise DeviceReplyInvalidError(
                f"{self.key} unit {unit} {error}", fix="check cabling, gateway and firmware"
            ) from error
        except TimeoutError as error:
            raise DeviceUnreachableError(
                f"{self.key} unit {unit} does not answer", fix="check the device and its unit id"
            ) from error
        except ConnectionError as error:
            raise self._hung_up(wire, unit) from error
        if code := refusal_of(answer):
            raise DeviceRejectedError(
                f"{self.key} unit {unit} refuses: Modbus exception {code}",
                fix="compare the device map with the maker's manual",
            )
        return answer

    async def _exchange(self, wire: Wire, unit: int, question: Question) -> bytes:
        listened = self._listener is not nobody_listens
        if listened:
            self._listener(self.key, Way.SENT, bytes((unit,)) + question.pdu)
        try:
            answer = await wire.ask(unit, question, self._patience_s(question))
        except (asyncio.CancelledError, NotAReplyError):
            self._listener(self.key, Way.NOISE, bytes(wire.heard))
            self._upset()
            raise
        except TimeoutError:
            if self._is_serial:
                self._upset()
            raise
        except ConnectionError:
            self._drop()
            raise
        if listened:
            self._listener(self.key, Way.HEARD, bytes((unit,)) + answer)
        if isinstance(self._address, SerialAddress):
            self._silent_until_s = monotonic() + self._address.quiet_s
        return answer

    async def _opened(self) -> Wire:
        if self._wire is not None and self._wire.open:
            return self._wire
        if self._refusal is not None and monotonic() < self._refused_until_s:
            raise DeviceUnreachableError(self._refusal.message, fix=self._refusal.fix)
        self._drop()
        try:
            self._wire = await opened(self._address, self._timeout_s)
        except DeviceUnreachableError as error:
            self._refuse(error)
            raise
        return self._wire

    def _refuse(self, error: DeviceUnreachableError) -> None:
        self._refusal, self._refused_until_s = error, monotonic() + RECONNECT_S

    def _hung_up(self, wire: Wire, unit: int) -> DeviceUnreachableError:
        if isinstance(self._address, TlsAddress) and not wire.answered:
            error = distrust(self._address, wire.lost_by)
            self._refuse(error)
            return error
        return DeviceUnreachableError(
            f"{self.key} hangs up when unit {unit} is asked", fix="check the device and its unit id"
        )

    @property
    def _is_serial(self) -> bool:
        """Whether frames are those of a serial line, at least behind a gateway."""
        match self._address:
            case SerialAddress():
                return True
            case TcpAddress(serial_frames=serial_frames):
                return serial_frames
            case TlsAddress():
                return False

    def _patience_s(self, question: Question) -> float:
        if not isinstance(self._address, SerialAddress):
            return self._timeout_s
        characters = len(question.pdu) + question.length + 2 * _AROUND
        return self._timeout_s + self._address.seconds_for(characters)

    def _upset(self) -> None:
        """An answer may still come: nothing may be asked where it could be taken for another's."""
        if self._is_serial:
            self._silent_until_s = monotonic() + self._timeout_s
        if not isinstance(self._address, SerialAddress):
            self._drop()

    def _drop(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None
