"""A thousand devices, twenty points each, every five seconds: lost, late, processor and memory.

    calm      800 Modbus units behind 40 gateways and 200 BACnet controllers, all well
    faults    1,000 Modbus units behind 50 gateways, 30 % dead, 10 % slow, 5 % lying
    killed    the service dies: how long until each kind of device is on its own control again

Devices live in processes of their own; what is measured is the EMS's. Wall figures mean something
only on a machine that does nothing else.
"""

import asyncio
import logging
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks import load_peers
from benchmarks.figures import Figure, Report
from benchmarks.safe_state import killed
from ems.clock import Anchor, DistrictClock
from ems.config import SMARTSEILLE, load_district
from ems.devices.connections import Connections
from ems.devices.poller import Poller
from ems.domain.district import Device, DeviceKind, District, Protocol
from ems.domain.points import Quality, Reading
from ems.processes import Family, Lifeline
from simulations.bacnet_servers import BacnetServers
from simulations.image import ProcessImage

NET = 65
PORT, BACNET_PORT = 1502, 47808
INTERVAL_S = 5.0
POINTS = 20
UNITS = 20
"""Units behind each gateway."""
SETTLED_S = 15.0
"""What is measured begins after this: connections are open, the dead are found."""
FULL_S, QUICK_S = 600.0, 30.0
SHARES = {"dead": 0.30, "slow": 0.10, "lying": 0.05}


@dataclass
class Count:
    """What came of the polls."""

    began_s: float
    readings: int = 0
    wrong: int = 0
    """Good readings with a value that the device never had."""
    last_s: dict[str, float] = field(default_factory=dict)
    longest_s: float = 0.0
    """Longest time between two good answers of a device that is well."""
    answers: dict[str, int] = field(default_factory=dict)

    def take(self, readings: Sequence[Reading]) -> None:
        """Count the readings of one answer."""
        now_s = time.monotonic()
        if now_s < self.began_s or readings[0].quality is Quality.COMM_FAIL:
            return
        device = readings[0].point.partition("/")[0]
        good = [reading for reading in readings if reading.quality is Quality.GOOD]
        self.readings += len(good)
        if device.startswith("L"):
            self.wrong += sum(r.value != load_peers.FIRST + int(r.point[-2:]) for r in good)
        if device in self.last_s:
            self.longest_s = max(self.longest_s, now_s - self.last_s[device])
        self.last_s[device] = now_s
        self.answers[device] = self.answers.get(device, 0) + 1


def measure(quick: bool) -> Report:
    """Measure all three."""
    logging.getLogger("ems.devices").setLevel(logging.ERROR)
    lasts_s = QUICK_S if quick else FULL_S
    figures = [*_calm(lasts_s), *_faults(lasts_s if quick else lasts_s / 5), *killed()]
    return Report(name="devices load", figures=figures)


def _calm(lasts_s: float) -> Iterator[Figure]:
    with TemporaryDirectory() as folder:
        district = thousand(Path(folder), bacnet=200)
        with served(district, {}):
            run = asyncio.run(polled(district, lasts_s))
    turns = math.floor(lasts_s / INTERVAL_S)
    lost = sum(max(0, turns - run.count.answers.get(name, 0)) for name in district.devices)
    yield Figure(name="calm: readings taken", value=run.count.readings, unit="")
    yield Figure(name="calm: polls lost", value=lost, unit="", goal=0)
    yield Figure(name="calm: lateness p50", value=run.late_p50_s, unit="s wall")
    yield Figure(name="calm: lateness p99", value=run.late_p99_s, unit="s wall", goal=1.0)
    yield Figure(name="calm: processor", value=run.cores, unit="cores", goal=0.5)
    yield Figure(name="calm: memory growth", value=run.grown_share, unit="share", goal=0.05)


def _faults(lasts_s: float) -> Iterator[Figure]:
    with TemporaryDirectory() as folder:
        district = thousand(Path(folder), bacnet=0)
        faults = faults_of(district)
        with served(district, faults):
            run = asyncio.run(polled(district, max(lasts_s, 2 * SETTLED_S)))
    well = {d.id for d in district.devices.values() if (d.host, d.unit) not in faults}
    silent = len(well - set(run.count.last_s))
    yield Figure(name="faults: devices that are well and unheard", value=silent, unit="", goal=0)
    oldest = run.count.longest_s / INTERVAL_S
    yield Figure(name="faults: oldest value of the others", value=oldest, unit="intervals", goal=2)
    yield Figure(name="faults: wrong values accepted", value=run.count.wrong, unit="", goal=0)
    yield Figure(name="faults: lateness p99", value=run.late_p99_s, unit="s wall")
    yield Figure(name="faults: processor", value=run.cores, unit="cores")


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run showed of the EMS's own process."""

    count: Count
    late_p50_s: float
    late_p99_s: float
    cores: float
    grown_share: float


async def polled(district: District, lasts_s: float) -> Run:
    """Poll for so long after it has settled."""
    now = datetime.now(UTC)
    clock = DistrictClock(Anchor(start=now, wall_start=now, speed=1.0))
    connections = Connections(district)
    count = Count(began_s=time.monotonic() + SETTLED_S)
    poller = Poller(district, connections.by_key, clock, 1.0, count.take)
    polling = asyncio.create_task(poller.run())
    await asyncio.sleep(SETTLED_S)
    poller.punctuality.reset()
    began_s, busy_s, bytes_then = time.monotonic(), time.process_time(), _resident_bytes()
    await asyncio.sleep(lasts_s)
    cores = (time.process_time() - busy_s) / (time.monotonic() - began_s)
    grown = _resident_bytes() / bytes_then - 1
    poller.stop()
    await polling
    await connections.close()
    late = poller.punctuality
    return Run(
        count=count,
        late_p50_s=late.percentile_s(50),
        late_p99_s=late.percentile_s(99),
        cores=cores,
        grown_share=grown,
    )


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def thousand(folder: Path, *, bacnet: int) -> District:
    """A thousand devices, so many of them on BACnet, each with a map of twenty points."""
    modbus = _map(
        folder, "load-modbus", "modbus", "register: {table: holding, address: %d, type: uint16}"
    )
    objects = _map(folder, "load-bacnet", "bacnet", "object: {type: analog-input, instance: %d}")
    whole = load_district(SMARTSEILLE).on_loopback(NET)
    devices = [
        _device(f"L{n}", modbus, Protocol.MODBUS, f"127.{NET}.1.{n // UNITS + 1}", n % UNITS + 1)
        for n in range(1000 - bacnet)
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
