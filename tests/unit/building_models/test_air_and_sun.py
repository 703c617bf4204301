"""Leaks, windows and sun through glass beside published figures."""

import numpy as np
import pytest

from building_models import air_change, solar, windows
from ems.domain.weather import Weather


def test_a_flat_s_leaks_change_a_fifteenth_of_its_air_an_hour_and_thrice_that_in_a_gale():
    """0.86 cm²/m² by ASHRAE's form: 0.048 L/s m² at 10 K and 4 m/s, 2.8 times that at 15 m/s."""
    mild = air_change.leak_kw_per_k(0.86, 10.0, 4.0) / air_change.AIR_KW_PER_K_M3_S
    gale = air_change.leak_kw_per_k(0.86, 10.0, 15.0) / air_change.AIR_KW_PER_K_M3_S
    assert mild * 3600 / 2.5 == pytest.approx(0.069, abs=0.002)
    assert gale / mild == pytest.approx(2.83, abs=0.05)


def test_a_tilted_window_changes_the_air_every_other_hour():
    """EN 15242's form for 0.15 m² in a flat of 165 m³ on a mild winter day: 0.5 per hour."""
    flow = air_change.opening_kw_per_k(0.15, 1.2, 15.0, 3.0) / air_change.AIR_KW_PER_K_M3_S
    assert flow * 3600 / 164.4 == pytest.approx(0.47, abs=0.03)


def test_still_air_of_one_temperature_hardly_moves():
    flow = air_change.opening_kw_per_k(1.0, 1.2, 0.0, 0.0) / air_change.AIR_KW_PER_K_M3_S
    assert flow == pytest.approx(0.05)
    assert air_change.leak_kw_per_k(60.0, 0.0, 0.0) == 0.0


def test_double_glazing_by_angle():
    """ASHRAE Fundamentals 2017, chapter 15, table 10: clear-clear 3 mm, against the perpendicular.

    0.76 at 0, 0.74 at 40, 0.71 at 50, 0.64 at 60, 0.50 at 70, 0.26 at 80 degrees; 0.66 diffuse.
    """
    angles = np.array([40.0, 50.0, 60.0, 70.0, 80.0])
    published = np.array([0.74, 0.71, 0.64, 0.50, 0.26]) / 0.76
    np.testing.assert_allclose(windows.glass_factor(angles), published, atol=0.09)
    assert windows.glass_factor(np.array([60.0]))[0] == pytest.approx(0.64 / 0.76, abs=0.06)
    assert windows.diffuse_factor() == pytest.approx(0.66 / 0.76, abs=0.03)


def test_what_stands_opposite_takes_the_low_sun_and_part_of_the_sky(district, winter_day):
    sun = solar.sun_position(district.site, winter_day)
    up = np.clip(np.cos(np.radians(sun.zenith_deg)), 0, None)
    weather = Weather(
        horizon=winter_day,
        source="a clear day",
        outdoor_temp_c=np.full(96, 8.0),
        ghi_w_m2=800 * up,
        dni_w_m2=np.where(up > 0, 700.0, 0.0),
        dhi_w_m2=100 * up,
        wind_m_per_s=np.zeros(96),
        sea_temp_c=np.full(96, 13.0),
    )
    facade = windows.FacadeSun(district.site, weather, 180.0)
    free, behind = facade.through_glass_w_m2(0.0), facade.through_glass_w_m2(15.0)
    noon, morning = np.argmax(up), np.flatnonzero((up > 0) & (sun.zenith_deg > 77))[0]
    assert behind[noon] == pytest.approx(free[noon], rel=0.05)
    assert behind[morning] < 0.4 * free[morning]
    assert (free[~sun.is_up] == 0).all()
    assert facade.through_glass_w_m2(15.0).sum() < free.sum()


@pytest.mark.parametrize(("floor", "degrees"), [(0, 29.4), (4, 14.7), (8, 0.0), (16, 0.0)])
def test_higher_floors_see_over_what_stands_opposite(floor, degrees):
    assert windows.skyline_deg(floor) == pytest.approx(degrees, abs=0.1)
