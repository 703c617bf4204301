"""The trail of who did what: the database lets nothing in it be changed or taken out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from ems.store.database import Database, Row


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One thing that somebody did."""

    id: int
    """Counts up."""

    at: datetime
    """When, wall time, UTC."""

    who: str
    """Name of the person, or of the program."""

    what: Mapping[str, Any]
    """What was done, with its figures."""


class AuditTrail:
    """Keeps what people did."""

    _db: Database

    async def audit(self, who: str, what: Mapping[str, Any]) -> None:
        """Add to the trail; nothing in it can be changed or taken out."""
        async with self._db.work() as connection:
            await note(connection, who, what)

    async def audit_trail(
        self, *, before: int | None = None, limit: int = 100
    ) -> tuple[AuditEntry, ...]:
        """Entries, newest first, starting below the id `before`."""
        rows = await self._db.rows(
            """select id, at, who, what from audit
            where %s::bigint is null or id < %s order by id desc limit %s""",
            before, before, limit,
        )  # fmt: skip
        return tuple(
            AuditEntry(id=number, at=at.astimezone(UTC), who=who, what=what)
            for number, at, who, what in rows
        )


async def note(connection: AsyncConnection[Row], who: str, what: Mapping[str, Any]) -> None:
    """Add to the trail within the transaction of `connection`."""
    await connection.execute(
        "insert into audit (who, what) values (%s, %s)", (who, Jsonb(dict(what)))
    )
