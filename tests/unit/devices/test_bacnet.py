"""The EMS reads and commands BACnet controllers, and is not stopped by those that fail."""

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio
import rusty_bacnet as foreign

from ems.devices.bacnet import BacnetNetwork
from ems.devices.bacnet_connection import BacnetConnection, bacnet_connections
from ems.devices.bacnet_discovery import discover
from ems.devices.bacnet_peer import Peer
from ems.devices.bacnet_port import Port
from ems.devices.connection import Values, connection_key
from ems.devices.maps import PointSpec, map_of
from ems.devices.point_spec import BacnetObject
from ems.domain.district import Device, DeviceKind, District, Protocol
from ems.domain.errors import (
    DeviceError,
    DeviceRejectedError,
    DeviceReplyInvalidError,
    DeviceUnreachableError,
)
from ems.domain.points import Quality, Unit
from simulations.bacnet_servers import BacnetServers
from simulations.image import ProcessImage

EMS_HOST, EMS_PORT = "127.41.0.1", 47900
TIMEOUT_S = 0.3


@dataclass
class Site:
    """Three dwellings behind a router, two zones and a substation, and the EMS."""

    image: ProcessImage
    network: BacnetNetwork
    connections: dict[str, BacnetConnection]
    dwelling: Device
    other_dwelling: Device
    zone: Device
    substation: Device

    def connection(self, device: Device) -> BacnetConnection:
        return self.connections[connection_key(device)]

    async def read(self, device: Device, *names: str) -> Values:
        return await self.connection(device).read(device, [spec(device, n) for n in names])


def spec(device: Device, name: str) -> PointSpec:
    """A point of a device's map."""
    return map_of(device).points[name]


def on_bacnet(district: District, kind: DeviceKind) -> list[Device]:
    """The BACnet devices of a kind."""
    return [d for d in district.of_kind(kind) if d.protocol is Protocol.BACNET]


@pytest_asyncio.fixture
async def site(district: District) -> AsyncIterator[Site]:
    here = district.on_loopback(41)
    dwellings = on_bacnet(here, DeviceKind.DWELLING)[:3]
    zones = on_bacnet(here, DeviceKind.ZONE)[:2]
    substations = on_bacnet(here, DeviceKind.SUBSTATION)[:1]
    few = here.with_devices([*dwellings, *zones, *substations])
    image = ProcessImage.create(few)
    image.values[:] = 20.0
    servers = BacnetServers(few, image)
    await servers.start()
    network = BacnetNetwork(EMS_HOST, EMS_PORT, timeout_s=TIMEOUT_S)
    connections = bacnet_connections(few.devices.values(), network)
    yield Site(image, network, connections, dwellings[0], dwellings[1], zones[0], substations[0])
    for connection in connections.values():
        await connection.close()
    network.close()
    await servers.stop()


async def test_all_points_of_a_zone_come_back_good(site: Site) -> None:
    names = [s.name for s in map_of(site.zone).points.values()]
    site.image[f"{site.zone.id}/occupied"] = 1.0
    site.image[f"{site.zone.id}/co2_ppm"] = 812.5
    site.image[f"{site.zone.id}/mode"] = 2.0

    values = await site.read(site.zone, *names)

    assert list(values) == names
    assert values["room_temp_c"] == (20.0, Quality.GOOD)
    assert values["occupied"] == (1.0, Quality.GOOD)
    assert values["co2_ppm"] == (812.5, Quality.GOOD)
    assert {quality for _, quality in values.values()} == {Quality.GOOD}


async def test_a_dwelling_behind_the_router_is_read_and_written(site: Site) -> None:
    setpoint = spec(site.dwelling, "setpoint_c")
    site.image[f"{site.dwelling.id}/room_temp_c"] = 19.4

    await site.connection(site.dwelling).write(site.dwelling, {setpoint: 20.3})

    values = await site.read(site.dwelling, "room_temp_c", "setpoint_c")
    assert values == {"room_temp_c": (19.4, Quality.GOOD), "setpoint_c": (20.3, Quality.GOOD)}
    assert site.image[f"{site.dwelling.id}/setpoint_c"] == 20.3
    assert site.image[f"{site.other_dwelling.id}/setpoint_c"] == 19.0


