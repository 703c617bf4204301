"""One of several instances leads, and only that one writes to devices.

The leader holds an advisory lock of the database on a connection of its own; when it dies, the
database lets go of the lock and the next instance takes it. Each change of the leader counts an
epoch up. What the leader is about to write it may write while its epoch was confirmed a moment ago;
else it asks once more. A new leader waits a little longer than that moment before its first write,
so that one that was just about to write has done so, or has found out.

A leader that stands still keeps its lock. After some silence the next instance has the database end
its connection; when it wakes up, its epoch is over and it writes nothing.

While the database is away nobody can tell who leads. An instance that was alone before goes on; of
several none writes, and devices go by their own control when their leases end.
"""

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import psycopg
from psycopg import AsyncConnection

from ems.domain.errors import StoreAwayError, StoreError
from ems.store.database import Row, told

log = logging.getLogger("ems.service")

_LOCK = 7_203_553
_SEEN = """
insert into instance (name) values (%s)
on conflict (name) do update set seen_at = clock_timestamp()
"""
_OTHERS = """
select count(*) from instance
where name <> %s and seen_at > clock_timestamp() - make_interval(secs => %s)
"""
_TAKE = """
update leader set epoch = epoch + 1, holder = %s, beat_at = clock_timestamp() returning epoch
"""
_BEAT = """
update leader set beat_at = clock_timestamp() where epoch = %s and holder = %s
returning epoch
"""
_END_SILENT = """
select pg_terminate_backend(pid) from pg_locks, leader
where locktype = 'advisory' and granted and objid = %s
  and database = (select oid from pg_database where datname = current_database())
  and beat_at < clock_timestamp() - make_interval(secs => %s)
"""


class LeadershipLostError(StoreError):
    """Another instance leads by now: this one must not write any more."""


@dataclass(frozen=True, kw_only=True)
class Timings:
    """Wall seconds by which leadership goes."""

    beat_s: float = 1.0
    """Between two signs of life."""

    valid_s: float = 2.0
    """How long a confirmed epoch may be written by."""

    silent_s: float = 10.0
    """A leader without a sign of life for so long is cut off."""

    known_s: float = 60.0
    """How long an instance that was seen counts as being about."""

    answer_s: float = 2.0
    """What the database may take for an answer."""


TIMINGS = Timings()


class Leading(Protocol):
    """What the service asks before it writes."""

    @property
    def epoch(self) -> int | None:
        """Number of this leadership; None: not leading, or there is no other instance."""
        ...

    @property
    def alone(self) -> bool:
        """Whether no other instance is about."""
        ...

    async def may_write(self) -> bool:
        """Whether this instance leads; asked right before each write."""
        ...

    async def run(self) -> None:
        """Give signs of life until cancelled. Raises LeadershipLostError."""
        ...

    async def resign(self) -> None:
        """Let the next instance lead."""
        ...


class OnlyInstance:
    """`Leading` where there is but one instance."""

    epoch: int | None = None
    alone: bool = True

    async def may_write(self) -> bool:
        """Always."""
        return True

    async def run(self) -> None:
        """Nobody asks for signs of life."""
        await asyncio.Event().wait()

    async def resign(self) -> None:
        """Nobody waits."""


