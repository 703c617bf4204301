"""Scenarios: each bends what it says, during the days that count, and nothing else."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from ems.domain.district import District
from ems.domain.slots import Horizon, Slot
from ems.sources import builtin_weather
from simulations.catalogue import BY_NAME, CATALOGUE
from simulations.faults import Fault, FaultKind
from simulations.scenario import WARM_UP_DAYS, Scenario

PAST = WARM_UP_DAYS * 96


@pytest.fixture(scope="module")
def usual(hamlet: District) -> Scenario:
    first = Slot.containing(datetime(2023, 7, 1, 22, tzinfo=UTC))
    whole = Horizon(first + -PAST, PAST + 5 * 96)
    return Scenario(
        district=hamlet,
        horizon=Horizon(first, 3 * 96),
        weather=builtin_weather(hamlet.site, hamlet.loop, whole, 1),
        day_ahead_eur_per_kwh=np.full(whole.length, np.nan),
        price_source="tariff",
    )


def test_every_scenario_has_its_name_and_days() -> None:
    assert len(BY_NAME) == len(CATALOGUE)
    assert all(week.days >= 1 for entry in CATALOGUE for week in entry.weeks)


def test_twelve_weeks_stand_for_a_year() -> None:
    weeks = BY_NAME["year-in-twelve-weeks"].weeks
    assert sum(week.weight * week.days for week in weeks) == pytest.approx(365)
    assert [week.among_days for week in weeks] == [
        month.days for month in BY_NAME["whole-year"].weeks
    ]


def test_a_whole_year_leaves_no_day_out() -> None:
    months = BY_NAME["whole-year"].weeks
    days = [month.start + timedelta(days=day) for month in months for day in range(month.days)]
    assert days == [date(2023, 1, 1) + timedelta(days=day) for day in range(365)]


@pytest.mark.parametrize("name", [entry.name for entry in CATALOGUE])
def test_a_scenario_leaves_the_past_as_it_was(usual: Scenario, name: str) -> None:
    if name in ("substation-frozen", "building-silent"):
        pytest.skip("strikes B1, which the hamlet has not")
    bent = BY_NAME[name].change(usual)
    days_before = slice(0, PAST - 96)
    for quantity in ("outdoor_temp_c", "ghi_w_m2", "sea_temp_c", "wind_m_per_s"):
        np.testing.assert_array_equal(
            getattr(bent.weather, quantity)[days_before],
            getattr(usual.weather, quantity)[days_before],
        )
    assert np.isnan(bent.day_ahead_eur_per_kwh[days_before]).all()


def test_the_mistral_cools_the_sea_by_eight_kelvin_within_two_days(usual: Scenario) -> None:
    bent = BY_NAME["mistral"].change(usual)
    fall = (usual.weather.sea_temp_c - bent.weather.sea_temp_c)[PAST : PAST + 3 * 96]
    assert fall[-1] == pytest.approx(min(8.0, usual.weather.sea_temp_c[PAST + 287] - 13.5), abs=0.2)
    assert bent.weather.sea_temp_c.min() >= 13.4
    assert bent.weather.wind_m_per_s[PAST + 96] > 12


def test_a_sunday_of_negative_prices_has_them_on_its_own_day_only(usual: Scenario) -> None:
    assert BY_NAME["negative-sunday"].weeks[0].start == date(2023, 7, 2)
    prices = BY_NAME["negative-sunday"].change(usual).prices(usual.horizon)
    assert prices[:96].min() == pytest.approx(-0.13494)
    assert (prices[:96] < 0).sum() == 15 * 4
    assert (prices[96:192] > 0).all()
    assert np.isnan(prices[192:]).all()


def test_a_car_comes_to_every_charge_point_at_18(usual: Scenario) -> None:
    sessions = BY_NAME["evs-at-18"].change(usual).people().sessions
    begin = usual.horizon.first.start
    come = [s for s in sessions if s.arrival >= begin]
    zone = usual.district.site.zone
    assert {s.arrival.astimezone(zone).hour for s in come} == {18}
    assert len({s.charge_point for s in come}) == len(usual.district.charge_points)


def test_half_a_connection_is_half_of_the_subscribed_power(usual: Scenario) -> None:
    halved = BY_NAME["half-connection"].change(usual).district.tariff.subscribed_kw
    assert halved == usual.district.tariff.subscribed_kw / 2


def test_people_who_override_turn_their_own_thermostats(usual: Scenario) -> None:
    home = next(iter(usual.district.dwellings))
    turned = Fault(kind=FaultKind.OVERRIDE, devices=home, from_h=6.0, for_h=2.0, size=3.0)
    offset_k = replace(usual, faults=(turned,)).people().offset_k
    begin = PAST + 24
    assert (offset_k[0, begin : begin + 8] == 3.0).all()
    assert (offset_k[:, begin : begin + 8] == 3.0).sum() == 8