async def test_several_points_are_commanded_at_once_and_given_back(site: Site) -> None:
    device = site.substation
    limit, setpoint = spec(device, "heat_limit_kw"), spec(device, "tank_setpoint_c")
    connection = site.connection(device)

    await connection.write(device, {limit: 120.0, setpoint: 55.0})
    assert site.image[f"{device.id}/heat_limit_kw"] == 120.0
    assert site.image[f"{device.id}/tank_setpoint_c"] == 55.0

    await connection.relinquish(device, [limit, setpoint])
    assert site.image[f"{device.id}/heat_limit_kw"] == limit.safe
    assert site.image[f"{device.id}/tank_setpoint_c"] == setpoint.safe


async def test_a_manual_operator_wins_over_the_plan_and_is_seen(site: Site) -> None:
    device, setpoint = site.zone, spec(site.zone, "heat_setpoint_c")
    connection = site.connection(device)
    await connection.write(device, {setpoint: 21.0})
    assert await connection.held_on_site(device, [setpoint]) == frozenset()

    await operator_writes(device, foreign.PropertyValue.real(17.0))
    await connection.write(device, {setpoint: 22.0})

    points = [setpoint, spec(device, "cool_setpoint_c"), spec(device, "room_temp_c")]
    assert await connection.held_on_site(device, points) == {"heat_setpoint_c"}
    assert site.image[f"{device.id}/heat_setpoint_c"] == 17.0

    await operator_writes(device, foreign.PropertyValue.null())
    assert await connection.held_on_site(device, points) == frozenset()
    assert site.image[f"{device.id}/heat_setpoint_c"] == 22.0


async def operator_writes(zone: Device, value: foreign.PropertyValue) -> None:
    """A manual operator (priority 8) with a client of another make."""
    async with foreign.BACnetClient(
        interface="127.41.0.2", port=47902, share_port_by_address=True
    ) as client:
        await client.write_property(
            f"{zone.host}:{zone.port}",
            foreign.ObjectIdentifier(foreign.ObjectType.ANALOG_VALUE, 1),
            foreign.PropertyIdentifier.PRESENT_VALUE,
            value,
            priority=8,
        )


async def test_a_silent_device_is_unreachable_while_the_others_are_read(site: Site) -> None:
    site.image.silent[site.image.device_index[site.dwelling.id]] = 1
    devices = [site.dwelling, site.other_dwelling, site.zone, site.substation]
    names = ["room_temp_c", "room_temp_c", "room_temp_c", "tank_top_temp_c"]

    silent, *others = await asyncio.gather(
        *(site.read(d, name) for d, name in zip(devices, names, strict=True)),
        return_exceptions=True,
    )

    assert isinstance(silent, DeviceUnreachableError)
    assert [list(answer.values()) for answer in others] == [[(20.0, Quality.GOOD)]] * 3

    site.image.silent[:] = 0
    assert (await site.read(site.dwelling, "room_temp_c"))["room_temp_c"][0] == 20.0


async def test_a_point_that_the_device_lacks_spoils_no_other(site: Site) -> None:
    room = spec(site.zone, "room_temp_c")
    ghost = replace(room, name="ghost", object=BacnetObject(type="analog-input", instance=99))

    values = await site.connection(site.zone).read(site.zone, [ghost, room])

    assert values["room_temp_c"] == (20.0, Quality.GOOD)
    assert values["ghost"][1] is Quality.DEVICE_INVALID
    assert math.isnan(values["ghost"][0])


async def test_a_broken_sensor_is_invalid(site: Site) -> None:
    site.image[f"{site.zone.id}/room_temp_c"] = math.nan

    value, quality = (await site.read(site.zone, "room_temp_c"))["room_temp_c"]

    assert math.isnan(value)
    assert quality is Quality.DEVICE_INVALID


