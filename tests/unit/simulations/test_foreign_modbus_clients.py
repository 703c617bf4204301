"""Clients that others wrote find in our virtual devices what the plant says, and command them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import foreign_modbus_clients as foreign
import pytest
from everything_meter import MAP, SEEN, SHOWN

from ems.domain.district import Device, DeviceKind, District, Protocol
from simulations.image import ProcessImage
from simulations.modbus_servers import ModbusServers

HOST = "127.81.1.1"
TCP, GATEWAY, UNIT = 8101, 8102, 9

Talk = Callable[[], foreign.Seen]


@pytest.fixture
async def image(tmp_path: Path, district: District) -> AsyncIterator[ProcessImage]:
    """The plant behind the meter on each way."""
    (tmp_path / "everything.yaml").write_text(MAP)
    ways = {"tcp": (HOST, TCP), "gateway": (f"rtu+tcp://{HOST}:{GATEWAY}", 0),
            "line": (f"rtu:{tmp_path}/line?baud=115200&parity=N", 0)}  # fmt: skip
    devices = [
        Device(id=name, kind=DeviceKind.METER, map=str(tmp_path / "everything.yaml"), serves="A1",
               protocol=Protocol.MODBUS, host=host, port=port, unit=UNIT)
        for name, (host, port) in ways.items()
    ]  # fmt: skip
    served = district.with_devices(devices)
    image = ProcessImage.create(served)
    for name in ways:
        for point, (value, _) in SHOWN.items():
            image[f"{name}/{point}"] = value
    servers = ModbusServers(served, image)
    await servers.start()
    yield image
    await servers.stop()


@pytest.mark.parametrize(
    ("client", "way", "port"),
    [
        (foreign.py_modbus_tcp, "tcp", TCP),
        (foreign.u_modbus, "tcp", TCP),
        (foreign.of_scapy, "tcp", TCP),
        (foreign.mbpoll_on_tcp, "tcp", TCP),
        (foreign.libmodbus, "tcp", TCP),
        (foreign.of_node("modbus-serial"), "tcp", TCP),
        (foreign.of_node("jsmodbus"), "tcp", TCP),
        (foreign.of_node("modbus-serial-rtu"), "gateway", GATEWAY),
    ],
    ids=["pyModbusTCP", "uModbus", "scapy", "mbpoll", "libmodbus", "modbus-serial", "jsmodbus",
         "modbus-serial through a gateway"],
)  # fmt: skip
async def test_a_foreign_client_reads_all_four_tables_and_writes(
    image: ProcessImage, client: Callable[[str, int, int], foreign.Seen], way: str, port: int
) -> None:
    assert await asyncio.to_thread(client, HOST, port, UNIT) == SEEN
    taken = {name: image[f"{way}/{name}"] for name in ("enable", "boost", "limit_kw")}
    assert taken == {"enable": 1.0, "boost": 0.0, "limit_kw": pytest.approx(123.45)}


async def test_mbpoll_reads_and_writes_on_a_serial_line(
    image: ProcessImage, tmp_path: Path
) -> None:
    seen = await asyncio.to_thread(foreign.mbpoll_on_a_line, str(tmp_path / "line"), UNIT)
    assert seen == SEEN
    assert image["line/limit_kw"] == pytest.approx(123.45)
