"""Thermostats of rooms and of tanks."""

import pytest

from building_models.tank import capacity_kwh_per_k
from simulations.control_kernels import room_power, starts_charging, tank_charge_kw

VOLUME_L, DT_H = 3000.0, 1 / 12


def test_a_thermostat_settles_on_its_setpoint():
    """One room of 0.3 kWh/K that loses 0.05 kW/K to 5 °C: it needs 0.75 kW at 20 °C."""
    temp, power, integral, gain = 17.0, 0.0, 0.0, DT_H / 0.3
    for _ in range(12 * 24):
        free = temp - 0.05 * (temp - 5.0) * gain
        power, integral = room_power(20.0 - free, gain, 3.0, integral, DT_H)
        temp = free + gain * power
    assert temp == pytest.approx(20.0, abs=0.01)
    assert power == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize(("error_k", "limit_kw", "power_kw"), [(9, 2, 2), (-9, 2, 0), (9, 0, 0)])
def test_a_thermostat_stays_within_its_power(error_k, limit_kw, power_kw):
    assert room_power(float(error_k), 0.3, float(limit_kw), 0.0, 0.1).power_kw == power_kw


def test_a_tank_on_its_own_charges_from_low_to_high():
    charging, course = False, []
    for temp in (58, 57, 56, 57, 59, 60, 58):
        charging = starts_charging(charging, float(temp), 55.0, 60.0)
        course.append(charging)
    assert course == [False, False, True, True, True, False, False]


@pytest.mark.parametrize(
    ("situation", "idle_c", "setpoint_c", "limit_kw", "charge_kw"),
    [
        ("up to its setpoint", 58.0, 58.0, 75.0, 0.0),
        ("within its limit", 57.0, 60.0, 20.0, 20.0),
        ("hygiene whatever the plan", 50.0, 50.0, 0.0, 75.0),
        ("a limit below nothing", 57.0, 60.0, -5.0, 0.0),
    ],
)
def test_a_commanded_tank(situation, idle_c, setpoint_c, limit_kw, charge_kw):
    gain = DT_H / float(capacity_kwh_per_k(VOLUME_L))
    made = tank_charge_kw(idle_c, gain, False, True, 55.0, 60.0, setpoint_c, limit_kw, 75.0)
    assert made == pytest.approx(charge_kw), situation
