"""Layered tanks and pipes: the mixed closed form, plug flow, and balances over a year."""

import numpy as np
import pytest

from building_models import layered_tank, pipe, tank, water_column
from building_models.loop import LOOP_KWH_PER_M3_K

KWH_PER_K = 3000 * tank.WATER_KWH_PER_L_K


def _rest(made, layers, room_c=22.0):
    return layered_tank.rest(
        layers, made.a[0], made.room[0], made.mean_a[0], made.mean_room[0], room_c
    )


def test_whole_cells_move_exactly():
    column = np.array([10.0, 20.0, 30.0, 40.0])
    assert water_column.push(column, 2.0, 5.0) == 35.0
    assert column.tolist() == [5.0, 5.0, 10.0, 20.0]


@pytest.mark.parametrize("cells", [0.0, 0.3, 1.0, 2.7, 4.0, 9.0])
def test_a_push_conserves_heat(cells):
    column = np.array([10.0, 50.0, 30.0, 40.0])
    before = column.sum()
    out = water_column.push(column, cells, 7.0)
    assert column.sum() + cells * out == pytest.approx(before + cells * 7.0, rel=1e-13)


def test_warm_water_rises_and_heat_stays():
    column = np.array([60.0, 20.0, 30.0, 50.0, 40.0])
    water_column.settle(column)
    assert (np.diff(column) >= -1e-12).all()
    assert column.sum() == pytest.approx(200.0)


def test_one_layer_at_rest_is_the_mixed_tank():
    one = layered_tank.discretise(np.array([3000.0]), np.array([3.2]), 6.0, layers=1)
    layers = np.array([60.0])
    _rest(one, layers, 20.0)
    expected = 20 + 40 * np.exp(-0.0032 * 6 / KWH_PER_K)
    assert layers[0] == pytest.approx(expected, rel=1e-12)


def test_layers_lose_together_what_the_mixed_tank_loses():
    """Equal losses of all layers: the mean follows the mixed closed form whatever the layers do."""
    made = layered_tank.discretise(np.array([3000.0]), np.array([3.2]), 1.0)
    layers, mean = np.linspace(20, 60, 8), 40.0
    for _ in range(100):
        _rest(made, layers)
        mean = 22 + (mean - 22) * np.exp(-0.0032 / KWH_PER_K)
    assert layers.mean() == pytest.approx(mean, rel=1e-12)


def test_a_layered_tank_serves_longer_than_a_mixed_one():
    """From 60 °C with 15 °C refill, 1,500 l of 3,000 drawn: the top is still hot, a mixture not."""
    layers = np.full(8, 60.0)
    half_kwh = 1500 * tank.WATER_KWH_PER_L_K * 45
    layered_tank.draw(layers, 3000.0, half_kwh, 15.0, 1.0)
    assert layers[-1] > 59.0
    assert layers.mean() == pytest.approx(37.5, abs=0.01)


def test_a_cold_tank_serves_nobody():
    assert layered_tank.draw(np.full(8, 37.0), 3000.0, 20.0, 15.0, 0.1) == 0.0


def test_a_year_of_draws_and_charges_balances_to_a_billionth():
    """35,040 random quarter hours: given = drawn + lost by mean temperature + stored."""
    made = layered_tank.discretise(np.array([3000.0]), np.array([3.2]), 0.25)
    rng, layers = np.random.default_rng(9), np.full(8, 58.0)
    given = drawn = lost = 0.0
    for _ in range(35_040):
        drawn += layered_tank.draw(layers, 3000.0, rng.uniform(0, 60), 14.0, 0.25) * 0.25
        lost += 0.0032 * (_rest(made, layers) - 22.0) * 0.25
        power = min(rng.uniform(0, 80), (64.0 - layers.mean()) * KWH_PER_K / 0.25)
        layered_tank.charge(layers, 3000.0, power, 60.0, 0.25)
        given += power * 0.25
    stored = KWH_PER_K * (layers.mean() - 58.0)
    assert given == pytest.approx(drawn + lost + stored, rel=1e-9)


def test_a_front_arrives_after_volume_over_flow():
    """100 m³ at 400 m³/h: a quarter of an hour."""
    cells, out = np.full(20, 12.0), []
    for _ in range(30):
        flow = pipe.step(cells, 100.0, 0.0, LOOP_KWH_PER_M3_K, 20.0, 400.0, 16.0, 1 / 60)
        out.append(flow.out_c)
    half_way = np.interp(16.0, out, np.arange(30) + 0.5)
    assert half_way == pytest.approx(15.0, abs=0.5)


def test_steady_flow_loses_what_the_textbook_says():
    """T_out = T_ground + (T_in - T_ground) exp(-UL / mc)."""
    cells, conductance = np.full(20, 30.0), 25.0
    for _ in range(2000):
        flow = pipe.step(cells, 100.0, conductance, LOOP_KWH_PER_M3_K, 30.0, 100.0, 12.0, 1 / 60)
    expected = 12 + 18 * np.exp(-conductance / (100.0 * LOOP_KWH_PER_M3_K))
    assert flow.out_c == pytest.approx(expected, abs=0.02)


def test_a_pipe_keeps_every_kilowatt_hour():
    rng, cells = np.random.default_rng(1), np.full(20, 15.0)
    per_k = LOOP_KWH_PER_M3_K
    for _ in range(500):
        before, entering, moved = cells.mean(), rng.uniform(5, 30), rng.uniform(0, 450)
        flow = pipe.step(cells, 100.0, 0.5, per_k, entering, moved, 16.0, 1 / 12)
        brought = moved / 12 * per_k * (entering - flow.out_c)
        stored = 100 * per_k * (cells.mean() - before)
        assert stored == pytest.approx(brought - flow.lost_kwh, abs=1e-9), "seed 1"
