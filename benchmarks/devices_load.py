"""A thousand devices, twenty points each, every five seconds: lost, late, processor and memory.

    calm      800 Modbus units behind 40 gateways and 200 BACnet controllers, all well
    faults    1,000 Modbus units behind 50 gateways, 30 % dead, 10 % slow, 5 % lying
    garbage   thirteen kinds of answers that must not be believed, a hundred of each
    killed    the service dies: how long until each kind of device is on its own control again

Devices live in processes of their own; what is measured is the EMS's. Wall figures mean something
only on a machine that does nothing else. A poll is lost when its turn passes without an answer: a
device that does not answer at once is asked again within its interval.
"""

import asyncio
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, Report
from benchmarks.load_count import Count
from benchmarks.load_fleet import INTERVAL_S, faults_of, served, thousand
from benchmarks.load_peers import LIES, Faults
from benchmarks.safe_state import killed
from ems.clock import Anchor, DistrictClock
from ems.devices.connections import Connections
from ems.devices.maps import map_of
from ems.devices.modbus import modbus_connections
from ems.devices.poller import Poller
from ems.domain.district import District
from ems.domain.errors import DeviceError
from ems.domain.points import Quality

SETTLED_S = 15.0
"""What is measured begins after this: the dead are found."""
OPEN_S = 6.0
"""The same where all are well: connections are open, each was asked once."""
FULL_S, QUICK_S = 600.0, 12.0
OF_EACH = 100
"""Answers of each kind of garbage."""


def measure(quick: bool) -> Report:
    """Measure all of them."""
    logging.getLogger("ems.devices").setLevel(logging.ERROR)
    lasts_s = QUICK_S if quick else FULL_S
    figures = [*_calm(lasts_s), *_faults(lasts_s if quick else lasts_s / 5)]
    return Report(name="devices load", figures=figures if quick else [*figures, *killed()])


def _calm(lasts_s: float) -> Iterator[Figure]:
    with TemporaryDirectory() as folder:
        district = thousand(Path(folder), bacnet=200)
        with served(district, {}):
            run = asyncio.run(polled(district, OPEN_S, lasts_s))
    lost = run.count.lost(district.devices, INTERVAL_S, run.ended_s)
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
            run = asyncio.run(polled(district, SETTLED_S, lasts_s))
            believed = asyncio.run(_garbage(district, faults))
    well = {d.id for d in district.devices.values() if (d.host, d.unit) not in faults}
    silent = len(well - set(run.count.answers))
    yield Figure(name="faults: devices that are well and unheard", value=silent, unit="", goal=0)
    oldest = run.count.longest_s / INTERVAL_S
    yield Figure(name="faults: oldest value of the others", value=oldest, unit="intervals", goal=2)
    yield Figure(name="faults: wrong values accepted", value=run.count.wrong, unit="", goal=0)
    yield Figure(name="faults: lateness p99", value=run.late_p99_s, unit="s wall")
    yield Figure(name="faults: processor", value=run.cores, unit="cores")
    title = f"garbage: answers believed, of {len(LIES)} kinds x {OF_EACH}"
    yield Figure(name=title, value=believed, unit="", goal=0)


async def _garbage(district: District, faults: Faults) -> int:
    """Ask a device that only lies: how many of its answers were believed."""
    places = {(d.host, d.unit): d for d in district.devices.values()}
    liar = next(places[place] for place, fault in faults.items() if fault == "lying")
    (connection,) = modbus_connections(
        district.with_devices([liar]), timeout_s=0.05
    ).values()  # fmt: skip
    points, believed = tuple(map_of(liar).points.values()), 0
    for _ in range(OF_EACH * len(LIES)):
        try:
            values = await connection.read(liar, points)
        except DeviceError:
            continue
        believed += any(quality is Quality.GOOD for _, quality in values.values())
    await connection.close()
    return believed


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run showed of the EMS's own process."""

    count: Count
    ended_s: float
    """When counting ended, monotonic seconds."""
    late_p50_s: float
    late_p99_s: float
    cores: float
    grown_share: float


async def polled(district: District, settled_s: float, lasts_s: float) -> Run:
    """Poll for so long after it has settled."""
    now = datetime.now(UTC)
    clock = DistrictClock(Anchor(start=now, wall_start=now, speed=1.0))
    connections = Connections(district)
    count = Count(began_s=time.monotonic() + settled_s)
    poller = Poller(district, connections.by_key, clock, 1.0, count.take)
    polling = asyncio.create_task(poller.run())
    await asyncio.sleep(settled_s)
    poller.punctuality.reset()
    began_s, busy_s, bytes_then = time.monotonic(), time.process_time(), _resident_bytes()
    await asyncio.sleep(lasts_s)
    ended_s = time.monotonic()
    cores = (time.process_time() - busy_s) / (ended_s - began_s)
    grown = _resident_bytes() / bytes_then - 1
    poller.stop()
    await polling
    await connections.close()
    late = poller.punctuality
    return Run(
        count=count,
        ended_s=ended_s,
        late_p50_s=late.percentile_s(50),
        late_p99_s=late.percentile_s(99),
        cores=cores,
        grown_share=grown,
    )


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
