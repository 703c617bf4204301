"""Charge points: plug-and-charge, commands, limits that hold by themselves, the bill of a stay."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ems.domain.district import DeviceKind
from simulations.cars import Session
from simulations.charging import Charging
from simulations.image import ProcessImage

NOON = datetime(2025, 1, 13, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def _session(point, *, hours=3.0, wanted=10.0, power=7.4, soc=0.2, arrival=NOON):
    return Session(
        charge_point=point,
        arrival=arrival,
        departure=arrival + timedelta(hours=hours),
        energy_wanted_kwh=wanted,
        power_kw_max=power,
        capacity_kwh=60.0,
        charge_on_arrival=soc,
    )


def _charging(district, *sessions):
    image = ProcessImage.create(district)
    return Charging(district, image, sessions, NOON), image


def _run(charging, minutes, begin=NOON):
    for minute in range(minutes):
        charging.run(begin + minute * MINUTE, 1 / 60)
    charging.publish(begin + minutes * MINUTE)


def test_a_car_is_charged_at_once_with_what_both_sides_can(district):
    charging, image = _charging(district, _session("CP-01", power=3.7))
    _run(charging, 60)
    assert image["CP-01/session_energy_kwh"] == pytest.approx(3.7)
    assert image["CP-01/state"] == 2
    assert image["CP-01/departure_min"] == 120
    assert image["CP-02/state"] == 0


def test_it_stops_when_it_has_what_was_wanted(district):
    charging, image = _charging(district, _session("CP-01", wanted=5.0))
    _run(charging, 90)
    assert image["CP-01/session_energy_kwh"] == pytest.approx(5.0)
    assert image["CP-01/state"] == 1


def test_a_filling_battery_takes_less(district):
    charging, image = _charging(district, _session("CP-01", soc=0.9, wanted=6.0))
    _run(charging, 1)
    assert image["CP-01/power_kw"] == pytest.approx(7.36 * 0.65, rel=0.02)


def test_feeder_and_groups_hold_without_any_plan(district):
    cars = [_session(point, power=22.0, wanted=40.0) for point in district.charge_points]
    charging, _ = _charging(district, *cars)
    _run(charging, 5)
    assert charging.power_kw.sum() == pytest.approx(district.car_park.feeder_kw)
    for group in {p.group for p in district.charge_points.values()}:
        members = [p.group == group for p in district.charge_points.values()]
        assert charging.power_kw[members].sum() <= district.car_park.group_kw + 1e-9


@pytest.mark.parametrize(("limit_a", "amperes"), [(32, 32), (16, 16), (6, 6), (5, 0), (0, 0)])
def test_a_commanded_current_holds(district, limit_a, amperes):
    charging, image = _charging(district, _session("CP-01", wanted=30.0))
    image["CP-01/current_limit_a"] = limit_a
    image["CP-01/failsafe_s"] = 1800
    _run(charging, 10)
    assert image["CP-01/current_l1_a"] == pytest.approx(amperes)


def test_who_was_commanded_and_then_left_alone_falls_back_to_six_amperes(district):
    charging, image = _charging(district, _session("CP-01", wanted=40.0, hours=6))
    image["CP-01/current_limit_a"] = 20
    image["CP-01/failsafe_s"] = 1800
    _run(charging, 25)
    assert image["CP-01/current_l1_a"] == pytest.approx(20)
    _run(charging, 10, NOON + 25 * MINUTE)
    assert image["CP-01/current_l1_a"] == pytest.approx(6)
    image["CP-01/failsafe_s"] = 1801
    _run(charging, 1, NOON + 35 * MINUTE)
    assert image["CP-01/current_l1_a"] == pytest.approx(20)


def test_shortfall_counts_only_what_a_stay_allowed(district):
    short = _session("CP-01", hours=1.0, wanted=20.0)
    charging, image = _charging(district, short)
    image["CP-01/current_limit_a"] = 0
    image["CP-01/failsafe_s"] = 0
    _run(charging, 61)
    assert charging.shortfall_kwh == pytest.approx(7.4)
    assert charging.departed == 1


def test_who_came_hours_before_is_taken_as_charged_since(district):
    early = _session("CP-01", wanted=30.0, hours=6, arrival=NOON - timedelta(hours=2))
    charging, image = _charging(district, early)
    charging.publish(NOON)
    assert image["CP-01/session_energy_kwh"] == pytest.approx(2 * 7.4)


def test_current_is_on_three_phases_where_there_are_three(district):
    point = next(p for p in district.charge_points.values() if p.phases == 3)
    charging, image = _charging(district, _session(point.id, power=11.0, wanted=30.0))
    _run(charging, 5)
    currents = [image[f"{point.id}/current_l{phase}_a"] for phase in (1, 2, 3)]
    np.testing.assert_allclose(currents, 11000 / 690)


def test_a_device_left_out_of_the_list_still_charges(district):
    kept = [d for d in district.devices.values() if d.serves != "CP-01"]
    lone = replace(district, devices={d.id: d for d in kept})
    charging, image = _charging(lone, _session("CP-01"))
    _run(charging, 5)
    assert charging.power_kw[0] > 7
    assert len(image.columns(DeviceKind.CHARGE_POINT, "power_kw")) == 59
