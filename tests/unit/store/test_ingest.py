import asyncio
import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from store_examples import FIRST, NOON, reading

from ems.domain.errors import SpoolError, StoreAwayError, StoreError
from ems.domain.points import Reading
from ems.domain.slots import Slot
from ems.store import Ingest, ingest
from ems.store.spool import Spool


class Memory:
    """A store that can be away."""

    def __init__(self) -> None:
        self.kept: list[Reading] = []
        self.summed: list[Slot] = []
        self.away = False
        self.refuses: float | None = None

    async def add_readings(self, readings: Sequence[Reading]) -> int:
        await asyncio.sleep(0)
        if self.away:
            raise StoreAwayError("the database is away")
        if self.refuses in [r.value for r in readings]:
            raise StoreError("no such point")
        self.kept.extend(readings)
        return len(readings)

    async def roll_up(self, slot: Slot) -> int:
        self.summed.append(slot)
        return 1


def _minutes(first: int, last: int) -> list[Reading]:
    return [reading(float(k), NOON + timedelta(minutes=k)) for k in range(first, last)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "RETRY_S", (0.001, 0.002))
    monkeypatch.setattr(ingest, "GATHER_S", 0.001)
    monkeypatch.setattr(ingest, "BATCH", 4)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "spool.sqlite") as opened:
        yield opened


async def _over(running: "asyncio.Task[None]") -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_readings_are_stored_in_their_order(spool: Spool) -> None:
    memory = Memory()
    ingest = Ingest(memory, spool)
    running = asyncio.create_task(ingest.run())
    ingest.put(_minutes(0, 5))
    ingest.put(_minutes(5, 10))
    await ingest.drained()
    assert memory.kept == _minutes(0, 10)
    assert (ingest.stored, ingest.waiting, ingest.lost) == (10, 0, 0)
    assert memory.summed == [], "nothing was late"
    await _over(running)


async def test_readings_wait_on_disk_while_the_database_is_away(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="ems.store.ingest")
    memory = Memory()
    memory.away = True
    ingest = Ingest(memory, spool)
    running = asyncio.create_task(ingest.run())
    ingest.put(_minutes(0, 5))
    await asyncio.sleep(0.05)
    ingest.put(_minutes(5, 30))
    await asyncio.sleep(0.05)
    assert (ingest.away, ingest.waiting, spool.waiting) == (True, 30, 30)
    memory.away = False
    await ingest.drained()
    assert memory.kept == _minutes(0, 30)
    assert not ingest.away
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "readings wait on disk",
        "the database is back",
    ]
    assert memory.summed == [FIRST, FIRST + 1], "late readings are summed up again"
    await _over(running)


async def test_live_readings_do_not_wait_for_old_ones(spool: Spool) -> None:
    for k in range(50):
        spool.keep(_minutes(k, k + 1))
    memory = Memory()
    ingest = Ingest(memory, spool)
    ingest.put(_minutes(100, 101))
    running = asyncio.create_task(ingest.run())
    await ingest.drained()
    assert memory.kept.index(_minutes(100, 101)[0]) < 25
    assert [r for r in memory.kept if r.value < 100] == _minutes(0, 50)
    assert len(memory.kept) == 51
    await _over(running)


async def test_what_a_dead_program_left_is_delivered_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    memory = Memory()
    memory.away = True
    with Spool(path) as spool:
        first = Ingest(memory, spool)
        running = asyncio.create_task(first.run())
        first.put(_minutes(0, 10))
        while spool.waiting < 10:
            await asyncio.sleep(0.001)
        await _over(running)
    memory.away = False
    with Spool(path) as spool:
        second = Ingest(memory, spool)
        assert second.waiting == 10
        running = asyncio.create_task(second.run())
        await second.drained()
        await _over(running)
    assert memory.kept == _minutes(0, 10)


async def test_with_a_full_disk_readings_go_through_memory_which_is_bounded(
    spool: Spool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(readings: Sequence[Reading]) -> None:
        raise SpoolError("the disk is full")

    memory = Memory()
    memory.away = True
    monkeypatch.setattr(spool, "keep", full)
    ingest = Ingest(memory, spool, in_memory=12)
    running = asyncio.create_task(ingest.run())
    for k in range(5):
        ingest.put(_minutes(4 * k, 4 * k + 4))
        await asyncio.sleep(0.03)
    assert ingest.disk_fails
    assert "readings wait in memory only" in caplog.text
    assert (ingest.waiting, ingest.dropped) == (12, 8)
    memory.away = False
    await ingest.drained()
    assert memory.kept == _minutes(8, 20)
    monkeypatch.undo()
    ingest.put(_minutes(20, 21))
    await ingest.drained()
    assert not ingest.disk_fails
    await _over(running)


async def test_what_the_store_refuses_is_set_aside_and_does_not_stop_the_rest(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    memory = Memory()
    memory.refuses = 2.0
    ingest = Ingest(memory, spool)
    running = asyncio.create_task(ingest.run())
    ingest.put(_minutes(0, 8))
    await ingest.drained()
    assert memory.kept == _minutes(4, 8)
    assert (spool.refused, spool.waiting) == (4, 0)
    assert "set aside: no such point" in caplog.text
    await _over(running)
