"""Of several instances one leads; whatever dies or stands still, no slot is dispatched twice."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import leading_process
import psycopg
import pytest
from store_examples import FIRST, a_plan

from ems.domain.plans import Mode
from ems.store import Store
from ems.store.leadership import Leadership, LeadershipLostError, Timings

FAST = Timings(beat_s=0.02, valid_s=0.05, silent_s=0.3, answer_s=5.0)
SLOTS = 300


def instance(dsn: str, name: str) -> Leadership:
    return Leadership(dsn, name=name, timings=FAST)


async def test_one_leads_and_the_next_waits_until_it_resigns(dsn: str) -> None:
    one, two = instance(dsn, "one"), instance(dsn, "two")
    assert await one.gained() == 1
    waiting = asyncio.create_task(two.gained())
    while one.alone:
        await one.may_write(fresh=True)
        await asyncio.sleep(0.01)
    assert not waiting.done()
    assert not await two.may_write()
    await one.resign()
    assert await asyncio.wait_for(waiting, 20) == 2
    assert await two.may_write()
    assert not await one.may_write()
    await two.resign()


async def test_a_leader_that_is_silent_is_cut_off_and_may_not_write_when_it_wakes(dsn: str) -> None:
    silent, two = instance(dsn, "silent"), instance(dsn, "two")
    await silent.gained()
    assert await asyncio.wait_for(two.gained(), 20) == 2
    with pytest.raises(LeadershipLostError):
        await asyncio.wait_for(silent.run(), 20)
    assert not await silent.may_write()
    await two.resign()


async def test_a_leader_whose_connection_breaks_goes_on_when_nobody_took_over(dsn: str) -> None:
    one = instance(dsn, "one")
    await one.gained()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
        )
    while not await one.may_write(fresh=True) or one._connection is None:
        await asyncio.sleep(0.01)
    assert one.epoch == 1
    await one.resign()


async def test_without_the_database_only_an_instance_that_was_alone_goes_on() -> None:
    away = Leadership("host=127.0.0.1 port=1 dbname=none", timings=FAST)
    away.epoch = 1
    assert await away.may_write(fresh=True)
    away.alone = False
    await asyncio.sleep(0.1)
    assert not await away.may_write(fresh=True)


class Trio:
    """Three processes that would lead, and the notes of what they write."""

    def __init__(self, dsn: str, file: Path) -> None:
        self._dsn, self._file = dsn, file
        file.touch()
        self.children = {child.pid: child for child in (self._started() for _ in range(3))}

    def _started(self) -> "subprocess.Popen[bytes]":
        words = (self._dsn, str(self._file), str(FIRST.index))
        return subprocess.Popen([sys.executable, leading_process.__file__, *words])

    def notes(self) -> list[list[str]]:
        """Slot, device and process of each write, oldest first."""
        return [line.split() for line in self._file.read_text().splitlines()]

    def until(self, slots: int, *, not_by: int | None = None) -> int:
        """Wait for more slots, the last written by somebody else: who wrote it."""
        wanted = len({note[0] for note in self.notes()}) + slots
        deadline = time.monotonic() + 120
        while True:
            notes = self.notes()
            writer = int(notes[-1][2]) if notes else None
            if len({n[0] for n in notes}) >= wanted and writer not in (None, not_by):
                return writer
            assert time.monotonic() < deadline, "nobody leads"
            time.sleep(0.05)

    def disturb(self, leader: int, *, kill: bool) -> None:
        """Kill the leader, or let it stand still until another one has taken over."""
        if kill:
            self.children.pop(leader).kill()
            fresh = self._started()
            self.children[fresh.pid] = fresh
            self.until(10, not_by=leader)
            return
        os.kill(leader, signal.SIGSTOP)
        self.until(10, not_by=leader)
        os.kill(leader, signal.SIGCONT)

    def end(self) -> None:
        for child in self.children.values():
            child.kill()
            child.wait()


def test_three_processes_never_dispatch_a_slot_twice(dsn: str, tmp_path: Path) -> None:
    async def prepare() -> None:
        async with Store.open(dsn) as store:
            await store.commit_plan(a_plan(slots=100 * SLOTS), Mode.AUTOMATIC)

    asyncio.run(prepare())
    trio = Trio(dsn, tmp_path / "written")
    try:
        for kill in (False, True, False, True):
            trio.disturb(trio.until(SLOTS // 5), kill=kill)
        trio.until(SLOTS // 5)
    finally:
        trio.end()
    notes = trio.notes()
    assert len({note[0] for note in notes}) >= SLOTS
    assert set(Counter((slot, device) for slot, device, _ in notes).values()) == {1}
    assert len({process for _, _, process in notes}) > 1
