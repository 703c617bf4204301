"""Means by the hour, local day and month, always as new as the quarter hours they are made of.

On PostgreSQL alone they are tables: after a change, the buckets that it touches are made again.
With TimescaleDB they are continuous aggregates, and the same buckets are refreshed. Either way a
bucket is made again from the quarter hours, each weighing as many slots as it stands for; points
are gone through one by one, as the key of `quarter_hour` begins with the point.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from zoneinfo import ZoneInfo

from psycopg import AsyncConnection

from ems.domain.own_points import DWELLINGS_POWER
from ems.domain.slots import Slot
from ems.domain.steps import Step
from ems.store.database import Database, Row

LOCAL = ZoneInfo("Europe/Paris")
"""Whose days and months; the schema has the same."""

_BY_HOUR: LiteralString = """
insert into hour_mean
select point.id, q.bucket, q.mean, q.slots from point cross join lateral (
  select date_bin('1 hour', at, '2000-01-01 00:00+00') as bucket, avg(mean) as mean,
    count(*) as slots
  from quarter_hour
  where point_id = point.id and at >= %(begin)s and at < %(end)s and slots = 1
  group by 1) q
on conflict (point_id, at) do update set mean = excluded.mean, slots = excluded.slots
"""
_BY_DAY: LiteralString = """
insert into day_mean
select point.id, q.bucket, q.mean, q.slots from point cross join lateral (
  select date_trunc('day', at, 'Europe/Paris') as bucket,
    sum(mean * slots) / sum(slots) as mean, sum(slots) as slots
  from quarter_hour
  where point_id = point.id and at >= %(begin)s and at < %(end)s
  group by 1) q
on conflict (point_id, at) do update set mean = excluded.mean, slots = excluded.slots
"""
_BY_MONTH: LiteralString = """
insert into month_mean
select point.id, q.bucket, q.mean, q.slots from point cross join lateral (
  select date_trunc('month', at, 'Europe/Paris') as bucket,
    sum(mean * slots) / sum(slots) as mean, sum(slots) as slots
  from day_mean
  where point_id = point.id and at >= %(begin)s and at < %(end)s
  group by 1) q
on conflict (point_id, at) do update set mean = excluded.mean, slots = excluded.slots
"""
_MADE_BY = {Step.HOUR: _BY_HOUR, Step.DAY: _BY_DAY, Step.MONTH: _BY_MONTH}
_SUM_OF_DWELLINGS: LiteralString = """
with whole as materialized (select id from point where name = %(name)s),
part as materialized (
  select id from point where dwelling is not null and quantity = 'electric_power_kw')
insert into quarter_hour (point_id, at, mean, good)
select (select id from whole), q.at, sum(q.mean) * (select count(*) from part) / count(*), 0
from part cross join lateral (select at, mean from quarter_hour
  where point_id = part.id and at >= %(begin)s and at < %(end)s and slots = 1) as q
where exists (select from whole)
group by q.at having count(*) >= 0.8 * (select count(*) from part)
on conflict (point_id, at) do update set mean = excluded.mean
"""
_FIRST_AND_LAST: LiteralString = """
select min(ends.first), max(ends.last) from point cross join lateral (
  select min(at) as first, max(at) as last from quarter_hour where point_id = point.id) as ends
"""
_LACKS: LiteralString = """
select not exists (select from point where exists (
    select from day_mean where point_id = point.id and at = %(begin)s))
  and exists (select from point where exists (
    select from quarter_hour where point_id = point.id and at >= %(begin)s and at < %(end)s))
