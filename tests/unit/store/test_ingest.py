import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

import pytest
from store_examples import NOON, reading

from ems.domain.errors import StoreAwayError, StoreError
from ems.domain.points import Reading
from ems.store import Ingest, ingest


class Memory:
    """A store that can be away."""

    def __init__(self) -> None:
        self.kept: list[Reading] = []
        self.away = False
        self.refuses = False

    async def add_readings(self, readings: Sequence[Reading]) -> int:
        await asyncio.sleep(0)
        if self.refuses:
            raise StoreError("no such point")
        if self.away:
            raise StoreAwayError("the database is away")
        self.kept.extend(readings)
        return len(readings)


def _minutes(first: int, last: int) -> list[Reading]:
    return [reading(float(k), NOON + timedelta(minutes=k)) for k in range(first, last)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "RETRY_S", (0.001, 0.002))
    monkeypatch.setattr(ingest, "BATCH", 4)


async def test_readings_are_stored_in_their_order() -> None:
    memory = Memory()
    spool = Ingest(memory)
    running = asyncio.create_task(spool.run())
    spool.put(_minutes(0, 5))
    spool.put(_minutes(5, 10))
    await spool.drained()
    assert memory.kept == _minutes(0, 10)
    assert (spool.stored, spool.waiting, spool.dropped) == (10, 0, 0)
    running.cancel()


async def test_readings_wait_while_the_database_is_away(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="ems.store.ingest")
    memory = Memory()
    memory.away = True
    spool = Ingest(memory)
    running = asyncio.create_task(spool.run())
    spool.put(_minutes(0, 5))
    await asyncio.sleep(0.02)
    spool.put(_minutes(5, 10))
    assert (spool.away, spool.waiting) == (True, 10)
    memory.away = False
    await spool.drained()
    assert memory.kept == _minutes(0, 10)
    assert not spool.away
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "readings wait in memory",
        "the database is back",
    ]
    running.cancel()


async def test_a_full_spool_drops_the_oldest_and_counts_them() -> None:
    memory = Memory()
    spool = Ingest(memory, limit=6)
    spool.put(_minutes(0, 10))
    assert (spool.waiting, spool.dropped) == (6, 4)
    running = asyncio.create_task(spool.run())
    await spool.drained()
    assert memory.kept == _minutes(4, 10)
    running.cancel()


async def test_the_spool_stays_bounded_while_a_batch_is_under_way() -> None:
    memory = Memory()
    memory.away = True
    spool = Ingest(memory, limit=6)
    running = asyncio.create_task(spool.run())
    spool.put(_minutes(0, 6))
    await asyncio.sleep(0.01)
    spool.put(_minutes(6, 16))
    assert (spool.waiting, spool.dropped) == (6, 10)
    memory.away = False
    await spool.drained()
    assert memory.kept == _minutes(0, 4) + _minutes(14, 16)
    running.cancel()


async def test_a_reading_that_the_store_refuses_is_a_fault_and_not_tried_for_ever() -> None:
    memory = Memory()
    memory.refuses = True
    spool = Ingest(memory)
    spool.put(_minutes(0, 1))
    with pytest.raises(StoreError, match="no such point"):
        await spool.run()
