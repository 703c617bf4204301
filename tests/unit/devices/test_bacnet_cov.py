"""Controllers tell the EMS what changes; when they fall silent it asks as before."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

import pytest
import pytest_asyncio
import rusty_bacnet as foreign

from ems.devices import bacnet_cov
from ems.devices.bacnet import BacnetNetwork
from ems.devices.bacnet_connection import BacnetConnection
from ems.devices.bacnet_cov import ONE_POLL_IN, CovDevice
from ems.devices.bacnet_peer import Peer
from ems.devices.bacnet_subscriber import CovSubscriber
from ems.devices.connection import Values
from ems.devices.maps import DeviceMap, PointSpec, map_of
from ems.domain.district import Device, DeviceKind, District
from ems.domain.errors import DeviceUnreachableError
from ems.domain.points import Quality
from simulations import bacnet_servers
from simulations.bacnet_servers import BacnetServers
from simulations.image import ProcessImage

EMS = ("127.83.0.1", 47900)
ROOM, OCCUPIED = "room_temp_c", "occupied"


@dataclass
class Told:
    """What was told, in its order."""

    values: list[dict[str, float]] = field(default_factory=list)

    def __call__(self, device: Device, values: Values) -> None:
        self.values.append({name: value for name, (value, _) in values.items()})

    async def until(self, wanted: dict[str, float]) -> None:
        await until(lambda: wanted in self.values)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.02)


@dataclass
class Site:
    """A zone controller that tells its room temperature and whether anybody is there."""

    image: ProcessImage
    servers: BacnetServers
    zone: Device
    cov: CovDevice
    told: Told
    asked: list[list[str]]
    """Points that went over the wire, by request."""

    @property
    def points(self) -> list[PointSpec]:
        specs = map_of(self.zone).points
        return [specs[ROOM], specs[OCCUPIED]]

    async def poll(self) -> Values:
        return await self.cov.read(self.zone, self.points)

    async def subscribed(self) -> None:
        await self.poll()
        await until(lambda: self.cov.subscribed == {ROOM, OCCUPIED})
        self.asked.clear()
        self.told.values.clear()


@pytest.fixture(params=["confirmed", "unconfirmed"])
def cov(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest_asyncio.fixture
async def site(
    district: District, cov: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Site]:
    here = district.on_loopback(83)
    zone = here.of_kind(DeviceKind.ZONE)[0]
    tells(map_of(zone), cov, monkeypatch)
    monkeypatch.setattr(bacnet_servers, "TELL_S", 0.02)
    monkeypatch.setattr("ems.devices.bacnet_subscriber._LOOK_S", 0.02)
    image = ProcessImage.create(here.with_devices([zone]))
    image.values[:] = 20.0
    image[f"{zone.id}/{OCCUPIED}"] = 0.0
    servers = BacnetServers(here.with_devices([zone]), image)
    await servers.start()
    network = BacnetNetwork(*EMS, timeout_s=0.3)
    connection = BacnetConnection(network, Peer.of(zone))
    asked = listened(connection, monkeypatch)
    device, told = CovDevice(connection, zone), Told()
    work = asyncio.create_task(CovSubscriber(network, [device], told).run())
    yield Site(image, servers, zone, device, told, asked)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await connection.close()
    await servers.stop()


def tells(device_map: DeviceMap, cov: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the map say that room temperature and presence are told."""
    for spec in device_map.points.values():
        assert spec.object is not None
        how = cov if spec.name in (ROOM, OCCUPIED) else None
        monkeypatch.setitem(spec.__dict__, "object", replace(spec.object, cov=how))


