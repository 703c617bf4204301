"""A thousand devices of twenty points, in processes of their own, all well or some of them not."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import numpy as np

from benchmarks import load_peers
from ems.config import SMARTSEILLE, load_district
from ems.domain.district import Device, DeviceKind, District, Protocol
from ems.processes import Family, Lifeline
from simulations.bacnet_servers import BacnetServers
from simulations.image import ProcessImage

NET = 65
PORT, BACNET_PORT = 1502, 47808
DEVICES = 1000
POINTS = 20
INTERVAL_S = 5.0
UNITS = 20
"""Units behind each gateway."""
SHARES = {"dead": 0.30, "slow": 0.10, "lying": 0.05}


def thousand(folder: Path, *, bacnet: int) -> District:
    """A thousand devices, so many of them on BACnet, each with a map of twenty points."""
    modbus = _map(
        folder, "load-modbus", "modbus", "register: {table: holding, address: %d, type: uint16}"
    )
    objects = _map(folder, "load-bacnet", "bacnet", "object: {type: analog-input, instance: %d}")
    whole = load_district(SMARTSEILLE).on_loopback(NET)
    devices = [
        _device(f"L{n}", modbus, Protocol.MODBUS, f"127.{NET}.1.{n // UNITS + 1}", n % UNITS + 1)
        for n in range(DEVICES - bacnet)
    ]
    devices += [
        _device(f"B{n}", objects, Protocol.BACNET, f"127.{NET}.2.{n + 1}", 1000 + n)
        for n in range(bacnet)
    ]
    polling = replace(whole.polling, fast_s=INTERVAL_S, normal_s=INTERVAL_S, slow_s=INTERVAL_S)
    station = replace(whole.station, host=f"127.{NET}.0.1")
    return replace(whole.with_devices(devices), polling=polling, station=station)


def _device(name: str, map_file: str, protocol: Protocol, host: str, unit: int) -> Device:
    port = BACNET_PORT if protocol is Protocol.BACNET else PORT
    return Device(
        id=name, kind=DeviceKind.METER, map=map_file, serves=name, protocol=protocol,
        host=host, port=port, unit=unit,
    )  # fmt: skip


def _map(folder: Path, name: str, protocol: str, place: str) -> str:
    points = "".join(
        f"  p{n:02d}: {{unit: kW, poll: fast, low: -1, high: 1000, {place % n}}}\n"
        for n in range(POINTS)
    )
    head = f"title: {name}\nassumption: for load\nkind: meter\nprotocol: {protocol}\n"
    file = folder / f"{name}.yaml"
    file.write_text(f"{head}points:\n{points}")
    return str(file)


def faults_of(district: District) -> dict[tuple[str, int], str]:
    """Which devices are dead, slow and lying: the same at each run."""
    places = [(device.host, device.unit) for device in district.devices.values()]
    order = np.random.default_rng(20).permutation(len(places))
    kinds = [kind for kind, share in SHARES.items() for _ in range(round(share * len(places)))]
    return {places[place]: kind for place, kind in zip(order, kinds, strict=False)}


@contextmanager
def served(district: District, faults: load_peers.Faults) -> Iterator[None]:
    """The devices answer, from two processes."""
    family = Family()
    hosts = sorted({d.host for d in district.devices.values() if d.protocol is Protocol.MODBUS})
    objects = [d for d in district.devices.values() if d.protocol is Protocol.BACNET]
    try:
        ready = [_started(family, "modbus", load_peers.serve, hosts, PORT, faults)]
        if objects:
            ready += [_started(family, "bacnet", serve_objects, district.with_devices(objects))]
        for news in ready:
            if not news.poll(60):
                raise TimeoutError("the devices did not start")
        yield
    finally:
        family.stop()


def _started(family: Family, name: str, target: Callable[..., None], *values: object) -> Pipe:
    news, sender = family.pipe()
    family.start(name, target, *values, sender)
    sender.close()
    return news


def serve_objects(lifeline: Lifeline, district: District, news: Pipe) -> None:
    """Answer for all BACnet devices of `district` until the lifeline is cut."""

    async def work() -> None:
        servers = BacnetServers(district, ProcessImage.create(district))
        await servers.start()
        news.send(True)
        await lifeline.until_cut()
        await servers.stop()

    asyncio.run(work())