"""
_CAUGHT_UP = timedelta(days=100)
"""How far back days without means are looked for."""
_REFRESH: LiteralString = "call refresh_continuous_aggregate(%s::regclass, %s, %s)"
_IS_TIMESCALE: LiteralString = """
select exists (select from pg_views where schemaname = 'public' and viewname = 'hour_mean')
"""

MEANS: dict[Step, LiteralString] = {
    Step.QUARTER_HOUR: "fine_mean",
    Step.HOUR: "hour_mean",
    Step.DAY: "day_mean",
    Step.MONTH: "month_mean",
}
"""Where the means of each step are."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """Some time, whose means have changed."""

    begin: datetime
    """UTC."""
    end: datetime
    """Not in it any more."""

    @classmethod
    def of_slot(cls, slot: Slot) -> "Span":
        """One quarter hour."""
        return cls(begin=slot.start, end=slot.end)

    def widened(self, step: Step) -> "Span":
        """Whole steps that hold it."""
        last = step.start(self.end - (self.end - self.begin) / 2**20, LOCAL)
        return Span(begin=step.start(self.begin, LOCAL), end=step.after(last, LOCAL))


class RollUps:
    """Makes the longer means; base of the rooms that change the shorter ones."""

    _db: Database

    async def has_timescale(self) -> bool:
        """Whether the means are continuous aggregates."""
        async with self._db.work() as connection:
            return await is_timescale(connection)

    async def make_longer(self, begin: datetime, end: datetime) -> None:
        """Make the longer means of some time again from the quarter hours that are there."""
        span = Span(begin=begin, end=end)
        if await self.has_timescale():
            await self._refresh(span)
            return
        async with self._db.work(limit_s=600) as connection:
            await self._roll_up_plain(connection, span)

    async def catch_up(self, pause_s: float = 0.0) -> int:
        """Make the longer means of days that have none yet, one day after the other: how many.

        A long past is filled in without them, so that the first plan need not wait. `pause_s` is
        wall time left to others between two days.
        """
        lacking = await self._lacking_days()
        for day in lacking:
            await self.make_longer(day, Step.DAY.after(day, LOCAL))
            await asyncio.sleep(pause_s)
        return len(lacking)

    async def _lacking_days(self) -> list[datetime]:
        """When each late local day began that has quarter hours but no mean, oldest first."""
        async with self._db.work() as connection:
            ends = await (await connection.execute(_FIRST_AND_LAST)).fetchone()
            if ends is None or ends[0] is None:
                return []
            begin = max(ends[0], ends[1] - _CAUGHT_UP)
            days = Step.DAY.starts(Step.DAY.start(begin, LOCAL), ends[1], LOCAL)
            lacking = []
            for day in days:
                values = {"begin": day, "end": Step.DAY.after(day, LOCAL)}
                row = await (await connection.execute(_LACKS, values)).fetchone()
                if row is not None and row[0]:
                    lacking.append(day)
            return lacking

    async def _roll_up_plain(self, connection: AsyncConnection[Row], span: Span) -> None:
        """Make the tables' buckets that hold `span` again, in the transaction of `connection`."""
        for step, query in _MADE_BY.items():
            wide = span.widened(step)
            await connection.execute(query, {"begin": wide.begin, "end": wide.end})

    async def _sum_dwellings(self, connection: AsyncConnection[Row], span: Span) -> None:
        """Keep what all dwellings use together, which tells of nobody and so outlives the parts."""
        values = {"begin": span.begin, "end": span.end, "name": DWELLINGS_POWER}
        await connection.execute(_SUM_OF_DWELLINGS, values)

    async def _refresh(self, span: Span) -> None:
        """Have TimescaleDB make the buckets that hold `span` again."""
        for step in _MADE_BY:
            await self._refresh_one(MEANS[step], span.widened(step))

    async def _refresh_one(self, name: LiteralString, span: Span) -> None:
        """Refresh one continuous aggregate, which TimescaleDB allows outside transactions only."""
        async with self._db.alone(limit_s=600) as connection:
            await connection.execute(_REFRESH, (name, span.begin, span.end))


async def is_timescale(connection: AsyncConnection[Row]) -> bool:
    """Whether the means are continuous aggregates."""
    row = await (await connection.execute(_IS_TIMESCALE)).fetchone()
    return row is not None and bool(row[0])
