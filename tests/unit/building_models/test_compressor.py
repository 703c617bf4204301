"""Large machines: published regression, hplib's medians, Carnot, part load, conservation."""

import hplib.hplib as hplib
import numpy as np
import pytest

from building_models import compressor, heat_pump
from building_models.compressor import Machine

MACHINE = Machine(45.0, 60.0, 7.0, 0.3)


@pytest.mark.parametrize(("lift_k", "cop"), [(20, 6.42), (35, 4.47), (50, 3.19), (70, 2.11)])
def test_full_load_is_the_published_regression(lift_k, cop):
    """1.448e12 (lift + 177.46)^-4.946, by hand."""
    assert compressor.cop(10.0, 10.0 + lift_k, 1.0) == pytest.approx(cop, abs=0.01)


@pytest.fixture(scope="module")
def keymark():
    """hplib 1.9: its ten water/water units, each with its own fit to its certificates."""
    units = hplib.load_database()
    named = units["Group"].isin([3, 6]) & (units["Model"] != "Generic")
    return [hplib.get_parameters(model) for model in units.loc[named, "Model"]]


@pytest.mark.parametrize("sink_c", [35.0, 45.0, 55.0])
@pytest.mark.parametrize("source_c", [8.0, 12.0, 16.0, 20.0])
def test_both_models_beside_certified_machines(district, keymark, source_c, sink_c):
    """The planner's plane within 3 % of their median; large machines 5 to 20 % above it."""
    cops = [
        float(np.ravel(hplib.simulate(source_c, sink_c - 5.0, unit, 10.0)["COP"])[0])
        for unit in keymark
    ]
    middle = np.median(cops)
    assert heat_pump.cop(district.plant, source_c, sink_c) == pytest.approx(middle, rel=0.03)
    assert 1.05 < compressor.cop(source_c, sink_c, 1.0) / middle < 1.20


@pytest.mark.parametrize("load", [0.3, 0.6, 1.0])
def test_no_cop_is_beyond_carnot(load):
    for sink in (30.0, 45.0, 60.0):
        for source in (7.0, 15.0, 25.0):
            carnot = (sink + 273.15) / max(sink - source, 1e-9)
            assert compressor.cop(source, sink, load) < max(carnot, compressor.COP_MOST + 1)


def test_part_load_shortens_the_lift_and_cycling_costs():
    assert compressor.cop(13.0, 45.0, 0.5) > compressor.cop(13.0, 45.0, 1.0)
    assert compressor.cycling_factor(0.3, 0.3) == 1.0
    # EN 14825: half of the least load, 0.5 / (0.9 x 0.5 + 0.1)
    assert compressor.cycling_factor(0.15, 0.3) == pytest.approx(0.909, abs=0.001)


@pytest.mark.parametrize("loop_c", [8.0, 15.0, 25.0])
@pytest.mark.parametrize("wanted", [(900.0, 100.0, 0.0), (0.0, 80.0, 900.0), (300.0, 90.0, 300.0)])
@pytest.mark.parametrize("load", [0.1, 0.7])
def test_energy_is_conserved_around_the_plant(loop_c, wanted, load):
    heating, hot_water, cold = wanted
    power = compressor.serve(MACHINE, loop_c, heating, hot_water, cold, load)
    assert power.electric_kw + power.loop_heat_kw + cold == pytest.approx(
        heating + hot_water, rel=1e-12
    )


def test_heat_and_cold_at_once_take_less_than_apart():
    both = compressor.serve(MACHINE, 14.0, 300.0, 50.0, 250.0, 0.7)
    heat = compressor.serve(MACHINE, 14.0, 300.0, 50.0, 0.0, 0.7)
    cold = compressor.serve(MACHINE, 14.0, 0.0, 0.0, 250.0, 0.7)
    assert both.shared_heat_kw > 250.0
    assert both.electric_kw < 0.9 * (heat.electric_kw + cold.electric_kw)
