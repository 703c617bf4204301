"""Networks against the general matrix exponential, closed forms, and a year's balance."""

import numpy as np
import pytest
from scipy.linalg import expm

from building_models import fine_zone, thermal_network, zone

DT_H = 0.25


@pytest.fixture
def rooms(district):
    envelope = district.buildings["B1"].envelope
    return fine_zone.network(envelope, np.array([50.0, 120.0]), np.array([1.0, 1.2]))


def _system(network, row):
    between, outdoor = network.between_kw_per_k[row], network.outdoor_kw_per_k[row]
    leaving = between - np.diag(between.sum(axis=1) + outdoor)
    return leaving / network.capacity_kwh_per_k[row][:, None]


@pytest.mark.parametrize("dt_h", [1 / 60, 0.25, 24.0])
def test_the_step_is_the_matrix_exponential(rooms, dt_h):
    made = thermal_network.discretise(rooms, dt_h)
    for row in range(2):
        np.testing.assert_allclose(made.a[row], expm(_system(rooms, row) * dt_h), atol=1e-12)


def test_a_two_state_room_is_the_planner_s(district):
    envelope = district.buildings["B1"].envelope
    area = np.array([60.0])
    p = zone.parameters(envelope, area, np.ones(1))
    between = np.zeros((1, 2, 2))
    between[:, 0, 1] = between[:, 1, 0] = p.coupling_kw_per_k
    network = thermal_network.Network(
        capacity_kwh_per_k=np.column_stack([p.capacity_air_kwh_per_k, p.capacity_mass_kwh_per_k]),
        between_kw_per_k=between,
        outdoor_kw_per_k=np.column_stack([p.loss_kw_per_k, np.zeros(1)]),
    )
    made = thermal_network.discretise(network, DT_H)
    np.testing.assert_allclose(made.a, zone.discretise(p, DT_H).a, atol=1e-12)
    np.testing.assert_allclose(made.b, zone.discretise(p, DT_H).b, atol=1e-12)
    np.testing.assert_allclose(made.mean_b, zone.discretise_mean(p, DT_H).b, atol=1e-12)


def test_halves_of_a_step_make_the_step(rooms):
    half, whole = (thermal_network.discretise(rooms, dt) for dt in (DT_H / 2, DT_H))
    state, inputs = np.full((2, 4), 19.0), np.array([[1.0, 0.3, 0.0, 0.0, 4.0]] * 2)
    twice = thermal_network.step(half, thermal_network.step(half, state, inputs), inputs)
    np.testing.assert_allclose(twice, thermal_network.step(whole, state, inputs), atol=1e-12)


def test_the_finer_room_loses_in_the_long_run_what_the_envelope_says(rooms, district):
    year = thermal_network.discretise(rooms, 8760.0)
    end = thermal_network.step(year, np.full((2, 4), 20.0), np.array([[1.0, 0, 0, 0, 5.0]] * 2))
    loss = district.buildings["B1"].envelope.loss_w_per_k_m2 * np.array([50, 120 * 1.2]) / 1000
    np.testing.assert_allclose(end[:, fine_zone.AIR] - 5.0, 1.0 / loss)


def test_a_year_s_heat_balances_to_a_billionth(rooms):
    """Heat in = heat out by mean temperatures + heat stored, over 35,040 random quarter hours."""
    rng, made = np.random.default_rng(2), thermal_network.discretise(rooms, DT_H)
    state = np.full((2, 4), 20.0)
    first, given, lost = state.copy(), np.zeros(2), np.zeros(2)
    for _ in range(35_040):
        inputs = np.zeros((2, 5))
        inputs[:, :2] = rng.uniform(0, 2, (2, 2))
        inputs[:, 4] = rng.uniform(-5, 35)
        mean = thermal_network.mean(made, state, inputs)
        lost += (rooms.outdoor_kw_per_k * (mean - inputs[:, 4:])).sum(axis=1) * DT_H
        given += inputs[:, :4].sum(axis=1) * DT_H
        state = thermal_network.step(made, state, inputs)
    stored = (rooms.capacity_kwh_per_k * (state - first)).sum(axis=1)
    np.testing.assert_allclose(lost + stored, given, rtol=1e-9)
