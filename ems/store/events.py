"""What has just changed, told to whoever listens (LISTEN/NOTIFY)."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import StrEnum

import psycopg
from psycopg import AsyncConnection

from ems.store.database import Database, Row, told


class Changed(StrEnum):
    """What an event is about."""

    PLAN = "plan"
    """A plan was committed or decided upon; the id is the plan's."""
    CYCLE = "cycle"
    """A quarter hour was recorded; the id is the slot's index."""
    MODE = "mode"
    """The mode was set; the id is the mode."""
    SETTING = "setting"
    """A setting was set; the id is its key."""


@dataclass(frozen=True, kw_only=True)
class StoreEvent:
    """Something changed in the store."""

    kind: Changed
    """What."""

    id: str
    """Which one."""


async def notify(connection: AsyncConnection[Row], kind: Changed, which: str) -> None:
    """Tell it when the transaction of `connection` commits."""
    payload = json.dumps({"kind": kind.value, "id": which})
    await connection.execute("select pg_notify('ems', %s)", (payload,))


class Events:
    """Tells what changes."""

    _db: Database

    async def events(self) -> AsyncGenerator[StoreEvent]:
        """Each change from the first wait on, in the order of the commits; ends never.

        Raises:
            StoreAwayError: the database went away; what changed meanwhile is not told again, so
                read what matters anew and listen again.
        """
        connection = await self._db.listening("ems")
        try:
            async for notice in connection.notifies():
                told_us = json.loads(notice.payload)
                yield StoreEvent(kind=Changed(told_us["kind"]), id=told_us["id"])
        except psycopg.Error as error:
            raise told(error) from error
        finally:
            await connection.close()
