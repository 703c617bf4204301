"""A year of 412 dwellings by the quarter hour: what pages ask of it, how long it takes, its size.

The year lies in the database as it would have come in: slot by slot. Each question is asked a few
times. What counts is the processor time of asking and answering, which is how long an answer takes
on a machine that does nothing else; the slowest answer by the clock is told beside it.
"""

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from benchmarks.figures import Figure
from benchmarks.store_effort import Effort
from ems.config import SMARTSEILLE, load_district
from ems.console.chart import measured_points, window
from ems.devices.maps import point_infos
from ems.domain.district import DeviceKind
from ems.domain.points import point_id
from ems.domain.slots import Horizon, Slot
from ems.domain.steps import Step
from ems.store import Store
from ems.store.database import Database

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
DAYS, QUICK_DAYS = 365, 30
SIGNAL = "electric_power_kw"
ASKED = 10
ANSWER_S = 0.2
AT_ONCE = timedelta(days=30)

_LIVED = """
insert into quarter_hour (point_id, at, mean, good)
select id, at, round((0.2 + 0.3 * random() + 0.3 * random() ^ 8)::numeric, 3), 15
from generate_series(%s::timestamptz, %s::timestamptz - interval '15 min', interval '15 min') as at
cross join (select id from point where name = any(%s) order by id) as p
"""
_SIZE = "select count(*), pg_total_relation_size('quarter_hour') from quarter_hour"


@dataclass(frozen=True, kw_only=True)
class Question:
    """Something that a page or a feed asks."""

    name: str
    ask: Callable[[], Awaitable[object]]


async def lived_through(
    store: Store, database: Database, points: Sequence[str], days: int
) -> float:
    """Put the past of `points` into an empty store: wall seconds, with all longer means."""
    begun_s = time.perf_counter()
    end = BEGIN + timedelta(days=days)
    begin = BEGIN
    while begin < end:
        until = min(begin + AT_ONCE, end)
        async with database.work(limit_s=1800) as connection:
            await connection.execute(_LIVED, (begin, until, list(points)))
        await store.make_longer(begin, until)
        begin = until
    async with database.alone(limit_s=600) as connection:
        await connection.execute("vacuum analyze quarter_hour")
        await connection.execute("analyze")
    return time.perf_counter() - begun_s


def questions(store: Store, points: Sequence[str], days: int) -> Iterator[Question]:
    """What is asked, of one dwelling and of all."""
    now = BEGIN + timedelta(days=days)
    chart = measured_points(load_district(SMARTSEILLE))
    week = Horizon(Slot.containing(now - timedelta(days=7)), 7 * 96)

    def curve(name: str, some: Sequence[str], back: int, step: Step) -> Question:
        begin = now - timedelta(days=min(back, days))
        return Question(name=name, ask=lambda: store.curve(some, begin, now, step))

    one = points[:1]
    yield Question(name="overview's chart", ask=lambda: store.quarter_hours(chart, window(now)))
    yield Question(name="latest of all points", ask=store.latest)
    yield Question(name="last history slot", ask=store.last_history_slot)
    yield Question(name="a dwelling's week", ask=lambda: store.quarter_hours(one, week))
    yield curve("a dwelling's month by hour", one, 30, Step.HOUR)
    yield curve("a dwelling's year by day", one, 365, Step.DAY)
    yield curve("all dwellings' day", points, 1, Step.QUARTER_HOUR)
    yield curve("all dwellings' week by hour", points, 7, Step.HOUR)
    yield curve("all dwellings' year by day", points, 365, Step.DAY)
    yield curve("all dwellings' year by month", points, 365, Step.MONTH)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """How long some answers took."""

    processor_s: float
    """Each, on average, of program and database."""
    slowest_s: float
    """By the clock."""


async def answers(question: Question, effort: Effort) -> Answers:
    """Ask a few times; the first answer finds nothing in memory."""
    took = []
    before_s = effort.seconds()
    for _ in range(ASKED):
        begun_s = time.perf_counter()
        await question.ask()
        took.append(time.perf_counter() - begun_s)
    return Answers(processor_s=(effort.seconds() - before_s) / ASKED, slowest_s=max(took))


async def year(store: Store, database: Database, effort: Effort, *, quick: bool) -> list[Figure]:
    """Ask everything."""
    district = load_district(SMARTSEILLE)
    days = QUICK_DAYS if quick else DAYS
    await store.register(point_infos(district))
    points = [point_id(d.id, SIGNAL) for d in district.of_kind(DeviceKind.DWELLING)]
    took_s = await lived_through(store, database, points, days)
    ((rows, size),) = await database.rows(_SIZE)
    asked = {q.name: await answers(q, effort) for q in questions(store, points, days)}
    title = f"{days} days of {len(points)} dwellings"
    return [
        Figure(name=f"{title}: rows", value=rows / 1e6, unit="million"),
        Figure(name=f"{title}: filled in with longer means", value=took_s, unit="s wall"),
        *[
            Figure(
                name=f"{title}: {name}", value=found.processor_s, unit="s processor", goal=ANSWER_S
            )
            for name, found in asked.items()
        ],
        Figure(
            name=f"{title}: slowest answer of all",
            value=max(found.slowest_s for found in asked.values()),
            unit="s wall",
        ),
        Figure(name="quarter hours on disk", value=size / rows, unit="bytes each"),
        Figure(
            name="a dwelling's signal on disk for a year",
            value=size / rows * 35_040 / 1e6,
            unit="MB",
        ),
    ]
