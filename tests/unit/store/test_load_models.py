"""The registry of load models."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ems.learning_loads import drift
from ems.store import Store
from ems.store.load_models import LoadModelRecord

NIGHT = datetime(2026, 3, 2, 1, tzinfo=UTC)
FIRST = LoadModelRecord(
    learned_at=NIGHT,
    past_from=NIGHT - timedelta(days=60),
    past_to=NIGHT,
    version="0.1.0",
    replaced=True,
    scores={"district/base_load_kw": {"error": 3.2, "used": True}},
    body=b"\x00arrays",
)


async def test_nobody_is_champion_before_the_first_night(store: Store) -> None:
    assert await store.load_champion() is None
    assert await store.load_models() == ()


async def test_a_night_that_changes_nothing_leaves_the_champion(store: Store) -> None:
    later = replace(FIRST, learned_at=NIGHT + timedelta(days=1), replaced=False, body=None)
    await store.add_load_model(FIRST)
    await store.add_load_model(later)
    assert await store.load_champion() == FIRST
    assert await store.load_models() == (later, replace(FIRST, body=None))


async def test_the_newest_night_alone_says_what_drifts(store: Store) -> None:
    far = {"district/base_load_kw": {"error": 9.0, "drifted": True}, "b1/hot_water_kw": {}}
    assert await drift(store) == ""
    await store.add_load_model(replace(FIRST, scores=far))
    assert await drift(store) == "yesterday was far from the model of district/base_load_kw"
    await store.add_load_model(replace(FIRST, learned_at=NIGHT + timedelta(days=1)))
    assert await drift(store) == ""
