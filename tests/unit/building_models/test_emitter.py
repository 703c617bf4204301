"""Radiators and fan coils: EN 442, their closed form in time, what a valve lets in."""

import numpy as np
import pytest

from building_models import emitter


def test_full_power_at_the_design_and_by_the_exponent_beside_it():
    full = emitter.conductance_kw_per_k(3.0, 1.3, 18.0) * 18.0
    half = emitter.conductance_kw_per_k(3.0, 1.3, 9.0) * 9.0
    assert full == pytest.approx(3.0)
    assert half / full == pytest.approx(0.5**1.3)


def test_the_design_flow_carries_full_power_between_45_and_38():
    assert emitter.most_kw(3.0, 45.0, 38.0) == pytest.approx(3.0)
    assert emitter.most_kw(3.0, 45.0, 20.0) == 3.0
    assert emitter.most_kw(3.0, 40.0, 38.0) == pytest.approx(3.0 * 2 / 7)
    assert emitter.most_kw(3.0, 35.0, 38.0) == 0.0


def test_a_radiator_that_is_shut_cools_exponentially():
    """0.072 kWh/K and 0.17 kW/K: 25 minutes."""
    kept = emitter.keep(0.17, 0.072, 0.5)
    moved = emitter.step(38.0, 20.0, 0.0, 0.17, kept, 0.072 / 0.5)
    assert moved.temp_c == pytest.approx(20 + 18 * np.exp(-0.17 * 0.5 / 0.072))
    assert moved.emitted_kw * 0.5 == pytest.approx(0.072 * (38.0 - moved.temp_c))


def test_what_is_needed_makes_the_power_wanted():
    kept = emitter.keep(0.17, 0.072, 1 / 60)
    given = emitter.needed_kw(25.0, 20.0, 2.0, 0.17, kept)
    moved = emitter.step(25.0, 20.0, given, 0.17, kept, 0.072 * 60)
    assert 0.17 * (moved.temp_c - 20.0) == pytest.approx(2.0)
