"""The EMS beyond an IP router: it joins through a BBMD, and hears and finds devices there."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import rusty_bacnet as foreign
from bacpypes3.app import Application
from bacpypes3.basetypes import IPMode
from bacpypes3.ipv4.service import BIPBBMD
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject

from ems.devices.bacnet import BacnetNetwork
from ems.devices.bacnet_apdu import Notice
from ems.devices.bacnet_discovery import discover, discover_everywhere
from ems.devices.bacnet_foreign import Registration
from ems.devices.bacnet_peer import BACNET_PORT, Peer, socket_address
from ems.domain.errors import DeviceError

EMS = ("127.84.0.1", 47900)
BBMD = ("127.84.0.9", 47810)  # not of the others: bacpypes3 takes such for itself
WAIT_S = 1.0


@pytest_asyncio.fixture
async def bbmd() -> AsyncIterator[BIPBBMD]:
    """A BBMD of bacpypes3, which is the device 900 as well."""
    port = NetworkPortObject(
        f"{BBMD[0]}/24:{BBMD[1]}", objectIdentifier=("network-port", 1), objectName="port",
        bacnetIPMode=IPMode.bbmd, bbmdAcceptFDRegistrations=True, bbmdForeignDeviceTable=[],
        bbmdBroadcastDistributionTable=[],
    )  # fmt: skip
    device = DeviceObject(objectIdentifier=("device", 900), objectName="BBMD")
    app = Application.from_object_list([device, port])
    (link,) = app.link_layers.values()
    await link.server._local_transport_ready.wait()
    yield link
    link._fdt_clock_handle.cancel()
    app.close()


@pytest_asyncio.fixture
async def controller(bbmd: BIPBBMD) -> AsyncIterator[None]:
    """A controller of another make (instance 77), registered there as well."""
    server = foreign.BACnetServer(
        device_instance=77, interface="127.84.0.20", port=BACNET_PORT, share_port_by_address=True,
        foreign_device=foreign.ForeignDevice(f"{BBMD[0]}:{BBMD[1]}", 60),
    )  # fmt: skip
    await server.start()
    async with asyncio.timeout(5):
        while "127.84.0.20" not in {entry.fdAddress.addrTuple[0] for entry in bbmd.bbmdFDT}:
            await asyncio.sleep(0.02)
    yield
    await server.stop()


@pytest_asyncio.fixture
async def network(bbmd: BIPBBMD) -> AsyncIterator[BacnetNetwork]:
    network = BacnetNetwork(*EMS, timeout_s=WAIT_S, bbmd=BBMD)
    await network.open()
    assert network.registration is not None
    async with asyncio.timeout(5):
        await network.registration.registered.wait()
    yield network
    network.close()


async def test_the_bbmd_lists_the_ems(network: BacnetNetwork, bbmd: BIPBBMD) -> None:
    (entry,) = bbmd.bbmdFDT

    assert entry.fdAddress.addrTuple == EMS
    assert entry.fdTTL == 300


async def test_a_broadcast_through_the_bbmd_finds_devices_behind_it(
    network: BacnetNetwork, controller: None
) -> None:
    found = await discover_everywhere(network, wait_s=WAIT_S)

    assert {said.instance for said in found} == {77, 900}
    assert "127.84.0.20" in {said.address for said in found}


@pytest.mark.parametrize(
    ("asked", "answering"),
    [(range(100), {77}), (range(800, 1000), {900}), (range(1000, 2000), set())],
)
async def test_only_instances_of_the_range_answer(
    network: BacnetNetwork, controller: None, asked: range, answering: set[int]
) -> None:
    found = await discover_everywhere(network, wait_s=WAIT_S, instances=asked)

    assert {said.instance for said in found} == answering


async def test_the_ems_hears_a_broadcast_behind_the_bbmd_and_answers(
    network: BacnetNetwork,
) -> None:
    async with foreign.BACnetClient(
        interface="127.84.0.21", port=BACNET_PORT, share_port_by_address=True,
        foreign_device=foreign.ForeignDevice(f"{BBMD[0]}:{BBMD[1]}", 60),
    ) as visitor:  # fmt: skip
        await visitor.who_is(low_limit=4194000, high_limit=4194000)
        await asyncio.sleep(WAIT_S)
        heard = await visitor.discovered_devices()

    assert [device.object_identifier.instance for device in heard] == [network.instance]


async def test_without_an_answer_it_is_tried_again_and_said_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ems.devices.bacnet_foreign._ANSWER_S", 0.05)
    monkeypatch.setattr("ems.devices.bacnet_foreign._AGAIN_S", 0.05)
    sent: list[bytes] = []
    registration = Registration(BBMD, lambda datagram, _: sent.append(datagram), lifetime_s=60)
    work = asyncio.create_task(registration.run())
    await asyncio.sleep(0.4)
    work.cancel()

    assert len(sent) >= 3
    assert set(sent) == {bytes.fromhex("81050006003c")}
    assert [record.message for record in caplog.records] == [
        "BBMD 127.84.0.9:47810 does not answer"
    ]


async def test_a_refusal_is_said_and_ends_the_registration() -> None:
    registration = Registration(BBMD, lambda *_: None)
    work = asyncio.create_task(registration.run())
    await asyncio.sleep(0)
    registration.heard(("10.0.0.1", 47808), 0)  # somebody else
    assert not registration.registered.is_set()
    registration.heard(BBMD, 0)
    await asyncio.sleep(0.01)
    assert registration.registered.is_set()
    registration._judge(0x30)
    assert not registration.registered.is_set()
    work.cancel()


async def test_the_registration_is_renewed_before_it_ends(bbmd: BIPBBMD) -> None:
    network = BacnetNetwork(*EMS)
    await network.open()
    port = network._open
    assert port is not None
    registration = Registration(BBMD, port.send, lifetime_s=1)
    port.heard_result = registration.heard
    work = asyncio.create_task(registration.run())
    await asyncio.sleep(2.5)

    assert registration.registered.is_set()
    assert bbmd.bbmdFDT[0].fdRemain > 0
    work.cancel()
    network.close()


async def test_who_has_no_bbmd_is_told_so() -> None:
    network = BacnetNetwork(*EMS)
    with pytest.raises(DeviceError, match="no BBMD"):
        await network.distribute(Notice.WHO_IS, b"", wait_s=0.1)
    network.close()


async def test_a_bbmd_that_does_not_register_us_is_named() -> None:
    network = BacnetNetwork(*EMS, bbmd=("127.84.0.99", BACNET_PORT))
    with pytest.raises(DeviceError, match=r"127\.84\.0\.99 has not registered"):
        await network.distribute(Notice.WHO_IS, b"", wait_s=0.1)
    network.close()


async def test_a_directed_who_is_asks_for_a_range_of_instances(
    network: BacnetNetwork, controller: None
) -> None:
    peer = Peer(host="127.84.0.20")

    within = await discover(network, [peer], wait_s=WAIT_S, instances=range(70, 80))
    without = await discover(network, [peer], wait_s=WAIT_S, instances=range(80, 90))

    assert [said.instance for said in within[peer]] == [77]
    assert without[peer] == []


def test_the_address_of_a_bbmd_needs_no_port() -> None:
    assert socket_address("10.0.1.5") == ("10.0.1.5", BACNET_PORT)
    assert socket_address("10.0.1.5:47809") == ("10.0.1.5", 47809)
