"""Losses by power, ageing and pumps beside their published forms."""

import math

import pytest

from building_models import battery_ageing, battery_losses, pumps
from building_models.battery_ageing import Age

YEAR_H = 8766.0


@pytest.mark.parametrize(("share", "efficiency"), [(0.1, 0.94), (1.0, 0.955)])
def test_the_curve_goes_through_its_two_efficiencies(share, efficiency):
    drawn = -battery_losses.cell_kw(-share * 250.0, 250.0)
    assert share * 250.0 / drawn == pytest.approx(efficiency)


def test_it_is_best_in_between_and_idles_for_nothing():
    shares = [share / 100 for share in range(5, 101, 5)]
    found = [share / -battery_losses.cell_kw(-share, 1.0) for share in shares]
    assert 0.3 <= shares[found.index(max(found))] <= 0.5
    assert battery_losses.cell_kw(0.0, 250.0) == 0.0


@pytest.mark.parametrize("kw", [-250.0, -30.0, 5.0, 100.0, 250.0])
def test_terminals_and_cells_are_inverse(kw):
    cells = battery_losses.cell_kw(kw, 250.0)
    assert battery_losses.terminal_kw(cells, 250.0) == pytest.approx(kw)
    assert cells < kw


def test_a_step_ends_exactly_at_the_limits():
    power = battery_losses.step_kw(250.0, 250.0, 470.0, 25.0, 475.0, 0.25)
    assert 470 + 0.25 * battery_losses.cell_kw(power, 250.0) == pytest.approx(475.0)
    power = battery_losses.step_kw(-250.0, 250.0, 30.0, 25.0, 475.0, 0.25)
    assert 30 + 0.25 * battery_losses.cell_kw(power, 250.0) == pytest.approx(25.0)


def test_a_year_on_the_shelf_by_the_published_form():
    """1.2571e-5 x 0.60225 x sqrt(31.56e6 s) = 4.25 % at 25 °C and half charge."""
    age = battery_ageing.rested(Age(), temp_c=25.0, state_of_charge=0.5, hours=YEAR_H)
    assert age.calendar_loss == pytest.approx(0.0425, abs=0.0001)
    warm = battery_ageing.rested(Age(), temp_c=40.0, state_of_charge=0.5, hours=YEAR_H)
    assert warm.calendar_loss / age.calendar_loss == pytest.approx(1.393, abs=0.002)


def test_cycles_by_the_published_form():
    """(0.063 x 0.5 + 0.0971) x (4.0253 x 0.2³ + 1.0923) % x sqrt(500) = 3.23 %."""
    age = battery_ageing.cycled(Age(), full_cycles=500.0, c_rate=0.5, depth=0.8)
    assert age.cycle_loss == pytest.approx(0.0323, abs=0.0001)


def test_a_year_in_steps_is_a_year():
    stepped = Age()
    for _ in range(100):
        stepped = battery_ageing.rested(
            stepped, temp_c=25.0, state_of_charge=0.6, hours=YEAR_H / 100
        )
        stepped = battery_ageing.cycled(stepped, full_cycles=3.0, c_rate=0.5, depth=0.6)
    whole = battery_ageing.rested(Age(), temp_c=25.0, state_of_charge=0.6, hours=YEAR_H)
    whole = battery_ageing.cycled(whole, full_cycles=300.0, c_rate=0.5, depth=0.6)
    assert stepped.health == pytest.approx(whole.health, rel=1e-12)
    assert 0.90 < whole.health < 0.96


def test_the_affinity_laws_less_what_control_and_drive_keep():
    """Cube law 0.125 at half flow; 20 % held head and the drive's curve leave a third."""
    assert pumps.power_share(1.0) == pytest.approx(1.0)
    hydraulic = 0.5 * (0.2 + 0.8 * 0.25)
    assert pumps.power_share(0.5) == pytest.approx(hydraulic / pumps.drive_efficiency(hydraulic))
    assert 0.125 < pumps.power_share(0.5) < 0.4
    assert pumps.power_share(0.0) == 0.0


def test_a_drive_s_efficiency_is_the_published_fit():
    """At a quarter of its power: motor 0.844/0.942, inverter 0.749/0.955."""
    motor = (1 - math.exp(-2.26)) / (1 - math.exp(-9.04))
    inverter = (0.5087 + 0.32075 - 0.08875 + 0.009116) / 0.9551
    assert pumps.drive_efficiency(0.25) == pytest.approx(motor * inverter, rel=1e-3)
