"""Readings into the store: how fast beside a bare COPY, and whether all arrive over a while."""

import asyncio
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure
from ems.domain.points import PointInfo, Quality, Reading, Unit
from ems.store import Store, binary
from ems.store.database import Database
from ems.store.ingest import Ingest
from ems.store.samples import FIELDS
from ems.store.spool import Spool

POINTS = 8000
INTERVAL_S = 5.0
FULL_S, QUICK_S = 1800.0, 20.0
RATE_READINGS = 400_000
"""Readings whose way is timed."""
SHARE = 0.5
LAG_S = 1.0
GROWTH = 0.05
BEGIN = datetime(2026, 1, 15, 12, tzinfo=UTC)

_BARE = "create table bare (like sample including all)"
_COPY = "copy bare (point_id, at, value, quality) from stdin (format binary)"


def names() -> list[str]:
    """Points of a district as large as Smartseille."""
    return [f"L{n:04d}/value" for n in range(POINTS)]


async def registered(store: Store) -> None:
    """Make the points known."""
    await store.register(
        [
            PointInfo(id=name, device=name[:5], name="value", unit=Unit.KILOWATT, writable=False)
            for name in names()
        ]
    )


def one_round(at: datetime) -> list[Reading]:
    """A reading of each point."""
    values = np.round(np.random.default_rng(at.second).normal(20, 5, POINTS), 2)
    return [
        Reading(name, float(value), Quality.GOOD, at)
        for name, value in zip(names(), values, strict=True)
    ]


async def rate(store: Store, database: Database, folder: Path) -> list[Figure]:
    """The same readings by COPY into a table of the same shape, and through spool and store."""
    rounds = [one_round(BEGIN + timedelta(seconds=5 * n)) for n in range(RATE_READINGS // POINTS)]
    bare_s = await _bare(database, rounds)
    with Spool(folder / "rate.sqlite") as spool:
        ingest = Ingest(store, spool)
        task = asyncio.create_task(ingest.run())
        begun_s = time.perf_counter()
        for readings in rounds:
            ingest.put(readings)
        await ingest.drained()
        took_s = time.perf_counter() - begun_s
        await _ended(task)
    return [
        Figure(name="bare COPY", value=RATE_READINGS / bare_s / 1000, unit="thousand a second"),
        Figure(name="ingest", value=RATE_READINGS / took_s / 1000, unit="thousand a second"),
        Figure(name="ingest's time in bare COPYs", value=took_s / bare_s, unit="", goal=1 / SHARE),
    ]


async def _bare(database: Database, rounds: Sequence[Sequence[Reading]]) -> float:
    """Seconds for all rounds, each a transaction, from readings as they are in memory."""
    async with database.work() as connection:
        await connection.execute(_BARE)
        cursor = await connection.execute("select name, id from point")
        number = dict(await cursor.fetchall())
    begun_s = time.perf_counter()
    for readings in rounds:
        values: dict[str, NDArray[Any]] = {
            "point_id": np.array([number[r.point] for r in readings], dtype=np.int32),
            "at": np.array([binary.microseconds(r.at) for r in readings], dtype=np.int64),
            "value": np.array([r.value for r in readings]),
            "quality": np.array([r.quality for r in readings], dtype=np.int16),
        }
        async with database.work() as connection, connection.cursor().copy(_COPY) as copy:
            await copy.write(binary.SIGNATURE + binary.rows(FIELDS, values) + binary.TRAILER)
    return time.perf_counter() - begun_s


async def load(store: Store, database: Database, folder: Path, *, quick: bool) -> list[Figure]:
    """Every point each five seconds: how late, how much memory, and whether one is missing."""
    lasts_s = QUICK_S if quick else FULL_S
    began = datetime(2026, 2, 1, tzinfo=UTC)
    lags: list[float] = []
    grown = 0
    with Spool(folder / "load.sqlite") as spool:
        ingest = Ingest(store, spool)
        task = asyncio.create_task(ingest.run())
        begun_s = time.perf_counter()
        turns = round(lasts_s / INTERVAL_S)
        for turn in range(turns):
            due_s = begun_s + turn * INTERVAL_S
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            if turn == turns // 5:
                grown = -_resident_bytes()
                base = -grown
            ingest.put(one_round(began + timedelta(seconds=turn * INTERVAL_S)))
            put_s = time.perf_counter()
            await ingest.drained()
            lags.append(time.perf_counter() - put_s)
        grown += _resident_bytes()
        lost = ingest.lost
        await _ended(task)
    row = await database.row("select count(*) from sample where at >= %s", began)
    missing = turns * POINTS - (int(row[0]) if row else 0)
    title = f"{POINTS} points each {INTERVAL_S:g} s for {lasts_s / 60:.3g} min"
    return [
        Figure(name=f"{title}: lost", value=missing + lost, unit="readings", goal=0),
        Figure(
            name=f"{title}: lag p95",
            value=float(np.percentile(lags, 95)),
            unit="s wall",
            goal=LAG_S,
        ),
        Figure(name=f"{title}: memory growth", value=grown / base, unit="share", goal=GROWTH),
    ]


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