def listened(connection: BacnetConnection, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    asked: list[list[str]] = []
    read = connection.read

    async def counted(device: Device, points: list[PointSpec]) -> Values:
        asked.append([spec.name for spec in points])
        return await read(device, points)

    monkeypatch.setattr(connection, "read", counted)
    return asked


async def test_a_change_is_told_at_once(site: Site) -> None:
    await site.subscribed()

    site.image[f"{site.zone.id}/{OCCUPIED}"] = 1.0
    site.image[f"{site.zone.id}/{ROOM}"] = 21.5

    await site.told.until({OCCUPIED: 1.0})
    await site.told.until({ROOM: 21.5})
    assert site.asked == []


async def test_a_change_below_the_increment_is_not_told(site: Site) -> None:
    await site.subscribed()

    site.image[f"{site.zone.id}/{ROOM}"] = 20.06
    await asyncio.sleep(0.1)
    assert site.told.values == []

    site.image[f"{site.zone.id}/{ROOM}"] = 20.11
    await site.told.until({ROOM: 20.11})


async def test_of_three_polls_one_asks_the_device(site: Site) -> None:
    await site.subscribed()
    site.image[f"{site.zone.id}/{ROOM}"] = 22.0
    await site.told.until({ROOM: 22.0})

    for _ in range(2 * ONE_POLL_IN):
        values = await site.poll()
        assert values == {ROOM: (22.0, Quality.GOOD), OCCUPIED: (0.0, Quality.GOOD)}

    assert site.asked == [[ROOM, OCCUPIED]] * 2


async def test_a_broken_sensor_is_told_with_its_quality(site: Site) -> None:
    await site.subscribed()

    site.image[f"{site.zone.id}/{ROOM}"] = float("nan")
    await until(lambda: len(site.told.values) == 1)

    assert (await site.poll())[ROOM][1] is Quality.DEVICE_INVALID


async def test_a_silent_device_is_noticed_by_the_safety_net_and_subscribed_when_back(
    site: Site,
) -> None:
    await site.subscribed()
    site.image.silent[:] = 1

    failed = 0
    for _ in range(ONE_POLL_IN + 1):
        try:
            await site.poll()
        except DeviceUnreachableError:
            failed += 1
    assert failed == 2  # the one in three, and after it each
    assert site.cov.subscribed == frozenset()

    site.image.silent[:] = 0
    site.image[f"{site.zone.id}/{ROOM}"] = 18.0
    assert (await site.poll())[ROOM] == (18.0, Quality.GOOD)
    await until(lambda: site.cov.subscribed == {ROOM, OCCUPIED})


async def test_a_device_that_forgot_us_is_found_out_and_subscribed_again(site: Site) -> None:
    await site.subscribed()
    site.servers.controllers[site.zone.id].subscriptions.clear()
    site.image[f"{site.zone.id}/{OCCUPIED}"] = 1.0

    found = [(await site.poll())[OCCUPIED][0] for _ in range(ONE_POLL_IN)]

    assert found[-1] == 1.0
    await until(lambda: len(site.servers.controllers[site.zone.id].subscriptions) == 2)


async def test_a_restarted_device_says_i_am_and_is_subscribed_again(site: Site) -> None:
    await site.subscribed()
    subscriptions = site.servers.controllers[site.zone.id].subscriptions
    subscriptions.clear()

    await site.servers.announce(site.zone.id, EMS)

    await until(lambda: len(subscriptions) == 2)


async def test_a_subscription_is_renewed_in_time(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = CovDevice(site.cov.connection, site.zone, lifetime_s=1.0)
    sent = []
    request = site.cov.connection.request

    async def counted(service: int, parameters: bytes) -> bytes:
        sent.append(asyncio.get_running_loop().time())
        return await request(service, parameters)  # type: ignore[arg-type]

    monkeypatch.setattr(site.cov.connection, "request", counted)
    work = asyncio.create_task(CovSubscriber(short.connection._network, [short], site.told).run())
    await short.read(site.zone, site.points)
    await until(lambda: len(sent) == 6)
    work.cancel()

    assert short.subscribed == {ROOM, OCCUPIED}
    assert sent[2] - sent[0] == pytest.approx(0.5, abs=0.2)


async def test_a_device_without_cov_is_polled(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from simulations import bacnet_cov as virtual

    monkeypatch.setattr(virtual, "SUBSCRIPTIONS_MAX", 0)
    for _ in range(4):
        await site.poll()
        await asyncio.sleep(0.03)

    assert site.cov.subscribed == frozenset()
    assert site.asked == [[ROOM, OCCUPIED]] * 4
    assert site.cov.renew_at_s > bacnet_cov.monotonic() + 3000


async def test_a_client_of_another_make_is_told_by_our_controller(site: Site, cov: str) -> None:
    address = f"{site.zone.host}:{site.zone.port}"
    room = foreign.ObjectIdentifier(foreign.ObjectType.ANALOG_INPUT, 1)
    async with foreign.BACnetClient(
        interface="127.83.0.2", port=47902, share_port_by_address=True
    ) as client:
        heard = await client.cov_notifications()
        await client.subscribe_cov(address, 7, room, cov == "confirmed", 60)
        first = await anext(heard)
        site.image[f"{site.zone.id}/{ROOM}"] = 23.25
        second = await anext(heard)

    temps = [{v["property_id"]: v["value"].value for v in told.values} for told in (first, second)]
    present = foreign.PropertyIdentifier.PRESENT_VALUE
    assert [told[present] for told in temps] == [20.0, 23.25]
    assert first.monitored_object_identifier == room
    assert 55 <= second.time_remaining <= 60


async def test_a_controller_of_another_make_tells_us(site: Site) -> None:
    peer = Peer(host="127.83.30.1")
    server = foreign.BACnetServer(
        device_instance=77, interface=peer.host, port=peer.port, share_port_by_address=True
    )
    room = foreign.ObjectIdentifier(foreign.ObjectType.ANALOG_INPUT, 1)
    server.add_analog_input(1, "room", 62, 21.5)
    server.add_binary_input(1, "occupied")
    await server.start()
    connection = BacnetConnection(site.cov.connection._network, peer)
    other = replace(site.zone, id="foreign", host=peer.host, unit=77)
    device = CovDevice(connection, other)
    work = asyncio.create_task(CovSubscriber(connection._network, [device], site.told).run())
    try:
        await device.read(other, site.points)
        await until(lambda: device.subscribed == {ROOM, OCCUPIED})
        await server.set_present_value_local(room, foreign.PropertyValue.real(24.5))
        await site.told.until({ROOM: 24.5})
        assert (await device.read(other, site.points))[ROOM] == (24.5, Quality.GOOD)
    finally:
        work.cancel()
        await connection.close()
        await server.stop()
