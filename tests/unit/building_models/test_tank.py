"""Hot-water tanks against closed forms."""

from datetime import UTC, datetime

import numpy as np
import pytest

from building_models import tank


def test_an_unused_tank_decays_exponentially():
    made = tank.discretise([3000.0], [3.2], 6.0)
    capacity = 3000 * 4.186 / 3600
    expected = 20 + 40 * np.exp(-0.0032 * 6 / capacity)
    assert tank.step(made, np.array([60.0]), np.array([0.0]), 20.0)[0] == pytest.approx(expected)


def test_a_tank_without_loss_keeps_every_kilowatt_hour():
    made = tank.discretise([2000.0], [0.0], 0.5)
    after = tank.step(made, np.array([50.0]), np.array([12.0]), 20.0)
    gained = tank.energy_kwh(2000.0, after, 12.0) - tank.energy_kwh(2000.0, 50.0, 12.0)
    assert gained[0] == pytest.approx(6.0, rel=1e-12)


def test_a_steady_draw_and_charge_balance():
    made = tank.discretise([3000.0], [3.2], 0.25)
    held = np.array([57.0])
    after = tank.step(made, held, np.array([0.0032 * (57 - 20)]), 20.0)
    assert after[0] == pytest.approx(57.0, abs=1e-12)


def test_a_person_takes_about_1_6_kwh_a_day():
    """56 L at 40 °C from 15.5 °C water: 56 x 4.186 x 24.5 / 3600."""
    assert tank.draw_kw(56.0, 15.5) == pytest.approx(1.595, abs=0.001)


def test_a_cold_tank_serves_nobody():
    np.testing.assert_allclose(
        tank.served_share(np.array([30.0, 38, 40, 42, 60])), [0, 0, 0.5, 1, 1]
    )


def test_mains_water_is_coldest_in_february_and_warmest_in_august():
    months = [tank.cold_water_temp_c(datetime(2025, m, 10, tzinfo=UTC)) for m in range(1, 13)]
    assert np.argmin(months) == 1
    assert np.argmax(months) == 7
    assert 10.9 < min(months) < 12 < 19 < max(months) < 20.1
