"""Readings as they come in, and the latest of each point.

A batch goes into `sample` by binary COPY. Where a reading of it is there already (same point, same
moment), as after a batch was sent twice, it goes through a table of the connection's own, and what
is there is left alone; the next batches then take that way at once, as one that repeats itself is
seldom alone. The latest of each point goes that way always.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString

import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncConnection
from psycopg.errors import UniqueViolation

from ems.domain.points import Quality, Reading
from ems.domain.snapshot import Snapshot
from ems.store import binary
from ems.store.database import Row
from ems.store.points import Points

CAUTIOUS_FOR = 100
"""Batches after one that repeated a reading."""
FIELDS: binary.Fields = {
    "point_id": binary.INT4,
    "at": binary.INT8,
    "value": binary.FLOAT8,
    "quality": binary.INT2,
}
_STAGING = """
create temp table if not exists arriving (
  point_id integer not null, at timestamptz not null,
  value double precision not null, quality smallint not null
) on commit delete rows
"""
_ARRIVE: LiteralString = "copy arriving (point_id, at, value, quality) from stdin (format binary)"
_STRAIGHT: LiteralString = "copy sample (point_id, at, value, quality) from stdin (format binary)"
_CLEAR = "truncate arriving"
_KEEP = "insert into sample select * from arriving on conflict do nothing"
_LATEST = """
insert into point_latest select * from arriving
on conflict (point_id) do update
  set at = excluded.at, value = excluded.value, quality = excluded.quality
where excluded.at > point_latest.at
"""


class Samples(Points):
    """Everything measured, sample by sample."""

    _cautious = 0
    """Batches that are looked through for repeated readings before they are stored."""

    async def add_readings(self, readings: Sequence[Reading]) -> int:
        """Keep `readings`: how many were new. NaN is kept with its quality.

        Raises:
            StoreAwayError: the database does not answer; nothing or everything was kept.
            StoreError: a point was not registered.
        """
        if not readings:
            return 0
        numbers = await self._known_numbers([r.point for r in readings])
        values: dict[str, NDArray[Any]] = {
            "point_id": numbers,
            "at": np.array([binary.microseconds(r.at) for r in readings], dtype=np.int64),
            "value": np.array([r.value for r in readings], dtype=np.float64),
            "quality": np.array([r.quality for r in readings], dtype=np.int16),
        }
        async with self._db.work() as connection:
            await connection.execute(_STAGING)
            await _copied(connection, _ARRIVE, _newest(values))
            await connection.execute(_LATEST)
            return await self._keep(connection, values)

    async def _keep(
        self, connection: AsyncConnection[Row], values: Mapping[str, NDArray[Any]]
    ) -> int:
        """Put a batch into `sample`: how many readings were new."""
        if self._cautious == 0:
            try:
                async with connection.transaction():
                    await _copied(connection, _STRAIGHT, values)
            except UniqueViolation:
                self._cautious = CAUTIOUS_FOR
            else:
                return len(values["at"])
        self._cautious -= 1
        await connection.execute(_CLEAR)
        await _copied(connection, _ARRIVE, values)
        return (await connection.execute(_KEEP)).rowcount

    async def latest(self, taken_at: datetime | None = None) -> Snapshot:
        """The latest reading of every point, as of `taken_at` in district time.

        Without `taken_at` it is as of the newest reading.
        """
        rows = await self._db.rows(
            "select name, value, quality, at from point_latest join point on id = point_id"
        )
        readings = {name: _reading(name, *rest) for name, *rest in rows}
        newest = max((r.at for r in readings.values()), default=datetime(1970, 1, 1, tzinfo=UTC))
        return Snapshot(taken_at=taken_at or newest, readings=readings)

    async def readings(
        self, point: str, begin: datetime, end: datetime, *, limit: int = 20_000
    ) -> tuple[Reading, ...]:
        """The last `limit` readings of one point from `begin` to before `end`, oldest first."""
        rows = await self._db.rows(
            """select value, quality, at from sample join point on id = point_id
            where name = %s and at >= %s and at < %s order by at desc limit %s""",
            point, begin, end, limit,
        )  # fmt: skip
        return tuple(_reading(point, *row) for row in reversed(rows))


async def _copied(
    connection: AsyncConnection[Row], query: LiteralString, values: Mapping[str, NDArray[Any]]
) -> None:
    async with connection.cursor().copy(query) as copy:
        await copy.write(binary.SIGNATURE + binary.rows(FIELDS, values) + binary.TRAILER)


def _newest(values: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The newest reading of each point."""
    order = np.lexsort((values["at"], values["point_id"]))
    points = values["point_id"][order]
    last = order[np.append(points[1:] != points[:-1], True)]
    return {name: column[last] for name, column in values.items()}


def _reading(point: str, value: float, quality: int, at: datetime) -> Reading:
    return Reading(point, value, Quality(quality), at.astimezone(UTC))
