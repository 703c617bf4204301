"""Fuzzed frames into the EMS's BACnet port and the virtual controllers, which may answer or not."""

import asyncio
import math
from collections.abc import Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from benchmarks import bacnet_examples as examples
from benchmarks.bacnet_fuzz import case_of
from benchmarks.fuzzing import Case, Maker
from ems.devices.bacnet_alarms import BacnetAlarms
from ems.devices.bacnet_connection import BacnetConnection
from ems.devices.bacnet_cov import CovDevice
from ems.devices.bacnet_peer import Peer
from ems.devices.bacnet_port import Port
from ems.devices.bacnet_subscriber import CovSubscriber
from ems.devices.bacnet_transactions import Transactions
from ems.domain.district import Device
from simulations.bacnet_clock import DeviceClock
from simulations.bacnet_controller import Controller
from simulations.bacnet_servers import Router, Station, VirtualPort
from simulations.image import ProcessImage


def ports() -> Mapping[str, Maker]:
    """Whatever listens to datagrams."""
    return {
        "BACnet port of the EMS": _port_case,
        "BACnet simulator": partial(_controller_case, examples.ZONE),
        "BACnet simulator behind a router": partial(_controller_case, examples.DWELLING),
    }


def _port_case() -> Case:
    """The EMS's port, with everybody listening and nobody sending; its own device is left out."""
    network: Any = SimpleNamespace(listen=lambda *key_and_listener: listen(*key_and_listener))
    listeners: dict[tuple[int, int], Any] = {}

    def listen(pdu: int, service: int, listener: Any) -> None:
        listeners[pdu, service] = listener

    zone = examples.ZONE
    nobody = cast(Any, SimpleNamespace(join=lambda _: None))
    connection = BacnetConnection(nobody, Peer(host=zone.host, port=zone.port))
    told = CovDevice(connection, zone)
    told.doubt()
    for place in told._points:
        told._until_s[place] = math.inf
    CovSubscriber(network, [told], lambda *_: None)
    BacnetAlarms(
        network,
        [examples.ZONE],
        {str(connection.peer): connection},
        examples.PARIS,
        lambda: examples.NOW,
    )
    port = Port(Transactions(1.0, 0), listeners)
    where = (zone.host, zone.port)
    valid = [examples.packet(body) for body in examples.notices()] + [bytes.fromhex("810000060000")]
    return case_of(lambda frame: port.datagram_received(_sized(frame), where), valid)


def _controller_case(device: Device) -> Case:
    """A virtual controller, which may answer what it likes."""
    image = ProcessImage.create(examples.DISTRICT.with_devices([device]))
    controller = Controller(device, image, DeviceClock(lambda: examples.NOW, examples.PARIS))
    node = Router(device.network, [controller]) if device.network else Station(controller)
    port = VirtualPort(node)
    sink: Any = SimpleNamespace(sendto=lambda *_: None)
    port.connection_made(cast(asyncio.DatagramTransport, sink))

    def act(frame: bytes) -> None:
        port.datagram_received(_sized(frame), examples.ASKER)
        if not math.isfinite(float(image.values[image.index[f"{device.id}/alarm"]])):
            raise ValueError("a measurement was changed")
        if len(controller.subscriptions) > 200:
            controller.subscriptions.clear()

    return case_of(act, examples.requests(device))


def _sized(frame: bytes) -> bytes:
    """With the right length in it, so that it is not refused for that alone; some as they are."""
    if len(frame) < 4 or len(frame) % 8 == 0:
        return frame
    return frame[:2] + len(frame).to_bytes(2, "big") + frame[4:]