async def test_a_measurement_takes_no_writes(site: Site) -> None:
    room = spec(site.zone, "room_temp_c")

    with pytest.raises(DeviceRejectedError, match="write-access-denied"):
        await site.connection(site.zone).write(site.zone, {room: 25.0})

    assert site.image[f"{site.zone.id}/room_temp_c"] == 20.0


async def test_a_device_that_takes_single_writes_only_is_written_one_by_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await no_multiple_writes(monkeypatch)
    device = site.substation
    wanted = {spec(device, "heat_limit_kw"): 80.0, spec(device, "tank_setpoint_c"): 52.0}

    await site.connection(device).write(device, wanted)

    assert site.image[f"{device.id}/heat_limit_kw"] == 80.0
    assert site.image[f"{device.id}/tank_setpoint_c"] == 52.0


async def no_multiple_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Controllers that reject WritePropertyMultiple, as small ones do."""
    from simulations.bacnet_controller import Controller
    from simulations.bacnet_frames import Reject, reject, request

    plain = Controller.answer

    def answer(self: Controller, body: bytes, asker: Any) -> bytes | None:
        asked = request(body)
        if asked is not None and asked.service == 16:
            return reject(asked, Reject.UNKNOWN_SERVICE)
        return plain(self, body, asker)

    monkeypatch.setattr(Controller, "answer", answer)


async def test_a_device_of_short_answers_is_asked_in_parts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    import simulations.bacnet_frames as frames

    monkeypatch.setattr(frames, "_LIMITS", (50, 128, 128, 128, 128, 128))
    names = [s.name for s in map_of(site.substation).points.values()]

    values = await site.read(site.substation, *names)

    assert list(values) == names
    assert values["tank_top_temp_c"] == (20.0, Quality.GOOD)


async def test_an_address_without_a_network_is_unreachable(site: Site) -> None:
    nobody = BacnetConnection(site.network, Peer(host="127.41.99.1"))

    with pytest.raises(DeviceUnreachableError):
        await nobody.read(site.zone, [spec(site.zone, "room_temp_c")])


async def test_at_most_eight_requests_are_outstanding(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions = site.network._transactions
    most = 0
    plain = Port.ask

    def counted(self: Port, *asked: Any) -> None:
        nonlocal most
        plain(self, *asked)
        most = max(most, len(transactions))

    monkeypatch.setattr(Port, "ask", counted)
    peers = [Peer(host=f"127.41.98.{n}") for n in range(1, 21)]
    room = [spec(site.zone, "room_temp_c")]

    await asyncio.gather(
        *(BacnetConnection(site.network, peer).read(site.zone, room) for peer in peers),
        return_exceptions=True,
    )

    assert most == 8


async def test_a_dead_router_keeps_the_others_waiting_only_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its first silence the stations behind it share two of the eight places."""
    site.image.silent[site.image.device_index[site.dwelling.id]] = 1
    with pytest.raises(DeviceUnreachableError):
        await site.read(site.dwelling, "room_temp_c")
    site.image.silent[:] = 1
    site.image.silent[site.image.device_index[site.zone.id]] = 0
    router = Peer.of(site.dwelling)
    room = [spec(site.zone, "room_temp_c")]
    dead = [
        BacnetConnection(site.network, replace(router, station=station)) for station in range(1, 21)
    ]
    waiting = [asyncio.create_task(station.read(site.dwelling, room)) for station in dead]
    await asyncio.sleep(0)

    assert (await site.read(site.zone, "room_temp_c"))["room_temp_c"] == (20.0, Quality.GOOD)

    assert not any(task.done() for task in waiting)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    site.image.silent[:] = 0
    answers = await asyncio.gather(*(site.read(site.dwelling, "room_temp_c") for _ in range(5)))
    assert answers == [{"room_temp_c": (20.0, Quality.GOOD)}] * 5


