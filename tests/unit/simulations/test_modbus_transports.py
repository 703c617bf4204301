"""The same device says and takes the same on TCP, a serial line, through a gateway and with TLS."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from everything_meter import MAP, SHOWN

from ems.devices.maps import map_of
from ems.devices.modbus import ModbusConnection
from ems.devices.search import described, lines, search_modbus
from ems.domain.district import Device, DeviceKind, District, Protocol
from ems.domain.errors import DeviceError, DeviceRejectedError, DeviceUnreachableError
from ems.domain.modbus_address import modbus_address
from ems.domain.points import Quality
from simulations.image import ProcessImage
from simulations.modbus_servers import ModbusServers

HOST = "127.81.0.1"

TAKEN = {"enable": 1.0, "boost": 1.0, "limit_kw": 123.45}


class Site:
    """An authority, a device's certificate and ours, as files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca = trustme.CA()
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.verify_mode = ssl.CERT_REQUIRED
        self.ca.configure_trust(self.server)
        self.ca.issue_cert(HOST, "meter.site").configure_cert(self.server)
        self.ca.cert_pem.write_to_path(folder / "ca.pem")
        self.write("ems", self.ca.issue_cert("ems.site"))

    def write(self, name: str, certificate: trustme.LeafCert) -> None:
        certificate.private_key_pem.write_to_path(self.folder / f"{name}.key")
        (chain, *_) = certificate.cert_chain_pems
        chain.write_to_path(self.folder / f"{name}.pem")

    def address(self, port: int, cert: str = "ems", ca: str = "ca", more: str = "") -> str:
        files = {"cert": f"{cert}.pem", "key": f"{cert}.key", "ca": f"{ca}.pem"}
        options = "&".join(f"{name}={self.folder / file}" for name, file in files.items())
        return f"tls://{HOST}:{port}?{options}{more}"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def meter(tmp_path: Path) -> Device:
    """A device of the map above."""
    (tmp_path / "everything.yaml").write_text(MAP)
    return Device(
        id="M-1", kind=DeviceKind.METER, map=str(tmp_path / "everything.yaml"), serves="A1",
        protocol=Protocol.MODBUS, host=HOST, port=8001, unit=9,
    )  # fmt: skip


@asynccontextmanager
async def hosted(
    district: District, device: Device, tls: ssl.SSLContext | None = None, timeout_s: float = 2.0
) -> AsyncIterator[tuple[ModbusConnection, ProcessImage]]:
    """The device with a neighbour behind the same line, and our connection to it."""
    alone = district.with_devices([device, replace(device, id="M-2", unit=10)])
    image = ProcessImage.create(alone)
    servers = ModbusServers(alone, image, tls)
    await servers.start()
    connection = ModbusConnection(modbus_address(device.host, device.port), timeout_s=timeout_s)
    try:
        yield connection, image
    finally:
        await connection.close()
        await servers.stop()


