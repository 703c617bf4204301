"""Where a Modbus device answers, as the column `host` of `devices.csv` says it.

    10.0.1.20                                        Modbus TCP; the column `port` gives the port
    rtu+tcp://10.0.1.20:4001                         a gateway that hands serial frames on
    tls://10.0.1.20:802?cert=ems.pem&key=ems.key&ca=site.pem    Modbus/TCP Security
    rtu:/dev/ttyUSB0?baud=19200&parity=E&stop=1      a serial line of this machine

An address with a scheme carries its port itself. `name` of a TLS address is the name in the
device's certificate where that is not the host; files are sought beside the description.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath
from typing import Literal, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

TCP_PORT = 502
TLS_PORT = 802
BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
_CHARACTER_BITS = 11
_QUIET_CHARACTERS = 3.5
_QUIET_MIN_S = 0.00175
_FILES = ("cert", "key", "ca")

Parity = Literal["N", "E", "O"]


@dataclass(frozen=True, kw_only=True)
class TcpAddress:
    """A TCP port."""

    host: str

    port: int

    serial_frames: bool = False
    """Whether frames are those of a serial line (RTU) instead of Modbus TCP's."""

    @property
    def line(self) -> str:
        """What tells it apart: `10.0.1.20:502`."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class TlsAddress:
    """A TCP port that speaks TLS and asks for a certificate of ours."""

    host: str

    port: int

    cert: str
    """File of the EMS's certificate, PEM."""

    key: str
    """File of its private key, PEM without a password."""

    ca: str
    """File of the certificates that may have signed the device's."""

    name: str
    """The name that must stand in the device's certificate."""

    @property
    def line(self) -> str:
        """What tells it apart: `10.0.1.20:802`."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class SerialAddress:
    """A serial line of this machine; 8 data bits, as RTU frames need."""

    path: str
    """`/dev/ttyUSB0`."""

    baud: int

    parity: Parity

    stop_bits: int

    @property
    def line(self) -> str:
        """What tells it apart: `/dev/ttyUSB0`."""
        return self.path

    @property
    def quiet_s(self) -> float:
        """Seconds of silence between two frames (Modbus over serial line 1.02, 2.5.1.1)."""
        return max(_QUIET_CHARACTERS * _CHARACTER_BITS / self.baud, _QUIET_MIN_S)

    def seconds_for(self, characters: int) -> float:
        """Seconds that `characters` take on the line."""
        return characters * _CHARACTER_BITS / self.baud


ModbusAddress = TcpAddress | TlsAddress | SerialAddress


def has_scheme(host: str) -> bool:
    """Whether `host` is more than a plain host: `rtu:/dev/ttyUSB0`."""
    return ":" in host


@lru_cache(maxsize=4096)
def modbus_address(host: str, port: int) -> ModbusAddress:
    """The address that the columns `host` and `port` of a device mean.

    Raises:
        ValueError: they mean none; says what to write.
    """
    if not has_scheme(host):
        if not 1 <= port <= 65535:
            raise ValueError(f"port of {host} is missing: give it, usually {TCP_PORT}")
        return TcpAddress(host=host, port=port)
    if port:
        raise ValueError(f"{host} carries its own port: leave the column port empty")
    scheme = host.partition(":")[0]
    match scheme:
        case "rtu+tcp":
            return _gateway(host)
        case "tls":
            return _tls(host)
        case "rtu":
            return _serial(host)
    raise ValueError(f"{scheme} is no way to a Modbus device: write rtu+tcp, tls or rtu")


def beside(host: str, folder: PurePath) -> str:
    """The same address with its relative files sought in `folder`."""
    if not host.startswith("tls:"):
        return host
    parts = urlsplit(host)
    options = [
        (key, str(folder / value) if key in _FILES and value else value)
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return parts._replace(query=urlencode(options, safe="/ ")).geturl()


def _gateway(words: str) -> TcpAddress:
    host, port, _ = _split(words, known=())
    if port is None:
        raise ValueError(f"{words} has no port: write rtu+tcp://{host}:4001")
    return TcpAddress(host=host, port=port, serial_frames=True)


def _tls(words: str) -> TlsAddress:
    host, port, options = _split(words, known=(*_FILES, "name"))
    missing = [name for name in _FILES if not options.get(name)]
    if missing:
        given = "&".join(f"{name}=FILE" for name in missing)
        raise ValueError(f"{words} names no {' and no '.join(missing)}: add {given}")
    return TlsAddress(
        host=host,
        port=port or TLS_PORT,
        cert=options["cert"],
        key=options["key"],
        ca=options["ca"],
        name=options.get("name") or host,
    )


def _serial(words: str) -> SerialAddress:
    parts = urlsplit(words)
    if parts.netloc or not parts.path:
        raise ValueError(f"{words} names no serial line: write rtu:/dev/ttyUSB0?baud=19200")
    options = _options(words, parts.query, ("baud", "parity", "stop"))
    baud, stop = options.get("baud", "19200"), options.get("stop", "1")
    parity = options.get("parity", "E")
    if not baud.isdecimal() or int(baud) not in BAUDS:
        raise ValueError(f"baud={baud} is none of {', '.join(map(str, BAUDS))}")
    if parity not in ("N", "E", "O"):
        raise ValueError(f"parity={parity} is none of N, E (even), O (odd)")
    if stop not in ("1", "2"):
        raise ValueError(f"stop={stop} is neither 1 nor 2")
    return SerialAddress(
        path=parts.path, baud=int(baud), parity=cast(Parity, parity), stop_bits=int(stop)
    )


def _split(words: str, known: Collection[str]) -> tuple[str, int | None, Mapping[str, str]]:
    """Host, port and options of an address with `//`."""
    parts = urlsplit(words)
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{words}: the port is no number from 1 to 65535") from error
    if not parts.hostname or parts.path not in ("", "/") or parts.username or port == 0:
        raise ValueError(f"{words} names no host: write {parts.scheme}://10.0.1.20:PORT")
    return parts.hostname, port, _options(words, parts.query, known)


def _options(words: str, query: str, known: Collection[str]) -> Mapping[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name in options.keys() - set(known):
        those = ", ".join(known) or "none"
        raise ValueError(f"{words}: {name} is no option of this address; there are: {those}")
    return options
