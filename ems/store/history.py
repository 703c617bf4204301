"""Means of the past: made from samples as time goes, or filled in at once from a known past.

A slot without a good sample has no row. With each change of quarter hours the longer means follow
(`ems.store.rollups`). Means come back as arrays that the server gathers for each point, which is
ten times faster than row by row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import LiteralString

import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncConnection, sql

from ems.domain.points import Quality
from ems.domain.slots import EPOCH, SLOT, SLOT_S, Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.domain.steps import Step
from ems.store import binary
from ems.store.database import Row
from ems.store.points import Points
from ems.store.rollups import LOCAL, MEANS, RollUps, Span

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

_KEPT_APART: LiteralString = """
on conflict (point_id, at) do update set mean = excluded.mean, good = excluded.good
where quarter_hour.slots = 1
"""
"""What stands for a whole day is not overwritten by one late slot of it."""
_FROM_SAMPLES: LiteralString = """
insert into quarter_hour
select point_id, %(begin)s, avg(value), count(*) from sample
where at >= %(begin)s and at < %(end)s and quality = any(%(good)s)
  and value > '-infinity' and value < 'infinity'
group by point_id
"""
_FROM_AGGREGATE: LiteralString = """
insert into quarter_hour select point_id, at, mean, good from slot_mean where at = %(begin)s
"""
_READ = sql.SQL("""
select point_id, array_send(array_agg(at)), array_send(array_agg(mean)),
  array_send(array_agg(slots::integer)) from {}
where point_id = any(%s::integer[]) and at >= %s and at < %s group by point_id
""")
_HOLDS = """
select exists (select from quarter_hour
where point_id = any(%s::integer[]) and at >= %s and at < %s)
"""
_FILLING = """
create temp table filling (like quarter_hour including defaults) on commit drop
"""
_LAST = """
select max(newest) from point
cross join lateral (select max(at) as newest from quarter_hour where point_id = point.id) as q
"""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The past of some points in steps."""

    points: tuple[str, ...]
    """Point ids, one for each row."""
    step: Step
    """How long each mean is."""
    starts: tuple[datetime, ...]
    """When each step begins, UTC; one for each column."""
    means: NDArray[np.float64] = field(repr=False)
    """In the points' units; NaN where nothing good was measured. Shape [points, steps]."""
    slots: NDArray[np.int64] = field(repr=False)
    """Quarter hours that were measured of each step; of a power, mean x slots / 4 is the energy.
    Shape [points, steps]."""


class Means(RollUps, Points):
    """The past of each point."""

    async def roll_up(self, slot: Slot) -> int:
        """Make the means of `slot` from its samples: of how many points.

        The mean is over the good samples of the slot, each with the same weight, as a point is
        polled at one pace. Done again it takes late samples in.
        """
        span = Span.of_slot(slot)
        if not await self.has_timescale():
            async with self._db.work(limit_s=120) as connection:
                made = await _made(connection, _FROM_SAMPLES, span)
                await self._sum_dwellings(connection, span)
                await self._roll_up_plain(connection, span)
            return made
        await self._refresh_one("slot_mean", span)
        async with self._db.work(limit_s=120) as connection:
            made = await _made(connection, _FROM_AGGREGATE, span)
            await self._sum_dwellings(connection, span)
        await self._refresh(span)
        return made

    async def quarter_hours(self, points: Sequence[str], horizon: Horizon) -> QuarterHours:
        """Means of `points` over `horizon`; NaN where nothing good was measured."""
        begin, end = horizon.first.start, (horizon.first + horizon.length).start
        curve = await self.curve(points, begin, end, Step.QUARTER_HOUR)
        return QuarterHours(points=tuple(points), horizon=horizon, values=curve.means)

    async def curve(
        self, points: Sequence[str], begin: datetime, end: datetime, step: Step
    ) -> Curve:
        """Means of `points` in the steps that begin from `begin` to before `end`, both UTC."""
        numbers = await self._numbers(points)
        row_of = {int(number): row for row, number in enumerate(numbers)}
        starts = step.starts(begin, end, LOCAL)
        moments = np.array([binary.microseconds(start) for start in starts], dtype=np.int64)
        means = np.full((len(points), len(starts)), np.nan)
        slots = np.zeros(means.shape, dtype=np.int64)
        async with self._db.work(limit_s=60) as connection:
            cursor = connection.cursor(binary=True)
            query = _READ.format(sql.Identifier(MEANS[step]))
            await cursor.execute(query, (numbers.tolist(), begin, end))
            async for number, at, mean, count in cursor:
                row = row_of[number]
                columns = np.searchsorted(moments, binary.array_of(at, binary.INT8))
                means[row, columns] = binary.array_of(mean, binary.FLOAT8)
                slots[row, columns] = binary.array_of(count, binary.INT4)
        return Curve(points=tuple(points), step=step, starts=starts, means=means, slots=slots)

    async def fill_history(self, past: QuarterHours, *, longer: bool = True) -> int:
        """Keep a known past: how many means were new. What is there already stays as it is.

        Without `longer` the means of hours, days and months are left to `catch_up`.

        Raises:
            StoreError: a point was not registered.
        """
        numbers = await self._known_numbers(past.points)
        begin, end = past.horizon.first.start, (past.horizon.first + past.horizon.length).start
        span, timescale = Span(begin=begin, end=end), await self.has_timescale()
        async with self._db.work(limit_s=600) as connection:
            await connection.execute("lock table quarter_hour in share row exclusive mode")
            cursor = connection.cursor()
            await cursor.execute(_HOLDS, (numbers.tolist(), begin, end))
            holds = await cursor.fetchone()
            beside = holds is not None and holds[0]
            if beside:
                await cursor.execute(_FILLING)
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
            new = cursor.rowcount
            if new:
                await self._sum_dwellings(connection, span)
            if new and longer and not timescale:
                await self._roll_up_plain(connection, span)
        if timescale and new and longer:
            await self._refresh(span)
        return new

    async def last_history_slot(self) -> Slot | None:
        """The newest slot that has a mean; none when there is no history."""
        row = await self._db.row(_LAST)
        return Slot((row[0] - EPOCH) // SLOT) if row and row[0] is not None else None


async def _made(connection: AsyncConnection[Row], query: LiteralString, span: Span) -> int:
    values = {"begin": span.begin, "end": span.end, "good": _GOOD}
    cursor = await connection.execute(query + _KEPT_APART, values)
    return cursor.rowcount


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
