"""What is due now and then, by APScheduler with its jobs in the database.

A chore is remembered across restarts: one that became due while the program was down is done once
when it is back, however often it was missed. Chores go by the machine's clock, in a thread of the
scheduler's own, so that a database that does not answer never holds up control; quarter hours go by
the district's clock (`ems/quarters.py`).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import psycopg
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError

from ems.domain.errors import StoreAwayError

log = logging.getLogger("ems.service")

Work = Callable[[], Awaitable[None]]

_at_work: dict[str, Callable[[], None]] = {}
"""What to do, by the chore's name: the database holds names only."""


class Chores:
    """The chores of one service."""

    def __init__(self, dsn: str, every_s: float, work: Mapping[str, Work]) -> None:
        """`every_s`: wall seconds between two times."""
        self._every_s, self._work = every_s, work
        self._engine = _engine(dsn)
        self._scheduler = BackgroundScheduler(
            jobstores={"default": SQLAlchemyJobStore(engine=self._engine)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
            timezone="UTC",
        )

    async def start(self) -> None:
        """Begin; what is overdue is done now.

        Raises:
            StoreAwayError: the database does not answer.
        """
        loop = asyncio.get_running_loop()
        for name, work in self._work.items():
            _at_work[name] = partial(_done_on, loop, work)
        try:
            await asyncio.to_thread(self._scheduler.start, paused=True)
            await asyncio.to_thread(self._agree)
            await asyncio.to_thread(self._scheduler.resume)
        except (SQLAlchemyError, psycopg.Error) as error:
            raise StoreAwayError(f"chores can't be planned: {error}") from error

    async def stop(self) -> None:
        """End; what is due stays remembered."""
        if self._scheduler.running:
            await asyncio.to_thread(self._scheduler.shutdown, wait=False)
        self._engine.dispose()
        for name in self._work:
            _at_work.pop(name, None)

    def _agree(self) -> None:
        """Remember what is not remembered yet, and forget what is no chore any more."""
        wanted = {f"{name}, every {self._every_s:g} s": name for name in self._work}
        for job in self._scheduler.get_jobs():
            if job.id not in wanted:
                job.remove()
        for key, name in wanted.items():
            if self._scheduler.get_job(key) is None:
                trigger = IntervalTrigger(seconds=self._every_s, timezone="UTC")
                self._scheduler.add_job(do, trigger, args=[name], id=key)


def do(name: str) -> None:
    """Do a chore; what the database calls."""
    if (work := _at_work.get(name)) is not None:
        work()


def _done_on(loop: asyncio.AbstractEventLoop, work: Work) -> None:
    async def whole() -> None:
        await work()

    asyncio.run_coroutine_threadsafe(whole(), loop).result()


def _engine(dsn: str) -> Engine:
    return create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(dsn, connect_timeout=3),
        pool_size=1,
        pool_pre_ping=True,
    )
