"""The virtual Modbus and SunSpec devices, read by our client and by clients that others wrote."""

import asyncio
import math
from collections.abc import AsyncIterator

import pytest
from pyModbusTCP.client import ModbusClient
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from ems.devices.connection import connection_key
from ems.devices.maps import map_of
from ems.devices.modbus import ModbusConnection, modbus_connections
from ems.domain.district import Device, DeviceKind, District, Protocol
from ems.domain.errors import DeviceError, DeviceRejectedError, DeviceUnreachableError
from ems.domain.points import Quality
from simulations.image import ProcessImage
from simulations.modbus_servers import ModbusServers

SPOKEN = (Protocol.MODBUS, Protocol.SUNSPEC)


@pytest.fixture(scope="module")
def virtual(district: District) -> District:
    """All Modbus devices of the district on a loopback net of their own."""
    moved = district.on_loopback(32)
    return moved.with_devices(d for d in moved.devices.values() if d.protocol in SPOKEN)


@pytest.fixture
async def image(virtual: District) -> AsyncIterator[ProcessImage]:
    """The image behind running servers."""
    image = ProcessImage.create(virtual)
    servers = ModbusServers(virtual, image)
    await servers.start()
    yield image
    await servers.stop()


@pytest.fixture
async def connections(virtual: District) -> AsyncIterator[dict[str, ModbusConnection]]:
    """Our clients for all of them."""
    connections = modbus_connections(virtual, timeout_s=15.0)
    yield connections
    for connection in connections.values():
        await connection.close()


def one_of_each(district: District) -> list[Device]:
    return list({device.map: device for device in district.devices.values()}.values())


async def test_every_point_of_every_model_is_read_as_the_plant_has_it(
    virtual: District, image: ProcessImage, connections: dict[str, ModbusConnection]
) -> None:
    for device in one_of_each(virtual):
        points = map_of(device).points
        for number, spec in enumerate(points.values()):
            low, high = max(spec.low, -50), min(spec.high, 50 + spec.low)
            image[f"{device.id}/{spec.name}"] = (
                spec.translate[0][1] if spec.translate else round(low + (high - low) * number / 30)
            )
        values = await connections[connection_key(device)].read(device, list(points.values()))
        for spec in points.values():
            value, quality = values[spec.name]
            assert quality is Quality.GOOD, (device.id, spec.name, value)
            assert value == pytest.approx(image[f"{device.id}/{spec.name}"], abs=0.06), spec.name


async def test_every_command_of_every_model_reaches_the_plant(
    virtual: District, image: ProcessImage, connections: dict[str, ModbusConnection]
) -> None:
    for device in one_of_each(virtual):
        written = [spec for spec in map_of(device).points.values() if spec.writable]
        wanted = {spec: float(math.floor(min(spec.high, 23))) for spec in written}
        connection = connections[connection_key(device)]
        if not wanted:
            continue
        await connection.write(device, wanted)
        read = await connection.read(device, written)
        for spec, value in wanted.items():
            assert image[f"{device.id}/{spec.name}"] == pytest.approx(value, abs=1e-6), spec.name
        assert {n: v[0] for n, v in read.items()} == pytest.approx(
            {s.name: v for s, v in wanted.items()}
        )


async def test_a_sensor_without_a_value_is_marked_by_its_device(
    virtual: District, image: ProcessImage, connections: dict[str, ModbusConnection]
) -> None:
    for point in ("D1-0101/room_temp_c", "PV-A1/power_kw", "BAT-1/soc_pct", "HP-1/heat_power_kw"):
        device = virtual.devices[point.partition("/")[0]]
        spec = map_of(device).points[point.partition("/")[2]]
        image[point] = math.nan
        values = await connections[connection_key(device)].read(device, [spec])
        assert values[spec.name][1] is Quality.DEVICE_INVALID, point


async def test_a_device_refuses_what_it_can_not_do(
    virtual: District, image: ProcessImage, connections: dict[str, ModbusConnection]
) -> None:
    room = virtual.devices["D1-0101"]
    points = map_of(room).points
    connection = connections[connection_key(room)]
    with pytest.raises(DeviceRejectedError, match="exception 3"):
        await connection.write(room, {points["setpoint_c"]: 90.0})
    with pytest.raises(DeviceRejectedError, match="exception 2"):
        await connection.write(room, {points["room_temp_c"]: 21.0})
    assert image["D1-0101/setpoint_c"] == 0.0


