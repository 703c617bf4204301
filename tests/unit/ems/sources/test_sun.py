"""The sun against pvlib's NREL algorithm, over a year at odd moments."""

import numpy as np
import pandas as pd
import pvlib
import pytest

from ems.domain.district import District
from ems.sources.sun import sun_over


@pytest.fixture(scope="module")
def moments() -> pd.DatetimeIndex:
    return pd.date_range("2026-01-01", "2026-12-31", freq="7h13min", tz="UTC").as_unit("s")


def test_elevation_is_within_a_fiftieth_of_a_degree(
    district: District, moments: pd.DatetimeIndex
) -> None:
    site = district.site
    truth = pvlib.solarposition.get_solarposition(moments, site.latitude, site.longitude)
    ours = np.degrees(np.arcsin(sun_over(site, moments.asi8.astype(float)).sin_elevation))
    assert np.abs(ours - truth["elevation"]).max() < 0.02


def test_solar_time_is_within_five_seconds(district: District, moments: pd.DatetimeIndex) -> None:
    site = district.site
    equation_min = pvlib.solarposition.get_solarposition(moments, site.latitude, site.longitude)[
        "equation_of_time"
    ]
    ahead_s = sun_over(site, moments.asi8.astype(float)).solar_ahead_s
    assert np.abs(ahead_s - 60 * (equation_min + 4 * site.longitude)).max() < 5
