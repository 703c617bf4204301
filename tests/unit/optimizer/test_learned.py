"""Rooms as they were learned in the running planner, and what is believed of it."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from synthetic_day import Day

from ems.domain.circumstances import Circumstances
from ems.domain.district import District
from ems.domain.learned_rooms import (
    LearnedRooms,
    LearnedRoomsError,
    RoomFactors,
    learned_rooms,
    of_setting,
)
from ems.optimizer import Planner
from ems.optimizer.learned import with_learned
from ems.optimizer.stock import room_stock

UNTIL = datetime(2026, 1, 12, 23, tzinfo=UTC)
AS_DESCRIBED = RoomFactors(
    loss=1.0, coupling=1.0, capacity_air=1.0, capacity_mass=1.0, aperture=1.0
)


def leaky(district: District, loss: float) -> LearnedRooms:
    """Every dwelling loses this many times what is described."""
    each = replace(AS_DESCRIBED, loss=loss)
    return LearnedRooms(until=UNTIL, factors=dict.fromkeys(district.dwellings, each))


def test_only_rooms_that_were_learned_change(district: District) -> None:
    stock = room_stock(district)
    one = stock.names[3]
    factors = {one: replace(AS_DESCRIBED, loss=2.0, aperture=0.5), "no such room": AS_DESCRIBED}
    learned = with_learned(stock, LearnedRooms(until=UNTIL, factors=factors))
    changed = learned.parameters.loss_kw_per_k / stock.parameters.loss_kw_per_k
    np.testing.assert_allclose(changed, np.where(np.arange(stock.count) == 3, 2.0, 1.0))
    assert learned.solar_m2[3] == pytest.approx(0.5 * stock.solar_m2[3])


def test_a_plan_heats_leaky_rooms_more_and_says_where_it_has_that_from(
    winter_day: Day, district: District, planner: Planner
) -> None:
    usual = winter_day.plan(planner)
    known = Circumstances(learned=leaky(district, 1.5))
    plan = replace(winter_day, circumstances=known).plan(planner)
    assert plan.series["heat_kw"].sum() > 1.1 * usual.series["heat_kw"].sum()
    assert f"{len(district.dwellings)} rooms as learned until 2026-01-12" in plan.report.solver
    assert "as learned" not in usual.report.solver


def test_what_was_not_better_than_the_description_or_is_no_room_s_is_not_taken() -> None:
    plain = dict.fromkeys(vars(AS_DESCRIBED), 1.1)
    found = learned_rooms(
        UNTIL,
        {
            "better": {"learned": True, **plain, "unmeasured": 0.5},
            "no better": {"learned": False, **plain},
            "absurd": {"learned": True, **plain, "loss": 40.0},
            "nothing": {"learned": True, **plain, "aperture": float("nan")},
        },
    )
    assert list(found.factors) == ["better"]


def test_it_comes_back_from_the_store_as_it_was_kept(district: District) -> None:
    learned = leaky(district, 1.2)
    assert of_setting(learned.kept()) == learned
    assert of_setting(None) is None


@pytest.mark.parametrize("kept", ["x", {}, {"until": "x", "rooms": {}}, {"D1": {"learned": True}}])
def test_what_can_not_be_read_is_named_with_its_fix(kept: object) -> None:
    with pytest.raises(LearnedRoomsError, match="can't be read"):
        of_setting(kept)
