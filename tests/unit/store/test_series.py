"""What the store answers about series, the same on PostgreSQL alone and with TimescaleDB."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import pytest
import pytest_asyncio
from psycopg import sql
from store_examples import no_readings_elsewhere

from ems.domain.own_points import DWELLINGS_POWER, own_points
from ems.domain.points import PointInfo, Quality, Unit
from ems.domain.slots import Horizon, Slot
from ems.domain.steps import Step
from ems.store import Store, migrate
from ems.store.database import Database
from ems.store.residents import Purpose

PARIS = ZoneInfo("Europe/Paris")
MIDNIGHT = datetime(2026, 3, 28, tzinfo=PARIS).astimezone(UTC)
"""The clocks go forward on the 29th: the day has 23 hours."""
DAY_AFTER = datetime(2026, 3, 30, tzinfo=PARIS).astimezone(UTC)
NOW = datetime(2026, 4, 2, 10, tzinfo=PARIS).astimezone(UTC)
METER = "M-HTA/power_kw"
ELECTRICITY, ROOM = "A/electric_power_kw", "A/room_temp_c"
NEIGHBOUR = "B/electric_power_kw"


def _point(name: str, dwelling: str = "", unit: Unit = Unit.KILOWATT) -> PointInfo:
    device, _, quantity = name.partition("/")
    return PointInfo(
        id=name, device=device, name=quantity, unit=unit, writable=False, dwelling=dwelling
    )


POINTS = (
    _point(METER),
    _point(ELECTRICITY, "A"),
    _point(ROOM, "A", Unit.CELSIUS),
    _point(NEIGHBOUR, "B"),
    *own_points(),
)


@pytest_asyncio.fixture
async def series(series_dsn: str) -> AsyncIterator["Series"]:
    """A store with registered points."""
    database = await Database.opened(series_dsn, connections=1)
    try:
        store = Store(database)
        await store.register(POINTS)
        yield Series(store, database)
    finally:
        await database.close()


class Series:
    """A store, and a way to give it samples without COPY, which PGlite does not have."""

    def __init__(self, store: Store, database: Database) -> None:
        self.store, self.database = store, database

    async def measured(
        self, point: str, first: Slot, values: Iterable[float], quality: Quality = Quality.GOOD
    ) -> None:
        """One sample a quarter hour."""
        listed = list(values)
        starts = [(first + n).start for n in range(len(listed))]
        await self.database.do(
            """insert into sample
            select id, at, value, %s from point, unnest(%s::timestamptz[], %s::float8[]) as s
              (at, value)
            where name = %s on conflict do nothing""",
            int(quality), starts, listed, point,
        )  # fmt: skip

    async def lived(self, point: str, first: Slot, values: Iterable[float]) -> None:
        """Quarter hours as they were summed up at their time."""
        listed = list(values)
        starts = [(first + n).start for n in range(len(listed))]
        await self.database.do(
            """insert into quarter_hour (point_id, at, mean, good)
            select id, at, mean, 1 from point, unnest(%s::timestamptz[], %s::float8[]) as s
              (at, mean) where name = %s""",
            starts, listed, point,
        )  # fmt: skip

    async def means(self, point: str, begin: datetime, end: datetime, step: Step) -> list[float]:
        curve = await self.store.curve([point], begin, end, step)
        return [float(mean) for mean in curve.means[0]]

    async def samples(self, point: str) -> int:
        rows = await self.database.rows(
            "select count(*) from sample join point on id = point_id where name = %s", point
        )
        return int(rows[0][0])


async def _three_days(series: Series) -> None:
    """Two local days and the beginning of a third, each with a mean of its own."""
    first = Slot.containing(MIDNIGHT)
    power_kw = [1.0] * 96 + [3.0] * 92 + [8.0] * 4
    for point in (METER, ELECTRICITY, ROOM, NEIGHBOUR):
        await series.lived(point, first, power_kw[:-1])
        await series.measured(point, first, power_kw)
    await series.store.roll_up(first + (len(power_kw) - 1))
    await series.store.make_longer(MIDNIGHT, DAY_AFTER)


async def test_days_without_means_are_caught_up_with_once(series: Series) -> None:
    await series.lived(METER, Slot.containing(MIDNIGHT), [1.0] * 96 + [3.0] * 92)

    caught, again = await series.store.catch_up(), await series.store.catch_up()

    days = await series.store.curve([METER], MIDNIGHT, DAY_AFTER, Step.DAY)
    assert (caught, again) == (2, 0)
    assert days.means.tolist() == [[1.0, 3.0]]


async def test_days_are_local_and_23_hours_long_when_the_clocks_go_forward(series: Series) -> None:
    await _three_days(series)
    end = DAY_AFTER + timedelta(hours=12)
    curve = await series.store.curve([METER], MIDNIGHT, end, Step.DAY)
    assert curve.starts == (MIDNIGHT, MIDNIGHT + timedelta(days=1), DAY_AFTER)
    np.testing.assert_array_equal(curve.slots[0], [96, 92, 4])
    np.testing.assert_allclose(curve.means[0], [1.0, 3.0, 8.0])


async def test_a_month_weighs_its_days_by_what_was_measured(series: Series) -> None:
    await _three_days(series)
    march = datetime(2026, 3, 1, tzinfo=PARIS).astimezone(UTC)
    curve = await series.store.curve([METER], march, NOW, Step.MONTH)
    assert curve.starts == (march, datetime(2026, 4, 1, tzinfo=PARIS).astimezone(UTC))
    assert curve.slots[0, 0] == 192
    assert curve.means[0, 0] * 192 == pytest.approx(1.0 * 96 + 3.0 * 92 + 8.0 * 4)
    assert np.isnan(curve.means[0, 1])


async def test_an_hour_is_the_mean_of_its_quarter_hours_as_far_as_they_are_over(
    series: Series,
) -> None:
    first = Slot.containing(MIDNIGHT)
    await series.measured(METER, first, [4.0, 8.0])
    await series.store.roll_up(first)
    hour = (METER, MIDNIGHT, MIDNIGHT + timedelta(hours=1), Step.HOUR)
    assert await series.means(*hour) == [4.0]
    await series.store.roll_up(first + 1)
    assert await series.means(*hour) == [6.0]


async def test_late_samples_change_every_longer_mean(series: Series) -> None:
    await _three_days(series)
    first = Slot.containing(MIDNIGHT)
    await series.database.do("delete from sample")
    await series.measured(METER, first, [97.0])
    await series.store.roll_up(first)
    assert (await series.means(METER, MIDNIGHT, NOW, Step.HOUR))[0] == 25.0
    assert (await series.means(METER, MIDNIGHT, NOW, Step.DAY))[0] == 2.0


async def test_only_usable_samples_count(series: Series) -> None:
    first = Slot.containing(MIDNIGHT)
    await series.measured(METER, first, [50.0], Quality.OUT_OF_RANGE)
    await series.measured(METER, first + 1, [float("nan")])
    await series.measured(METER, first + 2, [5.0], Quality.OVERRIDDEN)
    for slot in range(3):
        await series.store.roll_up(first + slot)
    past = await series.store.quarter_hours([METER], Horizon(first, 3))
    np.testing.assert_array_equal(past.values[0], [np.nan, np.nan, 5.0])


async def test_without_consent_a_dwelling_keeps_daily_totals_only(series: Series) -> None:
    await _three_days(series)
    await series.store.give_consent("B", Purpose.OWN_FEED, "ana", proof="form 12")
    gone = await series.store.purge_withdrawn(NOW, no_readings_elsewhere)
    assert gone.means == 2 * 192
    for step in (Step.QUARTER_HOUR, Step.HOUR):
        assert np.isnan(await series.means(ELECTRICITY, MIDNIGHT, NOW, step)).all()
        assert np.isfinite((await series.means(NEIGHBOUR, MIDNIGHT, NOW, step))[0])
    days = await series.store.curve([ELECTRICITY], MIDNIGHT, NOW, Step.DAY)
    np.testing.assert_array_equal(days.slots[0, :3], [96, 92, 4])
    np.testing.assert_allclose(days.means[0, :3], [1.0, 3.0, 8.0])
    assert np.isnan(await series.means(ROOM, MIDNIGHT, NOW, Step.DAY)).all()
    assert await series.samples(ROOM) == await series.samples(ELECTRICITY) == 0
    assert await series.samples(NEIGHBOUR) > 0


async def test_a_withdrawn_consent_is_purged_once_and_the_days_outlive_late_samples(
    series: Series,
) -> None:
    await _three_days(series)
    for dwelling in ("A", "B"):
        await series.store.give_consent(dwelling, Purpose.FORECASTS, "ana")
    assert (await series.store.purge_withdrawn(NOW, no_readings_elsewhere)).means == 0
    await series.store.withdraw_consent("A", Purpose.FORECASTS, "ana")
    assert (await series.store.purge_withdrawn(NOW, no_readings_elsewhere)).means == 2 * 192
    assert (await series.store.purge_withdrawn(NOW, no_readings_elsewhere)).means == 0
    first = Slot.containing(MIDNIGHT)
    await series.measured(ELECTRICITY, first, [97.0])
    await series.store.roll_up(first)
    assert (await series.means(ELECTRICITY, MIDNIGHT, NOW, Step.DAY))[0] == pytest.approx(1.0)


async def test_yesterday_and_today_stay_fine_as_the_district_is_run_by_them(
    series: Series,
) -> None:
    await _three_days(series)
    evening = DAY_AFTER + timedelta(hours=20)
    await series.store.purge_withdrawn(evening, no_readings_elsewhere)
    begin = MIDNIGHT + timedelta(days=1)
    past = await series.means(ELECTRICITY, begin, DAY_AFTER, Step.QUARTER_HOUR)
    assert past == [3.0] * 92
    assert np.isnan(await series.means(ELECTRICITY, MIDNIGHT, begin, Step.QUARTER_HOUR)).all()


async def test_what_all_dwellings_use_together_outlives_their_own_curves(series: Series) -> None:
    await _three_days(series)
    await series.store.purge_withdrawn(NOW, no_readings_elsewhere)
    hour = (DAY_AFTER, DAY_AFTER + timedelta(hours=1), Step.QUARTER_HOUR)
    assert (await series.means(DWELLINGS_POWER, *hour))[-1] == 16.0
    assert np.isnan(await series.means(NEIGHBOUR, *hour)).all()


async def test_with_consent_fine_curves_end_after_13_months(series: Series) -> None:
    await _three_days(series)
    await series.store.give_consent("A", Purpose.OWN_FEED, "ana")
    await series.store.keep_less(MIDNIGHT + timedelta(days=380))
    assert np.isfinite((await series.means(ELECTRICITY, MIDNIGHT, NOW, Step.HOUR))[0])
    await series.store.keep_less(MIDNIGHT + timedelta(days=405))
    assert np.isnan(await series.means(ELECTRICITY, MIDNIGHT, NOW, Step.HOUR)).all()
    assert (await series.means(ELECTRICITY, MIDNIGHT, NOW, Step.DAY))[:3] == pytest.approx(
        [1.0, 3.0, 8.0]
    )
    assert np.isfinite((await series.means(METER, MIDNIGHT, NOW, Step.HOUR))[0])


async def test_after_ten_years_nothing_is_left(series: Series) -> None:
    await _three_days(series)
    await series.store.keep_less(MIDNIGHT + timedelta(days=3700))
    for step in Step:
        assert np.isnan(await series.means(METER, MIDNIGHT, NOW, step)).all()
    assert await series.samples(METER) == 0


def test_a_database_that_gets_timescaledb_later_keeps_what_it_has(timescale_dsn: str) -> None:
    migrate(timescale_dsn, to="0006")
    with psycopg.connect(timescale_dsn, autocommit=True) as connection:
        connection.execute("insert into sample values (1, '2026-03-28 12:00Z', 7, 0)")
        connection.execute("insert into quarter_hour values (1, '2026-03-28 12:00Z', 7, 1)")
    migrate(timescale_dsn)
    migrate(timescale_dsn)
    with psycopg.connect(timescale_dsn) as connection:
        found = [
            connection.execute(sql.SQL("select mean from {}").format(name)).fetchall()
            for name in map(sql.Identifier, ("slot_mean", "hour_mean", "day_mean", "month_mean"))
        ]
        jobs = connection.execute(
            """select hypertable_name, config->>'compress_after'
            from timescaledb_information.jobs where proc_name = 'policy_compression' order by 1"""
        ).fetchall()
    assert found == [[(7.0,)]] * 4
    assert jobs == [("quarter_hour", "7 days"), ("sample", "7 days")]


async def test_what_is_compressed_is_read_and_made_coarse_as_before(timescale_dsn: str) -> None:
    migrate(timescale_dsn)
    database = await Database.opened(timescale_dsn, connections=1)
    try:
        series = Series(Store(database), database)
        await series.store.register(POINTS)
        await _three_days(series)
        async with database.alone() as connection:
            await connection.execute("select compress_chunk(c) from show_chunks('sample') c")
            await connection.execute("select compress_chunk(c) from show_chunks('quarter_hour') c")
        assert (await series.means(METER, MIDNIGHT, NOW, Step.QUARTER_HOUR))[96] == 3.0
        await series.store.purge_withdrawn(NOW, no_readings_elsewhere)
        days = await series.means(ELECTRICITY, MIDNIGHT, NOW, Step.DAY)
        assert days[:3] == pytest.approx([1.0, 3.0, 8.0])
        assert await series.samples(ELECTRICITY) == 0
        assert await series.samples(METER) == 192
    finally:
        await database.close()
