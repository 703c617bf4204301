"""What a BACnet request costs us, beside bacpypes3 alone, against servers of another make.

400 devices of 20 analog inputs, eight requests outstanding; each client in turn in the same run,
the best of some rounds. "20 properties" are present values; "the EMS's adapter" reads 20 points,
which are present values with their status flags, and judges each.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bacpypes3.app import Application
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.pdu import Address

from benchmarks.bacnet_servers import DEVICES, FIRST, OBJECTS, host, servers
from benchmarks.figures import Figure
from ems.devices.bacnet import BacnetNetwork
from ems.devices.bacnet_connection import BacnetConnection
from ems.devices.bacnet_messages import Property
from ems.devices.bacnet_peer import BACNET_PORT, Peer
from ems.devices.bacnet_properties import PropertyReads
from ems.devices.bacnet_tags import ObjectId
from ems.devices.point_spec import BacnetObject, PointSpec
from ems.domain.district import Device, DeviceKind, Protocol
from ems.domain.errors import DeviceReplyInvalidError
from ems.domain.points import Unit

EMS = ("127.64.0.1", 47900)
CPU_GOAL_MS = 0.3
ROUND_GOAL_S = 2.0
ANALOG_INPUTS = [ObjectId(0, instance) for instance in range(1, OBJECTS + 1)]
AT_ONCE = 8

AskDevice = Callable[[int], Awaitable[Sequence[float]]]
"""Asks a device for its values."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a client takes for a round."""

    wall_s: float
    cpu_ms_per_request: float


def figures(quick: bool) -> list[Figure]:
    """CPU of a request and wall time of a round, by client."""
    devices = 100 if quick else DEVICES
    rounds = 2 if quick else 5
    with servers(devices):
        costs = asyncio.run(_costs(devices, rounds))
    goals = {"20 properties": (CPU_GOAL_MS, ROUND_GOAL_S * devices / DEVICES)}
    told = []
    for name, cost in costs.items():
        cpu_ms, wall_s = goals.get(name, (None, None))
        told += [
            Figure(
                name=f"BACnet, {name}: client CPU of a request",
                value=cost.cpu_ms_per_request,
                unit="ms",
                goal=cpu_ms,
            ),
            Figure(
                name=f"BACnet, {name}: round of {devices} devices",
                value=cost.wall_s,
                unit="s",
                goal=wall_s,
            ),
        ]
    return told


async def _costs(devices: int, rounds: int) -> dict[str, Cost]:
    network = BacnetNetwork(*EMS)
    costs = {
        "20 properties": await _cost(_properties(network, devices), devices, rounds),
        "the EMS's adapter, 20 points": await _cost(_points(network, devices), devices, rounds),
    }
    network.close()
    costs["bacpypes3 alone, 20 properties"] = await _cost(_bacpypes3(), devices, 1)
    return costs


async def _cost(ask: AskDevice, devices: int, rounds: int) -> Cost:
    """The best of some rounds, after one that is not counted."""
    best = Cost(wall_s=float("inf"), cpu_ms_per_request=float("inf"))
    for number in range(rounds + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        await _round(ask, devices)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if number:
            best = Cost(
                wall_s=min(best.wall_s, wall),
                cpu_ms_per_request=min(best.cpu_ms_per_request, 1000 * cpu / devices),
            )
    return best


async def _round(ask: AskDevice, devices: int) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with places:
            values = await ask(number)
        if list(values) != [FIRST + n for n in range(OBJECTS)]:
            raise DeviceReplyInvalidError(f"{host(number)} answered {values}")

    await asyncio.gather(*(one(number) for number in range(devices)))


def _properties(network: BacnetNetwork, devices: int) -> AskDevice:
    reads = [PropertyReads(network, Peer(host=host(number))) for number in range(devices)]

    async def ask(number: int) -> list[float]:
        answers = await reads[number].read(ANALOG_INPUTS, (Property.PRESENT_VALUE,))
        found = [answers[o, Property.PRESENT_VALUE].values[0][1] for o in ANALOG_INPUTS]
        return [float(value) for value in found if isinstance(value, float)]

    return ask


def _points(network: BacnetNetwork, devices: int) -> AskDevice:
    connections = [BacnetConnection(network, Peer(host=host(n))) for n in range(devices)]
    specs = [_point(instance) for instance in range(1, OBJECTS + 1)]
    device = Device(
        id="X", kind=DeviceKind.ZONE, map="zone-bacnet", serves="X", protocol=Protocol.BACNET,
        host=host(0), port=BACNET_PORT, unit=1000,
    )  # fmt: skip

    async def ask(number: int) -> list[float]:
        values = await connections[number].read(device, specs)
        return [value for value, quality in values.values() if quality.usable]

    return ask


def _point(instance: int) -> PointSpec:
    place = BacnetObject(type="analog-input", instance=instance)
    return PointSpec(
        name=f"t{instance}", unit=Unit.CELSIUS, poll="fast", low=0, high=100, object=place
    )


def _bacpypes3() -> AskDevice:
    app = Application.from_object_list(
        [
            DeviceObject(objectIdentifier=("device", 9), objectName="alone"),
            NetworkPortObject(
                "127.64.0.2/32:47901", objectIdentifier=("network-port", 1), objectName="port"
            ),
        ]
    )
    wanted = [p for n in range(1, OBJECTS + 1) for p in (f"analog-input,{n}", ["present-value"])]

    async def ask(number: int) -> list[float]:
        answers = await app.read_property_multiple(Address(host(number)), wanted)
        return [float(value) for _, _, _, value in answers]

    return ask
