"""Sun and photovoltaics: where light comes from, and how much a roof gives in a year."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pvlib
import pytest

from building_models import pv, skyline, solar
from ems.domain.slots import Horizon


def _clear(site, horizon: Horizon):
    sun = solar.sun_position(site, horizon)
    ghi = pvlib.clearsky.haurwitz(pd.Series(sun.zenith_deg))["ghi"].to_numpy()
    dhi = 0.15 * ghi
    cosine = np.cos(np.radians(np.minimum(sun.zenith_deg, 88)))
    return ghi, (ghi - dhi) / cosine, dhi


def _facade(site, horizon, azimuth):
    return solar.facade_w_m2(site, horizon, *_clear(site, horizon), azimuth_deg=azimuth)


def test_the_sun_is_highest_at_noon_of_the_place(district, summer_day):
    """At 5.4° east noon is 12:00 UTC - 21 min + about 6 min of equation of time."""
    zenith = solar.sun_position(district.site, summer_day).zenith_deg
    assert zenith.argmin() in (46, 47)
    assert zenith.min() == pytest.approx(43.33 - 21.7, abs=0.5)


def test_east_has_the_morning_and_west_the_evening(district, summer_day):
    east, west = (_facade(district.site, summer_day, a) for a in (90, 270))
    assert east[:46].sum() > 2 * east[47:].sum()
    assert west[47:].sum() > 2 * west[:46].sum()


def test_a_south_facade_gets_more_than_a_flat_roof_in_winter(district, winter_day):
    ghi, _, _ = _clear(district.site, winter_day)
    assert _facade(district.site, winter_day, 180).sum() > ghi.sum()


def test_nothing_comes_at_night(district, winter_day):
    constant = np.full(96, 300.0)
    plane = solar.facade_w_m2(district.site, winter_day, constant, constant, constant, 180)
    assert (plane[~solar.sun_position(district.site, winter_day).is_up] == 0).all()


def _roof(district, horizon):
    roof = next(iter(district.pv_roofs.values()))
    mild, calm = np.full(horizon.length, 15.0), np.full(horizon.length, 2.0)
    power = pv.power_kw(roof, district.site, horizon, *_clear(district.site, horizon), mild, calm)
    return roof, power


def test_a_roof_never_gives_more_than_its_inverter(district, summer_day):
    roof, power = _roof(district, summer_day)
    assert power.min() == 0
    assert 0.6 * roof.peak_kw < power.max() <= roof.inverter_kw


def test_clear_skies_all_year_give_about_1800_full_hours(district, winter_day):
    """PVGIS gives about 1,450 kWh per kWp for such a roof; clear skies a fifth more."""
    year = Horizon(winter_day.first, 365 * 96)
    roof, power = _roof(district, year)
    assert 1500 < power.sum() * 0.25 / roof.peak_kw < 1900


@pytest.mark.parametrize(("tilt", "azimuth"), [(10, 180), (40, 135), (90, 270)])
def test_light_on_a_plane_is_what_pvlib_says_of_it(district, summer_day, tilt, azimuth):
    ghi, dni, dhi = _clear(district.site, summer_day)
    sun = solar.sun_position(district.site, summer_day)
    known = pvlib.irradiance.get_total_irradiance(
        tilt, azimuth, sun.zenith_deg, sun.azimuth_deg, dni, ghi, dhi,
        dni_extra=sun.extra_w_m2, albedo=solar.ALBEDO, model="haydavies",
    )["poa_global"]  # fmt: skip
    plane = solar.plane_w_m2(district.site, summer_day, ghi, dni, dhi, tilt, azimuth)
    up = sun.is_up
    np.testing.assert_allclose(plane[up], np.asarray(known)[up], rtol=1e-9, atol=1e-9)


def test_a_skyline_hides_of_an_even_sky_what_its_solid_angle_weighs():
    """Integral of sin over the hemisphere above 25°, by small steps of the zenith angle."""
    zenith = np.radians((np.arange(0, 65, 0.01)) + 0.005)
    weighed = 2 * (np.sin(zenith) * np.cos(zenith)).sum() * np.radians(0.01)
    assert skyline.sky_view(np.full(4, 25.0)) == pytest.approx(weighed, abs=1e-6)


def _under(district, horizon, **heights):
    roof, _ = _roof(district, horizon)
    free = dict.fromkeys((f"skyline_{side}_deg" for side in "nesw"), 0.0)
    mild, calm = np.full(horizon.length, 15.0), np.full(horizon.length, 2.0)
    roof = replace(roof, **(free | heights))
    return pv.power_kw(roof, district.site, horizon, *_clear(district.site, horizon), mild, calm)


def test_a_house_in_the_west_takes_the_evening_alone(district, winter_day):
    free = _under(district, winter_day)
    shaded = _under(district, winter_day, skyline_w_deg=40.0)
    sun = solar.sun_position(district.site, winter_day)
    west = (sun.azimuth_deg > 225) & sun.is_up
    assert shaded[west].sum() < 0.5 * free[west].sum()
    lost = 1 - shaded[~west].sum() / free[~west].sum()
    assert 0 < lost < 0.1, "only part of the sky is missing before"


def test_the_described_skyline_costs_some_thousandths(district, winter_day):
    year = Horizon(winter_day.first, 365 * 96)
    _, power = _roof(district, year)
    free = _under(district, year)
    assert 0.001 < 1 - power.sum() / free.sum() < 0.02


def test_an_inverter_too_small_holds_the_noon_at_its_power(district, summer_day):
    roof, power = _roof(district, summer_day)
    small = replace(roof, inverter_kw=0.5 * roof.peak_kw)
    mild, calm = np.full(96, 15.0), np.full(96, 2.0)
    clear = _clear(district.site, summer_day)
    clipped = pv.power_kw(small, district.site, summer_day, *clear, mild, calm)
    np.testing.assert_allclose(clipped, np.minimum(power, small.inverter_kw))
    assert (clipped == small.inverter_kw).sum() > 12