async def test_a_silent_unit_does_not_answer_and_its_neighbours_do(
    virtual: District, image: ProcessImage, connections: dict[str, ModbusConnection]
) -> None:
    room = virtual.devices["D1-0101"]
    neighbour = next(d for d in virtual.devices.values() if d.host == room.host and d.id != room.id)
    image.silent[image.device_index[room.id]] = 1
    connection = connections[connection_key(room)]
    spec = map_of(room).points["room_temp_c"]
    with pytest.raises(DeviceUnreachableError):
        await connection.read(room, [spec])
    assert (await connection.read(neighbour, [spec]))["room_temp_c"] == (0.0, Quality.GOOD)
    image.silent[image.device_index[room.id]] = 0
    assert (await connection.read(room, [spec]))["room_temp_c"] == (0.0, Quality.GOOD)


async def test_the_whole_district_answers_at_once(
    virtual: District, image: ProcessImage, connections: dict[str, ModbusConnection]
) -> None:
    async def read(device: Device) -> int:
        points = list(map_of(device).points.values())
        return len(await connections[connection_key(device)].read(device, points))

    counts = await asyncio.gather(*map(read, virtual.devices.values()))
    assert sum(counts) == len(image.index)


async def test_an_address_that_is_taken_is_named(virtual: District, image: ProcessImage) -> None:
    with pytest.raises(DeviceError, match="is taken"):
        await ModbusServers(virtual, image).start()


async def test_a_foreign_modbus_client_reads_and_writes_our_meter_and_charger(
    virtual: District, image: ProcessImage
) -> None:
    image["M-HTA/power_kw"] = -123.45
    image["CP-01/power_kw"] = 7.36
    meter, charger = virtual.devices["M-HTA"], virtual.devices["CP-01"]
    assert charger.map == "charge-point-keba"

    def talk() -> tuple[list[int] | None, list[int] | None, bool | None, bool | None]:
        with_meter = ModbusClient(host=meter.host, port=meter.port, unit_id=meter.unit)
        with_charger = ModbusClient(host=charger.host, port=charger.port, unit_id=charger.unit)
        found = (
            with_meter.read_holding_registers(0xC568, 2),
            with_charger.read_holding_registers(1020, 2),
            with_charger.write_single_register(5004, 16000),
            with_charger.write_single_register(1020, 1),
        )
        with_meter.close()
        with_charger.close()
        return found

    power, milliwatts, limited, forged = await asyncio.to_thread(talk)
    assert power is not None
    assert milliwatts is not None
    assert (power[0] << 16 | power[1]) - 2**32 == -12345
    assert milliwatts[0] << 16 | milliwatts[1] == 7_360_000
    assert limited
    assert not forged
    assert image["CP-01/current_limit_a"] == 16.0


async def test_the_alliance_s_own_client_understands_our_inverter_and_battery(
    virtual: District, image: ProcessImage
) -> None:
    image["PV-A1/power_kw"] = 41.2
    image["PV-A1/energy_kwh"] = 1234.567
    image["PV-A1/frequency_hz"] = 50.02
    image["BAT-1/power_kw"] = 100.0
    image["BAT-1/soc_pct"] = 55.5

    def scan(device: Device) -> SunSpecModbusClientDeviceTCP:
        client = SunSpecModbusClientDeviceTCP(
            slave_id=device.unit, ipaddr=device.host, ipport=device.port, timeout=2
        )
        client.scan()
        return client

    def talk() -> None:
        pv = scan(virtual.devices["PV-A1"])
        assert pv.common[0].SN.value == "PV-A1"
        inverter = pv.models[103][0]
        assert inverter.W.cvalue == pytest.approx(41200)
        assert inverter.WH.cvalue == pytest.approx(1_234_567)
        assert inverter.Hz.cvalue == pytest.approx(50.02)
        control = pv.models[123][0]
        control.WMaxLimPct.cvalue = 60.0
        control.WMaxLim_Ena.value = 1
        control.write()
        pv.close()
        battery = scan(virtual.devices["BAT-1"])
        assert [m for m in (701, 704, 713, 714) if m in battery.models] == [701, 704, 713, 714]
        assert battery.models[701][0].W.cvalue == pytest.approx(-100_000), "injection positive"
        assert battery.models[713][0].SoC.cvalue == pytest.approx(55.5)
        assert battery.models[704][0].WSetMod.value == 1
        battery.models[704][0].WSet.cvalue = 80_000
        battery.models[704][0].WSet.write()
        battery.close()

    await asyncio.to_thread(talk)
    assert image["PV-A1/power_limit_pct"] == pytest.approx(60.0)
    assert image["PV-A1/limit_enable"] == 1.0
    assert image["BAT-1/power_setpoint_kw"] == pytest.approx(-80.0), "discharging in our sign"


def test_there_are_as_many_addresses_as_gateways_and_single_devices(virtual: District) -> None:
    gateways = {connection_key(d) for d in virtual.of_kind(DeviceKind.DWELLING)}
    assert len(gateways) == 21
    assert len(modbus_connections(virtual)) == 108
