"""Fixtures of the planner's tests."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from synthetic_day import Day, day

from ems.domain.district import District
from ems.optimizer import Planner


@pytest.fixture(scope="session")
def planner(district: District) -> Planner:
    return Planner(district)


@pytest.fixture(scope="session")
def winter_day(district: District) -> Day:
    """A January Tuesday from 05:00 local, 40 cars plugged in."""
    return day(district, datetime(2026, 1, 13, 4, tzinfo=UTC), outdoor_c=5.0, cars=40)


@pytest.fixture(scope="session")
def summer_day(district: District) -> Day:
    """A July Tuesday from 07:00 local, 20 cars plugged in."""
    return day(district, datetime(2026, 7, 14, 5, tzinfo=UTC), outdoor_c=26.0, cars=20)


@pytest.fixture(scope="session")
def any_day(district: District) -> Callable[..., Day]:
    """Days by start, length, outdoor temperature and number of cars."""
    return lambda start, **kwargs: day(district, start, **kwargs)
