"""Central heat pumps at work: units, sharing, the loop's temperature."""

import numpy as np
import pytest

from simulations.heat_plant import HeatPlant
from simulations.image import ProcessImage
from simulations.unit_kernels import (
    DRAWN_KW,
    GROUND_KW,
    LOOP_FLOWS,
    PUMP_KW,
    SEA_KW,
    STANDBY_KW,
    UNIT_FLOWS,
    run,
)

SEA_C = 14.0


@pytest.fixture
def image(district):
    return ProcessImage.create(district)


@pytest.fixture
def plant(district, image):
    return HeatPlant(district, image, SEA_C)


def _hours(plant, hours, heating=0.0, hot_water=0.0, cool=0.0, begin_s=0.0):
    flows, loop_flows = np.zeros((UNIT_FLOWS, 3)), np.zeros(LOOP_FLOWS)
    for step in range(int(hours * 12)):
        side = plant.side(SEA_C, begin_s + 300.0 * step)
        run(
            side.units,
            side.states,
            side.loop,
            SEA_C,
            heating,
            hot_water,
            cool,
            flows,
            loop_flows,
            1 / 12,
        )
        plant.count(flows, flows, loop_flows, loop_flows[PUMP_KW] / 12, 1 / 12)
    return loop_flows


@pytest.mark.parametrize(("load_kw", "units"), [(0, 0), (300, 1), (867, 1), (900, 2), (2600, 3)])
def test_as_few_units_run_as_carry_the_load(plant, image, load_kw, units):
    _hours(plant, 1, heating=float(load_kw))
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
    # 1.5 MW over 523 kW/K, a quarter of which the exchanger lacks
    assert SEA_C - 1.5 < drawn < SEA_C - 0.7
    _hours(plant, 12)
    assert plant.loop_c == pytest.approx(SEA_C, abs=0.1)


def test_the_loop_keeps_every_kilowatt_hour(plant):
    rng = np.random.default_rng(5)
    for _ in range(100):
        before = plant.loop_kwh
        flows = _hours(plant, 1 / 12, heating=rng.uniform(0, 2500), cool=rng.uniform(0, 500))
        gained = (flows[SEA_KW] - flows[DRAWN_KW] - flows[GROUND_KW]) / 12
        assert plant.loop_kwh - before == pytest.approx(gained, abs=1e-9), "seed 5"


def test_what_is_drawn_is_felt_after_the_way_round_the_loop(plant):
    """200 m3 at 450 m3/h are under half an hour; the pipes half full of plugs of 5 m3."""
    felt = []
    for _ in range(12):
        _hours(plant, 1 / 12, heating=2500.0)
        felt.append(SEA_C - plant.loop_c)
    assert max(felt[:2]) < 0.05
    assert felt[-1] > 0.5


def test_cooling_shares_its_heat_with_hot_water_in_winter(plant):
    _hours(plant, 1, heating=150.0, hot_water=50.0, cool=300.0)
    assert plant.shared_kw.sum() == pytest.approx(200.0)


def test_a_disabled_unit_gives_nothing_until_the_lease_ends(plant, image):
    image["HP-1/enable"] = 0.0
    image["HP-1/heartbeat"] = 1
    given = [plant.side(SEA_C, now_s).units.heat_kw[0] for now_s in (0.0, 1799.0, 1801.0)]
    assert given[:2] == [0.0, 0.0]
    assert given[2] > 800


def test_counters_never_run_backwards(plant):
    before = {name: energy.copy() for name, energy in plant.energy_kwh.items()}
    rng = np.random.default_rng(11)
    for _ in range(50):
        heating, cool = rng.uniform(0, 1500, 2)
        _hours(plant, 1 / 12, heating=heating, cool=cool)
        for name, energy in plant.energy_kwh.items():
            assert (energy >= before[name]).all(), "seed 11"
        before = {name: energy.copy() for name, energy in plant.energy_kwh.items()}
