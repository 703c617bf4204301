"""Rules on site: leases and schedules."""

from datetime import UTC, datetime

import numpy as np
import pytest

from ems.domain.district import DeviceKind
from ems.domain.slots import Horizon, Slot
from simulations.image import ProcessImage
from simulations.local_control import Lease, Schedule
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
