from datetime import timedelta

import numpy as np
from store_examples import FIRST, NOON, a_plan

from ems.domain.cycle_record import CycleRecord
from ems.domain.plans import Dispatched, Origin, Outcome, Plan
from ems.store import Store


def _dispatched(plan: Plan, seconds: float = 0.0) -> Dispatched:
    return Dispatched(
        setpoint=plan.setpoints_at(FIRST)[0],
        outcome=Outcome.UNREACHABLE,
        written=19.0,
        read_back=float("nan"),
        at=NOON + timedelta(seconds=seconds),
    )


async def test_what_became_of_a_setpoint_is_found_by_plan_and_by_slot(store: Store) -> None:
    plan = a_plan()
    first, again = _dispatched(plan), _dispatched(plan, seconds=30)
    await store.record(plan.id, [first])
    await store.record(plan.id, [first, again])
    await store.record(plan.id, [])
    for of in (plan.id, FIRST):
        kept = await store.dispatched(of)
        assert [d.at for d in kept] == [first.at, again.at]
        np.testing.assert_equal(str(kept[0]), str(first))
    assert await store.dispatched(FIRST + 1) == ()


async def test_the_story_of_a_quarter_hour_is_told_once_and_can_be_corrected(store: Store) -> None:
    record = CycleRecord(
        slot=FIRST,
        started_at=NOON,
        origin=Origin.OPTIMISED,
        plan_id=a_plan().id,
        steps_s={"snapshot": 0.1, "forecast": 0.2, "plan": 3.0, "commit": 0.05},
        stale_points=3,
        outcomes={"ok": 1200, "unreachable": 2},
    )
    await store.cycle_log(record)
    better = CycleRecord(**{**record.__dict__, "message": "one device late", "missed": True})
    await store.cycle_log(better)
    (kept,) = await store.last_cycles()
    assert kept == better
    assert list(kept.steps_s) == list(record.steps_s)


async def test_a_quarter_hour_that_was_never_run_has_a_story_without_a_plan(store: Store) -> None:
    missed = CycleRecord(
        slot=FIRST,
        started_at=NOON,
        origin=Origin.RULES,
        plan_id="",
        steps_s={},
        stale_points=0,
        outcomes={},
        message="not run",
        missed=True,
    )
    await store.cycle_log(missed)
    assert await store.last_cycles() == (missed,)
