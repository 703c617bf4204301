"""Where virtual Modbus devices answer: TCP, TLS, a gateway's serial frames, a serial line.

The servers are pymodbus's, so that our client always meets a peer that is not its own.
"""

import ssl
from collections.abc import Sequence
from pathlib import Path

from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer, ModbusTlsServer
from pymodbus.simulator import SimDevice

from ems.domain.errors import DeviceError
from ems.domain.modbus_address import ModbusAddress, SerialAddress, TcpAddress, TlsAddress
from simulations.serial_lines import SerialLine

Server = ModbusTcpServer | ModbusSerialServer


class Listener:
    """One address at which units answer."""

    def __init__(
        self, address: ModbusAddress, units: Sequence[SimDevice], tls: ssl.SSLContext | None
    ) -> None:
        self._address, self._units, self._tls = address, list(units), tls
        self._server: Server | None = None
        self._laid: SerialLine | None = None

    async def start(self) -> None:
        """Listen.

        Raises:
            DeviceError: the address is taken, or it is a TLS one and there is no certificate.
        """
        self._server = self._made()
        try:
            await self._server.serve_forever(background=True)
        except RuntimeError as error:
            self._server = None
            await self.stop()
            raise DeviceError(
                f"{self._address.line} is taken", fix="stop what listens there"
            ) from error

    async def stop(self) -> None:
        """Close it with its connections."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
        if self._laid is not None:
            self._laid.close()
        self._server = self._laid = None

    def _made(self) -> Server:
        match self._address:
            case SerialAddress():
                return self._on_serial_line(self._address)
            case TcpAddress(host=host, port=port, serial_frames=serial_frames):
                framer = FramerType.RTU if serial_frames else FramerType.SOCKET
                return ModbusTcpServer(
                    self._units, framer=framer, address=(host, port), ignore_missing_devices=True
                )
            case TlsAddress(host=host, port=port):
                return self._with_tls(host, port)

    def _with_tls(self, host: str, port: int) -> Server:
        if self._tls is None:
            raise DeviceError(
                f"{self._address.line} needs a certificate for the virtual device",
                fix="give the servers a TLS context",
            )
        return ModbusTlsServer(
            self._units,
            framer=FramerType.SOCKET,
            sslctx=self._tls,
            address=(host, port),
            ignore_missing_devices=True,
        )

    def _on_serial_line(self, address: SerialAddress) -> Server:
        if not Path(address.path).exists():
            self._laid = SerialLine(address.path)
        return ModbusSerialServer(
            self._units,
            port=self._laid.far_end if self._laid else address.path,
            baudrate=address.baud,
            parity=address.parity,
            stopbits=address.stop_bits,
            ignore_missing_devices=True,
        )
