"""A daily chore is done once a day, also when the program was down at its time."""

import asyncio

import psycopg
import pytest

from ems.chores import Chores
from ems.domain.errors import StoreAwayError


class Done:
    """Counts."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self) -> None:
        self.times += 1


async def until(done: Done, times: int) -> None:
    async with asyncio.timeout(30):
        while done.times < times:
            await asyncio.sleep(0.02)


def planned(dsn: str) -> dict[str, float]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select id, next_run_time from apscheduler_jobs").fetchall()
    return {str(key): float(at) for key, at in rows}


async def test_a_chore_missed_several_times_is_done_once_at_the_next_start(dsn: str) -> None:
    done = Done()
    first = Chores(dsn, 4.0, {"forget": done})
    await first.start()
    await first.stop()
    done.times = 0
    await asyncio.sleep(9.0)
    second = Chores(dsn, 4.0, {"forget": done})
    await second.start()
    await until(done, 1)
    assert done.times == 1
    await second.stop()


async def test_a_restart_does_not_begin_the_day_anew(dsn: str) -> None:
    for _ in range(2):
        chores = Chores(dsn, 86_400.0, {"forget": Done()})
        await chores.start()
        await chores.stop()
        before = planned(dsn)
    assert planned(dsn) == before
    other = Chores(dsn, 3_600.0, {"sum up": Done()})
    await other.start()
    await other.stop()
    assert list(planned(dsn)) == ["sum up, every 3600 s"]


async def test_a_database_that_is_away_is_said() -> None:
    chores = Chores("host=127.0.0.1 port=1 dbname=none", 60.0, {"forget": Done()})
    with pytest.raises(StoreAwayError):
        await chores.start()
    await chores.stop()
