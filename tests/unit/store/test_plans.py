import asyncio
from uuid import uuid4

import numpy as np
import psycopg
import pytest
from store_examples import NOON, a_plan, its_forecasts

from ems.domain.plans import Mode, Plan
from ems.store import Store


def _same(one: Plan | None, other: Plan) -> bool:
    assert one is not None
    np.testing.assert_equal(one.report.__dict__, other.report.__dict__)
    np.testing.assert_equal(dict(one.series), dict(other.series))
    for mine, yours in zip(one.setpoints, other.setpoints, strict=True):
        np.testing.assert_array_equal(mine.values, yours.values)
        assert (mine.point, mine.unit, mine.low, mine.high) == (
            yours.point, yours.unit, yours.low, yours.high,
        )  # fmt: skip
        np.testing.assert_equal(
            [(r.code, r.value) for r in mine.reasons], [(r.code, r.value) for r in yours.reasons]
        )
    heads = [(p.id, p.issued_at, p.horizon, p.origin, p.forecasts_degraded) for p in (one, other)]
    return heads[0] == heads[1]


async def test_a_plan_comes_back_as_it_was_committed(store: Store) -> None:
    assert await store.live_plan() is None
    plan = a_plan()
    await store.commit_plan(plan, Mode.AUTOMATIC, its_forecasts(plan))
    assert _same(await store.live_plan(), plan)
    assert _same(await store.plan(plan.id), plan)


async def test_forecasts_stay_with_their_plan(store: Store) -> None:
    plan = a_plan()
    forecasts = its_forecasts(plan)
    await store.commit_plan(plan, Mode.AUTOMATIC, forecasts)
    kept = await store.forecasts(plan.id)
    assert kept is not None
    assert kept.horizon == plan.horizon
    for name, forecast in forecasts.series.items():
        np.testing.assert_equal(kept.series[name].__dict__, forecast.__dict__)


async def test_a_new_plan_supersedes_the_old_one(store: Store) -> None:
    old, new = a_plan(), a_plan()
    await store.commit_plan(old, Mode.AUTOMATIC)
    await store.commit_plan(new, Mode.SHADOW)
    live = await store.live_standing()
    assert live is not None
    assert (live.id, live.mode) == (new.id, Mode.SHADOW)
    assert {s.id: s.live for s in await store.standings()} == {old.id: False, new.id: True}


async def test_of_two_plans_committed_at_once_one_is_live(store: Store) -> None:
    plans = [a_plan() for _ in range(6)]
    await asyncio.gather(*(store.commit_plan(plan, Mode.AUTOMATIC) for plan in plans))
    standings = await store.standings()
    assert len(standings) == 6
    assert sum(s.live for s in standings) == 1


async def test_the_database_itself_refuses_a_second_live_plan(store: Store, dsn: str) -> None:
    await store.commit_plan(a_plan(), Mode.AUTOMATIC)
    await store.commit_plan(a_plan(), Mode.AUTOMATIC)
    with (
        psycopg.connect(dsn) as connection,
        pytest.raises(psycopg.errors.UniqueViolation, match="plan_one_live"),
    ):
        connection.execute("update plan set status = 'live'")


async def test_a_commit_said_twice_counts_once_and_does_not_come_back_to_life(store: Store) -> None:
    old, new = a_plan(), a_plan()
    for plan in (old, new, old):
        await store.commit_plan(plan, Mode.AUTOMATIC)
    assert _same(await store.live_plan(), new)
    assert len(await store.standings()) == 2


async def test_an_unknown_plan_is_none(store: Store) -> None:
    assert await store.plan(str(uuid4())) is None
    assert await store.plan("not-a-uuid") is None


async def test_old_plans_can_be_forgotten_but_the_live_one_stays(store: Store) -> None:
    old, new = a_plan(), a_plan()
    await store.commit_plan(old, Mode.AUTOMATIC, its_forecasts(old))
    await store.commit_plan(new, Mode.AUTOMATIC)
    assert await store.forget_plans(NOON.replace(year=2030)) == 1
    assert [s.id for s in await store.standings()] == [new.id]
