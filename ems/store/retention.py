"""How long what is kept, by class of data, and how the fine becomes coarse.

    the district's own    samples some days; quarter hours and hours 5 years; days, months 10 years
    a dwelling's, with    samples some days; quarter hours and hours 13 months; then as without
      consent
    a dwelling's,         everything finer than a day: yesterday and today, as running the district
      without             needs a day; then daily and monthly totals of energy and water, 10 years

A curve becomes coarse when its day's rows give way to one that carries the day's mean and weight:
days and months stay what they were, hours go. What a withdrawn consent covered goes the same way,
in the store and in what waits on its way into it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from psycopg import AsyncConnection, sql

from ems.domain.steps import Step
from ems.store.audit import note
from ems.store.database import Row
from ems.store.rollups import LOCAL, MEANS, RollUps, is_timescale

SAMPLES_DAYS = 3
SAMPLES_DAYS_COMPRESSED = 14
"""With TimescaleDB, which compresses them after 7."""
CONSENTED_DAYS = 13 * 30
"""Fine curves of a dwelling that consents: not quite 13 months."""
DISTRICT_DAYS = 5 * 365
"""Fine curves of everything else."""
TOTALS_DAYS = 3653
"""Days and months: 10 years."""
TOTALS = (
    "electric_power_kw", "electric_energy_kwh", "heat_power_kw", "heat_energy_kwh",
    "hot_water_energy_kwh", "hot_water_volume_m3",
)  # fmt: skip
"""Of a dwelling, what bills rest on: its daily totals stay."""
WHO = "service"

_LIMIT_S = 1800.0

Elsewhere = Callable[[Sequence[str], datetime], Awaitable[int]]
"""Removes readings of some points from before a moment where they wait: how many."""

_UNCONSENTED: LiteralString = """
select point.id, point.name from point where dwelling is not null and not exists (
  select from consent where consent.dwelling = point.dwelling and withdrawn_at is null)
"""
_CONSENTED: LiteralString = """
select id from point where dwelling is not null and exists (
  select from consent where consent.dwelling = point.dwelling and withdrawn_at is null)
"""
_OTHERS: LiteralString = "select id from point where dwelling is null"

_COARSE: LiteralString = """
create temp table coarse on commit drop as
select point_id, date_trunc('day', at, 'Europe/Paris') as day,
  sum(mean * slots) / sum(slots) as mean, sum(slots)::smallint as slots
