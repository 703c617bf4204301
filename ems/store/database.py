"""Connections to the database, with a limit on every wait.

Whatever the driver says becomes a `StoreError`: `StoreAwayError` where trying again later makes
sense (no connection, a lost one, no answer in time, a full disk), plain `StoreError` otherwise. A
connection is tried before it is handed out, so that the first call after the database came back
works.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, LiteralString, Self, TypedDict

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from ems.domain.errors import StoreAwayError, StoreError

Row = tuple[Any, ...]

WAIT_S = 5.0
"""For a connection."""
WORK_S = 10.0
"""For one piece of work on it, unless it says otherwise."""

_FIX = "see that the database runs and answers; it is tried again by itself"


class _Options(TypedDict):
    options: str
    connect_timeout: int


_OPTIONS: _Options = {
    # a process that stands still within a transaction must not hold up the instance after it
    "options": "-c timezone=UTC -c idle_in_transaction_session_timeout=6s",
    "connect_timeout": 3,
}


class Database:
    """A pool of connections to one database."""

    def __init__(self, dsn: str, *, connections: int = 8, wait_s: float = WAIT_S) -> None:
        self.dsn = dsn
        self._wait_s = wait_s
        self._pool: AsyncConnectionPool[AsyncConnection[Row]] = AsyncConnectionPool(
            dsn,
            kwargs=dict(_OPTIONS),
            min_size=1,
            max_size=connections,
            timeout=wait_s,
            reconnect_timeout=2.0,
            check=AsyncConnectionPool.check_connection,
            open=False,
        )

    @classmethod
    async def opened(cls, dsn: str, **limits: Any) -> Self:
        """A pool that has connected once.

        Raises:
            StoreAwayError: the database does not answer.
        """
        # One line for each attempt would flood the log: who uses the store says when it is away.
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
        database = cls(dsn, **limits)
        try:
            await database._pool.open(wait=True, timeout=database._wait_s)
        except PoolTimeout as error:
            await database.close()
            raise StoreAwayError(f"the database does not answer: {error}", fix=_FIX) from error
        return database

    async def close(self) -> None:
        """Give all connections back."""
        await self._pool.close()

    @asynccontextmanager
    async def work(self, *, limit_s: float = WORK_S) -> AsyncIterator[AsyncConnection[Row]]:
        """A connection inside one transaction, committed at the end unless something is raised.

        Raises:
            StoreAwayError: no connection, or no answer within `limit_s`.
            StoreError: the database refuses what it was asked.
        """
        try:
            async with asyncio.timeout(limit_s), self._pool.connection() as connection:
                yield connection
        except TimeoutError as error:
            raise StoreAwayError(f"no answer in {limit_s:g} s", fix=_FIX) from error
        except (psycopg.Error, PoolClosed) as error:
            raise told(error) from error

    @asynccontextmanager
    async def alone(self, *, limit_s: float = WORK_S) -> AsyncIterator[AsyncConnection[Row]]:
        """A connection whose statements are each their own transaction; raises like `work`."""
        async with self.work(limit_s=limit_s) as connection:
            await connection.set_autocommit(True)
            try:
                yield connection
            finally:
                if not connection.closed:
                    await connection.set_autocommit(False)

    async def rows(self, query: LiteralString, *values: object) -> list[Row]:
        """All rows of one query."""
        async with self.work() as connection:
            cursor = await connection.execute(query, values)
            return list(await cursor.fetchall())

    async def row(self, query: LiteralString, *values: object) -> Row | None:
        """The first row of one query."""
        found = await self.rows(query, *values)
        return found[0] if found else None

    async def do(self, query: LiteralString, *values: object) -> int:
        """Run one statement: how many rows it touched."""
        async with self.work() as connection:
            cursor = await connection.execute(query, values)
            return int(cursor.rowcount)

    async def listening(self, channel: LiteralString) -> AsyncConnection[Row]:
        """A connection of its own that listens on `channel`; the caller closes it.

        Raises:
            StoreAwayError: the database does not answer.
        """
        try:
            connection = await AsyncConnection.connect(self.dsn, autocommit=True, **_OPTIONS)
            await connection.execute(f"listen {channel}")
        except psycopg.Error as error:
            raise told(error) from error
        return connection


def told(error: Exception) -> StoreError:
    """What the driver said, as an error of the store."""
    away = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed)
    if isinstance(error, away):
        return StoreAwayError(f"the database is away: {error}".rstrip(), fix=_FIX)
    return StoreError(f"the database refused: {error}".rstrip(), fix="this is a fault of the EMS")
