"""From kill -9 of the service to the safe state of each kind of device.

Devices with a lease fall back by themselves, in district time (at 360 times the speed of the wall);
the guard gives back the others, in wall time: on the virtual district, and on servers that others
wrote, pyModbusTCP and rusty-bacnet.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import rusty_bacnet
from pyModbusTCP.server import DataBank, ModbusServer

from benchmarks.figures import Figure
from benchmarks.held_fleet import OwnControl, commanded, commanding, fleet, mute_zone
from ems.clock import Anchor, DistrictClock
from ems.config import SMARTSEILLE, load_district
from ems.devices.fail_safe import guarded
from ems.devices.maps import map_of
from ems.domain.district import Device, District
from ems.guard import Guard
from simulations.bacnet_servers import BacnetServers
from simulations.image import ProcessImage
from simulations.local_control import LEASE_S
from simulations.modbus_servers import ModbusServers

NET = 65
SPEED = 360.0
TAKES_S = 20.0
"""Longest that one run may take, wall seconds."""
GUARD_S = 10.0
"""Goal of the guard, wall seconds."""
LOOK_S = 0.05

Back = Callable[[], Iterator[tuple[str, bool, bool]]]
"""For each kind: its name, whether it is back, and whether its time is told in district time."""


def killed() -> Iterator[Figure]:
    """The table of times."""
    with TemporaryDirectory() as folder:
        yield from asyncio.run(_on_the_virtual_district(Path(folder)))
        yield from asyncio.run(_on_foreign_servers(Path(folder)))


async def _on_the_virtual_district(folder: Path) -> list[Figure]:
    small = fleet(load_district(SMARTSEILLE), NET, folder)
    image = ProcessImage.create(small)
    servers = ModbusServers(small, image), BacnetServers(small, image)
    for server in servers:
        await server.start()
    now = datetime.now(UTC)
    clock = DistrictClock(Anchor(start=now, wall_start=now, speed=SPEED))
    own = OwnControl(small, image)

    def back() -> Iterator[tuple[str, bool, bool]]:
        for kind, held in own.held(clock.now()).items():
            yield f"{kind.value}, own lease", not held, True
        for name, device in guarded(small).items():
            yield f"{_named(device)}, guard", not commanded(small, image, name), False

    figures = await _timed(small, clock, folder / "heart.json", back)
    for server in servers:
        await server.stop()
    return figures


async def _on_foreign_servers(folder: Path) -> list[Figure]:
    whole = load_district(SMARTSEILLE).on_loopback(NET)
    charger = replace(
        whole.devices["CP-03"], map="charge-point-mennekes", host=f"127.{NET}.4.1", port=1502
    )
    zone = replace(
        whole.devices["A1-Z02"], map=str(mute_zone(folder)), host=f"127.{NET}.5.1", network=0
    )
    station = replace(whole.station, host=f"127.{NET}.0.2", port=47986)
    small = replace(whole, station=station).with_devices([charger, zone])
    now = datetime.now(UTC)
    clock = DistrictClock(Anchor(start=now, wall_start=now, speed=1.0))
    async with _foreign_charger(charger) as current_a, _foreign_zone(zone) as free:

        def back() -> Iterator[tuple[str, bool, bool]]:
            yield "pyModbusTCP as a Mennekes, guard", current_a() == 6, False
            yield "rusty-bacnet as a zone, guard", free(), False

        return await _timed(small, clock, folder / "heart-2.json", back)


def _named(device: Device) -> str:
    return device.kind.value if device.map.endswith(".yaml") else device.map


async def _timed(small: District, clock: DistrictClock, heart: Path, back: Back) -> list[Figure]:
    """Hold everything, kill, and look until all is back."""
    guard, over = Guard(small, heart), asyncio.Event()
    async with commanding(small, clock.anchor, heart) as (_, child):
        guarding = asyncio.create_task(guard.run(over.is_set))
        while any(is_back for _, is_back, _ in back()):
            await asyncio.sleep(LOOK_S)
        os.kill(child.pid or 0, signal.SIGKILL)
        killed_at, killed_s = clock.now(), time.monotonic()
        took: dict[str, Figure] = {}
        while time.monotonic() < killed_s + TAKES_S:
            seen = list(back())
            for name, is_back, in_district in seen:
                if is_back and name not in took:
                    wall_s = time.monotonic() - killed_s
                    took[name] = (
                        _figure(name, (clock.now() - killed_at).total_seconds(), "s district")
                        if in_district
                        else _figure(name, wall_s, "s wall")
                    )
            if len(took) == len(seen):
                break
            await asyncio.sleep(LOOK_S)
        missing = {name for name, is_back, _ in back() if not is_back} - set(took)
    over.set()
    await guarding
    return [*took.values(), *(_figure(name, float("inf"), "s") for name in missing)]


def _figure(name: str, seconds: float, unit: str) -> Figure:
    goal = LEASE_S + SPEED if unit == "s district" else GUARD_S
    return Figure(name=f"killed: {name}", value=seconds, unit=unit, goal=goal)


@asynccontextmanager
async def _foreign_charger(device: Device) -> AsyncIterator[Callable[[], int]]:
    """pyModbusTCP with the registers of the device's map; tells the current that stands in it."""
    bank = DataBank(h_regs_size=0x2000, i_regs_size=0x2000)
    server = ModbusServer(device.host, device.port, no_block=True, data_bank=bank)
    server.start()
    register = map_of(device).points["current_limit_a"].register
    address = register.address if register is not None else 0
    try:
        yield lambda: int(bank.get_holding_registers(address)[0])
    finally:
        server.stop()


@asynccontextmanager
async def _foreign_zone(device: Device) -> AsyncIterator[Callable[[], bool]]:
    """rusty-bacnet with the objects of the device's map; tells whether our priority is empty."""
    server = rusty_bacnet.BACnetServer(
        device_instance=device.unit, interface=device.host, port=device.port,
        share_port_by_address=True,
    )  # fmt: skip
    for spec in map_of(device).points.values():
        if spec.object is not None:
            add = getattr(server, f"add_{spec.object.type.replace('-', '_')}")
            number = (spec.object.instance, spec.name)
            add(*number, 62, 0.0) if spec.object.type == "analog-input" else add(*number)
    await server.start()
    array = rusty_bacnet.PropertyIdentifier.PRIORITY_ARRAY
    kinds = {"analog-value": rusty_bacnet.ObjectType.ANALOG_VALUE}
    ours = [spec.object for spec in map_of(device).written if spec.object is not None]
    held = [rusty_bacnet.ObjectIdentifier(kinds[o.type], o.instance) for o in ours]
    state = {"free": True}

    async def look() -> None:
        while True:
            values = [await server.read_property(one, array, 12) for one in held]
            state["free"] = all(value.value is None for value in values)
            await asyncio.sleep(LOOK_S)

    looking = asyncio.create_task(look())
    try:
        yield lambda: state["free"]
    finally:
        looking.cancel()
        await server.stop()
