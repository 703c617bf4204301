"""The past is topped up: little is asked of the store, and nothing is remembered wrongly."""

from collections.abc import Sequence

import numpy as np
import pytest

from ems.domain.errors import StoreAwayError
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.past import Past, Window

NOON = Slot(2_000_000)
POINTS = ("M-HTA/power_kw", "HP-1/electric_power_kw")
DAY = 96


class Archive:
    """A store whose values follow from point and slot, plus what came late."""

    def __init__(self) -> None:
        self.late_kw = 0.0
        self.away = False
        self.asked: list[Horizon] = []

    async def quarter_hours(self, points: Sequence[str], horizon: Horizon) -> QuarterHours:
        if self.away:
            raise StoreAwayError("the database is away")
        self.asked.append(horizon)
        slots = np.array(horizon.slots, dtype=float)
        values = np.array([slots + len(point) + self.late_kw for point in points])
        return QuarterHours(points=tuple(points), horizon=horizon, values=values)


@pytest.fixture
def archive() -> Archive:
    return Archive()


@pytest.fixture
def window(archive: Archive) -> Window:
    return Window(archive.quarter_hours, POINTS, DAY)


async def test_the_first_time_all_of_it_is_asked(archive: Archive, window: Window) -> None:
    await window.before(NOON)
    assert archive.asked == [Horizon(NOON + -DAY, DAY)]


async def test_then_only_the_new_slot_and_the_last_hour(archive: Archive, window: Window) -> None:
    await window.before(NOON)
    await window.before(NOON + 1)
    assert archive.asked[-1] == Horizon(NOON + -4, 5)


async def test_what_came_late_within_the_hour_is_taken_up(archive: Archive, window: Window) -> None:
    before = await window.before(NOON)
    archive.late_kw = 7.0
    after = await window.before(NOON)
    changed = after.values != before.values
    assert changed[:, -4:].all()
    assert not changed[:, :-4].any()


@pytest.mark.parametrize(
    ("situation", "steps"),
    [
        ("every quarter hour", [0, 1, 2, 3]),
        ("some were missed", [0, 1, 9, 10]),
        ("two days were missed", [0, 200, 201]),
        ("the same slot twice", [0, 0, 1]),
        ("a slot before the last one", [5, 3, 6]),
    ],
)
async def test_it_equals_a_full_query(
    archive: Archive, window: Window, situation: str, steps: list[int]
) -> None:
    for step in steps:
        got = await window.before(NOON + step)
        full = await archive.quarter_hours(POINTS, Horizon(NOON + (step - DAY), DAY))
        assert got.horizon == full.horizon, situation
        np.testing.assert_array_equal(got.values, full.values, err_msg=situation)


async def test_each_need_has_its_own_depth(archive: Archive) -> None:
    past = Past(archive.quarter_hours, [(POINTS[:1], 28 * DAY), (POINTS[1:], DAY), ((), DAY)])
    history = await past.before(NOON)
    month = Horizon(NOON + -28 * DAY, 28 * DAY)
    known = np.isfinite(history.quarter_hours(POINTS, month)).sum(axis=1)
    assert known.tolist() == [28 * DAY, DAY]


async def test_while_the_store_is_away_the_past_ends_where_it_was_known(
    archive: Archive, window: Window
) -> None:
    known = await window.before(NOON)
    archive.away = True
    later = await window.before(NOON + 8)
    assert (later.values[:, :-8] == known.values[:, 8:]).all()
    assert np.isnan(later.values[:, -8:]).all()
    archive.away = False
    back = await window.before(NOON + 9)
    assert np.isfinite(back.values).all()


async def test_without_any_past_an_absent_store_is_said(archive: Archive, window: Window) -> None:
    archive.away = True
    with pytest.raises(StoreAwayError):
        await window.before(NOON)