class Leadership:
    """The part of one instance in it."""

    def __init__(
        self,
        dsn: str,
        *,
        name: str = "",
        timings: Timings = TIMINGS,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name or f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self.epoch: int | None = None
        """Number of this leadership; None: not leading."""
        self.alone = True
        """Whether no other instance was about when the database was last asked."""
        self._dsn, self._timings, self._timer = dsn, timings, timer
        self._connection: AsyncConnection[Row] | None = None
        self._turn = asyncio.Lock()
        self._confirmed_s = self._failed_s = float("-inf")

    async def gained(self) -> int:
        """Wait until this instance leads: its epoch."""
        told_so = False
        while not await self._look():
            if not told_so:
                log.info("another instance leads, or the database is away: waiting")
            told_so = True
            await asyncio.sleep(self._timings.beat_s)
        log.info("%s leads, epoch %d", self.name, self.epoch)
        assert self.epoch is not None  # noqa: S101
        return self.epoch

    async def run(self) -> None:
        """Give signs of life until cancelled.

        Raises:
            LeadershipLostError: another instance leads.
        """
        while True:
            if not await self.may_write(fresh=True) and self.epoch is None:
                raise LeadershipLostError(
                    "another instance leads by now", fix="start this one again: it will wait"
                )
            await asyncio.sleep(self._timings.beat_s)

    async def may_write(self, *, fresh: bool = False) -> bool:
        """Whether this instance leads; asked right before each write.

        `fresh` asks the database although the last answer is still good.
        """
        if self.epoch is None:
            return False
        if not fresh and self._timer() - self._confirmed_s <= self._timings.valid_s:
            return True
        async with self._turn:
            now_s = self._timer()
            if not fresh and now_s - self._confirmed_s <= self._timings.valid_s:
                return True
            if not fresh and now_s - self._failed_s <= self._timings.beat_s:
                return self.alone
            try:
                async with asyncio.timeout(self._timings.answer_s):
                    return await self._confirmed(now_s)
            except (StoreAwayError, TimeoutError):
                self._failed_s = self._timer()
                await self._drop()
                return self.alone

    async def resign(self) -> None:
        """Let the next instance lead at once."""
        async with self._turn:
            if self.epoch is not None and self._connection is not None:
                with suppress(psycopg.Error, TimeoutError):
                    async with asyncio.timeout(self._timings.answer_s):
                        await self._connection.execute(
                            "update leader set holder = '' where epoch = %s", (self.epoch,)
                        )
                        await self._connection.execute(
                            "delete from instance where name = %s", (self.name,)
                        )
            self.epoch = None
            await self._drop()

    async def _confirmed(self, asked_s: float) -> bool:
        connection = await self._locked()
        if connection is not None and await _one(connection, _BEAT, self.epoch, self.name):
            self._confirmed_s = asked_s
            await self._count_others(connection)
            return True
        log.error("%s does not lead any more: epoch %s is over", self.name, self.epoch)
        self.epoch = None
        await self._drop()
        return False

    async def _look(self) -> bool:
        """Try to lead."""
        try:
            async with asyncio.timeout(self._timings.answer_s), self._turn:
                connection = await self._locked()
                if connection is None:
                    await self._as_standby()
                    return False
                before = await _one(connection, "select holder from leader")
                taken = await _one(connection, _TAKE, self.name)
        except (StoreAwayError, TimeoutError) as error:
            log.debug("who leads is not known: %s", error)
            await self._drop()
            return False
        if taken is None:
            raise StoreError("the table `leader` is empty", fix="restore it from a backup")
        if before is not None and before[0]:
            await asyncio.sleep(1.5 * self._timings.valid_s)
        self.epoch = int(taken[0])
        return await self.may_write(fresh=True)

    async def _as_standby(self) -> None:
        connection = await self._connected()
        await _one(connection, _SEEN + " returning name", self.name)
        await _one(connection, _END_SILENT, _LOCK, self._timings.silent_s)

    async def _count_others(self, connection: AsyncConnection[Row]) -> None:
        await _one(connection, _SEEN + " returning name", self.name)
        found = await _one(connection, _OTHERS, self.name, self._timings.known_s)
        self.alone = found is None or not found[0]

    async def _locked(self) -> AsyncConnection[Row] | None:
        """Our connection with the lock; None: another has it. A lock that is held is held again."""
        fresh = self._connection is None
        connection = await self._connected()
        if self.epoch is not None and not fresh:
            return connection
        got = await _one(connection, "select pg_try_advisory_lock(%s)", _LOCK)
        return connection if got is not None and got[0] else None

    async def _connected(self) -> AsyncConnection[Row]:
        if self._connection is None:
            try:
                self._connection = await AsyncConnection.connect(
                    self._dsn, autocommit=True, connect_timeout=2
                )
            except psycopg.Error as error:
                raise told(error) from error
        return self._connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


async def _one(connection: AsyncConnection[Row], query: str, *values: object) -> Row | None:
    try:
        return await (await connection.execute(query.encode(), values)).fetchone()
    except psycopg.Error as error:
        raise told(error) from error
