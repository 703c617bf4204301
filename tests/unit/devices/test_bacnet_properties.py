"""A device is asked for as much as it can answer, and that is remembered."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
import rusty_bacnet as foreign

from ems.devices.bacnet import BacnetNetwork, Service
from ems.devices.bacnet_apdu import Message, Pdu
from ems.devices.bacnet_messages import Property
from ems.devices.bacnet_peer import Peer
from ems.devices.bacnet_properties import PropertyReads
from ems.devices.bacnet_refusals import AnswerTooLongError, refusal
from ems.devices.bacnet_tags import ObjectId, Type
from ems.domain.district import DeviceKind, District
from ems.domain.errors import DeviceRejectedError
from simulations import bacnet_controller, bacnet_frames
from simulations.bacnet_controller import Controller
from simulations.bacnet_servers import BacnetServers
from simulations.image import ProcessImage

EMS = ("127.83.0.3", 47900)
PRESENT_AND_FLAGS = (Property.PRESENT_VALUE, Property.STATUS_FLAGS)
FIVE = [ObjectId(0, instance) for instance in range(1, 6)]


@dataclass
class Site:
    network: BacnetNetwork
    reads: PropertyReads
    asked: list[Service]


@pytest_asyncio.fixture
async def site(district: District, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    here = district.on_loopback(83)
    zone = here.of_kind(DeviceKind.ZONE)[1]
    few = here.with_devices([zone])
    image = ProcessImage.create(few)
    image.values[:] = 20.0
    servers = BacnetServers(few, image)
    await servers.start()
    network = BacnetNetwork(*EMS, timeout_s=1.0)
    yield Site(network, PropertyReads(network, Peer.of(zone)), counted(network, monkeypatch))
    network.close()
    await servers.stop()


def counted(network: BacnetNetwork, monkeypatch: pytest.MonkeyPatch) -> list[Service]:
    asked: list[Service] = []
    request = network.request

    async def counting(peer: Peer, service: Service, parameters: bytes) -> bytes:
        asked.append(service)
        return await request(peer, service, parameters)

    monkeypatch.setattr(network, "request", counting)
    return asked


async def test_a_device_of_short_answers_is_asked_for_less_from_then_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bacnet_frames, "_LIMITS", (50, 64, 64, 64, 64, 64))

    first = await site.reads.read(FIVE, PRESENT_AND_FLAGS)
    tried = len(site.asked)
    site.asked.clear()
    second = await site.reads.read(FIVE, PRESENT_AND_FLAGS)

    assert {o for o, _ in first} == set(FIVE)
    assert second == first
    assert site.reads.objects_per_request == 2
    assert (tried, len(site.asked)) == (4, 3)  # five at once in vain, then two, two and one


async def test_one_that_can_answer_one_property_at_a_time_is_asked_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bacnet_frames, "_LIMITS", (22, 22, 22, 22, 22, 22))

    answers = await site.reads.read(FIVE[:2], PRESENT_AND_FLAGS)

    assert answers[FIVE[1], Property.PRESENT_VALUE].values == ((Type.REAL, 20.0),)
    assert site.asked[-4:] == [Service.READ_PROPERTY] * 4


async def test_one_that_knows_no_multiple_reads_is_asked_for_each_property(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Controller.answer

    def answer(self: Controller, body: bytes, asker: bacnet_controller.Where) -> bytes | None:
        asked = bacnet_frames.request(body)
        if asked is not None and asked.service == Service.READ_PROPERTY_MULTIPLE:
            return bacnet_frames.reject(asked, bacnet_frames.Reject.UNKNOWN_SERVICE)
        return plain(self, body, asker)

    monkeypatch.setattr(Controller, "answer", answer)
    ghost = ObjectId(0, 99)

    answers = await site.reads.read([FIVE[0], ghost], (Property.PRESENT_VALUE, Property.POLARITY))

    assert answers[FIVE[0], Property.PRESENT_VALUE].values == ((Type.REAL, 20.0),)
    assert answers[FIVE[0], Property.POLARITY].error == (2, 32)
    assert answers[ghost, Property.PRESENT_VALUE].error == (1, 31)
    assert site.asked == [Service.READ_PROPERTY_MULTIPLE] + [Service.READ_PROPERTY] * 4


async def test_a_server_of_another_make_that_gives_ten_values_at_most_is_read(site: Site) -> None:
    peer = Peer(host="127.83.30.2")
    server = foreign.BACnetServer(
        device_instance=78, interface=peer.host, port=peer.port, share_port_by_address=True,
        rpm_max_result_elements=10,
    )  # fmt: skip
    for instance in range(1, 13):
        server.add_analog_input(instance, f"t{instance}", 62, float(instance))
    await server.start()
    reads = PropertyReads(site.network, peer)
    objects = [ObjectId(0, instance) for instance in range(1, 13)]
    try:
        answers = await reads.read(objects, PRESENT_AND_FLAGS)
        values = [answers[o, Property.PRESENT_VALUE].values[0][1] for o in objects]
        assert values == [float(instance) for instance in range(1, 13)]
        assert reads.objects_per_request == 3
    finally:
        await server.stop()


@pytest.mark.parametrize(
    ("pdu", "reason", "less"),
    [(Pdu.ABORT, 1, True), (Pdu.ABORT, 4, True), (Pdu.ABORT, 11, True), (Pdu.ABORT, 9, True),
     (Pdu.ABORT, 5, False), (Pdu.REJECT, 1, True), (Pdu.REJECT, 7, True), (Pdu.REJECT, 4, False)],
)  # fmt: skip
def test_which_refusals_ask_for_less(pdu: Pdu, reason: int, less: bool) -> None:
    error = refusal(Peer(host="10.0.0.1"), Message(pdu, 1, reason, b"", False))

    assert isinstance(error, DeviceRejectedError)
    assert isinstance(error, AnswerTooLongError) is less
