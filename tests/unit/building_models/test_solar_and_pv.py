"""Sun and photovoltaics: where light comes from, and how much a roof gives in a year."""

import numpy as np
import pandas as pd
import pvlib
import pytest

from building_models import pv, solar
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
