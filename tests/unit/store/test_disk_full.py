"""A disk that takes no more bytes: measured values still reach the store, and people are told."""

import asyncio
import multiprocessing
import resource
import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from store_examples import NOON, reading

from ems.domain.points import Reading
from ems.domain.slots import Slot
from ems.store.ingest import Ingest
from ems.store.spool import Spool
from ems.store_watch import StoreWatch

LIMIT_BYTES = 4096
"""No file can be longer: SQLite can't add a page to its log."""


class Memory:
    """A store that takes everything."""

    def __init__(self) -> None:
        self.kept: list[Reading] = []

    async def add_readings(self, readings: Sequence[Reading]) -> int:
        self.kept += readings
        return len(readings)

    async def roll_up(self, slot: Slot) -> int:
        return 0


async def _put(ingest: Ingest, first: int, last: int) -> None:
    ingest.put([reading(float(k), NOON + timedelta(seconds=k)) for k in range(first, last)])
    async with asyncio.timeout(60):
        await ingest.drained()


async def _three_times(path: Path) -> tuple[list[float], list[bool], int]:
    """Readings before, while and after the disk is full."""
    memory, told = Memory(), list[bool]()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Spool(path) as spool:
        ingest = Ingest(memory, spool)
        watch = StoreWatch(ingest, lambda: NOON)
        running = asyncio.create_task(ingest.run())
        for first, limit in ((0, soft), (100, LIMIT_BYTES), (200, soft)):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
            await _put(ingest, first, first + 100)
            told.append(bool(watch.spool()))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        lost = ingest.lost
    return [r.value for r in memory.kept], told, lost


def _on_a_full_disk(path: Path, news: Connection) -> None:
    news.send(asyncio.run(_three_times(path)))


def test_readings_pass_a_full_disk_by_and_it_is_an_alarm(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    child = context.Process(target=_on_a_full_disk, args=(path, far))
    child.start()
    assert near.poll(120)
    values, told, lost = near.recv()
    child.join(30)
    assert values == [float(k) for k in range(300)]
    assert told == [False, True, False]
    assert lost == 0
    with sqlite3.connect(path) as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
