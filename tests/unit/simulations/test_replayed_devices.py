"""A bus log tells all that was said, notices each change, and stands in for the devices."""

import io
import json
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ems.cli import app
from ems.commands.record_devices import recorded
from ems.devices.bus_log import BusLog, Way, entries_of, read_log
from ems.devices.connection import connection_key
from ems.devices.connections import Connections
from ems.devices.maps import map_of
from ems.domain.district import District
from ems.domain.errors import DeviceError, DeviceRejectedError, DeviceUnreachableError
from ems.domain.points import Quality
from simulations.bacnet_servers import BacnetServers
from simulations.image import ProcessImage
from simulations.modbus_servers import ModbusServers
from simulations.replayed_devices import ReplayedDevices, replay_addresses

NAMES = ("HP-1", "PV-A1", "CP-01", "D1-0101", "D1-0102", "B1-0201", "SST-A1")
"""Modbus, SunSpec, single reads, two behind a gateway, BACnet behind a router, BACnet."""


def on_net(district: District, net: int) -> District:
    moved = district.on_loopback(net)
    named = moved.with_devices(moved.devices[name] for name in NAMES)
    return replace(named, station=replace(named.station, host=f"127.{net}.0.9"))


async def values_of(district: District) -> dict[str, dict[str, tuple[float, Quality]]]:
    """All points of all devices, where they have a value."""
    connections = Connections(district)
    try:
        return {
            device.id: {
                name: value
                for name, value in (
                    await connections.by_key[connection_key(device)].read(
                        device, list(map_of(device).points.values())
                    )
                ).items()
                if value[1] is not Quality.DEVICE_INVALID
            }
            for device in district.devices.values()
        }
    finally:
        await connections.close()


async def test_what_devices_said_is_replayed_point_for_point(
    district: District, tmp_path: Path
) -> None:
    served = on_net(district, 81)
    image = ProcessImage.create(served)
    for number, point in enumerate(image.index):
        image[point] = float(number % 40)
    servers = [ModbusServers(served, image), BacnetServers(served, image)]
    for server in servers:
        await server.start()
    _, silent = await recorded(served, list(served.devices.values()), tmp_path / "log", 0.0, 1.0)
    said = await values_of(served)
    for server in servers:
        await server.stop()
    assert not silent
    assert sum(map(len, said.values())) > 60
    devices = ReplayedDevices(read_log(tmp_path / "log"), 82)
    await devices.start()
    assert await values_of(on_net(district, 82)) == said
    await devices.stop()


async def test_answers_come_in_their_order_and_what_was_never_asked_is_refused(
    district: District, tmp_path: Path
) -> None:
    alone = on_net(district, 82)
    meter = alone.devices["D1-0101"]
    spec = map_of(meter).points["room_temp_c"]
    lines = io.StringIO()
    log = BusLog(lines, count().__next__).listener("modbus")
    question = bytes((meter.unit, 3, 0, 0, 0, 1))
    for word in (2100, None, 2200):
        log(meter.line, Way.SENT, question)
        if word is not None:
            log(meter.line, Way.HEARD, bytes((meter.unit, 3, 2)) + word.to_bytes(2, "big"))
    devices = ReplayedDevices(entries_of(lines.getvalue().splitlines()), 82)
    await devices.start()
    connections = Connections(alone.with_devices([meter]))
    connection = connections.by_key[meter.line]
    assert (await connection.read(meter, [spec]))["room_temp_c"][0] == pytest.approx(21.0)
    with pytest.raises(DeviceUnreachableError):
        await connection.read(meter, [spec])
    for _ in range(2):
        assert (await connection.read(meter, [spec]))["room_temp_c"][0] == pytest.approx(22.0)
    with pytest.raises(DeviceRejectedError, match="exception 2"):
        await connection.write(meter, {map_of(meter).points["setpoint_c"]: 20.0})
    await connections.close()
    await devices.stop()


def a_log() -> list[str]:
    lines = io.StringIO()
    log = BusLog(lines, count(100).__next__).listener("modbus")
    for number in range(5):
        log("10.0.1.20:502", Way.SENT, bytes((1, 3, 0, number, 0, 1)))
        log("10.0.1.20:502", Way.HEARD, bytes((1, 3, 2, 0, number)))
    return lines.getvalue().splitlines()


def test_a_log_is_read_as_it_was_written() -> None:
    entries = list(entries_of(a_log()))
    assert [entry.s for entry in entries] == list(range(1, 11))
    assert entries[3].frame == b"\x01\x03\x02\x00\x01"
    assert json.loads(a_log()[1])["frame"] == "01 03 02 00 00"


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda log: [*log[:3], log[3].replace("02 00 01", "02 00 02"), *log[4:]], 4),
        (lambda log: [*log[:3], *log[4:]], 4),
        (lambda log: [*log[:2], log[3], log[2], *log[4:]], 3),
        (lambda log: [*log[:6], log[6][:40]], 7),
        (lambda log: [log[0], "hello", *log[1:]], 2),
        (lambda log: [*log, "[]"], 11),
    ],
    ids=["a byte changed", "a line lost", "lines swapped", "torn off", "a foreign line", "a list"],
)
def test_a_damaged_log_is_refused_with_the_line(damage, line: int, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("\n".join(damage(a_log())))
    with pytest.raises(DeviceError, match=f"line {line}: "):
        read_log(tmp_path / "log")


def test_a_log_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("precious")
    told = CliRunner().invoke(app, ["devices", "record", str(tmp_path / "log"), "HP-1"])
    assert told.exit_code == 1
    assert "exists already" in told.output
    assert (tmp_path / "log").read_text() == "precious"


def test_every_line_of_a_log_has_an_address_of_its_own() -> None:
    lines = ["10.0.1.20:502", "/dev/ttyUSB0", "gateway.site:4001", "10.0.11.1:47808"]
    assert list(replay_addresses(lines, 120).values()) == [
        ("127.120.1.20", 502),
        ("127.120.255.1", 1502),
        ("127.120.255.1", 1503),
        ("127.120.11.1", 47808),
    ]


def test_the_command_answers_out_of_a_log(tmp_path: Path) -> None:
    log = [line.replace("10.0.1.20:502", "10.0.1.20:1502") for line in a_log()[:0]]
    (tmp_path / "log").write_text("\n".join(log))
    told = CliRunner().invoke(
        app, ["devices", "replay", str(tmp_path / "log"), "--net", "82", "--for", "0.05"]
    )
    assert told.exit_code == 0, told.output
