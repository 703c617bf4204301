"""People: the same day whatever the horizon, figures near the published ones."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from ems.domain.slots import Horizon, Slot
from simulations.cars import sessions_in
from simulations.people import People

WEEKS = Horizon(Slot.containing(datetime(2025, 1, 6, tzinfo=UTC)), 96 * 28)
ARRAYS = [f.name for f in fields(People) if f.name not in ("horizon", "sessions")]


@pytest.fixture(scope="module")
def people(district):
    return People.make(district, WEEKS, 3)


@pytest.mark.parametrize("first", [0, 37, 96 * 9 + 50])
def test_a_day_is_the_same_whatever_horizon_is_asked_for(district, people, first):
    part = Horizon(WEEKS.first + first, 192)
    alone, cut = People.make(district, part, 3), people.over(part)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(alone, name), getattr(cut, name))
    assert set(alone.sessions) <= set(people.sessions)


@pytest.mark.parametrize(("month", "day"), [(3, 30), (10, 26)], ids=["spring", "autumn"])
def test_days_that_change_clock_have_all_their_slots(district, month, day):
    horizon = Horizon(Slot.containing(datetime(2025, month, day - 1, 12, tzinfo=UTC)), 192)
    assert People.make(district, horizon, 3).gains_kw.shape[1] == 192


def test_hot_water_is_56_litres_per_person_and_day(district, people):
    persons = sum(home.occupants for home in district.dwellings.values())
    litres = people.draws_l_per_h.sum() / 4 / 28 / persons
    assert litres == pytest.approx(56.0, abs=5.0)


def test_dwellings_use_the_electricity_of_their_profile(district, people):
    expected = [
        home.area_m2 * district.uses[home.use].electricity_w_per_m2 / 1000
        for home in district.dwellings.values()
    ]
    assert people.appliances_kw.mean() == pytest.approx(np.mean(expected), rel=0.1)


def test_offices_are_empty_on_sundays_and_full_on_mondays(district, people):
    office = list(district.zones).index("A1-Z01")
    monday_ten, sunday_ten = 4 * 9, 96 * 6 + 4 * 9
    assert people.attendance[office, monday_ten] > 0.6
    assert people.attendance[office, sunday_ten] == 0


def _local(district, moment):
    return moment.astimezone(district.site.zone)


def test_cars_come_to_work_at_eight_and_home_in_the_evening(district, people):
    arrivals = [_local(district, s.arrival) for s in people.sessions]
    morning = [a for a in arrivals if a.isoweekday() < 6 and a.hour < 16]
    assert sum(a.hour in (8, 9) for a in morning) > 0.4 * len(morning)
    evening = [a for a in arrivals if a.hour >= 16]
    assert sum(17 <= a.hour < 20 for a in evening) > 0.7 * len(evening)
    assert 150 * 1.5 < len(people.sessions) / 4 < 250 * 3


def test_cars_want_24_kwh_at_work_and_9_at_home(district, people):
    hours = [_local(district, s.arrival).hour for s in people.sessions]
    wanted = np.array([s.energy_wanted_kwh for s in people.sessions])
    at_work = np.array(hours) < 16
    assert wanted[at_work].mean() == pytest.approx(24.0, abs=2.5)
    assert wanted[~at_work].mean() == pytest.approx(9.0, abs=1.0)


def test_one_car_at_a_charge_point_at_a_time(district, people):
    for point in district.charge_points:
        mine = [s for s in people.sessions if s.charge_point == point]
        assert all(one.departure <= two.arrival for one, two in pairwise(mine))


def test_nobody_stays_over_the_turn_of_the_week(district):
    for week in range(3):
        turn = datetime(2025, 1, 12, 14, tzinfo=UTC) + timedelta(days=7 * week)
        around = sessions_in(district, WEEKS, 3)
        assert not [s for s in around if s.arrival < turn < s.departure]


def test_no_car_could_take_more_than_its_charge_point_lets_through(district, people):
    for session in people.sessions:
        point = district.charge_points[session.charge_point]
        let_through_kw = point.current_a_max * point.phases * district.car_park.voltage_v / 1000
        assert session.power_kw_max <= min(point.power_kw_max, let_through_kw) + 1e-9


def test_batteries_of_cars_hold_what_is_wanted(people):
    for session in people.sessions:
        filled = session.charge_on_arrival + session.energy_wanted_kwh / session.capacity_kwh
        assert 0.0 <= session.charge_on_arrival < filled <= 1.0 + 1e-9


def test_energies_and_stays_at_work_spread_as_measured(district, people):
    """Of 25,697 sessions at SAP Mougins: 7.9, 21.4 and 44.5 kWh; half stay 3.7 h."""
    at_work = [
        s
        for s in people.sessions
        if _local(district, s.arrival).hour < 16 and s.arrival.isoweekday() < 6
    ]
    wanted = np.array([s.energy_wanted_kwh for s in at_work])
    stays_h = [(s.departure - s.arrival).total_seconds() / 3600 for s in at_work]
    np.testing.assert_allclose(
        np.quantile(wanted, [0.1, 0.5, 0.9]), [7.9, 21.4, 44.5], atol=3.0, rtol=0.1
    )
    assert np.median(stays_h) == pytest.approx(3.7, abs=0.4)
