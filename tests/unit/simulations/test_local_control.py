"""Rules on site: leases, thermostats, schedules, tank thermostats."""

from datetime import UTC, datetime

import numpy as np
import pytest

from building_models import tank
from ems.domain.district import DeviceKind
from ems.domain.slots import Horizon, Slot
from simulations.image import ProcessImage
from simulations.local_control import Lease, Schedule, TankThermostat, Thermostat
from simulations.panel import Panel

WEEK = Horizon(Slot.containing(datetime(2025, 1, 12, 23, tzinfo=UTC)), 7 * 96)
"""A week from Monday, 0:00 in Marseille."""


def _at(day: int, hour: float) -> int:
    return day * 96 + int(hour * 4)


@pytest.fixture
def units(district):
    image = ProcessImage.create(district)
    return image, Panel(image, district, DeviceKind.HEAT_PUMP, ["plant-1", "plant-2", "plant-3"])


def test_a_lease_begins_with_a_change_and_ends_after_its_time(units):
    image, panel = units
    lease = Lease(panel, "heartbeat")
    assert not lease.held(0.0).any()
    image["HP-2/heartbeat"] = 7
    assert lease.held(100.0).tolist() == [False, True, False]
    assert lease.held(1899.0).tolist() == [False, True, False]
    assert not lease.held(1901.0).any()
    image["HP-2/heartbeat"] = 8
    assert lease.held(2000.0).tolist() == [False, True, False]


def test_a_counter_that_starts_again_is_still_a_change(units):
    image, panel = units
    image["HP-1/heartbeat"] = 60000
    lease = Lease(panel, "heartbeat")
    image["HP-1/heartbeat"] = 1
    assert lease.held(10.0)[0]


def test_a_thermostat_settles_on_its_setpoint():
    """One room of 0.3 kWh/K that loses 0.05 kW/K to 5 °C: it needs 0.75 kW at 20 °C."""
    thermostat, temp, power = Thermostat(1), np.array([17.0]), np.zeros(1)
    gain = np.array([1 / 12 / 0.3])
    for _ in range(12 * 24):
        free = temp - 0.05 * (temp - 5.0) * gain
        power = thermostat.power_kw(20.0 - free, gain, np.array([3.0]), 1 / 12)
        temp = free + gain * power
    assert temp[0] == pytest.approx(20.0, abs=0.01)
    assert power[0] == pytest.approx(0.75, abs=0.02)


def test_a_thermostat_stays_within_its_power():
    thermostat = Thermostat(3)
    limit = np.array([2.0, 2.0, 0.0])
    power = thermostat.power_kw(np.array([9.0, -9.0, 9.0]), np.full(3, 0.3), limit, 0.1)
    assert power.tolist() == [2.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("situation", "slot", "heat_c", "least_c"),
    [
        ("Monday at 5, not yet", _at(0, 5), 16.0, -np.inf),
        ("Monday at 7, heating ahead", _at(0, 7), 20.2, -np.inf),
        ("Monday at 10, people are there", _at(0, 10), 20.2, 20.0),
        ("Monday at 20, gone", _at(0, 20), 16.0, -np.inf),
        ("Sunday at 10", _at(6, 10), 16.0, -np.inf),
    ],
)
def test_an_office_follows_the_hours_of_its_use(district, situation, slot, heat_c, least_c):
    schedule = Schedule.of(district, WEEK)
    office = len(district.dwellings) + list(district.zones).index("A1-Z01")
    assert schedule.heat_c[office, slot] == pytest.approx(heat_c), situation
    assert schedule.comfort_low_c[office, slot] == least_c, situation


def test_homes_are_kept_above_what_their_people_chose_day_and_night(district):
    schedule = Schedule.of(district, WEEK)
    chosen = np.array([home.heat_c for home in district.dwellings.values()])
    kept = schedule.heat_c[: len(chosen)]
    np.testing.assert_allclose(kept, (chosen + district.comfort.margin_k)[:, None] + np.zeros(672))


@pytest.fixture
def vessel():
    step = tank.discretise([3000.0], [3.0], 1 / 12)
    most = np.array([75.0])
    return step, TankThermostat(np.array([55.0]), np.array([60.0]), most)


def _charge(vessel, idle_c, *, commanded=False, setpoint_c=60.0, limit_kw=75.0):
    step, thermostat = vessel
    return float(
        thermostat.charge_kw(
            step,
            np.array([idle_c]),
            commanded=np.array([commanded]),
            setpoint_c=np.array([setpoint_c]),
            limit_kw=np.array([limit_kw]),
        )[0]
    )


def test_a_tank_on_its_own_charges_from_low_to_high(vessel):
    charges = [_charge(vessel, temp) > 0 for temp in (58, 57, 56, 57, 59, 60, 58)]
    assert charges == [False, False, True, True, True, False, False]


@pytest.mark.parametrize(
    ("situation", "idle_c", "setpoint_c", "limit_kw", "charge_kw"),
    [
        ("up to its setpoint", 58.0, 58.0, 75.0, 0.0),
        ("within its limit", 57.0, 60.0, 20.0, 20.0),
        ("hygiene whatever the plan", 50.0, 50.0, 0.0, 75.0),
        ("a limit below nothing", 57.0, 60.0, -5.0, 0.0),
    ],
)
def test_a_commanded_tank(vessel, situation, idle_c, setpoint_c, limit_kw, charge_kw):
    made = _charge(vessel, idle_c, commanded=True, setpoint_c=setpoint_c, limit_kw=limit_kw)
    assert made == pytest.approx(charge_kw), situation
