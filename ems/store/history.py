"""Quarter-hour means: made from samples as time goes, or filled in at once from a known past.

A slot without a good sample has no row. Means come back as arrays that the server gathers for each
point, which is ten times faster than row by row.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import LiteralString

import numpy as np
from numpy.typing import NDArray

from ems.domain.points import Quality
from ems.domain.slots import EPOCH, SLOT, SLOT_S, Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.store import binary
from ems.store.points import Points

_GOOD = [quality.value for quality in Quality if quality.usable]
_SLOT_US = SLOT_S * 1_000_000
_EPOCH_US = binary.microseconds(EPOCH)
_FIELDS: binary.Fields = {
    "point_id": binary.INT4,
    "at": binary.INT8,
    "mean": binary.FLOAT8,
    "good": binary.INT4,
}
_COLUMNS: LiteralString = "(point_id, at, mean, good) from stdin (format binary)"
_POINTS_AT_ONCE = 100

_ROLL_UP = """
insert into quarter_hour
select point_id, %(begin)s, avg(value), count(*) from sample
where at >= %(begin)s and at < %(end)s and quality = any(%(good)s)
  and value > '-infinity' and value < 'infinity'
group by point_id
on conflict (point_id, at) do update set mean = excluded.mean, good = excluded.good
"""
_READ = """
select point_id, array_send(array_agg(at)), array_send(array_agg(mean)) from quarter_hour
where point_id = any(%s::integer[]) and at >= %s and at < %s group by point_id
"""
_HOLDS = """
select exists (select from quarter_hour
where point_id = any(%s::integer[]) and at >= %s and at < %s)
"""
_FORGET_SAMPLES = "delete from sample where point_id = any(%s::integer[]) and at < %s"
_FORGET_MEANS = "delete from quarter_hour where point_id = any(%s::integer[]) and at < %s"
_LAST = """
select max(newest) from point
cross join lateral (select max(at) as newest from quarter_hour where point_id = point.id) as q
"""


class Means(Points):
    """The past of each point in quarter hours."""

    async def roll_up(self, slot: Slot) -> int:
        """Make the means of `slot` from its samples: of how many points.

        The mean is over the good samples of the slot, each with the same weight, as a point is
        polled at one pace. Done again it takes late samples in.
        """
        async with self._db.work(limit_s=120) as connection:
            cursor = await connection.execute(
                _ROLL_UP, {"begin": slot.start, "end": slot.end, "good": _GOOD}
            )
            return cursor.rowcount

    async def quarter_hours(self, points: Sequence[str], horizon: Horizon) -> QuarterHours:
        """Means of `points` over `horizon`; NaN where nothing good was measured."""
        numbers = await self._numbers(points)
        row_of = {int(number): row for row, number in enumerate(numbers)}
        values = np.full((len(points), horizon.length), np.nan)
        begin, end = horizon.first.start, (horizon.first + horizon.length).start
        async with self._db.work(limit_s=60) as connection:
            cursor = connection.cursor(binary=True)
            await cursor.execute(_READ, (numbers.tolist(), begin, end))
            async for number, at, mean in cursor:
                moments = binary.array_of(at, binary.INT8).astype(np.int64)
                column = (moments - _EPOCH_US) // _SLOT_US - horizon.first.index
                values[row_of[number], column] = binary.array_of(mean, binary.FLOAT8)
        return QuarterHours(points=tuple(points), horizon=horizon, values=values)

    async def fill_history(self, past: QuarterHours) -> int:
        """Keep a known past: how many means were new. What is there already stays as it is.

        Raises:
            StoreError: a point was not registered.
        """
        numbers = await self._known_numbers(past.points)
        begin, end = past.horizon.first.start, (past.horizon.first + past.horizon.length).start
        async with self._db.work(limit_s=600) as connection:
            await connection.execute("lock table quarter_hour in share row exclusive mode")
            cursor = connection.cursor()
            await cursor.execute(_HOLDS, (numbers.tolist(), begin, end))
            holds = await cursor.fetchone()
            beside = holds is not None and holds[0]
            if beside:
                await cursor.execute("create temp table filling (like quarter_hour) on commit drop")
            table: LiteralString = "filling " if beside else "quarter_hour "
            async with cursor.copy("copy " + table + _COLUMNS) as copy:
                await copy.write(binary.SIGNATURE)
                for block in _blocks(numbers, past):
                    await copy.write(block)
                await copy.write(binary.TRAILER)
            if beside:
                await cursor.execute(
                    "insert into quarter_hour select * from filling on conflict do nothing"
                )
            return cursor.rowcount

    async def forget_points(self, points: Sequence[str], before: datetime) -> int:
        """Drop samples and means of `points` from before a moment: how many of both.

        What a resident no longer allows is dropped so.
        """
        numbers = (await self._known_numbers(points)).tolist()
        dropped = 0
        async with self._db.work(limit_s=600) as connection:
            for table in (_FORGET_SAMPLES, _FORGET_MEANS):
                cursor = await connection.execute(table, (numbers, before))
                dropped += cursor.rowcount
        return dropped

    async def last_history_slot(self) -> Slot | None:
        """The newest slot that has a mean; none when there is no history."""
        row = await self._db.row(_LAST)
        return Slot((row[0] - EPOCH) // SLOT) if row and row[0] is not None else None


def _blocks(numbers: NDArray[np.int32], past: QuarterHours) -> Iterator[bytes]:
    """Rows of a binary COPY, some points at a time; means that are NaN are left out."""
    slots = np.arange(past.horizon.length, dtype=np.int64) + past.horizon.first.index
    moments = slots * _SLOT_US + _EPOCH_US
    for first in range(0, len(numbers), _POINTS_AT_ONCE):
        means = past.values[first : first + _POINTS_AT_ONCE]
        rows, columns = np.nonzero(np.isfinite(means))
        if not len(rows):
            continue
        yield binary.rows(
            _FIELDS,
            {
                "point_id": numbers[first + rows],
                "at": moments[columns],
                "mean": means[rows, columns],
                "good": np.zeros(len(rows), dtype=np.int32),
            },
        )
