"""Dwellings peak one by one: together far less, as published coincidence factors say."""

from datetime import UTC, datetime

import numpy as np
import pytest

from ems.domain.slots import Horizon, Slot
from simulations.appliances import NF_C_14_100, coincidence, rusck
from simulations.people import People

SIZES = (4, 9, 19, 49, 100, 400)
WEEKS = Horizon(Slot.containing(datetime(2025, 1, 6, tzinfo=UTC)), 96 * 28)


@pytest.fixture(scope="module")
def people(district):
    return People.make(district, WEEKS, 3)


@pytest.fixture(scope="module")
def factors(people):
    return coincidence(people.appliances_kw, SIZES, np.random.default_rng(1))


def test_the_peak_of_each_dwelling_counts_less_the_more_there_are(factors):
    assert (np.diff(factors) < 0).all()


def test_dwellings_coincide_as_rusck_published(factors):
    np.testing.assert_allclose(factors, rusck(np.array(SIZES), 0.15), atol=0.1)


def test_no_riser_would_be_overloaded(factors):
    """The standard's design factors are an upper envelope."""
    for size, factor in zip(SIZES, factors, strict=True):
        assert factor < NF_C_14_100.get(size, 0.38)


def test_a_dwelling_alone_reaches_some_kilowatts(people):
    assert 3.0 < np.median(people.appliances_kw.max(axis=1)) < 7.0


def test_evenings_are_two_to_six_times_the_night(people):
    by_hour = people.appliances_kw.reshape(len(people.appliances_kw), -1, 24, 4).mean((0, 1, 3))
    # UTC: 19 h in Paris is 18 h here
    assert 2.0 < by_hour[18] / by_hour[2] < 6.0


def test_two_households_of_three_use_35_to_80_litres_per_person(district, people):
    persons = np.array([float(home.occupants) for home in district.dwellings.values()])
    lived_in = persons > 0
    litres = people.draws_l_per_h.sum(axis=1)[lived_in] / 4 / 28 / persons[lived_in]
    low, high = np.quantile(litres, [1 / 6, 5 / 6])
    assert low == pytest.approx(35, abs=5)
    assert high == pytest.approx(80, abs=7)
    assert litres.std() == pytest.approx(23, abs=4)


def test_windows_are_open_longer_in_summer(district, people):
    july = Horizon(Slot.containing(datetime(2025, 7, 7, tzinfo=UTC)), 96 * 7)
    summer = People.make(district, july, 3).airing.mean()
    assert summer > 3 * people.airing.mean() > 0


def test_some_households_turn_their_thermostat_often_and_most_hardly_ever(people):
    days = (people.offset_k.reshape(len(people.offset_k), -1, 96) != 0).any(axis=2).sum(axis=1)
    assert np.median(days) <= 1
    assert days.max() >= 4
