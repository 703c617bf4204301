"""Plans in a row: the next one stays near the one in force where nothing speaks for another."""

from dataclasses import replace

import numpy as np
import pytest

from ems.optimizer.structured import certificate, generator, generator_plant
from ems.optimizer.structured.generator_window import a_slot_later, window
from ems.optimizer.structured.in_force import near_plan, slots_later
from ems.optimizer.structured.solve import solve

SIZE = generator.Size(dwellings=12, cars=6, buildings=2, lines=1, batteries=1, slots=25)


def test_news_of_a_quarter_hour_moves_little_and_costs_nothing() -> None:
    longer = generator.district(SIZE, 2)
    first = solve(window(longer, 0, 24), gap=1e-4)
    news = a_slot_later(longer, first.controls, 24, np.random.default_rng(1))
    before = tuple(slots_later(power) for power in first.controls.power_kw)
    free, held = (solve(p, gap=1e-5) for p in (news, near_plan(news, before)))
    moved = [np.abs(answer.controls.power_kw[0] - before[0])[:-1].mean() for answer in (free, held)]
    assert moved[1] < moved[0]
    proof = certificate.certify(news, held.controls, free.multipliers)
    assert proof.gap < 1e-3


def test_a_slot_later_states_stand_where_the_plan_left_them() -> None:
    longer = generator.district(SIZE, 3)
    first = solve(window(longer, 0, 24), gap=1e-2)
    news = a_slot_later(longer, first.controls, 24, np.random.default_rng(1))
    tanks, power = window(longer, 0, 24).agents[1], first.controls.power_kw[1]
    np.testing.assert_allclose(news.agents[1].start, certificate.states(tanks, power)[0])
    stored = certificate.stored_kwh(longer.batteries, longer.slot_h, first.controls)
    assert news.batteries.start_kwh == pytest.approx(stored[0])
    np.testing.assert_array_equal(news.meter.buy_eur_per_kwh, longer.meter.buy_eur_per_kwh[1:])


def test_a_window_of_a_district_with_everything_is_a_district() -> None:
    size = replace(SIZE, slots=30)
    whole = generator_plant.with_plant(generator.district(size, 1), size, 1)
    part = window(generator_plant.with_spread(generator_plant.with_limits(whole), 0.05), 6, 24)
    assert solve(part, gap=1e-3).ended == "gap"
    assert part.slots == 24


def test_a_plan_goes_on_as_it_ended() -> None:
    power = np.arange(4.0)[:, None]
    assert slots_later(power, 2)[:, 0].tolist() == [2.0, 3.0, 3.0, 3.0]


def test_weight_zero_holds_nothing() -> None:
    problem = generator.district(replace(SIZE, slots=24), 1)
    zero = tuple(np.zeros_like(kind.power_kw_max) for kind in problem.agents)
    free, held = (solve(p, gap=1e-6).cost_eur for p in (problem, near_plan(problem, zero, 0.0)))
    assert held == pytest.approx(free, rel=1e-5)
