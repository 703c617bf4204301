"""How long each step of a quarter hour takes at full scale, on real protocols and a real database.

The virtual district serves all 548 devices on the loopback; the service of the running EMS polls,
plans and writes them at 60 times the speed of the wall, and its own records are the figures.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.figures import Figure, Report
from benchmarks.freshness import ages
from ems.clock import Anchor, DistrictClock
from ems.commands.demo import SimulatedOutside, start_virtual
from ems.commands.run import Running
from ems.config import load_district
from ems.devices.connection import Connection, connection_key
from ems.devices.connections import Connections
from ems.devices.maps import map_of
from ems.domain.cycle_record import CycleRecord
from ems.domain.district import Device, District, Protocol
from ems.heart import FILE as HEART_FILE
from ems.heart import Heart
from ems.processes import Family
from ems.service import Service
from ems.store import EmbeddedPostgres, Store, migrate
from ems.store.spool import FILE as SPOOL_FILE
from ems.store.spool import Spool
from simulations.virtual_district import VirtualDistrict

NET = 61
SPEED = 60.0
ROUNDS = 3
STEPS = (
    "snapshot",
    "validate",
    "history",
    "forecast",
    "plan",
    "check",
    "commit",
    "dispatch",
)
PLAN_GOAL_S = 1.0
ROUND_GOAL_S = 2.0


def measure(quick: bool) -> Report:
    """Figures of some quarter hours: 2 when quick, else 12."""
    slots, past_days = (2, 3) if quick else (12, 28)
    with running_district(past_days) as (running, virtual):
        figures = [
            *asyncio.run(rounds(running.district)),
            *steps_of(asyncio.run(cycles(running, virtual, slots)), quick),
            *ages(running.dsn, running.district),
        ]
    return Report(name="cycle", figures=figures)


@contextmanager
def running_district(past_days: int) -> Iterator[tuple[Running, VirtualDistrict]]:
    """The virtual district and its database, without the EMS."""
    now = datetime.now(UTC)
    with TemporaryDirectory(prefix="ems-") as folder, EmbeddedPostgres(Path(folder)) as server:
        migrate(server.dsn())
        running = Running(
            district=load_district().on_loopback(NET),
            dsn=server.dsn(),
            anchor=Anchor(start=now, wall_start=now, speed=SPEED),
            port=0,
            heart=Path(folder) / HEART_FILE,
        )
        family = Family()
        try:
            yield running, start_virtual(family, running, past_days)
        finally:
            family.stop()


async def rounds(district: District) -> list[Figure]:
    """Wall time to read every point of every device once, by protocol; the best of three."""
    connections = Connections(district)
    figures = []
    for name, spoken in (
        ("Modbus and SunSpec", (Protocol.MODBUS, Protocol.SUNSPEC)),
        ("BACnet", (Protocol.BACNET,)),
    ):
        devices = [d for d in district.devices.values() if d.protocol in spoken]
        walls = [await one_round(connections.by_key, devices) for _ in range(ROUNDS)]
        title = f"round of all {len(devices)} {name} devices"
        figures.append(Figure(name=title, value=min(walls), unit="s wall", goal=ROUND_GOAL_S))
    await connections.close()
    return figures


async def one_round(by_key: dict[str, Connection], devices: Sequence[Device]) -> float:
    """Wall seconds to read all points of `devices`."""

    async def read(device: Device) -> None:
        await by_key[connection_key(device)].read(device, tuple(map_of(device).points.values()))

    began = time.perf_counter()
    await asyncio.gather(*map(read, devices))
    return time.perf_counter() - began


async def cycles(running: Running, virtual: VirtualDistrict, slots: int) -> tuple[CycleRecord, ...]:
    """The records of the first `slots` quarter hours after the first."""
    async with Store.open(running.dsn) as store:
        outside = SimulatedOutside(virtual.weather)(running)
        clock, heart = DistrictClock(running.anchor), Heart(running.heart)

        async def enough() -> None:
            while len(await store.last_cycles(slots + 1)) <= slots:
                await asyncio.sleep(0.2)

        with Spool(running.heart.with_name(SPOOL_FILE)) as spool:
            service = Service(running.district, clock, store, outside, heart, spool)
            await service.run(enough)
        return (await store.last_cycles(slots + 1))[:slots]


def steps_of(records: Sequence[CycleRecord], quick: bool) -> list[Figure]:
    """Mean and worst of each step."""
    over = f"{len(records)} slots{', quick' if quick else ''}"
    figures = []
    for step in STEPS:
        seconds = np.array([record.steps_s.get(step, 0.0) for record in records])
        goal = PLAN_GOAL_S if step == "plan" else None
        figures += [
            Figure(name=f"{step}, mean of {over}", value=seconds.mean(), unit="s wall", goal=goal),
            Figure(name=f"{step}, worst of {over}", value=seconds.max(), unit="s wall"),
        ]
    totals = np.array([sum(record.steps_s.values()) for record in records])
    missed = sum(record.missed for record in records)
    setpoints = np.mean([sum(record.outcomes.values()) for record in records])
    verified = np.mean([record.outcomes.get("ok", 0) for record in records])
    return [
        *figures,
        Figure(name=f"whole quarter hour, mean of {over}", value=totals.mean(), unit="s wall"),
        Figure(name=f"slots missed at speed {SPEED:g}, of {over}", value=missed, unit="", goal=0),
        Figure(name="setpoints in a slot", value=float(setpoints), unit=""),
        Figure(name="setpoints verified as written", value=float(verified), unit=""),
    ]
