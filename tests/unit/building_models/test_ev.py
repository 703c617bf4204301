"""Charging: currents, taper, sharing of a limit."""

import numpy as np
import pytest

from building_models import ev


def test_power_of_currents():
    np.testing.assert_allclose(ev.power_kw([32, 32, 16], [1, 3, 3], 230.0), [7.36, 22.08, 11.04])
    assert ev.current_a(11.04, 3, 230.0) == pytest.approx(16.0)


@pytest.mark.parametrize(
    ("asked", "taken"), [(0, 0), (3, 0), (5.9, 0), (6, 6), (20, 20), (40, 32), (-1, 0)]
)
def test_a_car_follows_none_or_six_amperes_and_more(asked, taken):
    assert ev.admissible_a(asked, 6.0, 32.0) == taken


def test_a_car_takes_less_above_four_fifths():
    np.testing.assert_allclose(ev.acceptance_kw(10.0, [0.2, 0.8, 0.9, 1.0]), [10, 10, 6.5, 3])


@pytest.mark.parametrize("limit", [0.0, 3.0, 10.0, 25.0, 100.0])
def test_a_shared_limit_is_used_and_kept(limit):
    wanted = np.array([7.4, 0.0, 3.0, 22.0, 7.4])
    given = ev.shared_kw(wanted, limit)
    assert given.sum() == pytest.approx(min(limit, wanted.sum()))
    assert (given <= wanted).all()
    served = given < wanted - 1e-9
    assert np.ptp(given[served]) < 1e-9 if served.any() else True


@pytest.mark.parametrize("charge", [0.2, 0.75, 0.85, 0.99])
@pytest.mark.parametrize("hours", [0.3, 2.0, 9.0])
def test_what_a_car_can_take_is_the_integral_of_what_it_accepts(
    charge: float, hours: float
) -> None:
    capacity, power, steps = 52.0, 7.4, 20_000
    state, dt_h = charge, hours / steps
    for _ in range(steps):
        state = min(1.0, state + float(ev.acceptance_kw(power, state)) * dt_h / capacity)
    expected = (state - charge) * capacity
    assert ev.energy_within_kwh(power, capacity, charge, hours) == pytest.approx(expected, rel=1e-3)
