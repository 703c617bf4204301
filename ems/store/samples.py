"""Readings as they come in, and the latest of each point.

A batch goes by binary COPY into a table of the connection's own and from there into `sample`, where
a reading that is there already (same point, same moment) is left alone: a batch may be sent twice.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ems.domain.points import Quality, Reading
from ems.domain.snapshot import Snapshot
from ems.store import binary
from ems.store.points import Points

_FIELDS: binary.Fields = {
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
_COPY = "copy arriving (point_id, at, value, quality) from stdin (format binary)"
_KEEP = "insert into sample select * from arriving on conflict do nothing"
_LATEST = """
insert into point_latest
select distinct on (point_id) * from arriving order by point_id, at desc
on conflict (point_id) do update
  set at = excluded.at, value = excluded.value, quality = excluded.quality
where excluded.at > point_latest.at
"""


class Samples(Points):
    """Everything measured, sample by sample."""

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
            cursor = connection.cursor()
            async with cursor.copy(_COPY) as copy:
                await copy.write(binary.SIGNATURE + binary.rows(_FIELDS, values) + binary.TRAILER)
            kept = await cursor.execute(_KEEP)
            new = kept.rowcount
            await cursor.execute(_LATEST)
        return new

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


def _reading(point: str, value: float, quality: int, at: datetime) -> Reading:
    return Reading(point, value, Quality(quality), at.astimezone(UTC))