Way = Callable[[Device, Site], Device]
WAYS: dict[str, Way] = {
    "tcp": lambda device, site: device,
    "gateway of serial frames": lambda device, site: replace(
        device, host=f"rtu+tcp://{HOST}:8002", port=0
    ),
    "serial line": lambda device, site: replace(
        device, host=f"rtu:{site.folder}/line?baud=115200&parity=N", port=0
    ),
    "tls": lambda device, site: replace(device, host=site.address(8003), port=0),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_device_says_and_takes_the_same_whatever_the_way(
    way: Way, meter: Device, site: Site, district: District
) -> None:
    device = way(meter, site)
    points = map_of(device).points
    async with hosted(district, device, site.server) as (connection, image):
        for name, (value, _) in SHOWN.items():
            image[f"M-1/{name}"] = value
        await connection.write(device, {points[name]: value for name, value in TAKEN.items()})
        values = await connection.read(device, list(points.values()))
        for name, (value, within) in SHOWN.items():
            assert values[name] == (pytest.approx(value, abs=within), Quality.GOOD), name
        for name, value in TAKEN.items():
            assert values[name] == (pytest.approx(value), Quality.GOOD), name
            assert image[f"M-1/{name}"] == pytest.approx(value), name
            assert image[f"M-2/{name}"] == 0.0, "a command reached the neighbour"


@pytest.mark.parametrize("way", list(WAYS.values())[1:], ids=list(WAYS)[1:])
async def test_a_search_finds_who_is_on_a_line_and_knows_whom_the_description_names(
    way: Way, meter: Device, site: Site, district: District
) -> None:
    device = way(meter, site)
    async with hosted(district, device, site.server):
        asked = lines([device.host], site.folder)
        found = await search_modbus([], range(8, 12), timeout_s=0.2, lines=asked)

    assert [(one.unit, described(one, [device])) for one in found] == [(9, "M-1"), (10, "")]
    assert found[0].where == f"{device.line} unit 9"


async def test_a_line_that_is_not_there_and_a_stranger_to_the_device_are_told(
    meter: Device, site: Site, district: District
) -> None:
    with pytest.raises(DeviceUnreachableError, match="can't be opened"):
        await search_modbus([], [1], timeout_s=0.2, lines=[f"rtu:{site.folder}/no-such-line"])
    stranger = trustme.CA()
    site.write("stranger", stranger.issue_cert("stranger.site"))
    async with hosted(district, replace(meter, host=site.address(8003), port=0), site.server):
        asked = [site.address(8003, cert="stranger")]
        with pytest.raises(DeviceUnreachableError, match="certificate"):
            await search_modbus([], [9], timeout_s=0.5, lines=asked)


@pytest.mark.parametrize("word", ["10.0.1.20", "rtu:/dev/ttyUSB0?baud=7", "tcp://10.0.1.20:502"])
def test_what_is_no_line_is_refused(word: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceError) as refusal:
        lines([word], tmp_path)
    assert "rtu+tcp://HOST:PORT" in refusal.value.fix


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_silent_unit_costs_its_neighbours_nothing_but_time(
    way: Way, meter: Device, site: Site, district: District
) -> None:
    device = way(meter, site)
    closed = [map_of(device).points["closed"]]
    async with hosted(district, device, site.server, 0.1) as (connection, image):
        image["M-2/closed"] = 1.0
        image.silent[image.device_index["M-1"]] = 1
        for _ in range(2):
            with pytest.raises(DeviceUnreachableError, match="unit 9 does not answer"):
                await connection.read(device, closed)
            values = await connection.read(replace(device, id="M-2", unit=10), closed)
            assert values["closed"] == (1.0, Quality.GOOD)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_refusal_is_told_from_silence_whatever_the_way(
    way: Way, meter: Device, site: Site, district: District
) -> None:
    device = way(meter, site)
    async with hosted(district, device, site.server) as (connection, _):
        with pytest.raises(DeviceRejectedError, match="exception 3"):
            await connection.write(device, {map_of(device).points["limit_kw"]: 600.0})


async def test_a_serial_line_that_is_not_there_is_named(site: Site) -> None:
    missing = ModbusConnection(modbus_address(f"rtu:{site.folder}/no-such-line", 0))
    device = Device(
        id="M-A1", kind=DeviceKind.METER, map="meter-countis-e2x", serves="A1",
        protocol=Protocol.MODBUS, host=f"rtu:{site.folder}/no-such-line", unit=1,
    )  # fmt: skip
    with pytest.raises(DeviceUnreachableError, match=r"no-such-line can't be opened.*No such file"):
        await missing.read(device, [map_of(device).points["power_kw"]])


async def test_settings_that_an_adapter_can_not_do_are_told(
    meter: Device, site: Site, district: District
) -> None:
    device = WAYS["serial line"](meter, site)
    async with hosted(district, device) as (connection, _):
        odd = ModbusConnection(modbus_address(device.host.replace("parity=N", "parity=O"), 0))
        with pytest.raises(DeviceUnreachableError, match="does not take baud, parity"):
            await odd.read(device, [map_of(device).points["closed"]])
        await connection.close()


def expired(site: Site) -> str:
    site.write("old", site.ca.issue_cert("ems.site", not_after=datetime(2020, 1, 1, tzinfo=UTC)))
    return site.address(8003, cert="old")


def of_a_stranger(site: Site) -> str:
    site.write("strange", trustme.CA().issue_cert("ems.site"))
    return site.address(8003, cert="strange")


def with_another_key(site: Site) -> str:
    site.write("other", site.ca.issue_cert("other.site"))
    (site.folder / "other.pem").write_bytes((site.folder / "ems.pem").read_bytes())
    return site.address(8003, cert="other")


def trusting_another(site: Site) -> str:
    trustme.CA().cert_pem.write_to_path(site.folder / "foreign.pem")
    return site.address(8003, ca="foreign")


def of_an_expired_device(site: Site) -> str:
    old = site.ca.issue_cert(HOST, not_after=datetime(2020, 1, 1, tzinfo=UTC))
    old.configure_cert(site.server)
    return site.address(8003)


def without_certificates(site: Site) -> str:
    (site.folder / "empty.pem").write_text("nothing")
    return site.address(8003, ca="empty")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (expired, "hangs up after the TLS handshake"),
        (with_another_key, "the key belongs to another certificate"),
        (trusting_another, "comes from an authority we do not know"),
        (of_an_expired_device, "the certificate of .* has expired"),
        (lambda site: site.address(8003, more="&name=heat-pump.site"), "made out to another name"),
        (lambda site: site.address(8003, cert="none"), "none.pem of .* is missing"),
        (without_certificates, "empty.pem holds no certificate"),
    ],
    ids=["ours expired, no word", "key of another", "unknown authority",
         "device's expired", "another name", "no file", "no certificate in the file"],
)  # fmt: skip
async def test_what_is_wrong_with_a_certificate_is_said(
    wrong: Callable[[Site], str], says: str, meter: Device, site: Site, district: District
) -> None:
    device = replace(meter, host=wrong(site), port=0)
    async with hosted(district, device, site.server) as (connection, _):
        with pytest.raises(DeviceError, match=says) as caught:
            await connection.read(device, [map_of(device).points["closed"]])
        assert caught.value.fix


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (expired, "says that our certificate has expired"),
        (of_a_stranger, "does not know the authority of our certificate"),
    ],
)
async def test_a_device_that_gives_its_reason_is_quoted(
    wrong: Callable[[Site], str], says: str, meter: Device, site: Site
) -> None:
    def refuse() -> None:
        taken = site.server.wrap_socket(
            listening.accept()[0], server_side=True, do_handshake_on_connect=False
        )
        with suppress(ssl.SSLError):
            taken.do_handshake()
        with socket.socket(fileno=taken.detach()) as plain:
            plain.shutdown(socket.SHUT_WR)  # closed at once, the reason would be lost
            while plain.recv(4096):
                pass

    with socket.create_server((HOST, 8003)) as listening:
        refusing = asyncio.create_task(asyncio.to_thread(refuse))
        connection = ModbusConnection(modbus_address(wrong(site), 0), timeout_s=2.0)
        with pytest.raises(DeviceUnreachableError, match=says) as caught:
            await connection.read(meter, [map_of(meter).points["closed"]])
        assert "signed by the authority" in caught.value.fix
        await refusing


async def test_a_device_with_another_name_than_its_address_is_believed_by_that_name(
    meter: Device, site: Site, district: District
) -> None:
    device = replace(meter, host=site.address(8003, more="&name=meter.site"), port=0)
    async with hosted(district, device, site.server) as (connection, _):
        values = await connection.read(device, [map_of(device).points["closed"]])
        assert values["closed"] == (0.0, Quality.GOOD)


async def test_a_device_without_tls_is_not_taken_for_one(
    meter: Device, site: Site, district: District
) -> None:
    async with hosted(district, meter) as (_, _):
        connection = ModbusConnection(modbus_address(site.address(8001), 0), timeout_s=0.5)
        with pytest.raises(DeviceUnreachableError, match="TLS"):
            await connection.read(meter, [map_of(meter).points["closed"]])
