"""Cars yet to come: counted by past arrivals, bounded by the charge points that are free."""

from datetime import UTC, datetime

import numpy as np
import pytest

from ems.domain.district import District
from ems.domain.points import Quality, Reading
from ems.domain.snapshot import Snapshot

EARLY = datetime(2026, 3, 18, 4, 50, tzinfo=UTC)
NOON = datetime(2026, 3, 18, 11, 5, tzinfo=UTC)


def all_taken(district: District, moment: datetime, departure_min: float) -> Snapshot:
    readings = {}
    for point in district.charge_points:
        values = {f"{point}/state": 1.0, f"{point}/departure_min": departure_min}
        readings |= {key: Reading(key, v, Quality.GOOD, moment) for key, v in values.items()}
    return Snapshot(taken_at=moment, readings=readings)


def test_before_the_morning_it_is_all_that_workdays_bring(ask, past, district) -> None:
    future = ask(EARLY).series["car_park/future_kw"]
    rows = [past.row(f"{point}/power_kw") for point in district.charge_points]
    usual_kwh = sum(row.sum() for row in rows) / 4 / 33  # 33 workdays in 45 days
    assert future.values.sum() / 4 == pytest.approx(usual_kwh, rel=0.15)


def test_cars_that_are_here_now_do_not_count(ask) -> None:
    """At noon the morning's sessions still run; those are planned, not forecast."""
    future = ask(NOON).series["car_park/future_kw"].values
    assert future[:40].sum() < 0.05 * ask(EARLY)["car_park/future_kw"].sum()


def test_saturdays_bring_none_in_this_past(ask) -> None:
    friday_night = datetime(2026, 3, 20, 22, 50, tzinfo=UTC)
    future = ask(friday_night).series["car_park/future_kw"].values
    assert future.max() < 2


def test_taken_charge_points_leave_no_room(ask, district: District) -> None:
    taken = all_taken(district, EARLY, departure_min=360)
    future = ask(EARLY, snapshot=taken).series["car_park/future_kw"]
    # six hours from 5:50 local, then all of them leave
    assert (future.values[:22] == 0).all()
    assert (future.quantiles[0.9][:22] == 0).all()
    assert future.values[26:].max() > 0


def test_never_negative_and_within_the_feeder(ask, district: District) -> None:
    for moment in (EARLY, NOON):
        series = ask(moment).series["car_park/future_kw"]
        for row in (series.values, *series.quantiles.values()):
            assert (row >= 0).all()
            assert (row <= district.car_park.feeder_kw).all()
    assert np.ptp(ask(EARLY)["car_park/future_kw"]) > 0
