"""What a roof's own inverter teaches: shade that nobody described, dirt, and silence."""

from datetime import UTC, datetime

import numpy as np
import pytest

from building_models import pv
from ems.domain.district import District
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.forecast.local_time import local_time
from ems.forecast.measured import MeasuredPoints
from ems.forecast.sun_learning import DAYS, ratios
from ems.sources import builtin_weather

PAST = Horizon(Slot.containing(datetime(2026, 5, 1, tzinfo=UTC)), DAYS * 96)
MORNING, AFTERNOON = 42, 64
"""Quarter hours at 10:30 and at 16:00 local time."""


@pytest.fixture(scope="module")
def sky(district: District):
    return builtin_weather(district.site, district.loop, PAST, 1)


def learned(district: District, sky, kept):
    """Ratios of all roofs when each gives the share `kept` [96] of what physics says."""
    points = MeasuredPoints(district)
    quarter = local_time(PAST, district.site.zone).quarter
    serves = [district.devices[point.partition("/")[0]].serves for point in points.pv.points]
    given = [
        pv.power_in(district.pv_roofs[roof], district.site, sky) * kept[quarter] for roof in serves
    ]
    history = QuarterHours(
        points=(*points.sky, *points.pv.points),
        horizon=PAST,
        values=np.array([sky.ghi_w_m2, sky.outdoor_temp_c, *given]),
    )
    return ratios(district, points, history, PAST)


def test_a_roof_as_described_is_left_as_it_is(district: District, sky) -> None:
    for ratio in learned(district, sky, np.ones(96)).values():
        assert ratio[MORNING:AFTERNOON] == pytest.approx(1, abs=0.12)


def test_shade_in_the_afternoon_lowers_the_afternoon_alone(district: District, sky) -> None:
    whole = learned(district, sky, np.ones(96))
    shaded = learned(district, sky, np.where(np.arange(96) >= 52, 0.4, 1.0))
    for roof, ratio in shaded.items():
        assert ratio[AFTERNOON] < 0.65 * whole[roof][AFTERNOON]
        assert ratio[MORNING] == pytest.approx(whole[roof][MORNING])


def test_a_silent_inverter_is_taken_as_described(district: District, sky) -> None:
    for ratio in learned(district, sky, np.full(96, np.nan)).values():
        assert (ratio == 1).all()