async def test_who_is_finds_stations_behind_a_router_and_devices_on_ip(site: Site) -> None:
    router = replace(Peer.of(site.dwelling), station=None)
    zone, nobody = Peer.of(site.zone), Peer.parse("127.41.99.1")

    found = await discover(site.network, [router, zone, nobody], wait_s=TIMEOUT_S)

    assert len(found[router]) == 3
    assert site.dwelling.unit in {said.instance for said in found[router]}
    assert [said.instance for said in found[zone]] == [site.zone.unit]
    assert found[nobody] == []


async def test_two_programs_never_share_the_port(site: Site) -> None:
    await site.network.open()

    with pytest.raises(DeviceError, match="Address already in use"):
        await BacnetNetwork(EMS_HOST, EMS_PORT).open()


@pytest.mark.parametrize(
    ("words", "peer"),
    [
        ("10.0.1.20", Peer(host="10.0.1.20")),
        ("10.0.1.20:47809", Peer(host="10.0.1.20", port=47809)),
        ("10.0.1.1/1001:17", Peer(host="10.0.1.1", network=1001, station=17)),
        ("10.0.1.1:47809/1001", Peer(host="10.0.1.1", port=47809, network=1001)),
    ],
)
def test_an_address_is_written_in_one_word(words: str, peer: Peer) -> None:
    assert Peer.parse(words) == peer
    assert Peer.parse(str(peer)) == peer


def test_the_key_of_a_connection_is_that_of_its_device(district: District) -> None:
    for device in district.devices.values():
        if device.protocol is Protocol.BACNET:
            assert str(Peer.of(device)) == connection_key(device)


def test_what_is_no_address_is_said_so() -> None:
    with pytest.raises(DeviceError, match="no BACnet address"):
        Peer.parse("boiler room")


async def test_a_controller_of_another_make_is_read_and_commanded() -> None:
    """rusty-bacnet shares no code with us: analog, binary and multi-state objects of its server."""
    peer = Peer(host="127.41.30.1")
    server = foreign.BACnetServer(
        device_instance=77, interface=peer.host, port=peer.port, share_port_by_address=True
    )
    server.add_analog_input(1, "room", 62, 21.5)
    server.add_analog_value(1, "setpoint")
    server.add_binary_value(1, "pump")
    server.add_multistate_value(1, "mode", 4)
    await server.start()
    connection = BacnetConnection(BacnetNetwork(EMS_HOST, EMS_PORT, timeout_s=1.0), peer)
    points = [point("analog-input"), point("analog-value"), point("binary-value"),
              point("multi-state-value")]  # fmt: skip
    device = Device(
        id="foreign", kind=DeviceKind.ZONE, map="zone-bacnet", serves="x",
        protocol=Protocol.BACNET, host=peer.host, port=peer.port, unit=77,
    )  # fmt: skip
    try:
        await connection.write(device, {points[1]: 20.5, points[2]: 1.0, points[3]: 3.0})
        values = await connection.read(device, points)
        assert [values[p.name][0] for p in points] == [21.5, 20.5, 1.0, 3.0]
        assert {quality for _, quality in values.values()} == {Quality.GOOD}
        assert await connection.held_on_site(device, points[1:]) == frozenset()
        await connection.relinquish(device, points[1:])
        assert (await connection.read(device, points[2:3]))["binary-value"][0] == 0.0
    finally:
        await connection.close()
        await server.stop()


def point(kind: str) -> PointSpec:
    """A point at the first object of a type."""
    place = BacnetObject(type=kind, instance=1, priority=12)  # type: ignore[arg-type]
    return PointSpec(name=kind, unit=Unit.NONE, poll="normal", low=-50, high=100, object=place)


async def test_a_reply_without_the_objects_asked_for_is_not_believed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> bytes:
        return b""

    monkeypatch.setattr(site.network, "request", nothing)

    with pytest.raises(DeviceReplyInvalidError, match="left 2 of 2"):
        await site.read(site.zone, "room_temp_c")
