"""Batteries: limits and losses."""

from dataclasses import replace

import pytest

from building_models import battery


@pytest.fixture
def pack(district):
    return replace(
        district.batteries["BAT-1"],
        capacity_kwh=500.0,
        power_kw=250.0,
        efficiency_charge=0.95,
        efficiency_discharge=0.96,
        soc_low=0.1,
        soc_high=0.9,
    )


def test_a_round_trip_loses_both_efficiencies(pack):
    charged = battery.step(pack, 200.0, 100.0, 1.0)
    assert charged == pytest.approx(295.0)
    assert battery.step(pack, charged, -95 * 0.96, 1.0) == pytest.approx(200.0)


@pytest.mark.parametrize("energy_kwh", [50.0, 60.0, 250.0, 440.0, 450.0])
def test_the_limits_lead_exactly_to_the_ends(pack, energy_kwh):
    low, high = battery.power_limits_kw(pack, energy_kwh, 1.0)
    assert -250 <= low <= 0 <= high <= 250
    assert battery.step(pack, energy_kwh, low, 1.0) >= 50 - 1e-9
    assert battery.step(pack, energy_kwh, high, 1.0) <= 450 + 1e-9


def test_a_full_battery_takes_nothing_and_an_empty_one_gives_nothing(pack):
    assert battery.power_limits_kw(pack, 450.0, 0.25)[1] == 0
    assert battery.power_limits_kw(pack, 50.0, 0.25)[0] == 0
