import asyncio
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from store_examples import NOON, POINTS, ROOM, reading

from ems.domain.errors import StoreAwayError
from ems.domain.plans import Mode
from ems.store import EmbeddedPostgres, Ingest, Store, ingest, migrate
from ems.store.spool import Spool


@pytest.fixture(scope="module")
def fragile() -> Iterator[EmbeddedPostgres]:
    """A server that these tests may stop, with an empty store in it."""
    with tempfile.TemporaryDirectory(prefix="ems-") as folder, EmbeddedPostgres(Path(folder)) as it:
        migrate(it.dsn())
        yield it


async def test_a_stopped_database_is_said_at_once_and_a_started_one_is_used_again(
    fragile: EmbeddedPostgres,
) -> None:
    async with Store.open(fragile.start(), wait_s=0.5) as store:
        await store.register(POINTS)
        await store.add_readings([reading(20.0)])
        fragile.stop()
        for _ in range(2):
            with pytest.raises(StoreAwayError):
                await store.latest()
            with pytest.raises(StoreAwayError):
                await store.set_mode(Mode.MANUAL, "ana")
        fragile.start()
        await _until_back(store)
        assert ROOM in (await store.latest()).readings


async def test_a_store_is_not_opened_without_a_database(fragile: EmbeddedPostgres) -> None:
    fragile.stop()
    with pytest.raises(StoreAwayError, match="does not answer"):
        async with Store.open(fragile.dsn(), wait_s=0.5):
            pass
    fragile.start()


async def test_a_listener_is_told_when_the_database_goes(fragile: EmbeddedPostgres) -> None:
    async with Store.open(fragile.start()) as store:
        async with aclosing(store.events()) as events:
            first = asyncio.ensure_future(anext(events))
            while not first.done():
                await store.set_mode(Mode.MANUAL, "ana")
                await asyncio.sleep(0.02)
            fragile.stop()
            with pytest.raises(StoreAwayError):
                async for _ in events:
                    pass
        fragile.start()


async def test_readings_taken_while_the_server_was_killed_are_all_stored(
    fragile: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ingest, "RETRY_S", (0.02, 0.1))
    async with Store.open(fragile.start(), wait_s=0.5) as store:
        await store.register(POINTS)
        spool = Ingest(store, Spool(tmp_path / "spool.sqlite"))
        running = asyncio.create_task(spool.run())
        postmaster = fragile.postmaster()
        assert postmaster is not None
        os.kill(postmaster, signal.SIGKILL)
        readings = [reading(float(k), NOON.replace(hour=1, second=k)) for k in range(50)]
        for one in readings:
            spool.put([one])
            await asyncio.sleep(0.001)
        await asyncio.to_thread(fragile.start)
        await asyncio.wait_for(spool.drained(), 20)
        kept = await store.readings(ROOM, NOON.replace(hour=1), NOON.replace(hour=2))
        assert kept == tuple(readings)
        assert spool.lost == 0
        running.cancel()


async def _until_back(store: Store) -> None:
    for _ in range(20):
        try:
            await store.mode()
        except StoreAwayError:
            await asyncio.sleep(0.1)
        else:
            return
    pytest.fail("the store did not come back")