from quarter_hour where point_id = any(%(points)s) and at < %(before)s
group by 1, 2 having min(slots) = 1
"""
_FINE_GONE: LiteralString = """
delete from quarter_hour where point_id = any(%(points)s) and at < %(before)s and slots = 1
"""
_COARSE_KEPT: LiteralString = """
insert into quarter_hour (point_id, at, mean, good, slots)
select point_id, day, coarse.mean, 0, coarse.slots from coarse join point on id = point_id
where point.dwelling is null or quantity = any(%(totals)s)
on conflict (point_id, at) do update set mean = excluded.mean, slots = excluded.slots
"""
_SAMPLES_GONE: LiteralString = """
delete from sample where point_id = any(%(points)s) and at < %(before)s
"""
_MEANS_GONE = sql.SQL("delete from {} where point_id = any(%(points)s) and at < %(before)s")
_OLD_GONE = sql.SQL("delete from {} where at < %s")
_NOT_TOTALS: LiteralString = """
select id from point where id = any(%s) and dwelling is not null and quantity <> all(%s)
"""
_AGGREGATES_AT: LiteralString = """
select view_name, materialization_hypertable_schema, materialization_hypertable_name
from timescaledb_information.continuous_aggregates where view_schema = 'public'
"""


@dataclass(frozen=True, kw_only=True)
class Purged:
    """What was taken out."""

    samples: int
    """Single readings."""
    means: int
    """Quarter-hour means, of which one a day may have stayed as its total."""
    waiting: int = 0
    """Readings that were still on their way into the store."""


class Retention(RollUps):
    """Lets go of what may not, or need not, be kept."""

    async def purge_withdrawn(self, now: datetime, elsewhere: Elsewhere) -> Purged:
        """Keep daily totals only of dwellings that do not, or no longer, consent.

        `now` is district time; yesterday and today stay fine, as the district is run by them. What
        waits elsewhere goes first, so that it does not come in afterwards.
        """
        before = start_of_yesterday(now)
        found = await self._db.rows(_UNCONSENTED)
        waiting = await elsewhere([name for _, name in found], before)
        gone = await self._make_coarse([number for number, _ in found], before)
        return Purged(samples=gone.samples, means=gone.means, waiting=waiting)

    async def keep_less(self, now: datetime) -> None:
        """Let everything go whose time is over at `now`, district time."""
        for query, days in ((_CONSENTED, CONSENTED_DAYS), (_OTHERS, DISTRICT_DAYS)):
            numbers = [number for (number,) in await self._db.rows(query)]
            await self._make_coarse(numbers, start_of_yesterday(now - timedelta(days=days)))
        timescale = await self.has_timescale()
        await self._forget_samples(now, compressed=timescale)
        async with self._db.work(limit_s=_LIMIT_S) as connection:
            for table in (("quarter_hour",), *(await self._tables(connection)).values()):
                await connection.execute(
                    _OLD_GONE.format(_named(table)), (now - timedelta(days=TOTALS_DAYS),)
                )

    async def _forget_samples(self, now: datetime, *, compressed: bool) -> None:
        """On TimescaleDB whole chunks go, which costs nothing."""
        days = SAMPLES_DAYS_COMPRESSED if compressed else SAMPLES_DAYS
        before = now - timedelta(days=days)
        async with self._db.work(limit_s=_LIMIT_S) as connection:
            if compressed:
                await connection.execute("select drop_chunks('sample', %s)", (before,))
            else:
                await connection.execute("delete from sample where at < %s", (before,))

    async def _make_coarse(self, points: Sequence[int], before: datetime) -> Purged:
        """One row a day instead of the curve, for some points before a local midnight."""
        async with self._db.work(limit_s=_LIMIT_S) as connection:
            what = {"points": list(points), "before": before, "totals": list(TOTALS)}
            samples = (await connection.execute(_SAMPLES_GONE, what)).rowcount
            await connection.execute(_COARSE, what)
            means = (await connection.execute(_FINE_GONE, what)).rowcount
            await connection.execute(_COARSE_KEPT, what)
            await self._coarsen_longer(connection, list(points), before)
            if samples or means:
                said = {"action": "fine data removed", "before": before.isoformat()}
                await note(connection, WHO, {**said, "samples": samples, "means": means})
        return Purged(samples=samples, means=means)

    async def _coarsen_longer(
        self, connection: AsyncConnection[Row], points: Sequence[int], before: datetime
    ) -> None:
        """Hours go; days and months of what bills do not rest on go too."""
        tables = await self._tables(connection)
        cursor = await connection.execute(_NOT_TOTALS, (points, list(TOTALS)))
        others = [number for (number,) in await cursor.fetchall()]
        for step in (Step.HOUR, Step.DAY, Step.MONTH):
            of = points if step is Step.HOUR else others
            query = _MEANS_GONE.format(_named(tables[step]))
            await connection.execute(query, {"points": of, "before": step.start(before, LOCAL)})

    async def _tables(self, connection: AsyncConnection[Row]) -> dict[Step, tuple[str, ...]]:
        """Where the longer means are: with TimescaleDB in tables behind its aggregates."""
        names = {step: MEANS[step] for step in (Step.HOUR, Step.DAY, Step.MONTH)}
        if not await is_timescale(connection):
            return {step: (name,) for step, name in names.items()}
        cursor = await connection.execute(_AGGREGATES_AT)
        behind = {view: (schema, table) for view, schema, table in await cursor.fetchall()}
        return {step: behind[name] for step, name in names.items()}


def start_of_yesterday(now: datetime) -> datetime:
    """The local midnight that is one to two days ago, UTC."""
    today = Step.DAY.start(now, LOCAL)
    return Step.DAY.start(today - timedelta(hours=1), LOCAL)


def _named(table: tuple[str, ...]) -> sql.Identifier:
    return sql.Identifier(*table)
