"""Heat pumps against the published table, and the sums of heat, cold and electricity."""

import numpy as np
import pytest

from building_models import heat_pump

PUBLISHED = {
    35: (4.75, 5.23, 5.72, 6.20, 6.68),
    45: (3.66, 4.16, 4.65, 5.11, 5.57),
    55: (2.59, 3.10, 3.59, 4.08, 4.58),
    60: (2.01, 2.57, 3.06, 3.55, 4.04),
}
"""Medians of ten water/water units in hplib 1.9, sources of 5, 10, 15, 20, 25 °C."""


@pytest.mark.parametrize("sink_c", PUBLISHED)
def test_cop_follows_the_published_table(district, sink_c):
    made = heat_pump.cop(district.plant, [5, 10, 15, 20, 25], sink_c)
    np.testing.assert_allclose(made, PUBLISHED[sink_c], atol=0.15)


def test_no_cop_is_beyond_carnot(district):
    source, sink = np.meshgrid(np.arange(8.0, 27), np.arange(35.0, 66))
    carnot = (sink + 273.15) / (sink - source)
    assert (heat_pump.cop(district.plant, source, sink) < carnot).all()


@pytest.mark.parametrize("sea_c", [10.0, 15.0, 20.0, 25.0])
@pytest.mark.parametrize(
    ("heating", "hot_water", "cold"), [(900, 100, 0), (0, 80, 900), (300, 90, 300)]
)
def test_energy_is_conserved_around_the_plant(district, sea_c, heating, hot_water, cold):
    power = heat_pump.serve(
        district.plant,
        source_c=sea_c - 1,
        sink_c=sea_c + 1,
        heating_kw=heating,
        hot_water_kw=hot_water,
        cooling_kw=cold,
    )
    assert power.electric_kw + power.loop_heat_kw + cold == pytest.approx(heating + hot_water)


def test_sharing_never_costs_more_than_two_machines(district):
    plant = district.plant
    for sea_c in np.arange(8.0, 27.0):
        power = heat_pump.serve(
            plant, source_c=sea_c, sink_c=sea_c, heating_kw=200, hot_water_kw=90, cooling_kw=250
        )
        apart = (
            200 / heat_pump.cop(plant, sea_c, plant.heating_supply_c)
            + 90 / heat_pump.cop(plant, sea_c, plant.hot_water_supply_c)
            + 250 / heat_pump.cop_cooling(plant, sea_c)
        )
        assert power.electric_kw <= apart + 1e-9


def test_winter_shares_cooling_heat_with_hot_water_and_late_summer_does_not(district):
    def shared(sea_c):
        return heat_pump.serve(
            district.plant,
            source_c=sea_c - 1,
            sink_c=sea_c + 1,
            heating_kw=0,
            hot_water_kw=90,
            cooling_kw=500,
        ).shared_heat_kw

    assert shared(12.0) == 90
    assert shared(25.0) == 0


@pytest.mark.parametrize(
    ("heat_kw", "cool_kw", "available", "units"),
    [
        (0, 0, 3, 0),
        (100, 0, 3, 1),
        (867, 0, 3, 1),
        (868, 0, 3, 2),
        (100, 1600, 3, 3),
        (2600, 0, 2, 2),
    ],
)
def test_the_fewest_units_run(district, heat_kw, cool_kw, available, units):
    assert heat_pump.units_needed(district.plant, heat_kw, cool_kw, available) == units


def test_a_unit_is_best_at_two_thirds_and_cycles_under_its_least_load(district):
    loads = np.linspace(0, 1, 101)
    left = heat_pump.part_load_factor(district.plant, loads)
    assert loads[np.argmax(left)] == pytest.approx(0.7)
    assert ((left >= 0.79 - 1e-9) & (left <= 1)).all()
