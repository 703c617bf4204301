"""One column of the description says how a Modbus device is reached, or why it says nothing."""

from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from ems.domain.district import Device, DeviceKind, Protocol
from ems.domain.modbus_address import (
    SerialAddress,
    TcpAddress,
    TlsAddress,
    beside,
    modbus_address,
)

METER = Device(
    id="M-A1", kind=DeviceKind.METER, map="meter-countis-e2x", serves="A1",
    protocol=Protocol.MODBUS, host="10.0.1.20", port=502, unit=1,
)  # fmt: skip
TLS = "tls://10.0.1.20?cert=ems.pem&key=/etc/ems.key&ca=site ca.pem"


@pytest.mark.parametrize(
    ("host", "port", "address", "line"),
    [
        ("10.0.1.20", 502, TcpAddress(host="10.0.1.20", port=502), "10.0.1.20:502"),
        ("rtu+tcp://gw.site:4001", 0, TcpAddress(host="gw.site", port=4001, serial_frames=True),
         "gw.site:4001"),
        ("rtu:/dev/ttyUSB0", 0,
         SerialAddress(path="/dev/ttyUSB0", baud=19200, parity="E", stop_bits=1), "/dev/ttyUSB0"),
        ("rtu:/dev/ttyS1?baud=9600&parity=N&stop=2", 0,
         SerialAddress(path="/dev/ttyS1", baud=9600, parity="N", stop_bits=2), "/dev/ttyS1"),
        (TLS, 0, TlsAddress(host="10.0.1.20", port=802, cert="ems.pem", key="/etc/ems.key",
                            ca="site ca.pem", name="10.0.1.20"), "10.0.1.20:802"),
        ("tls://10.0.1.20:1802?cert=a&key=b&ca=c&name=meter.site", 0,
         TlsAddress(host="10.0.1.20", port=1802, cert="a", key="b", ca="c", name="meter.site"),
         "10.0.1.20:1802"),
    ],
)  # fmt: skip
def test_an_address_says_how_a_device_is_reached(
    host: str, port: int, address: object, line: str
) -> None:
    assert modbus_address(host, port) == address
    assert replace(METER, host=host, port=port).line == line


@pytest.mark.parametrize(
    ("host", "port", "says"),
    [
        ("10.0.1.20", 0, "port of 10.0.1.20 is missing"),
        ("rtu+tcp://10.0.1.20:4001", 502, "leave the column port empty"),
        ("rtu+tcp://10.0.1.20", 0, "has no port"),
        ("rtu+tcp://:4001", 0, "names no host"),
        ("rtu+tcp://10.0.1.20:70000", 0, "no number from 1 to 65535"),
        ("rtu+tcp://10.0.1.20:4001?baud=9600", 0, "baud is no option of this address"),
        ("rtu:", 0, "names no serial line"),
        ("rtu://dev/ttyUSB0", 0, "names no serial line"),
        ("rtu:/dev/ttyUSB0?baud=9601", 0, "baud=9601 is none of 1200"),
        ("rtu:/dev/ttyUSB0?parity=even", 0, "parity=even is none of N, E"),
        ("rtu:/dev/ttyUSB0?stop=3", 0, "neither 1 nor 2"),
        ("rtu:/dev/ttyUSB0?speed=9600", 0, "there are: baud, parity, stop"),
        ("tls://10.0.1.20", 0, "names no cert and no key and no ca: add cert=FILE&key=FILE"),
        ("http://10.0.1.20", 0, "write rtu\\+tcp, tls or rtu"),
    ],
)
def test_what_is_no_address_says_what_to_write(host: str, port: int, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(METER, host=host, port=port)


def test_a_bacnet_device_has_neither_serial_line_nor_a_missing_port() -> None:
    with pytest.raises(ValueError, match="plain host and a port"):
        replace(METER, protocol=Protocol.BACNET, host="rtu:/dev/ttyUSB0", port=0)
    with pytest.raises(ValueError, match="unit 300 does not exist"):
        replace(METER, unit=300)


def test_certificates_are_sought_beside_the_description() -> None:
    found = modbus_address(beside(TLS, PurePosixPath("/srv/my site")), 0)
    assert isinstance(found, TlsAddress)
    assert (found.cert, found.key, found.ca) == (
        "/srv/my site/ems.pem",
        "/etc/ems.key",
        "/srv/my site/site ca.pem",
    )
    assert beside("10.0.1.20", PurePosixPath("/srv")) == "10.0.1.20"


def test_a_line_is_silent_between_frames_for_three_and_a_half_characters() -> None:
    slow = modbus_address("rtu:/dev/ttyUSB0?baud=9600", 0)
    fast = modbus_address("rtu:/dev/ttyUSB0?baud=115200", 0)
    assert isinstance(slow, SerialAddress)
    assert isinstance(fast, SerialAddress)
    assert slow.quiet_s == pytest.approx(0.00401, abs=1e-5)
    assert fast.quiet_s == 0.00175
    assert slow.seconds_for(256) == pytest.approx(0.2933, abs=1e-4)
