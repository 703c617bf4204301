"""Central heat pumps at work: units, sharing, the loop's temperature."""

import numpy as np
import pytest

from simulations.heat_plant import STANDBY_KW, HeatPlant
from simulations.image import ProcessImage

SEA_C = 14.0


@pytest.fixture
def image(district):
    return ProcessImage.create(district)


@pytest.fixture
def plant(district, image):
    return HeatPlant(district, image, SEA_C)


def _hours(plant, hours, heating=0.0, hot_water=0.0, cool=0.0):
    for step in range(int(hours * 12)):
        plant.capacity(300.0 * step)
        plant.run(heating, hot_water, cool, SEA_C, 1 / 12)


@pytest.mark.parametrize(("load_kw", "units"), [(0, 0), (300, 1), (867, 1), (900, 2), (2600, 3)])
def test_as_few_units_run_as_carry_the_load(plant, image, load_kw, units):
    _hours(plant, 1, heating=load_kw)
    plant.publish(5.0, 0.0, SEA_C)
    running = [image[f"HP-{unit}/running"] for unit in (1, 2, 3)]
    assert sum(running) == units
    assert plant.heat_kw.sum() == pytest.approx(load_kw)
    assert plant.starts == units


def test_an_idle_plant_uses_only_standby(plant):
    _hours(plant, 1)
    assert plant.electric_kw.sum() == pytest.approx(3 * STANDBY_KW)


def test_the_loop_cools_when_heat_is_drawn_and_recovers(plant):
    _hours(plant, 6, heating=2000.0)
    drawn = plant.loop_c
    assert SEA_C - 6 < drawn < SEA_C - 2
    _hours(plant, 12)
    assert plant.loop_c == pytest.approx(SEA_C, abs=0.1)


def test_cooling_shares_its_heat_with_hot_water_in_winter(plant):
    _hours(plant, 1, heating=150.0, hot_water=50.0, cool=300.0)
    assert plant.shared_kw.sum() == pytest.approx(200.0)


def test_a_disabled_unit_gives_nothing_until_the_lease_ends(plant, image):
    image["HP-1/enable"] = 0.0
    image["HP-1/heartbeat"] = 1
    assert plant.capacity(0.0).heat_kw[0] == 0
    assert plant.capacity(1799.0).heat_kw[0] == 0
    assert plant.capacity(1801.0).heat_kw[0] > 800


def test_counters_never_run_backwards(plant):
    before = {name: energy.copy() for name, energy in plant.energy_kwh.items()}
    rng = np.random.default_rng(11)
    for _ in range(50):
        heating, cool = rng.uniform(0, 1500, 2)
        _hours(plant, 1 / 12, heating=heating, cool=cool)
        for name, energy in plant.energy_kwh.items():
            assert (energy >= before[name]).all(), "seed 11"
        before = {name: energy.copy() for name, energy in plant.energy_kwh.items()}
