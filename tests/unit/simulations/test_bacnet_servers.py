"""Virtual BACnet controllers, asked by clients of other makes: rusty-bacnet and bacpypes3."""

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
import rusty_bacnet as foreign
from bacpypes3.app import Application
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.npdu import IAmRouterToNetwork
from bacpypes3.pdu import Address

from ems.devices.bacnet_packets import Packet, packed, unpacked
from ems.devices.bacnet_tags import BadEncodingError
from ems.domain.district import Device, DeviceKind, District, Protocol
from ems.domain.errors import DeviceError
from simulations.bacnet_clock import DeviceClock
from simulations.bacnet_controller import Controller
from simulations.bacnet_servers import BacnetServers, Router
from simulations.image import ProcessImage

CLOCK = DeviceClock(lambda: datetime(2026, 1, 12, tzinfo=UTC), ZoneInfo("Europe/Paris"))
ASKER = ("127.42.0.1", 47900)
PRESENT = foreign.PropertyIdentifier.PRESENT_VALUE


@dataclass
class Site:
    """A substation on IP and two dwellings behind a router."""

    image: ProcessImage
    substation: Device
    dwelling: Device
    client: foreign.BACnetClient

    @property
    def address(self) -> str:
        return f"{self.substation.host}:{self.substation.port}"

    async def read(self, kind: str, instance: int, name: str, index: int | None = None) -> Any:
        answer = await self.client.read_property(
            self.address, thing(kind, instance), getattr(foreign.PropertyIdentifier, name), index
        )
        return answer.value

    async def write(self, kind: str, instance: int, value: Any, priority: int) -> None:
        await self.client.write_property(
            self.address, thing(kind, instance), PRESENT, value, priority=priority
        )


def thing(kind: str, instance: int) -> foreign.ObjectIdentifier:
    return foreign.ObjectIdentifier(getattr(foreign.ObjectType, kind), instance)


def real(number: float) -> foreign.PropertyValue:
    return foreign.PropertyValue.real(number)


@pytest.fixture
def few(district: District) -> District:
    here = district.on_loopback(42)
    spoken = [d for d in here.devices.values() if d.protocol is Protocol.BACNET]
    dwellings = [d for d in spoken if d.kind is DeviceKind.DWELLING][:2]
    substations = [d for d in spoken if d.kind is DeviceKind.SUBSTATION][:1]
    return here.with_devices([*dwellings, *substations])


@pytest_asyncio.fixture
async def site(few: District) -> AsyncIterator[Site]:
    image = ProcessImage.create(few)
    servers = BacnetServers(few, image)
    await servers.start()
    dwelling, _, substation = few.devices.values()
    async with foreign.BACnetClient(
        interface="127.42.0.2", port=47902, share_port_by_address=True, apdu_timeout_ms=500
    ) as client:
        yield Site(image, substation, dwelling, client)
    await servers.stop()


async def test_a_measured_point_shows_the_image_at_the_moment_of_reading(site: Site) -> None:
    for temp_c in (48.5, 51.25):
        site.image[f"{site.substation.id}/tank_top_temp_c"] = temp_c
        assert await site.read("ANALOG_INPUT", 8, "PRESENT_VALUE") == temp_c


async def test_a_device_tells_what_it_is_and_has(site: Site) -> None:
    instance = site.substation.unit

    objects = await site.read("DEVICE", 4194303, "OBJECT_LIST")

    assert objects[0] == thing("DEVICE", instance)
    assert len(objects) == 1 + 18
    assert await site.read("DEVICE", instance, "OBJECT_LIST", 0) == 19
    assert await site.read("DEVICE", instance, "OBJECT_NAME") == site.substation.id
    assert await site.read("ANALOG_INPUT", 8, "OBJECT_NAME") == "tank_top_temp_c"
    assert await site.read("ANALOG_INPUT", 8, "UNITS") == 62


async def test_all_properties_of_an_object_come_in_one_answer(site: Site) -> None:
    wanted = [(thing("ANALOG_VALUE", 1), [(foreign.PropertyIdentifier.ALL, None)])]

    (answer,) = await site.client.read_property_multiple(site.address, wanted)

    named = {result["property_id"]: result["value"].value for result in answer["results"]}
    assert named[PRESENT] == 45.0
    assert named[foreign.PropertyIdentifier.PRIORITY_ARRAY] == [None] * 16
    assert named[foreign.PropertyIdentifier.RELINQUISH_DEFAULT] == 45.0


async def test_the_highest_priority_rules_and_is_put_into_the_image(site: Site) -> None:
    point = f"{site.substation.id}/heating_setpoint_c"
    assert site.image[point] == 45.0

    await site.write("ANALOG_VALUE", 1, real(50.0), 12)
    await site.write("ANALOG_VALUE", 1, real(35.0), 8)
    await site.write("ANALOG_VALUE", 1, real(60.0), 16)
    assert site.image[point] == 35.0
    assert await site.read("ANALOG_VALUE", 1, "CURRENT_COMMAND_PRIORITY") == 8
    assert await site.read("ANALOG_VALUE", 1, "PRIORITY_ARRAY", 12) == 50.0

    for priority, ruling in ((8, 50.0), (12, 60.0), (16, 45.0)):
        await site.write("ANALOG_VALUE", 1, foreign.PropertyValue.null(), priority)
        assert site.image[point] == ruling
    assert await site.read("ANALOG_VALUE", 1, "CURRENT_COMMAND_PRIORITY") is None


