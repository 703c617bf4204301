"""Every device map hosted by the virtual district, and read and commanded by our clients."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from ems.devices.connection import Connection, connection_key
from ems.devices.connections import Connections
from ems.devices.maps import DeviceMap, PointSpec, load_map, map_names
from ems.domain.district import Device, District, Protocol
from ems.domain.points import Quality
from simulations.bacnet_servers import BacnetServers
from simulations.image import ProcessImage
from simulations.modbus_servers import ModbusServers

NET = 79
STATION_PORT = 47979


@pytest.fixture(params=map_names())
def device_map(request: pytest.FixtureRequest) -> DeviceMap:
    return load_map(request.param)


@pytest.fixture
def device(device_map: DeviceMap) -> Device:
    """One device of the map, alone at its address."""
    port = 47808 if device_map.protocol is Protocol.BACNET else 1502
    return Device(
        id="X",
        kind=device_map.kind,
        map=device_map.name,
        serves="X",
        protocol=device_map.protocol,
        host=f"127.{NET}.1.1",
        port=port,
        unit=7,
    )


@pytest.fixture
def alone(district: District, device: Device) -> District:
    moved = district.on_loopback(NET)
    station = replace(moved.station, host=f"127.{NET}.0.1", port=STATION_PORT)
    return replace(moved, station=station).with_devices([device])


@pytest.fixture
async def image(alone: District) -> AsyncIterator[ProcessImage]:
    """What the servers of the one device serve."""
    image = ProcessImage.create(alone)
    servers = ModbusServers(alone, image), BacnetServers(alone, image)
    for server in servers:
        await server.start()
    yield image
    for server in servers:
        await server.stop()


@pytest.fixture
async def connection(alone: District, device: Device) -> AsyncIterator[Connection]:
    connections = Connections(alone)
    yield connections.by_key[connection_key(device)]
    await connections.close()


def values(device_map: DeviceMap) -> Iterator[tuple[PointSpec, float]]:
    """A value for each point, all different where the type allows it."""
    for number, spec in enumerate(device_map.points.values()):
        codes = [ours for _, ours in spec.translate]
        low, high = max(spec.low, -50), min(spec.high, 50 + spec.low)
        yield spec, float(codes[-1] if codes else round(low + (high - low) * number / 30))


async def test_every_point_is_read_as_the_plant_has_it(
    device_map: DeviceMap, device: Device, image: ProcessImage, connection: Connection
) -> None:
    wanted = dict(values(device_map))
    for spec, value in wanted.items():
        image[f"X/{spec.name}"] = value
    read = await connection.read(device, list(wanted))
    assert {name: quality for name, (_, quality) in read.items()} == dict.fromkeys(
        device_map.points, Quality.GOOD
    )
    for spec, value in wanted.items():
        half_a_step = abs(spec.scale) / 2 + 0.06
        assert read[spec.name][0] == pytest.approx(value, abs=half_a_step), spec.name


async def test_every_command_arrives_and_is_given_back(
    device_map: DeviceMap, device: Device, image: ProcessImage, connection: Connection
) -> None:
    for spec in device_map.written:
        value = spec.high if spec.safe == spec.low else spec.low
        await connection.write(device, {spec: value})
        assert image[f"X/{spec.name}"] == pytest.approx(value, abs=1e-6), spec.name
    await connection.relinquish(device, device_map.written)
    if device_map.protocol is not Protocol.BACNET:  # there the controller itself takes over
        for spec in device_map.written:
            assert image[f"X/{spec.name}"] == pytest.approx(spec.safe, abs=1e-6), spec.name
