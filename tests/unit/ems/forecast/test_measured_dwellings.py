"""What all dwellings use is known for as long as it is forecast from, consent or none."""

import numpy as np

from ems.domain.district import District
from ems.domain.own_points import DWELLINGS_POWER
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.forecast.measured import MeasuredPoints, measured

HORIZON = Horizon(Slot(1_964_256), 4)


def test_the_sum_of_dwellings_stands_in_where_their_curves_are_no_longer_kept(
    district: District,
) -> None:
    points = MeasuredPoints(district)
    own = points.dwellings.points
    values = np.ones((len(points.all), HORIZON.length))
    values[[points.all.index(point) for point in own], :2] = np.nan
    values[points.all.index(DWELLINGS_POWER)] = 300.0
    history = QuarterHours(points=points.all, horizon=HORIZON, values=values)
    total_kw = measured(points, history, HORIZON).dwellings_kw
    np.testing.assert_allclose(total_kw, [300.0, 300.0, len(own), len(own)])


def test_for_a_frozen_meter_the_other_dwellings_stand_in(district: District) -> None:
    """A meter that stands still at ten times its load for a day would lift the sum for weeks."""
    points, day = MeasuredPoints(district), Horizon(HORIZON.first, 4 * 96)
    own = [points.all.index(point) for point in points.dwellings.points]
    rng = np.random.default_rng(1)
    values = rng.uniform(0.9, 1.1, (len(points.all), day.length))
    whole = measured(
        points, QuarterHours(points=points.all, horizon=day, values=values), day
    ).dwellings_kw
    frozen = values.copy()
    frozen[own[:20], 96:192] = 5.0
    history = QuarterHours(points=points.all, horizon=day, values=frozen)
    np.testing.assert_allclose(measured(points, history, day).dwellings_kw, whole, rtol=0.01)