@pytest.mark.parametrize(
    ("kind", "instance", "value", "error"),
    [
        ("ANALOG_INPUT", 8, real(60.0), (2, 40)),
        ("ANALOG_VALUE", 1, real(500.0), (2, 37)),
        ("ANALOG_VALUE", 1, foreign.PropertyValue.unsigned(50), (2, 9)),
        ("ANALOG_VALUE", 77, real(50.0), (1, 31)),
    ],
    ids=["a measurement", "out of range", "another type", "no such object"],
)
async def test_what_can_not_be_written_is_refused(
    site: Site, kind: str, instance: int, value: Any, error: tuple[int, int]
) -> None:
    before = site.image.values.copy()

    with pytest.raises(foreign.BacnetProtocolError) as refused:
        await site.write(kind, instance, value, 8)

    assert (refused.value.error_class, refused.value.error_code) == error
    assert (site.image.values == before).all()


async def test_of_several_writes_the_first_that_fails_is_named(site: Site) -> None:
    wanted = [
        (thing("ANALOG_VALUE", 1), [(PRESENT, real(50.0), 9, None)]),
        (thing("ANALOG_INPUT", 8), [(PRESENT, real(50.0), 9, None)]),
    ]

    with pytest.raises(foreign.BacnetProtocolError) as refused:
        await site.client.write_property_multiple(site.address, wanted)

    named = refused.value.first_failed_write_attempt
    assert named["object_identifier"] == thing("ANALOG_INPUT", 8)
    assert site.image[f"{site.substation.id}/heating_setpoint_c"] == 50.0


async def test_a_broken_sensor_reports_a_fault(site: Site) -> None:
    site.image[f"{site.substation.id}/tank_top_temp_c"] = math.nan

    assert await site.read("ANALOG_INPUT", 8, "RELIABILITY") == 7
    assert await site.read("ANALOG_INPUT", 8, "STATUS_FLAGS") == {
        "unused_bits": 4,
        "data": b"\x40",
    }


async def test_a_silent_device_answers_nothing(site: Site) -> None:
    site.image.silent[site.image.device_index[site.substation.id]] = 1

    with pytest.raises(foreign.BacnetError):
        await site.read("ANALOG_INPUT", 8, "PRESENT_VALUE")


async def test_bacpypes3_finds_its_way_through_the_router(site: Site) -> None:
    """It asks for the router, Who-Is of its stations, and then reads and writes one of them."""
    app = Application.from_object_list(
        [
            DeviceObject(objectIdentifier=("device", 9), objectName="visitor"),
            NetworkPortObject(
                "127.42.0.3/32:47903", objectIdentifier=("network-port", 1), objectName="port"
            ),
        ]
    )
    router = Address(f"{site.dwelling.host}:{site.dwelling.port}")
    station = Address(f"{site.dwelling.network}:{site.dwelling.station}")
    site.image[f"{site.dwelling.id}/room_temp_c"] = 19.25
    try:
        heard = await app.nse.who_is_router_to_network(
            destination=router, network=site.dwelling.network
        )
        assert any(
            isinstance(said, IAmRouterToNetwork)
            and said.iartnNetworkList == [site.dwelling.network]
            for _, said in heard
        )
        found = await app.who_is(address=station, timeout=1)
        assert [said.iAmDeviceIdentifier[1] for said in found] == [site.dwelling.unit]
        assert await app.read_property(station, "analog-input,1", "present-value") == 19.25
        await app.write_property(station, "analog-value,1", "present-value", 20.5, priority=12)
        assert site.image[f"{site.dwelling.id}/setpoint_c"] == 20.5
    finally:
        app.close()


def test_a_router_says_which_networks_are_not_its_own(few: District) -> None:
    image = ProcessImage.create(few)
    dwelling = next(iter(few.devices.values()))
    router = Router(dwelling.network, [Controller(dwelling, image, CLOCK)])
    asked = Packet((7, b"\x01"), None, None, b"\x10\x08")

    (answer,) = router.answers(asked, ASKER)

    said = unpacked(answer)
    assert (said.network_message, said.body) == (3, b"\x01\x00\x07")


def test_damaged_datagrams_are_refused_or_dropped_and_never_crash(few: District) -> None:
    dwelling = next(iter(few.devices.values()))
    router = Router(dwelling.network, [Controller(dwelling, ProcessImage.create(few), CLOCK)])
    request = bytes.fromhex("0005010e0c000000011e09551f")
    whole = packed(Packet((dwelling.network, b"\x01"), (5, b"\x09"), None, request))
    assert len(list(router.answers(unpacked(whole), ASKER))) == 1
    for place in range(len(whole)):
        for octet in range(256):
            damaged = whole[:place] + bytes((octet,)) + whole[place + 1 :]
            try:
                list(router.answers(unpacked(damaged), ASKER))
                list(router.answers(unpacked(damaged[: place + 1]), ASKER))
            except BadEncodingError:
                continue


async def test_a_taken_address_is_said(few: District) -> None:
    image = ProcessImage.create(few)
    first, second = BacnetServers(few, image), BacnetServers(few, image)
    await first.start()
    try:
        with pytest.raises(DeviceError, match="can listen at"):
            await second.start()
    finally:
        await first.stop()
