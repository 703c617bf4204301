"""Rooms against closed forms: rest, step response, composition, closed energy balance."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from building_models import zone
from ems.domain.district import Envelope


@pytest.fixture
def flats() -> zone.ZoneParameters:
    envelope = Envelope(
        assumption="test",
        loss_w_per_k_m2=0.7,
        capacity_air_kj_per_k_m2=15,
        capacity_mass_kj_per_k_m2=200,
        coupling_w_per_k_m2=5,
        solar_aperture_m2_per_m2=0.05,
    )
    return zone.parameters(envelope, np.array([40.0, 65.0, 90.0]), np.array([1.0, 0.9, 1.25]))


def _system(flats: zone.ZoneParameters, n: int) -> np.ndarray:
    loss, coupling = flats.loss_kw_per_k[n], flats.coupling_kw_per_k[n]
    air, mass = flats.capacity_air_kwh_per_k[n], flats.capacity_mass_kwh_per_k[n]
    return np.array(
        [
            [-(loss + coupling) / air, coupling / air, 1 / air, 0, loss / air],
            [coupling / mass, -coupling / mass, 0, 1 / mass, 0],
            [0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0],
        ]
    )


@pytest.mark.parametrize("dt_h", [1 / 60, 0.25, 1.0, 24.0])
def test_the_step_is_the_matrix_exponential(flats, dt_h):
    made = zone.discretise(flats, dt_h)
    for n in range(3):
        exact = expm(_system(flats, n) * dt_h)
        np.testing.assert_allclose(made.a[n], exact[:2, :2], rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(made.b[n], exact[:2, 2:], rtol=1e-10, atol=1e-13)


def test_a_heated_flat_comes_to_rest_where_loss_equals_heat(flats):
    inputs = np.column_stack([np.full(3, 1.2), np.full(3, 0.3), np.full(3, 4.0)])
    made = zone.discretise(flats, 24.0)
    state = np.full((3, 2), 15.0)
    for _ in range(100):
        state = zone.step(made, state, inputs)
    np.testing.assert_allclose(state, zone.steady_state(flats, inputs), atol=1e-9)
    np.testing.assert_allclose(zone.heat_for(flats, state[:, 0], np.full(3, 4.0)), 1.5, atol=1e-9)


def test_four_quarter_hours_make_an_hour(flats):
    inputs = np.column_stack([np.full(3, 2.0), np.zeros(3), np.full(3, -3.0)])
    quarter, hour = zone.discretise(flats, 0.25), zone.discretise(flats, 1.0)
    state = np.array([[19.0, 18.0]] * 3)
    for _ in range(4):
        state = zone.step(quarter, state, inputs)
    np.testing.assert_allclose(
        state, zone.step(hour, np.array([[19.0, 18.0]] * 3), inputs), rtol=1e-12
    )


def test_the_heat_balance_closes_over_a_week(flats):
    draw = np.random.default_rng(7)
    made, mean = zone.discretise(flats, 0.25), zone.discretise_mean(flats, 0.25)
    state = first = np.array([[20.0, 19.0]] * 3)
    given = lost = np.zeros(3)
    for _ in range(672):
        inputs = np.column_stack(
            [draw.uniform(0, 3, 3), draw.uniform(0, 1, 3), draw.uniform(-3, 12, 3)]
        )
        air = zone.step(mean, state, inputs)[:, 0]
        lost = lost + 0.25 * zone.heat_for(flats, air, inputs[:, 2])
        given = given + 0.25 * (inputs[:, 0] + inputs[:, 1])
        state = zone.step(made, state, inputs)
    capacity = np.column_stack([flats.capacity_air_kwh_per_k, flats.capacity_mass_kwh_per_k])
    stored = (capacity * (state - first)).sum(axis=1)
    np.testing.assert_allclose(given, lost + stored, rtol=1e-9)


def test_the_mean_is_the_mean_of_the_path(flats):
    inputs = np.array([[2.0, 0.5, 3.0]] * 3)
    start = np.array([[18.0, 20.0]] * 3)
    mean = zone.step(zone.discretise_mean(flats, 6.0), start, inputs)
    matrix = _system(flats, 1)
    path = solve_ivp(
        lambda _, x: matrix @ x, (0, 6), [18, 20, 2, 0.5, 3], dense_output=True, rtol=1e-10
    )
    times = np.linspace(0, 6, 20001)
    expected = np.trapezoid(path.sol(times)[:2], times, axis=1) / 6
    np.testing.assert_allclose(mean[1], expected, atol=1e-5)


def test_identical_flats_as_one_zone_behave_alike(flats):
    twins = zone.concatenate([flats, flats])
    whole = zone.grouped(twins, np.array([0, 1, 2, 0, 1, 2]))
    one = zone.step(
        zone.discretise(flats, 0.25), np.full((3, 2), 20.0), np.array([[1.0, 0.2, 5.0]] * 3)
    )
    both = zone.step(
        zone.discretise(whole, 0.25), np.full((3, 2), 20.0), np.array([[2.0, 0.4, 5.0]] * 3)
    )
    np.testing.assert_allclose(one, both, rtol=1e-12)


def test_the_slow_time_constant_is_that_of_an_rt2012_flat(flats):
    """RT2012 flats: 55 to 90 h by capacity over loss (EDF BuildSysPro), and the mass's lag."""
    decay = np.linalg.eigvals(zone.discretise(flats, 1.0).a)
    hours = -1 / np.log(decay.max(axis=1))
    assert 55 < hours[0] < 100
