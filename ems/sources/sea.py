"""The sea's temperature through the year, from its twelve monthly means."""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from ems.domain.district import SeaLoop
from ems.domain.slots import Horizon

_MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_MIDDLES = np.cumsum(_MONTH_DAYS) - _MONTH_DAYS / 2
"""The middle of each month, days since the start of a common year."""


def day_of_year(horizon: Horizon) -> NDArray[np.float64]:
    """Days since the start of the year (UTC) at the middle of each slot, 0 to 366. [slots]."""
    middles = np.array(horizon.slots, dtype=np.int64) * 900 + 450
    moments = middles.astype("datetime64[s]")
    seconds = (moments - moments.astype("datetime64[Y]")).astype(np.int64)
    return np.asarray(seconds / 86400)


def through_the_year(by_month: tuple[float, ...], day: NDArray[np.float64]) -> NDArray[np.float64]:
    """A smooth yearly curve through twelve values at the middles of the months."""
    knots = np.append(_MIDDLES, _MIDDLES[0] + 365)
    curve = CubicSpline(knots, np.append(by_month, by_month[0]), bc_type="periodic")
    return np.asarray(curve(_MIDDLES[0] + (day - _MIDDLES[0]) % 365), dtype=np.float64)


def sea_temp_c(loop: SeaLoop, horizon: Horizon) -> NDArray[np.float64]:
    """Seawater by the calendar alone; upwelling under the mistral is not in it. Shape [slots]."""
    return through_the_year(loop.sea_temp_c_by_month, day_of_year(horizon))
