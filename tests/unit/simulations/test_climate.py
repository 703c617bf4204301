"""The made-up years of Marseille lie between the typical years of Nice and of Carpentras."""

import os
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ems.domain.district import District
from ems.domain.slots import Horizon, Slot
from ems.domain.weather import Weather
from ems.sources import builtin_weather, read_weather
from simulations.climate import Climate, climate_of
from simulations.climate_references import CARPENTRAS, NICE, carpentras, nice

YEAR = Horizon(Slot.containing(datetime(2023, 1, 1, tzinfo=UTC)), 365 * 96)
YEARS = 3


@pytest.fixture(scope="module")
def years(district: District) -> list[Weather]:
    return [builtin_weather(district.site, district.loop, YEAR, seed) for seed in range(YEARS)]


@pytest.fixture(scope="module")
def made(district: District, years: list[Weather]) -> list[Climate]:
    return [climate_of(year, district.site) for year in years]


@pytest.mark.parametrize(
    ("statistic", "beyond"),
    [
        ("temp_c", 1.6),
        ("temp_range_k", 0.5),
        ("ghi_kwh_m2", 12.0),
        ("ghi_spread", 0.12),
        ("temp_spread_k", 0.2),
        ("temp_memory", 0.08),
        ("sun_memory", 0.10),
        ("clear_share", 0.06),
        ("diffuse_share", 0.04),
        ("wind_m_per_s", 0.3),
        ("wind_hour_memory", 0.05),
    ],
)
def test_marseille_lies_between_nice_and_carpentras(
    made: list[Climate], statistic: str, beyond: float
) -> None:
    ours = np.mean([getattr(climate, statistic) for climate in made], axis=0)
    ends = np.array([getattr(NICE, statistic), getattr(CARPENTRAS, statistic)])
    low, high = ends.min(axis=0) - beyond, ends.max(axis=0) + beyond
    assert (ours >= low).all(), f"{ours} under {low}"
    assert (ours <= high).all(), f"{ours} above {high}"


def test_the_mistral_brings_up_cold_water_in_summer_and_none_in_winter(
    years: list[Weather],
) -> None:
    summer, winter = slice(181 * 96, 243 * 96), slice(0, 50 * 96)
    two_days = 2 * 96
    falls = [(y.sea_temp_c[two_days:] - y.sea_temp_c[:-two_days])[summer].min() for y in years]
    assert -10 < min(falls) < -4
    assert max(np.ptp(year.sea_temp_c[winter]) for year in years) < 1.5


def test_the_sea_is_colder_after_strong_wind_than_after_calm(years: list[Weather]) -> None:
    year = years[0]
    wind = year.wind_m_per_s[181 * 96 : 243 * 96].reshape(-1, 96).mean(axis=1)
    sea = year.sea_temp_c[182 * 96 : 244 * 96].reshape(-1, 96).mean(axis=1)
    assert sea[wind > 8].mean() < sea[wind < 4].mean() - 1.5


def test_clouds_pass_within_the_hour_under_a_broken_sky_only(years: list[Weather]) -> None:
    noon = years[0].ghi_w_m2.reshape(365, 96)[:, 42:54]
    roughness = np.abs(np.diff(noon, n=2, axis=1)).mean(axis=1) / noon.mean(axis=1)
    assert np.quantile(roughness, 0.9) > 0.08
    assert np.quantile(roughness, 0.1) < 0.02


@pytest.mark.parametrize(
    ("file", "place", "carried_over"),
    [
        ("rt2012_H3_hourly_clean.csv", nice, NICE),
        ("rt2012_H2d_hourly_clean.csv", carpentras, CARPENTRAS),
    ],
    ids=["Nice", "Carpentras"],
)
def test_the_figures_carried_over_are_those_of_the_typical_years(
    district: District, file: str, place, carried_over: Climate
) -> None:
    path = Path(os.environ.get("EMS_REFERENCE_DATA", "")) / "weather" / file
    if not path.is_file():
        pytest.skip(f"{file} is not in EMS_REFERENCE_DATA")
    site = place(district.site)
    again = climate_of(read_weather(path, site, district.loop, YEAR), site)
    for field in fields(Climate):
        np.testing.assert_allclose(
            getattr(again, field.name), getattr(carried_over, field.name), atol=0.051
        )
