"""A Monday in January and one in July, and a day of clear sky."""

from datetime import UTC, datetime

import pytest

from ems.domain.slots import Horizon, Slot


@pytest.fixture
def winter_day() -> Horizon:
    return Horizon(Slot.containing(datetime(2025, 1, 13, tzinfo=UTC)), 96)


@pytest.fixture
def summer_day() -> Horizon:
    return Horizon(Slot.containing(datetime(2025, 7, 14, tzinfo=UTC)), 96)
