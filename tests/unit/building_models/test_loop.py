"""The loop: what the sea carries, and rest."""

import pytest

from building_models import loop


def test_the_sea_carries_half_a_megawatt_per_kelvin(district):
    """450 m3/h of seawater: 511 kW/K before the exchanger."""
    full = loop.exchange_kw_per_k(district.loop) / loop.EXCHANGER_EFFECTIVENESS
    assert full == pytest.approx(511, abs=1)


def test_heat_pumps_heat_from_colder_and_cool_to_warmer_than_the_sea(district):
    assert loop.source_temp_c(district.loop, 15.0) < 15.0 < loop.sink_temp_c(district.loop, 15.0)


def test_the_loop_rests_where_sea_gives_what_is_drawn(district):
    day = loop.discretise(district.loop, 24.0)
    temp = 20.0
    for _ in range(5):
        temp = loop.step(day, temp, sea_temp_c=13.0, ground_c=13.0, drawn_kw=1000.0)
    assert (13.0 - temp) * day.conductance_kw_per_k == pytest.approx(1000.0)


def test_halves_of_a_step_make_the_step(district):
    kwargs = {"sea_temp_c": 13.0, "ground_c": 15.0, "drawn_kw": 400.0}
    half, whole = loop.discretise(district.loop, 0.125), loop.discretise(district.loop, 0.25)
    twice = loop.step(half, loop.step(half, 18.0, **kwargs), **kwargs)
    assert twice == pytest.approx(loop.step(whole, 18.0, **kwargs))
