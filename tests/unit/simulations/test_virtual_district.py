"""The virtual district says when its calendar ends, before anything runs out of weather."""

from datetime import UTC, datetime, timedelta

import pytest

from ems.domain.district import District
from ems.domain.errors import EmsError
from ems.domain.slots import Horizon, Slot
from ems.sources import builtin_weather
from simulations.virtual_district import PLAN_AHEAD_SLOTS, longest_past, require_calendar

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRESENT = Slot.containing(NOW)


def test_a_calendar_ends_a_plan_before_its_weather(district: District) -> None:
    horizon = Horizon(PRESENT, PLAN_AHEAD_SLOTS + 2)
    weather = builtin_weather(district.site, district.loop, horizon, 1)
    require_calendar(weather, NOW)
    with pytest.raises(EmsError, match="calendar of the virtual district has ended"):
        require_calendar(weather, NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("situation", "last", "days"),
    [
        ("a first start", None, 28),
        ("a start after five days", PRESENT + -5 * 96, 5),
        ("a start a moment later", PRESENT + -1, 2),
        ("a start after a year", PRESENT + -365 * 96, 28),
    ],
)
def test_the_past_that_is_lived_through(situation: str, last: Slot | None, days: int) -> None:
    past = longest_past(PRESENT, last, 28)
    assert past.slots.stop == PRESENT.index, situation
    assert past.length == pytest.approx(days * 96, abs=1)
